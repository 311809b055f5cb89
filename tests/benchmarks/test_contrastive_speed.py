"""Texts a second in contrastive training, beside sentence-transformers' own trainer, in one run.

The same encoder, whole, on the same pairs of a text of the embedded corpus and its first
descriptor, in batches of the same size and in the same precision; each text is told from the other
texts' descriptors, which is what SetFit's body is trained by too. A further line is ours with all
that a batch is asked by default: the 28 labels, every descriptor of its texts, and more of others.

Speed counts only where as much is learnt: the second table says how often each of them, and the
encoder before any training, finds a validation text's own descriptor among those of 64 texts.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
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
LESSONS = int(os.environ.get("EMO_HUB_BENCH_LESSONS", "120"))  # steps that are judged by quality
SEEDS = int(os.environ.get("EMO_HUB_BENCH_SEEDS", "3"))
AMONG = 64

ONLY_PAIRS = {"supervision": "descriptors", "extra_phrases": 0, "template_share": 0.0}


class Taught(NamedTuple):
    """A trained encoder, and the seconds that its training took."""

    seconds: float
    encode: Callable[[Sequence[str]], np.ndarray]


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


def ours(rows, precision, folder, seed=0, **changes):
    chosen = recipe(precision, seed=seed, **changes)
    torch.manual_seed(seed)
    towers = Towers(part(TowerSettings, chosen))
    tokenizer = AutoTokenizer.from_pretrained(files.base_folder(chosen.base))
    reader = contrastive._model(towers.backbone, tokenizer, contrastive._bare_head(chosen), None)
    task = Alignment(towers, reader.tokenize, tokenizer, rows, contrastive._batch_settings(chosen))
    start = time.perf_counter()
    fitted = fit(task, part(LoopSettings, chosen), folder / f"ours-{seed}")
    taken = time.perf_counter() - start
    assert len(fitted.losses) == len(rows) // chosen.batch_size
    return Taught(taken, reader.eval().encode_texts)


def sentence_encoder(chosen):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(files.base_folder(chosen.base)), device="cpu")
    model.max_seq_length = chosen.max_tokens
    return model


def theirs(rows, precision, folder, seed=0):
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    chosen = recipe(precision)
    model = sentence_encoder(chosen)
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
        seed=seed,
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
    assert made.global_step == len(rows) // chosen.batch_size
    return Taught(taken, unit_vectors_by(model))


def unit_vectors_by(model):
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


def described(corpus, split):
    return [row for row in corpus_rows(corpus, split) if row.descriptors and not row.context]


@pytest.fixture(scope="module")
def rows(corpus):
    return tuple(described(corpus, "train")[: STEPS * recipe("no").batch_size])


def found_again(encode, rows):
    """The share of texts to which their own first descriptor is the nearest among 64 texts'."""
    vectors = encode([row.text for row in rows])
    words = [row.descriptors[0] for row in rows]
    there = sorted(set(words))
    spoken = dict(zip(there, encode(there), strict=True))
    hits = 0
    for start in range(0, len(rows), AMONG):
        asked = words[start : start + AMONG]
        near = vectors[start : start + AMONG] @ np.stack([spoken[word] for word in asked]).T
        hits += sum(asked[b] == own for b, own in zip(near.argmax(axis=1), asked, strict=True))
    return hits / len(rows)


@pytest.mark.parametrize("precision", ["auto", "no"])
def test_training_beside_the_trainer_of_sentence_transformers(rows, precision, tmp_path):
    pairs = tuple(paired(row) for row in rows)
    ways = {
        "ours": lambda: ours(pairs, precision, tmp_path, **ONLY_PAIRS).seconds,
        "ours, with all it asks": lambda: ours(rows, precision, tmp_path).seconds,
        "SentenceTransformerTrainer": lambda: theirs(rows, precision, tmp_path).seconds,
    }
    print_speeds(ways, texts=len(rows), precision=precision, rounds=ROUNDS)


def test_as_much_is_learnt_as_by_the_trainer_of_sentence_transformers(corpus, tmp_path):
    size = recipe("no").batch_size
    # Every so manyth of all, since a corpus stands in the order of its registers.
    among = described(corpus, "train")
    taught = tuple(among[:: len(among) // (LESSONS * size)][: LESSONS * size])
    pairs = tuple(paired(row) for row in taught)
    asked = described(corpus, "validation")
    asked = asked[: len(asked) // AMONG * AMONG]
    ways = {
        "ours": lambda seed: ours(pairs, "auto", tmp_path, seed, **ONLY_PAIRS),
        "SentenceTransformerTrainer": lambda seed: theirs(taught, "auto", tmp_path, seed),
    }
    print(f"\n{LESSONS} steps of {size} pairs, {len(asked)} validation texts, {SEEDS} seeds")
    for name, teach in ways.items():
        made = [teach(seed) for seed in range(SEEDS)]
        shares = [found_again(one.encode, asked) for one in made]
        spread = f"{min(shares):.3f} to {max(shares):.3f}"
        seconds = statistics.median(one.seconds for one in made)
        print(f"{name:>27}: {statistics.mean(shares):.3f} ({spread}), {seconds:.0f} s")
    before = unit_vectors_by(sentence_encoder(recipe("no")))
    print(f"{'before any training':>27}: {found_again(before, asked):.3f}")
