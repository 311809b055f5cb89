"""Texts a second in training, beside transformers' own Trainer on the same model in one run.

Both get texts that are tokenised already and batches of the same size in the same precision; both
are timed over one whole epoch of the same rows, in turns.
"""

from __future__ import annotations

import os
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from emo_hub.config import part
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.classification import BucketSettings, Classification
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.loop import LoopSettings, best_precision, fit
from emo_hub.training.objectives import binary_cross_entropy
from emo_hub.training.outputs import Outputs, OutputSettings, open_outputs
from emo_hub.training.rows import TrainingRow
from emo_hub.training.targets import ReadingSettings

from .turns import print_speeds

pytestmark = [pytest.mark.slow, pytest.mark.benchmarks_data]

LABELS = GOEMOTIONS.labels
STEPS = int(os.environ.get("EMO_HUB_BENCH_STEPS", "40"))
ROUNDS = int(os.environ.get("EMO_HUB_BENCH_ROUNDS", "5"))


def recipe(precision):
    return EncoderRecipe(epochs=1, save_every=0, checks_per_epoch=0, mixed_precision=precision)


def opened(chosen):
    torch.manual_seed(0)
    even = np.full(len(LABELS), 0.05, np.float32)
    return open_outputs(part(OutputSettings, chosen), LABELS, even)


def ours(rows, precision, folder):
    chosen = recipe(precision)
    model = opened(chosen)
    settings = (part(ReadingSettings, chosen), part(BucketSettings, chosen))
    module = Outputs(model.model, binary_cross_entropy)
    task = Classification(module, model, LABELS, (rows, ()), settings)
    start = time.perf_counter()
    fitted = fit(task, part(LoopSettings, chosen), folder / "ours")
    taken = time.perf_counter() - start
    assert len(fitted.losses) == STEPS
    return taken


def theirs(rows, precision, folder, sampling):
    chosen = recipe(precision)
    model = opened(chosen)
    read = []
    for row in rows:
        wanted = [float(label in row.labels) for label in LABELS]
        tokens = model.tokenizer(row.text, truncation=True, max_length=chosen.max_tokens)
        read.append({**tokens, "labels": wanted})
    arguments = TrainingArguments(
        output_dir=str(folder / "theirs"),
        per_device_train_batch_size=chosen.batch_size,
        num_train_epochs=1,
        learning_rate=chosen.learning_rate,
        weight_decay=chosen.weight_decay,
        max_grad_norm=chosen.max_grad_norm,
        lr_scheduler_type="cosine",
        train_sampling_strategy=sampling,
        bf16=best_precision(precision) == "bf16",
        use_cpu=not torch.cuda.is_available(),
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=model.model,
        args=arguments,
        train_dataset=read,
        data_collator=DataCollatorWithPadding(model.tokenizer),
        processing_class=model.tokenizer,
    )
    start = time.perf_counter()
    made = trainer.train()
    taken = time.perf_counter() - start
    assert made.global_step == STEPS
    return taken


@pytest.fixture(scope="module")
def rows(benchmarks):
    table = pq.read_table(benchmarks / "goemotions" / "train.parquet")
    few = table.slice(0, STEPS * recipe("no").batch_size).to_pylist()
    return tuple(
        TrainingRow(row["id"], "comment", row["text"], None, held(row["label_ids"]), ())
        for row in few
    )


def held(numbers):
    return {LABELS[int(number)]: 1.0 for number in numbers.split(",")}


@pytest.mark.parametrize("precision", ["auto", "no"])
def test_training_beside_the_trainer_of_transformers(rows, precision, tmp_path):
    ways = {
        "ours": lambda: ours(rows, precision, tmp_path),
        "Trainer, grouped by length": lambda: theirs(rows, precision, tmp_path, "group_by_length"),
        "Trainer, shuffled": lambda: theirs(rows, precision, tmp_path, "random"),
    }
    print_speeds(ways, texts=len(rows), precision=precision, rounds=ROUNDS)
