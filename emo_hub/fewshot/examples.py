"""A user's own examples: texts, the labels that they carry, and samples of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emo_hub.errors import DataError, InputError
from emo_hub.inputs import check_text
from emo_hub.taxonomy import normalise

MOST_SHOTS = 64

Bools = npt.NDArray[np.bool_]
Say = Callable[[str], None]


def quiet(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts with the labels that hold of each.

    Args:
        texts: N of them, none empty.
        labels: C names, sorted.
        targets: (N, C), whether each label holds.
        multi_label: whether a text may carry several labels, or none.
        contexts: N, what came before each text; empty where the file has no such column.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    targets: Bools
    multi_label: bool
    contexts: tuple[str | None, ...] = ()

    @classmethod
    def of(cls, texts_by_label: Mapping[str, Sequence[str]]) -> Examples:
        """Make examples of texts under their labels; a text under two labels carries both.

        Raises:
            InputError: a text or a label is empty or no string.
        """
        carried: dict[str, set[str]] = {}
        for label, texts in texts_by_label.items():
            if not isinstance(label, str) or not label.strip():
                raise InputError(f"A label must be a non-empty string; got {label!r:.60}.")
            if isinstance(texts, str):
                raise InputError(f"Give a list of texts for '{label}'; got one string.")
            for text in texts:
                check_text(text)
                carried.setdefault(text, set()).add(label)
        labels = tuple(sorted(texts_by_label))
        targets = np.array([[label in said for label in labels] for said in carried.values()])
        several = any(len(said) > 1 for said in carried.values())
        return cls(tuple(carried), labels, targets.reshape(-1, len(labels)), several)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def counts(self) -> dict[str, int]:
        """The number of examples of each label."""
        return dict(zip(self.labels, self.targets.sum(axis=0).tolist(), strict=True))

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Examples:
        """Keep some rows, and every label."""
        texts = tuple(self.texts[int(row)] for row in rows)
        contexts = tuple(self.contexts[int(row)] for row in rows) if self.contexts else ()
        return Examples(texts, self.labels, self.targets[rows], self.multi_label, contexts)

    @property
    def has_numbered_labels(self) -> bool:
        """Whether all labels are numbers, which say nothing by themselves."""
        return all(label.isdigit() for label in self.labels)

    def without_repeats(self) -> Examples:
        """Drop rows whose text and labels stand in an earlier row."""
        first: dict[tuple[str, bytes], int] = {}
        for row, text in enumerate(self.texts):
            first.setdefault((text, self.targets[row].tobytes()), row)
        return self if len(first) == len(self) else self.take(list(first.values()))

    def sample(self, shots: int, *, seed: int) -> Examples:
        """Draw examples of each label, of a rare label all that there are.

        The same seed draws a smaller sample as part of a larger one where no text carries two
        labels. With several labels a text, a frequent label may get more than was asked for, and
        where all drawn texts carry a label, one without it is drawn too.

        Args:
            shots: examples of each label, at least 1.
            seed: of the order in which rows are drawn.

        Raises:
            InputError: fewer than one or more than 64 examples are asked for.
        """
        if not 1 <= shots <= MOST_SHOTS:
            raise InputError(f"shots must be within 1..{MOST_SHOTS}; got {shots}.")
        order = np.random.default_rng(seed).permutation(len(self))
        got = np.zeros(len(self.labels), np.int64)
        kept = np.zeros(len(self), np.bool_)
        # Rare labels first: what a text of theirs carries besides counts for the frequent ones.
        for column in np.argsort(self.targets.sum(axis=0), kind="stable"):
            for row in order[self.targets[order, column]]:
                if got[column] >= shots:
                    break
                if not kept[row]:
                    kept[row] = True
                    got += self.targets[row]
        # Texts that carry nothing teach what is none of these.
        kept[order[~self.targets[order].any(axis=1)][:shots]] = True
        # What every text carries would show nowhere that it does not hold.
        for column in range(len(self.labels)):
            if self.targets[kept, column].all():
                kept[order[~self.targets[order, column]][:1]] = True
        return self.take(np.flatnonzero(kept))

    def check_teachable(self) -> None:
        """Refuse examples from which nothing can be learnt.

        Raises:
            DataError: there is one label only, a label without an example, a label that every
                example carries, or two that differ in case, spaces or underscores alone.
        """
        spelt: dict[str, str] = {}
        for label in self.labels:
            if (other := spelt.setdefault(normalise(label), label)) != label:
                raise DataError(
                    f"The labels '{other}' and '{label}' differ in case, spaces or underscores "
                    "alone; write them alike."
                )
        if len(self.labels) < 2:
            raise DataError(
                f"The examples carry one label only ({', '.join(self.labels) or 'none'}); give at "
                "least two, for instance 'other' beside it."
            )
        counts = self.targets.sum(axis=0)
        if missing := [self.labels[i] for i in np.flatnonzero(counts == 0)]:
            raise DataError(
                f"There is no example of {named(missing)}; give each label at least one, or leave "
                "its column out."
            )
        if everywhere := [self.labels[i] for i in np.flatnonzero(counts == len(self))]:
            raise DataError(
                f"Every example carries {named(everywhere)}, so nothing shows where that does not "
                "hold; add examples without it, or leave it out."
            )


def named(labels: Sequence[str], most: int = 5) -> str:
    """Quote labels in a sentence, the first few of many."""
    shown = ", ".join(f"'{label}'" for label in labels[:most])
    return f"{shown} and {len(labels) - most} more" if len(labels) > most else shown


def say_unread_contexts(examples: Examples, say: Say) -> None:
    """Say that what came before the texts is not learnt from, if the examples have it."""
    if any(examples.contexts):
        say(
            "The contexts of the examples are left out: few-shot learning reads texts alone. To "
            "learn from both, use: emo-hub train encoder --task"
        )


def fitting(examples: Examples, shots: int | None, *, seed: int, say: Say) -> Examples:
    """Bring examples to at most so many of each label, and say what was left out.

    Args:
        examples: as read.
        shots: examples of each label; None for all, up to 64.
        seed: of the sample.
        say: is told what was left out.

    Raises:
        DataError: nothing can be learnt from them.
        InputError: shots is out of range.
    """
    say_unread_contexts(examples, say)
    whole = examples.without_repeats()
    if dropped := len(examples) - len(whole):
        say(f"{dropped} examples repeat an earlier one and were left out.")
    most = max(whole.counts.values(), default=0)
    kept = whole
    if shots is not None or most > MOST_SHOTS:
        kept = whole.sample(MOST_SHOTS if shots is None else shots, seed=seed)
    if shots is None and most > MOST_SHOTS:
        say(
            f"A label has {most:,} examples, and few-shot learning takes up to {MOST_SHOTS} of "
            f"each: a sample of {len(kept):,} of {len(whole):,} examples is used. For more data "
            "train a model of its own."
        )
    kept.check_teachable()
    if shots is not None:
        short = [label for label, count in kept.counts.items() if count < shots]
        if short:
            say(f"There are fewer than {shots} examples of {named(short)}; all of them are used.")
    return kept
