"""Metrics of order: does what is there stand above what is not? None of them needs a threshold.

`targets` are 0/1 matrices (N, L), `scores` (N, L) of any scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emo_hub.metrics.shapes import Array, Floats, check_pair


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Precision against recall, for drawing.

    Args:
        precision: (P,) in [0, 1]; ends at 1, where nothing is predicted any more.
        recall: (P,) falling to 0.
        thresholds: (P - 1,) rising; predicting all scores of at least `thresholds[i]` gives
            `precision[i]` and `recall[i]`.
        average_precision: the area, as a sum of steps without interpolation.
    """

    precision: Floats
    recall: Floats
    thresholds: Floats
    average_precision: float


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """The curve of all decisions pooled, and one per label; None for a label that never occurs."""

    pooled: PrecisionRecallCurve | None
    per_label: tuple[PrecisionRecallCurve | None, ...]


def label_average_precision(targets: Array, scores: Array) -> Floats:
    """Compute the area under precision against recall per label, (L,).

    NaN for a label that never occurs, for which there is nothing to rank.
    """
    check_pair(targets, scores)
    areas = np.full(targets.shape[1], np.nan)
    for i in np.flatnonzero(targets.any(axis=0)):
        areas[i] = _area(targets[:, i], scores[:, i])
    return areas


def _area(there: Array, scores: Array) -> float:
    """Add up precision at each score that occurs, times the recall gained there."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(there[order])[ends]
    gained = np.diff(hits, prepend=0)
    return float((gained * hits / (ends + 1)).sum() / hits[-1])


def mean_average_precision(targets: Array, scores: Array) -> float:
    """Average, over the labels that occur, the area under precision against recall.

    Needs no threshold, so it compares rankings alone. 0 where no label occurs.
    """
    areas = label_average_precision(targets, scores)
    present = ~np.isnan(areas)
    return float(areas[present].mean()) if present.any() else 0.0


def ranking_precision(targets: Array, scores: Array) -> float:
    """Compute label ranking average precision (LRAP) over the rows that have a label at all.

    For one label per row this is the mean reciprocal rank of the right label.
    """
    from sklearn.metrics import label_ranking_average_precision_score

    check_pair(targets, scores)
    labelled = targets.any(axis=1)
    if not labelled.any():
        return 0.0
    return float(label_ranking_average_precision_score(targets[labelled], scores[labelled]))


def precision_recall(targets: Array, scores: Array) -> PrecisionRecall:
    """Trace precision against recall, over all decisions pooled (micro) and for each label.

    Points that lie on a straight line between their neighbours are left out, which keeps the file
    of a picture small.

    Raises:
        InputError: the two are not matrices of one shape, or have no rows.
    """
    check_pair(targets, scores)
    per_label = tuple(_curve(targets[:, i], scores[:, i]) for i in range(targets.shape[1]))
    return PrecisionRecall(_curve(targets.ravel(), scores.ravel()), per_label)


def _curve(there: Array, scores: Array) -> PrecisionRecallCurve | None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if not there.any():
        return None
    precision, recall, thresholds = precision_recall_curve(there, scores, drop_intermediate=True)
    area = float(average_precision_score(there, scores))
    return PrecisionRecallCurve(precision, recall, thresholds, area)
