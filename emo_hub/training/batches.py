"""Rows to batches: which phrases a batch compares its texts with, and what is known of each pair.

The phrases of a batch are the 28 names, every distinct descriptor of its rows, and a few drawn from
the whole vocabulary. They depend only on the global batch, the seed and the step, so each process
of a distributed run builds the same phrases and its own rows of the target matrix.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.palette import palette
from emo_hub.taxonomy import GOEMOTIONS, find_emotion
from emo_hub.training.rows import TrainingRow
from emo_hub.training.words import ChosenWords

_NAMES = GOEMOTIONS.labels
_NAME_SET = frozenset(_NAMES)
_MOST_STRAYS = 2  # turns of a dialogue before the text, as benchmarks have them


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's input.

    Args:
        rows: the texts, B of them.
        phrases: what they are compared with, C strings as the label tower reads them.
        targets: (B, C) in [0, 1].
        weights: (B, C), 0 where nothing is known of the pair.
        vad: (B, 3), each 1..5, NaN where unknown.
    """

    rows: tuple[TrainingRow, ...]
    phrases: tuple[str, ...]
    targets: Floats
    weights: Floats
    vad: Floats

    def part(self, rank: int, world_size: int) -> Batch:
        """Give the rows of one process; the phrases are everybody's."""
        own = slice(rank, None, world_size)
        return Batch(
            self.rows[own], self.phrases, self.targets[own], self.weights[own], self.vad[own]
        )


class DescriptorVocabulary:
    """Every descriptor of the training rows, with the labels of the rows it was written for.

    Args:
        rows: the training rows.
        use_labels: False where the labels may not be read (descriptor-only supervision); then
            relatedness is judged by shared words alone.
    """

    def __init__(self, rows: Sequence[TrainingRow], *, use_labels: bool = True) -> None:
        self.use_labels = use_labels
        self.chosen = ChosenWords(rows)
        self._labels: dict[str, set[str]] = {}
        counts: dict[str, int] = {}
        for row in rows:
            for descriptor in row.descriptors:
                self._labels.setdefault(descriptor, set()).update(row.given if use_labels else ())
                counts[descriptor] = counts.get(descriptor, 0) + 1
        self._words = {d: frozenset(d.split()) for d in self._labels}
        # Square roots, so that frequent words are drawn often and rare ones at all.
        self.phrases = tuple(d for d in counts if d not in _NAME_SET)
        self._cumulative = np.cumsum([math.sqrt(counts[d]) for d in self.phrases])

    def __len__(self) -> int:
        return len(self.phrases)

    def draw(self, count: int, rng: random.Random) -> list[str]:
        """Draw distinct phrases, up to `count` of them."""
        if not self.phrases:
            return []
        total = float(self._cumulative[-1])
        picks = np.searchsorted(self._cumulative, [rng.random() * total for _ in range(count)])
        return list(dict.fromkeys(self.phrases[min(i, len(self.phrases) - 1)] for i in picks))

    def may_hold(self, row: TrainingRow, descriptors: Sequence[str]) -> list[bool]:
        """Tell for each of some descriptors, written for other rows, if it may hold for this one.

        It may where the rows it was written for share an emotion with this row, or where it shares
        a word with one of this row's own descriptors: "quiet pride" was written for another text,
        but nobody asked whether it fits this proud one. Such pairs are unknown, not negative.
        """
        # Gathered once for the row: a batch asks about hundreds of descriptors for each.
        labels = row.given if self.use_labels else frozenset()
        own_words = {word for descriptor in row.descriptors for word in descriptor.split()}
        return [
            not labels.isdisjoint(self._labels.get(other, ()))
            or not own_words.isdisjoint(self._words.get(other) or other.split())
            for other in descriptors
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettings:
    """How batches are made; see the recipe for the meaning of each."""

    batch_size: int
    epochs: int
    extra_phrases: int
    template_share: float
    templates: tuple[str, ...]
    synonym_share: float
    use_labels: bool
    intensity_floor: float
    stray_contexts: float
    palette_words: int
    seed: int


def plan_epoch(rows: Sequence[TrainingRow], settings: BatchSettings, epoch: int) -> list[list[int]]:
    """Order one epoch: shuffled, texts of like length together, batches shuffled again.

    A row that is not fully trusted takes part in one epoch of the run.
    """
    rng = random.Random(f"{settings.seed}/plan/{epoch}")
    turn = epoch % settings.epochs
    order = [i for i, r in enumerate(rows) if r.trust == 1.0 or i % settings.epochs == turn]
    rng.shuffle(order)
    size = settings.batch_size
    batches = []
    for start in range(0, len(order), size * 20):
        chunk = sorted(order[start : start + size * 20], key=lambda i: _length(rows[i]))
        batches += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    rng.shuffle(batches)
    return batches


class StraySettings(Protocol):
    """How many texts get lines of others before them, and the seed of which."""

    @property
    def stray_contexts(self) -> float:
        """Give the share of texts, in [0, 1]."""

    @property
    def seed(self) -> int:
        """Give the seed."""


def with_stray_contexts(
    rows: Sequence[TrainingRow], settings: StraySettings, epoch: int
) -> list[TrainingRow]:
    """Put lines of other rows before some of the texts that have no context; targets stay.

    In a dialogue what was said before has emotions of its own. A model that saw contexts only where
    they explain the text takes theirs for the text's.

    Args:
        rows: of an epoch; the lines are drawn from them too. Batches are made after this, so that
            texts of like length still stand together.
        settings: `stray_contexts` is the share of texts, in [0, 1].
        epoch: of the run, which with the seed decides what is drawn.
    """
    if settings.stray_contexts == 0:
        return list(rows)
    rng = random.Random(f"{settings.seed}/strays/{epoch}")
    mixed = []
    for row in rows:
        if row.context is None and rng.random() < settings.stray_contexts:
            lines = [rng.choice(rows).text for _ in range(rng.randint(1, _MOST_STRAYS))]
            row = replace(row, context="\n".join(lines))
        mixed.append(row)
    return mixed


def make_batch(
    rows: Sequence[TrainingRow],
    vocabulary: DescriptorVocabulary,
    settings: BatchSettings,
    step: int,
) -> Batch:
    """Decide the phrases of a global batch and what is known of each pair of text and phrase.

    A text's own labels and descriptors are positives: labels as strong as their intensity, lifted
    to the floor, or as likely as a panel's votes have them. Labels that the teacher did not give
    are negatives, since it was asked for all that hold. Descriptors of other rows are negatives
    only where they cannot hold, see `DescriptorVocabulary.may_hold`. Without labels
    (descriptor-only supervision) the 28 names are no candidates at all, unless a descriptor happens
    to be one.
    """
    rng = random.Random(f"{settings.seed}/batch/{step}")
    names = _NAMES if settings.use_labels else ()
    own = dict.fromkeys(d for row in rows for d in row.descriptors if d not in names)
    drawn = [p for p in vocabulary.draw(settings.extra_phrases, rng) if p not in own]
    free = [*own, *drawn]
    columns = [*names, *free]
    position = {phrase: i for i, phrase in enumerate(columns)}
    targets = np.zeros((len(rows), len(columns)), np.float32)
    weights = np.ones_like(targets)
    for r, row in enumerate(rows):
        if settings.use_labels:
            _set_labels(targets[r], row, settings.intensity_floor)
            weights[r, : len(names)] = row.trust
        weights[r, len(names) :][vocabulary.may_hold(row, free)] = 0.0
        for descriptor in row.descriptors:
            # Of a label the votes of a panel say more than one annotator's own words do.
            if not (row.votes and descriptor in names):
                targets[r, position[descriptor]] = 1.0
                weights[r, position[descriptor]] = 1.0
    said = tuple(_said(phrase, settings, rng) for phrase in columns)
    vad = np.array([row.vad for row in rows], np.float32)
    batch = Batch(tuple(rows), said, targets, weights, vad)
    return _with_words(batch, vocabulary.chosen, settings, rng)


def _with_words(
    batch: Batch, chosen: ChosenWords, settings: BatchSettings, rng: random.Random
) -> Batch:
    """Add words drawn from the palette, each as adjective or as noun."""
    if not settings.palette_words or not any(row.words for row in batch.rows):
        return batch
    words, asked = palette(), chosen.asked
    drawn = sorted(rng.sample(asked, min(settings.palette_words, len(asked))))
    forms = [rng.choice((words[place].adjective, words[place].noun)) for place in drawn]
    told = [chosen.targets(row) for row in batch.rows]
    return replace(
        batch,
        phrases=(*batch.phrases, *(_templated(form, settings, rng) for form in forms)),
        targets=np.hstack([batch.targets, np.stack([t[drawn] for t, _ in told])]),
        weights=np.hstack([batch.weights, np.stack([w[drawn] for _, w in told])]),
    )


def _set_labels(targets: Floats, row: TrainingRow, floor: float) -> None:
    # A share of votes is a probability already; an intensity is of a label that holds.
    lift = 0.0 if row.votes else floor
    for label, strength in row.strengths.items():
        targets[GOEMOTIONS.index(label)] = lift + (1.0 - lift) * strength


def _said(phrase: str, settings: BatchSettings, rng: random.Random) -> str:
    # Said in many ways, so that a label that a user types is understood in each of them.
    if phrase in _NAME_SET and settings.synonym_share and rng.random() < settings.synonym_share:
        emotion = find_emotion(phrase)
        phrase = rng.choice(emotion.ways) if emotion and emotion.ways else phrase
    return _templated(phrase, settings, rng)


def _templated(phrase: str, settings: BatchSettings, rng: random.Random) -> str:
    if rng.random() >= settings.template_share:
        return phrase
    return rng.choice(settings.templates).format(phrase)


def _length(row: TrainingRow) -> int:
    return len(row.text) + len(row.context or "")
