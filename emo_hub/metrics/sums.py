"""Metrics that follow from sums over rows, so that resampling them is one matrix product.

Every row adds K numbers to a tally, and the metric is a function of the total. Drawing rows with
replacement then weighs the tally, and swapping the rows of two models adds the difference of
their tallies. Both give what computing the metric again and again would give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from emo_hub.metrics import columns, decisions, probability, ranking
from emo_hub.metrics.shapes import Array, Floats, check_pair, check_probabilities, ranks
from emo_hub.metrics.shapes import columns as two_columns

Metric = Callable[..., float]
_BINS = 15  # of `calibration_error`


@dataclass(frozen=True, slots=True)
class Sums:
    """One metric as sums.

    Args:
        tally: targets and predictions to what each row adds, (N, K).
        value: totals (R, K) of R resamples to the metric of each, (R,).
    """

    tally: Callable[[Array, Array], Floats]
    value: Callable[[Floats], Floats]


def sums_of(metric: Metric) -> Sums | None:
    """Give the metric as sums; None where it is not known as such."""
    return _SUMS.get(metric)


def comparable(metric: Metric, values: Array) -> Array:
    """Put predictions on a scale that two models share, where the metric sees no scale anyway.

    Swapping rows between two models only makes sense on one scale.
    """
    if metric is columns.pearson:
        return _standard(np.asarray(values, dtype=np.float64))
    if metric is columns.spearman:
        return ranks(values)
    if metric is ranking.mean_average_precision:
        return np.column_stack([ranks(values[:, i]) for i in range(values.shape[1])])
    return values


def _labels(targets: Array, predicted: Array) -> Floats:
    """Hits, targets and predictions of each label: (N, 3L)."""
    check_pair(targets, predicted)
    there, said = targets.astype(bool), predicted.astype(bool)
    return np.hstack([there & said, there, said]).astype(np.float64)


def _pooled(targets: Array, predicted: Array) -> Floats:
    counts = _labels(targets, predicted)
    return np.asarray(counts.reshape(len(counts), 3, -1).sum(axis=2), dtype=np.float64)


def _f1(totals: Floats) -> Floats:
    hits, there, said = np.split(totals, 3, axis=1)
    return np.asarray(2.0 * hits / np.maximum(there + said, 1.0), dtype=np.float64)


def _macro_f1(totals: Floats) -> Floats:
    return np.asarray(_f1(totals).mean(axis=1), dtype=np.float64)


def _weighted_f1(totals: Floats) -> Floats:
    support = np.split(totals, 3, axis=1)[1]
    weighed = (_f1(totals) * support).sum(axis=1)
    return np.asarray(weighed / np.maximum(support.sum(axis=1), 1.0), dtype=np.float64)


def _macro_precision(totals: Floats) -> Floats:
    hits, _, said = np.split(totals, 3, axis=1)
    return np.asarray((hits / np.maximum(said, 1.0)).mean(axis=1), dtype=np.float64)


def _macro_recall(totals: Floats) -> Floats:
    hits, there, _ = np.split(totals, 3, axis=1)
    return np.asarray((hits / np.maximum(there, 1.0)).mean(axis=1), dtype=np.float64)


def _over_rows(sums: Floats) -> Floats:
    """Put a last column beside sums (N, K) that counts the rows, as shares of N: (N, K + 1).

    Groups of unequal size, drawn with replacement, have more rows or fewer than N; `_means`
    divides by those that were drawn.
    """
    return np.column_stack([sums, np.ones(len(sums))]) / len(sums)


def _means(totals: Floats) -> Floats:
    return np.asarray(totals[:, :-1] / totals[:, -1:], dtype=np.float64)


def _first(totals: Floats) -> Floats:
    return np.asarray(_means(totals)[:, 0], dtype=np.float64)


def _mean(per_row: Callable[[Array, Array], Array]) -> Sums:
    """A metric that is the mean over rows of something."""

    def tally(targets: Array, values: Array) -> Floats:
        return _over_rows(np.asarray(per_row(targets, values), dtype=np.float64))

    return Sums(tally, _first)


def _row_mistakes(targets: Array, predicted: Array) -> Array:
    check_pair(targets, predicted)
    return np.asarray((targets.astype(bool) != predicted.astype(bool)).mean(axis=1))


def _row_brier(targets: Array, scores: Array) -> Array:
    check_pair(targets, scores)
    return np.asarray(((scores.astype(np.float64) - targets) ** 2).mean(axis=1))


def _row_distance(targets: Array, values: Array) -> Array:
    x, y = two_columns(targets, values)
    return np.abs(x - y)


def _gaps(targets: Array, scores: Array) -> Floats:
    """How far the scores of a row lie above its outcomes, by calibration bin: (N, bins + 1)."""
    check_pair(targets, scores)
    known = check_probabilities(scores)
    place = probability.places(known.ravel(), _BINS)
    rows = np.repeat(np.arange(len(known)), known.shape[1])
    gaps = np.bincount(
        rows * _BINS + place, weights=(known - targets).ravel(), minlength=len(known) * _BINS
    )
    return _over_rows(gaps.reshape(len(known), _BINS) / known.shape[1])


def _total_gap(totals: Floats) -> Floats:
    return np.asarray(np.abs(_means(totals)).sum(axis=1), dtype=np.float64)


def _standard(values: Floats) -> Floats:
    spread = float(values.std())
    unit = spread if spread > 1e-12 else 1.0
    return np.asarray((values - values.mean()) / unit, dtype=np.float64)


def _moments(x: Floats, y: Floats) -> Floats:
    return _over_rows(np.column_stack([x, y, x * x, y * y, x * y]))


def _pearson_tally(targets: Array, values: Array) -> Floats:
    x, y = two_columns(targets, values)
    return _moments(_standard(x), _standard(y))


def _concordance_tally(targets: Array, values: Array) -> Floats:
    x, y = two_columns(targets, values)
    # One shift and one scale for both, which the metric does not see and rounding likes.
    spread = float(x.std())
    unit = spread if spread > 1e-12 else 1.0
    return _moments((x - x.mean()) / unit, (y - x.mean()) / unit)


def _variances(totals: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    x, y, xx, yy, xy = _means(totals).T
    return np.maximum(xx - x * x, 0.0), np.maximum(yy - y * y, 0.0), xy - x * y, x - y


def _pearson(totals: Floats) -> Floats:
    vx, vy, shared, _ = _variances(totals)
    spread = np.sqrt(vx * vy)
    varies = (vx > 1e-12) & (vy > 1e-12)
    return np.where(varies, np.clip(shared / np.where(varies, spread, 1.0), -1.0, 1.0), 0.0)


def _concordance(totals: Floats) -> Floats:
    vx, vy, shared, offset = _variances(totals)
    total = vx + vy + offset**2
    return np.where(total > 1e-12, 2 * shared / np.where(total > 1e-12, total, 1.0), 0.0)


_SUMS: Mapping[Metric, Sums] = {
    decisions.macro_f1: Sums(_labels, _macro_f1),
    decisions.micro_f1: Sums(_pooled, _macro_f1),
    decisions.weighted_f1: Sums(_labels, _weighted_f1),
    decisions.macro_precision: Sums(_labels, _macro_precision),
    decisions.macro_recall: Sums(_labels, _macro_recall),
    decisions.accuracy: _mean(decisions.row_matches),
    decisions.jaccard: _mean(decisions.row_jaccard),
    decisions.hamming_loss: _mean(_row_mistakes),
    probability.brier_score: _mean(_row_brier),
    probability.calibration_error: Sums(_gaps, _total_gap),
    columns.pearson: Sums(_pearson_tally, _pearson),
    columns.concordance: Sums(_concordance_tally, _concordance),
    columns.mean_absolute_error: _mean(_row_distance),
}
