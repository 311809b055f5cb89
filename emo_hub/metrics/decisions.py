"""Metrics of decisions: which labels were said to be there, against which are.

Letters: N examples, L labels. `targets` and `predicted` are 0/1 matrices (N, L); a single-label
task is the same with one 1 per row. Where a ratio has nothing below the line it counts as 0, except
in `jaccard`, which says why.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub.metrics.shapes import Array, Floats, check_pair


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


def global_threshold(targets: Array, scores: Array, *, steps: int = 200) -> float:
    """Find the one threshold for all labels that gives the best macro-F1 on these rows.

    Candidates are quantiles of the scores, so their number and not their spacing matters.
    Which rows may be used for fitting is the caller's duty; evaluation enforces it by type.
    """
    check_pair(targets, scores)
    candidates = np.unique(np.quantile(scores, np.linspace(0.0, 1.0, steps)))
    results = [macro_f1(targets, predict_at(scores, t)) for t in candidates]
    return float(candidates[int(np.argmax(results))])


def label_f1(targets: Array, predicted: Array) -> Floats:
    """Compute F1 per label, (L,); 0 for a label that is neither there nor predicted.

    Raises:
        InputError: the two are not matrices of one shape, or have no rows.
    """
    hits, there, said = _counts(targets, predicted)
    return np.asarray(2.0 * hits / np.maximum(there + said, 1), dtype=np.float64)


def label_precision(targets: Array, predicted: Array) -> Floats:
    """Give per label, (L,), the share of its predictions that are right."""
    hits, _, said = _counts(targets, predicted)
    return np.asarray(hits / np.maximum(said, 1), dtype=np.float64)


def label_recall(targets: Array, predicted: Array) -> Floats:
    """Give per label, (L,), the share of its rows that were found."""
    hits, there, _ = _counts(targets, predicted)
    return np.asarray(hits / np.maximum(there, 1), dtype=np.float64)


def macro_f1(targets: Array, predicted: Array) -> float:
    """Average F1 over all L labels, each counting the same however rare it is."""
    return float(label_f1(targets, predicted).mean())


def macro_precision(targets: Array, predicted: Array) -> float:
    """Average precision (share of right predictions) over all L labels."""
    return float(label_precision(targets, predicted).mean())


def macro_recall(targets: Array, predicted: Array) -> float:
    """Average recall over all L labels; labels that never occur count as 0."""
    return float(label_recall(targets, predicted).mean())


def micro_f1(targets: Array, predicted: Array) -> float:
    """Compute F1 over all (row, label) decisions pooled; 0 when nothing is there or predicted."""
    return float(label_f1(targets.reshape(-1, 1), predicted.reshape(-1, 1))[0])


def weighted_f1(targets: Array, predicted: Array) -> float:
    """Average F1 over labels, each counting as often as it occurs; 0 when none occurs."""
    support = targets.astype(bool).sum(axis=0)
    return float(label_f1(targets, predicted) @ support / max(int(support.sum()), 1))


def accuracy(targets: Array, predicted: Array) -> float:
    """Give the share of rows in which every label is right (exact match)."""
    return float(row_matches(targets, predicted).mean())


def jaccard(targets: Array, predicted: Array) -> float:
    """Average over rows the labels that target and prediction share, over those that either has.

    This is the "accuracy" of SemEval-2018 E-c. A row with neither target nor prediction counts as
    1, as in the scorer of that task: nothing was to be found, and nothing was claimed.
    """
    return float(row_jaccard(targets, predicted).mean())


def hamming_loss(targets: Array, predicted: Array) -> float:
    """Give the share of all (row, label) decisions that are wrong; 0 is perfect."""
    check_pair(targets, predicted)
    return float((targets.astype(bool) != predicted.astype(bool)).mean())


def row_matches(targets: Array, predicted: Array) -> NDArray[np.bool_]:
    """Say for each row, (N,), whether all its labels are right."""
    check_pair(targets, predicted)
    return np.asarray((targets.astype(bool) == predicted.astype(bool)).all(axis=1))


def row_jaccard(targets: Array, predicted: Array) -> Floats:
    """Give the Jaccard index of each row, (N,), by the convention of `jaccard`."""
    check_pair(targets, predicted)
    there, said = targets.astype(bool), predicted.astype(bool)
    shared, either = (there & said).sum(axis=1), (there | said).sum(axis=1)
    return np.where(either > 0, shared / np.maximum(either, 1), 1.0)


def _counts(targets: Array, predicted: Array) -> tuple[Array, Array, Array]:
    check_pair(targets, predicted)
    there, said = targets.astype(bool), predicted.astype(bool)
    return (there & said).sum(axis=0), there.sum(axis=0), said.sum(axis=0)
