"""What an array must look like before anything is counted in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError

Array = NDArray[Any]
Floats = NDArray[np.float64]

# Softmax in single precision may end this far above 1.
_SLACK = 1e-6


def check_pair(targets: Array, other: Array) -> None:
    """Refuse two arrays that are not matrices (N, L) of one shape with at least one row.

    Raises:
        InputError: names both shapes.
    """
    if targets.shape != other.shape or targets.ndim != 2 or targets.size == 0:
        raise InputError(
            f"Targets {targets.shape} and predictions {other.shape} must be matrices (N, L) of one "
            "shape with at least one row."
        )


def check_probabilities(scores: Array) -> Floats:
    """Give scores as float64, if they can be read as probabilities.

    Raises:
        InputError: one is not finite or lies outside [0, 1].
    """
    found = np.asarray(scores, dtype=np.float64)
    # Written so that NaN fails too.
    if not (found.min() >= -_SLACK and found.max() <= 1 + _SLACK):
        raise InputError(
            f"Scores go from {found.min():g} to {found.max():g}; calibration needs probabilities "
            "in [0, 1], so put logits through a sigmoid or softmax first."
        )
    return np.clip(found, 0.0, 1.0)


def check_bins(bins: int) -> None:
    """Refuse a number of bins below 1.

    Raises:
        InputError: names the number.
    """
    if bins < 1:
        raise InputError(f"A calibration needs at least one bin; got {bins}.")


def column(values: Array) -> Floats:
    """Give a column (N,) as float64.

    Raises:
        InputError: it has no rows or is no column.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size == 0:
        raise InputError(f"A correlation needs columns (N,) with rows; got shape {found.shape}.")
    return found


def columns(targets: Array, values: Array) -> tuple[Floats, Floats]:
    """Give two columns (N,) of one length as float64.

    Raises:
        InputError: they have no rows, are no columns, or differ in length.
    """
    x, y = column(targets), column(values)
    if len(x) != len(y):
        raise InputError(
            f"A correlation needs two columns of one length; got {len(x)} and {len(y)} rows."
        )
    return x, y


def ranks(values: Array) -> Floats:
    """Rank a column (N,) from 1; equal values share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place.reshape(-1)], dtype=np.float64)
