"""From which score a label counts, for models that come without such a number or with one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emo_hub.evaluation.loading import FittingRows
from emo_hub.evaluation.scorers.contestant import ModelOptions
from emo_hub.metrics import global_threshold

Floats = NDArray[np.float32]
OfLabels = Callable[[Sequence[str]], Floats]

HALF = 0.5
SAMPLE = 200  # rows that are enough for one number, for models that take seconds per row
_SEED = 0


class Thresholds:
    """Thresholds of one model: its own, a given number, a fitted one, or one half.

    A fitted one is one number for all labels, with the best macro-F1 on rows that may be fitted
    on. It is fitted when it is first asked for: a contest over single labels never asks.

    Args:
        options: what the caller wants.
        own: thresholds that come with the model, by labels; None where it has none.
        own_words: where those come from, in a few words.
        most: at most so many of the rows, a seeded sample, are fitted on; None takes all.
    """

    def __init__(
        self,
        options: ModelOptions,
        *,
        own: OfLabels | None = None,
        own_words: str = "of the model",
        most: int | None = None,
    ) -> None:
        fitted = options.fitting
        self._own = own if options.thresholds == "own" else None
        self._number: float | None = None
        self._rows: FittingRows | None = None
        if not isinstance(options.thresholds, str):
            self._number = float(options.thresholds)
            self.words = f"{self._number:g} for every label, as given"
        elif self._own is not None:
            self.words = own_words
        elif fitted is not None:
            self._rows = sampled(fitted, most)
            self.words = (
                f"one for every label, of the best macro-F1 on {len(self._rows.texts):,} "
                f"{fitted.split} rows"
            )
        else:
            self._number = HALF
            self.words = "0.5 for every label, fitted on nothing"

    @property
    def split(self) -> str:
        """Where the rows come from that were fitted on; empty where nothing was."""
        return self._rows.split if self._rows is not None else ""

    def of(self, labels: Sequence[str], score: Callable[[FittingRows], Floats]) -> Floats:
        """Give the thresholds (C,) of labels.

        Args:
            labels: C of them.
            score: rows to scores (N, L), called at most once, where a number has to be fitted.
        """
        if self._own is not None:
            return self._own(labels)
        if self._number is None:
            rows = self._rows
            assert rows is not None, "what has no number has rows to fit it on"
            self._number = global_threshold(np.asarray(rows.targets), score(rows))
        return np.full(len(labels), self._number, dtype=np.float32)


class ThresholdedScorer(ABC):
    """A scorer of labels that is decided at `Thresholds` and has no head for dimensions.

    Args:
        thresholds: from which scores labels count.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    @abstractmethod
    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give scores (N, C) in [0, 1]."""

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the scores (C,) from which labels count."""
        return self._thresholds.of(labels, self._score_rows)

    def _score_rows(self, rows: FittingRows) -> Floats:
        return self.score(rows.texts, rows.labels, rows.contexts)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give nothing: there is no such head."""
        return None


def sampled(rows: FittingRows, most: int | None) -> FittingRows:
    """Take a seeded sample of at most so many rows, in their order."""
    if most is None or len(rows.texts) <= most:
        return rows
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(rows.texts))[:most])
    contexts = rows.contexts
    return replace(
        rows,
        texts=[rows.texts[i] for i in chosen],
        targets=np.asarray(rows.targets)[chosen],
        contexts=None if contexts is None else [contexts[i] for i in chosen],
    )


def restricted(rows: FittingRows, labels: Sequence[str]) -> FittingRows:
    """Keep the columns of some labels."""
    places = [list(rows.labels).index(label) for label in labels]
    return replace(rows, labels=tuple(labels), targets=np.asarray(rows.targets)[:, places])
