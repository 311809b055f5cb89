"""Dealing examples into parts, each of which judges what was learnt from the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats
from emo_hub.fewshot.examples import Bools, Examples
from emo_hub.metrics import global_threshold

_HALF_WORTH = 8.0  # examples of a label that a threshold of one half is worth


def mean_shots(examples: Examples) -> float:
    """Give the mean number of examples of a label."""
    return float(examples.targets.sum(axis=0).mean())


def cautious_threshold(targets: Bools, scores: Floats, shots: float) -> float:
    """Fit one threshold for all labels, drawn towards one half while examples are few.

    Args:
        targets: (N, C).
        scores: (N, C) by models that have not seen the rows, 0..1.
        shots: the mean number of examples of a label.
    """
    fitted = global_threshold(targets, scores)
    return (shots * fitted + _HALF_WORTH * 0.5) / (shots + _HALF_WORTH)


def folds(examples: Examples, most: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Deal examples into parts with as even a share of each label as can be.

    Args:
        examples: N of them.
        most: the number of parts; fewer where a typical label has fewer examples.
        seed: of the order in which they are dealt.

    Returns:
        (N,) the part of each example from 0 on; -1 for one that is in no part, since it is the
        only one of a label. All -1 where no label has two.
    """
    counts = examples.targets.sum(axis=0)
    parts = min(most, max(2, int(np.median(counts))))
    part_of = np.full(len(examples), -1, np.int64)
    if parts < 2 or counts.max(initial=0) < 2:
        return part_of
    order = np.random.default_rng(seed).permutation(len(examples))
    turn = _turns(parts)
    for column in np.argsort(counts, kind="stable"):
        for row in order[examples.targets[order, column]]:
            if part_of[row] < 0:
                part_of[row] = next(turn)
    for row in order[~examples.targets[order].any(axis=1)]:
        part_of[row] = next(turn)
    for column in examples.targets.T:
        rows = np.flatnonzero(column)
        # Whoever is judged must have been seen elsewhere.
        if len(set(part_of[rows].tolist())) == 1:
            part_of[rows[0]] = -1
    return part_of


def _turns(parts: int) -> Iterator[int]:
    while True:
        yield from range(parts)
