"""Metrics of scores read as probabilities: how honest they are, and how sharp.

`targets` are 0/1 matrices (N, L), `scores` (N, L) in [0, 1]. "Decision" means one (row, label).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.metrics.shapes import Array, Floats, check_bins, check_pair, check_probabilities


@dataclass(frozen=True, slots=True)
class ReliabilityBins:
    """What a reliability diagram draws, one entry per bin of equal width.

    Args:
        edges: (bins + 1,) from 0 to 1.
        scores: (bins,) mean score of the decisions in a bin; NaN where it is empty.
        rates: (bins,) share of them that are there; NaN where the bin is empty.
        counts: (bins,) number of decisions.
    """

    edges: Floats
    scores: Floats
    rates: Floats
    counts: NDArray[np.int64]


def reliability_bins(targets: Array, scores: Array, bins: int = 10) -> ReliabilityBins:
    """Gather all decisions into bins of equal width on their score.

    The mean distance of `scores` and `rates`, weighted by `counts`, is `calibration_error`.

    Raises:
        InputError: shapes that do not fit, scores outside [0, 1], or fewer than one bin.
    """
    flat, hit = _decisions(targets, scores)
    place = places(flat, bins)
    counts = np.bincount(place, minlength=bins)
    filled = np.where(counts > 0, counts, np.nan)
    return ReliabilityBins(
        edges=np.arange(bins + 1) / bins,
        scores=np.bincount(place, weights=flat, minlength=bins) / filled,
        rates=np.bincount(place, weights=hit, minlength=bins) / filled,
        counts=counts.astype(np.int64),
    )


def calibration_error(targets: Array, scores: Array, *, bins: int = 15) -> float:
    """Compute expected calibration error over all (row, label) decisions pooled.

    Decisions fall into bins of equal width on their score (Naeini et al. 2015, for binary
    decisions); the distance of mean score and observed rate is weighted by the size of the bin.

    Returns:
        In [0, 1]; 0 is perfect. Rare labels make it small, so read it beside the Brier score.

    Raises:
        InputError: shapes that do not fit, scores outside [0, 1], or fewer than one bin.
    """
    flat, hit = _decisions(targets, scores)
    return _error(flat, hit, places(flat, bins))


def top_label_calibration_error(targets: Array, scores: Array, *, bins: int = 15) -> float:
    """Compute the calibration error of the best label of each row (Guo et al. 2017).

    This is what "ECE" means for tasks with one label per row: does the best label turn out right
    as often as its score says?

    Returns:
        In [0, 1]; 0 is perfect.

    Raises:
        InputError: as for `calibration_error`.
    """
    check_pair(targets, scores)
    known = check_probabilities(scores)
    rows, best = np.arange(len(known)), known.argmax(axis=1)
    confidence, hit = known[rows, best], targets[rows, best].astype(np.float64)
    return _error(confidence, hit, places(confidence, bins))


def adaptive_calibration_error(targets: Array, scores: Array, *, bins: int = 15) -> float:
    """Compute calibration error over bins that hold equally many decisions.

    Where nearly all scores are small, bins of equal width hold nearly everything in one bin; these
    do not (Nguyen and O'Connor 2015). Equal scores stay together, so the order of rows
    does not change the result, and heavy ties leave fewer bins than asked for.

    Returns:
        In [0, 1]; 0 is perfect.

    Raises:
        InputError: as for `calibration_error`.
    """
    check_bins(bins)
    flat, hit = _decisions(targets, scores)
    inner = np.quantile(flat, np.arange(1, bins) / bins, method="inverted_cdf")
    return _error(flat, hit, np.searchsorted(np.unique(inner), flat, side="left"))


def brier_score(targets: Array, scores: Array) -> float:
    """Average the squared distance of score and outcome over all decisions; 0 is perfect.

    Brier's own sum over the L classes of a single-label task is L times this number.
    """
    check_pair(targets, scores)
    return float(np.mean((scores.astype(np.float64) - targets) ** 2))


def log_loss(targets: Array, scores: Array) -> float:
    """Average the surprise at each decision, each label judged by itself, in nats; 0 is perfect.

    A score of exactly 0 or 1 that is wrong costs about 36 nats, not infinitely many.
    """
    flat, hit = _decisions(targets, scores)
    seen = np.where(hit > 0, flat, 1.0 - flat)
    return float(-np.log(_floor(seen)).mean())


def top_label_log_loss(targets: Array, scores: Array) -> float:
    """Average the surprise at the one right label of each row, in nats; rows are first made sum 1.

    Raises:
        InputError: a row without exactly one right label, or with only zeros for scores.
    """
    check_pair(targets, scores)
    known = check_probabilities(scores)
    single = targets.astype(bool)
    total = known.sum(axis=1)
    if not (single.sum(axis=1) == 1).all() or not (total > 0).all():
        raise InputError(
            "This log loss needs one right label and some score above 0 in every row; use "
            "`log_loss` where rows have several labels or none."
        )
    return float(-np.log(_floor(known[single] / total)).mean())


def places(flat: Floats, bins: int) -> NDArray[np.int64]:
    """Say into which of the bins of equal width each score falls; 1 belongs to the last.

    Raises:
        InputError: fewer than one bin.
    """
    check_bins(bins)
    return np.minimum((flat * bins).astype(np.int64), bins - 1)


def _decisions(targets: Array, scores: Array) -> tuple[Floats, Floats]:
    check_pair(targets, scores)
    return check_probabilities(scores).ravel(), targets.ravel().astype(np.float64)


def _error(flat: Floats, hit: Floats, place: NDArray[np.int64]) -> float:
    return float(np.abs(np.bincount(place, weights=flat - hit)).sum() / flat.size)


def _floor(probabilities: Floats) -> Floats:
    return np.maximum(probabilities, np.finfo(np.float64).eps)
