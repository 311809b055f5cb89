"""Scores and targets to numbers: pure functions on arrays, so every report counts the same way.

Letters: N examples, L labels. `targets` and `predicted` are 0/1 matrices (N, L); a single-label
task is the same with one 1 per row. `scores` are (N, L) in [0, 1]. All results are plain floats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval, low end first."""

    low: float
    high: float


def predict_at(
    scores: Array, thresholds: Array, otherwise: int | Literal["best"] | None = None
) -> NDArray[np.int8]:
    """Say which labels reach their threshold.

    Args:
        scores: (N, L) in [0, 1].
        thresholds: (L,), or one number for all labels.
        otherwise: what a row gets that reaches no threshold: the column of the label that means
            "none of the others", the best label, or nothing.

    Returns:
        (N, L) of 0 and 1.
    """
    predicted = (scores >= thresholds).astype(np.int8)
    empty = ~predicted.any(axis=1)
    if otherwise == "best":
        predicted[empty] = predict_best(scores)[empty]
    elif otherwise is not None:
        predicted[empty, otherwise] = 1
    return predicted


def predict_best(scores: Array) -> NDArray[np.int8]:
    """Mark the best label of each row, the first one where several are equal: (N, L) of 0 and 1."""
    predicted = np.zeros(scores.shape, dtype=np.int8)
    predicted[np.arange(len(scores)), scores.argmax(axis=1)] = 1
    return predicted


def label_f1(targets: Array, predicted: Array) -> NDArray[np.float64]:
    """Compute F1 per label, (L,); 0 for a label that is neither there nor predicted.

    Raises:
        InputError: the two are not matrices of one shape, or have no rows.
    """
    _check_pair(targets, predicted)
    hits = (targets.astype(bool) & predicted.astype(bool)).sum(axis=0)
    total = targets.astype(bool).sum(axis=0) + predicted.astype(bool).sum(axis=0)
    return np.asarray(2.0 * hits / np.maximum(total, 1), dtype=np.float64)


def macro_f1(targets: Array, predicted: Array) -> float:
    """Average F1 over all L labels, each counting the same however rare it is."""
    return float(label_f1(targets, predicted).mean())


def micro_f1(targets: Array, predicted: Array) -> float:
    """Compute F1 over all (row, label) decisions pooled; 0 when nothing is there or predicted."""
    return float(label_f1(targets.reshape(-1, 1), predicted.reshape(-1, 1))[0])


def accuracy(targets: Array, predicted: Array) -> float:
    """Give the share of rows in which every label is right (exact match)."""
    _check_pair(targets, predicted)
    return float((targets.astype(bool) == predicted.astype(bool)).all(axis=1).mean())


def mean_average_precision(targets: Array, scores: Array) -> float:
    """Average, over the labels that occur, the area under precision against recall.

    Needs no threshold, so it compares rankings alone. 0 where no label occurs.
    """
    from sklearn.metrics import average_precision_score

    _check_pair(targets, scores)
    present = np.flatnonzero(targets.any(axis=0))
    areas = [average_precision_score(targets[:, i], scores[:, i]) for i in present]
    return float(np.mean(areas)) if areas else 0.0


def ranking_precision(targets: Array, scores: Array) -> float:
    """Compute label ranking average precision (LRAP) over the rows that have a label at all.

    For one label per row this is the mean reciprocal rank of the right label.
    """
    from sklearn.metrics import label_ranking_average_precision_score

    _check_pair(targets, scores)
    labelled = targets.any(axis=1)
    if not labelled.any():
        return 0.0
    return float(label_ranking_average_precision_score(targets[labelled], scores[labelled]))


def calibration_error(targets: Array, scores: Array, *, bins: int = 15) -> float:
    """Compute expected calibration error over all (row, label) decisions pooled.

    Decisions fall into bins of equal width on their score (Naeini et al. 2015, for binary
    decisions); the distance of mean score and observed rate is weighted by the size of the bin.

    Returns:
        In [0, 1]; 0 is perfect. Rare labels make it small, so read it beside the Brier score.
    """
    _check_pair(targets, scores)
    flat, hit = scores.ravel().astype(np.float64), targets.ravel().astype(np.float64)
    place = np.minimum((flat * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=flat - hit, minlength=bins)
    return float(np.abs(gaps).sum() / flat.size)


def brier_score(targets: Array, scores: Array) -> float:
    """Average the squared distance of score and outcome over all decisions; 0 is perfect."""
    _check_pair(targets, scores)
    return float(np.mean((scores.astype(np.float64) - targets) ** 2))


def pearson(targets: Array, values: Array) -> float:
    """Compute Pearson's r of two columns (N,); 0 where either does not vary."""
    x, y = _centred(targets), _centred(values)
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / spread, -1.0, 1.0)) if spread > 1e-12 else 0.0


def concordance(targets: Array, values: Array) -> float:
    """Compute the concordance correlation (Lin 1989), which also sees scale and offset."""
    x, y = _centred(targets), _centred(values)
    offset = float(np.mean(targets) - np.mean(values))
    total = float((x @ x + y @ y) / len(x)) + offset**2
    return float(2 * (x @ y) / len(x) / total) if total > 1e-12 else 0.0


def global_threshold(targets: Array, scores: Array, *, steps: int = 200) -> float:
    """Find the one threshold for all labels that gives the best macro-F1 on these rows.

    Candidates are quantiles of the scores, so their number and not their spacing matters.
    Which rows may be used for fitting is the caller's duty; evaluation enforces it by type.
    """
    _check_pair(targets, scores)
    candidates = np.unique(np.quantile(scores, np.linspace(0.0, 1.0, steps)))
    results = [macro_f1(targets, predict_at(scores, t)) for t in candidates]
    return float(candidates[int(np.argmax(results))])


def bootstrap_interval(
    metric: Callable[..., float],
    *arrays: Array,
    resamples: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Say how much a metric would move on other rows of the same kind.

    Args:
        metric: takes as many arrays as are given.
        arrays: all with N rows; the same rows are drawn from each, with replacement.
        resamples: number of draws.
        level: share of draws inside the interval, in (0, 1).
        seed: equal seeds give equal intervals.

    Raises:
        InputError: no arrays, no rows, or arrays of different length.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise InputError(
            f"A bootstrap needs arrays with the same number of rows, at least one; got {lengths}."
        )
    rows = lengths.pop()
    generator = np.random.default_rng(seed)
    draws = np.empty(resamples)
    for i in range(resamples):
        chosen = generator.integers(0, rows, rows)
        draws[i] = metric(*(array[chosen] for array in arrays))
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _centred(values: Array) -> NDArray[np.float64]:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or column.size == 0:
        raise InputError(f"A correlation needs columns (N,) with rows; got shape {column.shape}.")
    return np.asarray(column - column.mean(), dtype=np.float64)


def _check_pair(targets: Array, other: Array) -> None:
    if targets.shape != other.shape or targets.ndim != 2 or targets.size == 0:
        raise InputError(
            f"Targets {targets.shape} and predictions {other.shape} must be matrices (N, L) of one "
            "shape with at least one row."
        )
