"""From an array of scores to sorted lists, for all texts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_hub.calibration import Floats

_LAST = np.iinfo(np.uint64).max


def ranked(
    labels: Sequence[str],
    scores: Floats,
    kept: NDArray[np.bool_] | None = None,
    most: int | None = None,
) -> list[tuple[list[str], list[float]]]:
    """Sort labels by falling score, those of equal score as they were given.

    Args:
        labels: C names.
        scores: (N, C), from 0.
        kept: (N, C), which of them count; all, where it is None.
        most: how many are given at most.

    Returns:
        For each of N texts its labels and their scores.
    """
    # A float from 0 sorts as its bits do. Behind the bits stands the label's place, so that one
    # sort of whole numbers does all: several times faster than argsort, and ties are decided.
    bits = ~np.ascontiguousarray(scores, np.float32).view(np.uint32)
    keys = (bits.astype(np.uint64) << np.uint64(32)) | np.arange(scores.shape[1], dtype=np.uint64)
    if kept is not None:
        keys[~kept] = _LAST
    keys.sort(axis=1)
    keys = np.ascontiguousarray(keys[:, :most])
    # The sorted keys are the scores and the places: nothing has to be looked up in the scores.
    values = (~(keys >> np.uint64(32)).astype(np.uint32)).view(np.float32).tolist()
    places = (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)
    if kept is None:
        return list(zip(_words(labels, places), values, strict=True))
    counts = (keys != _LAST).sum(axis=1).tolist()
    places[keys == _LAST] = 0
    names = _words(labels, places)
    return [(n[:k], v[:k]) for n, v, k in zip(names, values, counts, strict=True)]


def _words(labels: Sequence[str], places: NDArray[np.intp]) -> list[list[str]]:
    names: list[list[str]] = np.array(labels, dtype=object).take(places).tolist()
    return names
