"""From what a teacher said of a text to what the outputs of a classifier should be."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.training.batches import with_stray_contexts
from emo_hub.training.rows import TrainingRow

HOLDS = 0.3  # the intensity from which a label counts as expressed (arXiv 2504.16856)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingSettings:
    """How texts and contexts are read together; see the recipe for the meaning of each."""

    context_share: float
    character_share: float
    stray_contexts: float
    seed: int


def target_table(rows: Sequence[TrainingRow], labels: Sequence[str], kind: str) -> Floats:
    """Give what each output should be, (N, L) in [0, 1].

    Args:
        rows: N texts with the labels that were given.
        labels: of the outputs, L.
        kind: "soft" for the strengths themselves, "hard" for whether a label holds: of a panel's
            by its votes, of others by an intensity of at least 0.3.
    """
    column = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(rows), len(labels)), np.float32)
    for place, row in enumerate(rows):
        held = row.held
        for label, strength in row.strengths.items():
            if label in column:
                holds = label in held and (bool(row.votes) or strength >= HOLDS)
                table[place, column[label]] = strength if kind == "soft" else float(holds)
    return table


def with_contexts(
    rows: Sequence[TrainingRow], settings: ReadingSettings, epoch: int
) -> list[TrainingRow]:
    """Decide which texts of an epoch are read after a context, and what stands in it.

    Texts of the contextual rows keep their context or are read without; the character's
    description comes after the context. Texts that have none may get lines of other rows, as in
    `with_stray_contexts`.

    Args:
        rows: of the run.
        settings: of the recipe.
        epoch: which with the seed decides what is drawn.
    """
    rng = random.Random(f"{settings.seed}/contexts/{epoch}")
    keys = [(rng.random(), rng.random()) for _ in rows]
    if settings.context_share == 0:
        return [replace(row, context=None) for row in rows]
    read = []
    mixed = with_stray_contexts(rows, settings, epoch)
    for row, with_stray, (kept, described) in zip(rows, mixed, keys, strict=True):
        if row.context is None:
            read.append(with_stray)
        elif kept >= settings.context_share:
            read.append(replace(row, context=None))
        elif row.character and described < settings.character_share:
            read.append(replace(row, context=f"{row.context}\n{row.character}"))
        else:
            read.append(row)
    return read


def unseen(
    validation: Sequence[TrainingRow], rows: Sequence[TrainingRow]
) -> tuple[tuple[TrainingRow, ...], int]:
    """Leave out validation rows whose text and context are trained on; say how many those were."""
    trained = {_reading(row) for row in rows}
    kept = tuple(row for row in validation if _reading(row) not in trained)
    return kept, len(validation) - len(kept)


def _reading(row: TrainingRow) -> tuple[str, str]:
    return _plain(row.context or ""), _plain(row.text)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def folds(rows: Sequence[TrainingRow], count: int) -> list[int]:
    """Deal rows into folds so that equal texts, and rows of one story, are in one fold."""
    first: dict[tuple[str, str], int] = {}  # the first row with a text or of a story
    group = list(range(len(rows)))

    def root(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    for place, row in enumerate(rows):
        keys = [("text", _plain(row.text)), *([("story", row.story)] if row.story else [])]
        for key in keys:
            group[root(first.setdefault(key, place))] = root(place)
    return [_draw(rows[root(place)].id) % count for place in range(len(rows))]


def _draw(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
