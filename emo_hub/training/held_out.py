"""Emotions kept out of training, to see how labels fare that the model never learnt.

A benchmark tells this of its own labels alone, and whoever chooses settings by it fits them to it.
Words of the corpus that were kept out tell it without any human label.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.errors import SettingsError
from emo_hub.metrics import mean_average_precision
from emo_hub.taxonomy import GOEMOTIONS, find_emotion
from emo_hub.training.rows import TrainingRow

_LEAST_ROWS = 40  # that a word must describe, so that validation has a few of them
_STEM = 5  # letters that the forms of a word have in common: lonel-y, lonel-iness


def choose_words(rows: Sequence[TrainingRow], count: int, seed: int) -> tuple[str, ...]:
    """Choose words to keep out: single words that many rows have, none a form of the 28.

    Args:
        rows: the training rows.
        count: of words, no two of them forms of one.
        seed: of the choice.

    Raises:
        SettingsError: there are not so many.
    """
    counts = Counter(d for row in rows for d in row.descriptors if " " not in d)
    known = {_stem(word) for label in GOEMOTIONS.labels for word in _forms(label)}
    common = sorted(word for word, n in counts.items() if n >= _LEAST_ROWS)
    random.Random(f"{seed}/held-out").shuffle(common)
    chosen: dict[str, str] = {}
    for word in common:
        if _stem(word) not in known:
            chosen.setdefault(_stem(word), word)
    if len(chosen) < count:
        raise SettingsError(
            f"held_out_words is {count}; these rows have {len(chosen)} words outside the labels "
            f"that describe at least {_LEAST_ROWS} rows."
        )
    return tuple(chosen.values())[:count]


def without_words(rows: Sequence[TrainingRow], words: Sequence[str]) -> tuple[TrainingRow, ...]:
    """Leave out each descriptor and chosen word with a form of a word; texts and labels stay."""
    stems = {_stem(word) for word in words}
    return tuple(
        replace(
            row,
            descriptors=tuple(d for d in row.descriptors if not _has(d, stems)),
            words=tuple(w for w in row.words if not _has(w, stems)),
        )
        for row in rows
    )


def measure(
    contest: Floats, rows: Sequence[TrainingRow], words: Sequence[str]
) -> Mapping[str, float]:
    """Measure how well unlearnt words are told from each other, and from anything else.

    Args:
        contest: (N, C) what the words compete by.
        rows: N of validation, with all their descriptors.
        words: that were kept out, C of them.

    Returns:
        `rows`: how many have exactly one of the words; `contest`: the share of them for which it
        wins against the others, in [0, 1]; `precision`: mean over the words of the average
        precision with which rows that have it stand before all others, in [0, 1].
    """
    said = np.array([[_has_any(row, word) for word in words] for row in rows], bool)
    single = said.sum(axis=1) == 1
    right = contest[single].argmax(axis=1) == said[single].argmax(axis=1)
    return {
        "rows": float(single.sum()),
        "contest": round(float(right.mean()), 4) if single.any() else 0.0,
        "precision": round(mean_average_precision(said, contest), 4),
    }


def _forms(label: str) -> Sequence[str]:
    emotion = find_emotion(label)
    return (label, *(word for way in (emotion.ways if emotion else ()) for word in way.split()))


def _stem(word: str) -> str:
    return word[:_STEM]


def _has(descriptor: str, stems: set[str]) -> bool:
    return any(_stem(word) in stems for word in descriptor.split())


def _has_any(row: TrainingRow, word: str) -> bool:
    return any(_has(descriptor, {_stem(word)}) for descriptor in row.descriptors)
