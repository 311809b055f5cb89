"""The rows of one split as they are scored, and those that something may be fitted on.

Roles are types: what may be used to fit anything is a `FittingRows`, and a test split never is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.declaration import Kind
from emo_hub.taxonomy import Projection

FITTING_SPLITS = ("dev", "validation", "train", "synthetic")


@dataclass(frozen=True, slots=True)
class FittingRows:
    """Rows that thresholds, calibration and selection may look at.

    Args:
        texts: N utterances.
        targets: (N, L) of 0 and 1.
        labels: L names, in the order of the columns.
        split: where the rows come from, one of FITTING_SPLITS.
        contexts: what came before each utterance, where there is something.

    Raises:
        InputError: the split is not one that may be fitted on.
    """

    texts: Sequence[str]
    targets: NDArray[Any]
    labels: Sequence[str]
    split: str
    contexts: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        if self.split not in FITTING_SPLITS:
            raise InputError(
                f"Nothing may be fitted on a '{self.split}' split: pass rows of one of "
                f"{', '.join(FITTING_SPLITS)}."
            )


@dataclass(frozen=True, slots=True)
class LoadedBenchmark:
    """The rows of one split, ready to be scored.

    Args:
        name: of the benchmark.
        split: which rows.
        kind: what a scorer is asked for.
        headline: the metric that stands for the whole.
        texts: N utterances.
        contexts: N, what came before each, or None.
        targets: (N, L) of 0 and 1, or (N, 3) valence, arousal, dominance in 1..5.
        labels: L names in the order of the columns.
        projection: from the labels that a scorer is asked for to `labels`, where they differ.
        neutral: the label that means "none of the others", where there is one.
        dropped: rows that were left out by rule.
        is_scored: whether this split is the one whose result is reported.
        title: how a paper would call the benchmark.
        ids: N, how the release calls each row, or empty.
        distributions: (N, L) shares of annotators who chose each label, where the release tells
            them; a row sums to at most 1.
        groups: N, what must not straddle a split, such as a dialogue, or empty.
        prompts: what a scorer is asked for instead of `asked_labels`, in their order, or empty.
        licence: what the publisher says one may do.
        faults: what a reader of the numbers should know.
        source: whose it is and where it comes from.
        is_exhaustive: whether each text carries one of the labels or more, and none of them is
            "neutral", by the rule of the release and not by luck of these rows.
    """

    name: str
    split: str
    kind: Kind
    headline: str
    texts: tuple[str, ...]
    contexts: tuple[str | None, ...]
    targets: NDArray[Any]
    labels: tuple[str, ...]
    projection: Projection | None = None
    neutral: str | None = None
    dropped: int = 0
    is_scored: bool = True
    title: str = ""
    ids: tuple[str, ...] = ()
    distributions: NDArray[Any] | None = None
    groups: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    licence: str = ""
    faults: tuple[str, ...] = ()
    source: str = ""
    is_exhaustive: bool = False

    @property
    def asked_labels(self) -> tuple[str, ...]:
        """The labels that a scorer gets to see."""
        return self.projection.source.labels if self.projection else self.labels

    @property
    def asked_neutral(self) -> str | None:
        """The label that means "none of the others" among those that a scorer gets to see."""
        return self.projection.source.neutral if self.projection else self.neutral

    def for_fitting(self) -> FittingRows:
        """Hand the rows out for fitting.

        Raises:
            InputError: the split is reported, or is none that may be fitted on.
        """
        if self.is_scored:
            raise InputError(
                f"The {self.split} split of {self.name} is the one that is reported, so nothing "
                "may be fitted on it: use synthetic rows or another split."
            )
        return FittingRows(self.texts, self.targets, self.labels, self.split, self.contexts)
