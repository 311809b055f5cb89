"""How far two annotators agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import nan, sqrt
from statistics import fmean


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float:
    """Give the agreement of two annotators beyond chance, at most 1 (Cohen 1960).

    Returns:
        NaN where there are no pairs, or where chance alone already agrees on all of them.
    """
    if not pairs:
        return nan
    observed = fmean(first == second for first, second in pairs)
    firsts, seconds = (Counter(names) for names in zip(*pairs, strict=True))
    chance = sum(firsts[name] * seconds[name] for name in firsts) / len(pairs) ** 2
    return (observed - chance) / (1 - chance) if chance < 1 else nan


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    """Give the correlation of two series in -1..1, NaN where one of them is constant or empty."""
    if not pairs:
        return nan
    xs, ys = ([float(value) for value in series] for series in zip(*pairs, strict=True))
    x_mean, y_mean = fmean(xs), fmean(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in pairs)
    spread = sqrt(sum((x - x_mean) ** 2 for x in xs) * sum((y - y_mean) ** 2 for y in ys))
    return covariance / spread if spread else nan
