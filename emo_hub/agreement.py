"""How far annotators agree beyond chance: Cohen's kappa of two, Krippendorff's alpha of any number.

Answers are category numbers; a table is (N, R), one row per item and one column per annotator, with
`MISSING` where an annotator did not answer. Kappa is scikit-learn's. The package that computes
alpha is under the GPL, which this one is not, so the nominal alpha is written out here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import nan

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.metrics import Interval

Codes = NDArray[np.int64]

MISSING = -1


def cohen_kappa(first: Codes, second: Codes) -> float:
    """Give the agreement of two annotators beyond chance, at most 1 (Cohen 1960).

    Args:
        first: (N,) category numbers of one; `MISSING` leaves the item out.
        second: (N,) of the other.

    Returns:
        NaN where they share no item, or where chance alone already agrees on all of them.

    Raises:
        InputError: the two are not columns of one length.
    """
    from sklearn.metrics import cohen_kappa_score

    if first.shape != second.shape or first.ndim != 1:
        raise InputError(f"Kappa compares two columns (N,); got {first.shape} and {second.shape}.")
    both = (first != MISSING) & (second != MISSING)
    if len(np.unique([first[both], second[both]])) < 2:
        return nan
    return float(cohen_kappa_score(first[both], second[both]))


def mean_kappa(table: Codes) -> float:
    """Average kappa over all pairs of annotators for whom it is defined; NaN where it is for none.

    Raises:
        InputError: the table is no matrix (N, R).
    """
    _check_table(table)
    pairs = combinations(range(table.shape[1]), 2)
    found = [cohen_kappa(table[:, one], table[:, other]) for one, other in pairs]
    defined = [kappa for kappa in found if not np.isnan(kappa)]
    return float(np.mean(defined)) if defined else nan


def krippendorff_alpha(table: Codes) -> float:
    """Give the agreement of any number of annotators beyond chance, for categories without order.

    Items with fewer than two answers do not count (Krippendorff 2011, nominal data, any number of
    observers, missing values).

    Returns:
        At most 1; 0 is chance. NaN where no item has two answers or only one category occurs.

    Raises:
        InputError: the table is no matrix (N, R).
    """
    _check_table(table)
    categories = np.unique(table[table != MISSING])
    counts = (table[:, :, None] == categories).sum(axis=1).astype(np.float64)
    counts = counts[counts.sum(axis=1) >= 2]
    per_item, per_category = counts.sum(axis=1), counts.sum(axis=0)
    total = per_item.sum()
    expected = (total**2 - (per_category**2).sum()) / (total * (total - 1)) if total else 0.0
    if expected <= 0:
        return nan
    differing = per_item**2 - (counts**2).sum(axis=1)
    observed = float((differing / (per_item - 1)).sum() / total)
    return float(1 - observed / expected)


def agreement_interval(
    measure: Callable[[Codes], float],
    table: Codes,
    *,
    resamples: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Say how much an agreement would move on other items of the same kind (bootstrap over items).

    Draws on which the measure is not defined are left out; NaN at both ends where all are.

    Args:
        measure: of a table.
        table: (N, R), at least one row.
        resamples: number of draws.
        level: share of draws inside the interval, in (0, 1).
        seed: equal seeds give equal intervals.

    Raises:
        InputError: the table is no matrix (N, R) with rows.
    """
    _check_table(table)
    if len(table) == 0:
        raise InputError("An interval needs at least one item; got none.")
    generator = np.random.default_rng(seed)
    draws = np.array(
        [measure(table[generator.integers(0, len(table), len(table))]) for _ in range(resamples)]
    )
    defined = draws[~np.isnan(draws)]
    if defined.size == 0:
        return Interval(nan, nan)
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _check_table(table: Codes) -> None:
    if table.ndim != 2:
        raise InputError(f"Agreement is computed from a table (N, R); got shape {table.shape}.")
