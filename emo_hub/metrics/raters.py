"""Metrics of agreement: with one annotator beyond chance, and with many as a distribution.

`shares` (N, L) say which share of a row's annotators chose a label, each in [0, 1]. Annotators who
may choose several labels make rows that sum to more than 1; measures of distributions scale every
row to sum 1 first, on both sides, and leave out rows for which no annotator chose a label.
"""

from __future__ import annotations

import numpy as np

from emo_hub.errors import InputError
from emo_hub.metrics.columns import pearson
from emo_hub.metrics.shapes import Array, Floats, check_pair, check_probabilities

# A label that annotators chose and a model gave 0 would cost infinitely many nats.
_FLOOR = 1e-12


def label_kappa(targets: Array, predicted: Array) -> Floats:
    """Compute Cohen's kappa (1960) of two 0/1 matrices per label, (L,).

    NaN for a label on which both are constant and equal: chance alone agrees on all of it.

    Raises:
        InputError: the two are not matrices of one shape, or have no rows.
    """
    check_pair(targets, predicted)
    x, y = targets.astype(bool), predicted.astype(bool)
    agreed = (x == y).mean(axis=0)
    p, q = x.mean(axis=0), y.mean(axis=0)
    chance = p * q + (1 - p) * (1 - q)
    room = 1 - chance
    return np.where(room > 1e-12, (agreed - chance) / np.where(room > 1e-12, room, 1.0), np.nan)


def mean_label_kappa(targets: Array, predicted: Array) -> float:
    """Average kappa over the labels for which it is defined; 0 where it is for none."""
    found = label_kappa(targets, predicted)
    defined = ~np.isnan(found)
    return float(found[defined].mean()) if defined.any() else 0.0


def kappa(targets: Array, predicted: Array) -> float:
    """Compute Cohen's kappa of a single-label task: agreement on the label beyond chance.

    Returns:
        At most 1; 0 is chance, and also what two equal constants get.

    Raises:
        InputError: shapes that do not fit, or a row without exactly one label on either side.
    """
    check_pair(targets, predicted)
    x, y = targets.astype(bool), predicted.astype(bool)
    if not ((x.sum(axis=1) == 1) & (y.sum(axis=1) == 1)).all():
        raise InputError(
            "Kappa of a single-label task needs exactly one label in every row of targets and "
            "predictions; use `mean_label_kappa` where rows have several labels or none."
        )
    agreed = float((x & y).any(axis=1).mean())
    chance = float(x.mean(axis=0) @ y.mean(axis=0))
    return (agreed - chance) / (1 - chance) if 1 - chance > 1e-12 else 0.0


def expected_accuracy(shares: Array, predicted: Array) -> float:
    """Give the share of annotators who agree with the prediction, averaged over rows.

    A row with several predicted labels counts their mean share, a row with none counts 0.

    Args:
        shares: (N, L) in [0, 1].
        predicted: (N, L) of 0 and 1.

    Raises:
        InputError: shapes that do not fit, or shares outside [0, 1].
    """
    check_pair(shares, predicted)
    known, said = check_probabilities(shares), predicted.astype(bool)
    return float(((known * said).sum(axis=1) / np.maximum(said.sum(axis=1), 1)).mean())


def annotator_ceiling(shares: Array) -> float:
    """Give the largest `expected_accuracy` that any prediction could reach on these rows."""
    check_pair(shares, shares)
    return float(check_probabilities(shares).max(axis=1).mean())


def annotator_cross_entropy(shares: Array, scores: Array) -> float:
    """Average the cross-entropy of the scores under the annotators' distribution, in nats."""
    p, q = _distributions(shares, scores)
    return float(-(p * np.log(np.maximum(q, _FLOOR))).sum(axis=1).mean()) if len(p) else 0.0


def annotator_divergence(shares: Array, scores: Array) -> float:
    """Average the Kullback-Leibler divergence from annotators to scores, in nats; 0 is perfect."""
    p, q = _distributions(shares, scores)
    return float(_divergences(p, np.maximum(q, _FLOOR)).mean()) if len(p) else 0.0


def annotator_distance(shares: Array, scores: Array) -> float:
    """Average the Jensen-Shannon distance of the two distributions of a row.

    Returns:
        In [0, 1], as logarithms are to base 2; 0 is perfect. 0 also where no row has a vote.

    Raises:
        InputError: shapes that do not fit, or values outside [0, 1].
    """
    p, q = _distributions(shares, scores)
    if not len(p):
        return 0.0
    middle = (p + q) / 2
    nats = (_divergences(p, middle) + _divergences(q, middle)) / 2
    return float(np.sqrt(np.maximum(nats, 0.0) / np.log(2)).mean())


def share_correlation(shares: Array, scores: Array) -> float:
    """Compute Pearson's r of shares and scores over all (row, label) pairs, nothing scaled."""
    check_pair(shares, scores)
    return pearson(shares.ravel(), scores.ravel())


def _distributions(shares: Array, scores: Array) -> tuple[Floats, Floats]:
    check_pair(shares, scores)
    p, q = check_probabilities(shares), check_probabilities(scores)
    voted = p.any(axis=1)
    return _to_one(p[voted]), _to_one(q[voted])


def _to_one(rows: Floats) -> Floats:
    total = rows.sum(axis=1, keepdims=True)
    # Scores that are all 0 prefer nothing, which as a distribution is the even one.
    return np.where(total > 0, rows / np.where(total > 0, total, 1.0), 1.0 / rows.shape[1])


def _divergences(p: Floats, q: Floats) -> Floats:
    ratio = np.where(p > 0, p, 1.0) / np.where(p > 0, q, 1.0)
    return np.asarray((p * np.log(ratio)).sum(axis=1), dtype=np.float64)
