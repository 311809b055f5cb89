"""Texts a second in contrastive training, beside sentence-transformers' own trainer, in one run.

The same encoder, whole, on the same pairs of a text of the embedded corpus and its first
descriptor, in batches of the same size and in the same precision; each text is told from the other
texts' descriptors, which is what SetFit's body is trained by too. A further line is ours with all
that a batch is asked by default: the 28 labels, every descriptor of its texts, and more of others.
"""

from __future__ import annotations

import dataclasses
import os
import time

import pytest
import torch
from transformers import AutoTokenizer

from emo_hub import checkpoint as files
from emo_hub.config import part
from emo_hub.training import contrastive
from emo_hub.training.alignment import Alignment
from emo_hub.training.contrastive import ContrastiveRecipe
from emo_hub.training.loop import LoopSettings, best_precision, fit
from emo_hub.training.rows import corpus_rows
from emo_hub.training.towers import Towers, TowerSettings

from .turns import print_speeds

pytestmark = pytest.mark.slow

STEPS = int(os.environ.get("EMO_HUB_BENCH_STEPS", "30"))
ROUNDS = int(os.environ.get("EMO_HUB_BENCH_ROUNDS", "5"))


ONLY_PAIRS = {"supervision": "descriptors", "extra_phrases": 0, "template_share": 0.0}


def recipe(precision, **changes):
    return ContrastiveRecipe(
        adapter_rank=0,
        epochs=1,
        learning_rate=5e-5,
        save_every=0,
        vad_weight=0.0,
        mixed_precision=precision,
        **changes,
    )


def paired(row):
    """The row with one descriptor and nothing else to be learnt from."""
    return dataclasses.replace(row, descriptors=row.descriptors[:1], labels={}, words=())


def ours(rows, precision, folder, **changes):
    chosen = recipe(precision, **changes)
    torch.manual_seed(0)
    towers = Towers(part(TowerSettings, chosen))
    tokenizer = AutoTokenizer.from_pretrained(files.base_folder(chosen.base))
    reader = contrastive._model(towers.backbone, tokenizer, contrastive._bare_head(chosen), None)
    task = Alignment(towers, reader.tokenize, tokenizer, rows, contrastive._batch_settings(chosen))
    start = time.perf_counter()
    fitted = fit(task, part(LoopSettings, chosen), folder / "ours")
    taken = time.perf_counter() - start
    assert len(fitted.losses) == STEPS
    return taken


def theirs(rows, precision, folder):
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    chosen = recipe(precision)
    model = SentenceTransformer(str(files.base_folder(chosen.base)), device="cpu")
    model.max_seq_length = chosen.max_tokens
    pairs = Dataset.from_dict(
        {"anchor": [row.text for row in rows], "positive": [row.descriptors[0] for row in rows]}
    )
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder / "theirs"),
        per_device_train_batch_size=chosen.batch_size,
        num_train_epochs=1,
        learning_rate=chosen.learning_rate,
        max_grad_norm=chosen.max_grad_norm,
        bf16=best_precision(precision) == "bf16",
        use_cpu=not torch.cuda.is_available(),
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=pairs,
        loss=MultipleNegativesRankingLoss(model),
    )
    start = time.perf_counter()
    made = trainer.train()
    taken = time.perf_counter() - start
    assert made.global_step == STEPS
    return taken


@pytest.fixture(scope="module")
def rows(corpus):
    found = [row for row in corpus_rows(corpus, "train") if row.descriptors and not row.context]
    return tuple(found[: STEPS * recipe("no").batch_size])


@pytest.mark.parametrize("precision", ["auto", "no"])
def test_training_beside_the_trainer_of_sentence_transformers(rows, precision, tmp_path):
    pairs = tuple(paired(row) for row in rows)
    ways = {
        "ours": lambda: ours(pairs, precision, tmp_path, **ONLY_PAIRS),
        "ours, with all it asks": lambda: ours(rows, precision, tmp_path),
        "SentenceTransformerTrainer": lambda: theirs(rows, precision, tmp_path),
    }
    print_speeds(ways, texts=len(rows), precision=precision, rounds=ROUNDS)
