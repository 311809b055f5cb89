"""What a probe expects of rows that it has not seen, and how far their labels differ from that.

The probe is logistic regression, one label against the rest, on text vectors. cleanlab's confident
learning (Northcutt et al. 2021) says which labels its expectation contradicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import DataError

_CHUNK = 16_384  # rows predicted at once
# Sharp enough that one bad label is not drowned by 27 good ones. Of cleanlab's aggregations, this
# one found the most label errors planted into the embedded corpus.
_AGGREGATION = {"method": "softmin", "temperature": 0.05}


Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditSettings:
    """How an audit is done.

    Args:
        folds: of the cross-validation, at least 2.
        min_rows: a label on fewer rows is not judged; confident learning is unreliable there.
        train_rows: the most rows that one probe learns from, which bounds time and memory.
        top: the most rows to list.
        seed: equal seeds give equal reports.
    """

    folds: int = 5
    min_rows: int = 50
    train_rows: int = 30_000
    top: int = 500
    seed: int = 0


DEFAULT_AUDIT = AuditSettings()


@dataclass(frozen=True, slots=True)
class Judged:
    """What a probe and cleanlab say of rows.

    Args:
        columns: (K,) numbers of the labels that were judged.
        rows: (M,) numbers of the rows that were judged.
        probabilities: (M, K) out of sample.
        quality: (M,) in [0, 1].
        suspicious: (M, K) whether that label's presence or absence is likely wrong.
    """

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    quality: NDArray[np.float64]
    suspicious: NDArray[np.bool_]


def judge(
    vectors: NDArray[Any],
    targets: NDArray[np.int8],
    groups: Sequence[str],
    settings: AuditSettings = DEFAULT_AUDIT,
    progress: Callable[[int], None] | None = None,
) -> Judged:
    """Compare given labels with what a probe expects that has not seen them.

    Args:
        vectors: (N, D) of the texts.
        targets: (N, L) given labels, 0 or 1.
        groups: N names; rows of one group are never on both sides of a fold.
        settings: folds, limits and seed.
        progress: told after each fold how many rows are judged.

    Raises:
        DataError: fewer groups than folds, or fewer than two labels that can be judged.
    """
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

    folds = _folds(groups, settings)
    enough = targets.sum(axis=0) >= settings.min_rows
    for learnt, _ in folds:
        # A label that lies in one group alone is unknown to the probe that has to judge it.
        enough &= targets[learnt].sum(axis=0) >= max(1, settings.min_rows // 4)
    columns = np.flatnonzero(enough)
    if columns.size < 2:
        raise DataError(
            f"An audit needs at least two labels with {settings.min_rows} rows each, spread over "
            f"narratives or requests; {columns.size} of {targets.shape[1]} labels have that."
        )
    probabilities = _out_of_sample(vectors, targets[:, columns], folds, progress)
    rows = np.flatnonzero(targets[:, columns].any(axis=1))
    given = [np.flatnonzero(row).tolist() for row in targets[np.ix_(rows, columns)]]
    found = probabilities[rows]
    quality = get_label_quality_scores(given, found, aggregator_kwargs=_AGGREGATION)
    suspicious = find_multilabel_issues_per_class(
        given, found, filter_by="confident_learning", n_jobs=1
    )
    return Judged(columns, rows, found, np.asarray(quality), np.asarray(suspicious, dtype=bool))


def _folds(groups: Sequence[str], settings: AuditSettings) -> list[Fold]:
    from sklearn.model_selection import GroupKFold

    names, numbers = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < settings.folds:
        raise DataError(
            f"An audit in {settings.folds} folds needs as many narratives or requests; the rows "
            f"come from {len(names)}."
        )
    splitter = GroupKFold(settings.folds, shuffle=True, random_state=settings.seed)
    generator = np.random.default_rng(settings.seed)
    folds = []
    for learnt, judged in splitter.split(numbers, groups=numbers):
        if len(learnt) > settings.train_rows:
            learnt = np.sort(generator.choice(learnt, settings.train_rows, replace=False))
        folds.append((learnt, judged))
    return folds


def _out_of_sample(
    vectors: NDArray[Any],
    targets: NDArray[np.int8],
    folds: Sequence[Fold],
    progress: Callable[[int], None] | None,
) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    probabilities = np.empty(targets.shape, dtype=np.float32)
    done = 0
    for learnt, judged in folds:
        probe = OneVsRestClassifier(LogisticRegression(max_iter=300))
        probe.fit(vectors[learnt].astype(np.float32), targets[learnt])
        for start in range(0, len(judged), _CHUNK):
            part = judged[start : start + _CHUNK]
            probabilities[part] = probe.predict_proba(vectors[part].astype(np.float32))
        done += len(judged)
        if progress is not None:
            progress(done)
    return probabilities
