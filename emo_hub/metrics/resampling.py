"""How much a metric would move on other rows of the same kind: the bootstrap over rows.

Metrics of this package that are sums over rows (F1, accuracy, Jaccard, Brier, calibration error,
Pearson and others) are resampled from those sums: the same draws and the same numbers, a hundred
times faster. Anything else is computed again on every draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.metrics.shapes import Array, Floats
from emo_hub.metrics.sums import Metric, sums_of

# Weights of so many (resample, row) pairs are held at once: 16 MiB.
_BLOCK = 2**21


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval, low end first."""

    low: float
    high: float


def bootstrap_interval(
    metric: Metric,
    *arrays: Array,
    resamples: int = 200,
    level: float = 0.95,
    seed: int = 0,
    groups: Sequence[str] = (),
) -> Interval:
    """Say how much a metric would move on other rows of the same kind.

    Args:
        metric: takes as many arrays as are given.
        arrays: all with N rows; the same rows are drawn from each, with replacement.
        resamples: number of draws.
        level: share of draws inside the interval, in (0, 1).
        seed: equal seeds give equal intervals.
        groups: N names of what rows belong to, such as their dialogue; then whole groups are drawn,
            because the rows of one are alike. Empty draws rows.

    Raises:
        InputError: no arrays, no rows, arrays or groups of different length, no resamples, or a
            level that is no share.
    """
    drawn = bootstrap_draws(metric, *arrays, resamples=resamples, seed=seed, groups=groups)
    return interval_of(drawn, level)


def bootstrap_draws(
    metric: Metric,
    *arrays: Array,
    resamples: int = 200,
    seed: int = 0,
    groups: Sequence[str] = (),
) -> Floats:
    """Compute a metric on resamples of the rows, (resamples,); equal seeds draw equal rows.

    Args:
        metric: takes as many arrays as are given.
        arrays: all with N rows; the same rows are drawn from each, with replacement.
        resamples: number of draws.
        seed: of the draws.
        groups: N names of what rows belong to, as for `bootstrap_interval`.

    Raises:
        InputError: no arrays, no rows, arrays or groups of different length, or no resamples.
    """
    rows = check_rows(*arrays)
    units = Units.of(groups, rows)
    known = sums_of(metric) if len(arrays) == 2 else None
    if known is not None:
        tally = units.folded(known.tally(arrays[0], arrays[1]))
        return known.value(weighed_totals(tally, resamples, seed))
    chosen = units.drawn(resamples, seed)
    return np.array([metric(*(array[picked] for array in arrays)) for picked in chosen])


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn: rows, or groups of them.

    Args:
        numbers: (N,) the unit of each row, from 0.
        are_rows: whether every row is a unit of its own.
    """

    numbers: NDArray[np.intp]
    are_rows: bool

    @classmethod
    def of(cls, groups: Sequence[str], rows: int) -> Units:
        """Number the groups of rows; none at all make every row a unit.

        Raises:
            InputError: not as many groups as rows.
        """
        if not len(groups):
            return cls(np.arange(rows), are_rows=True)
        if len(groups) != rows:
            raise InputError(f"Got {len(groups)} groups for {rows} rows: name one for each row.")
        numbers = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
        return cls(numbers, are_rows=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.numbers.max()) + 1

    def folded(self, tally: Floats) -> Floats:
        """Add up what the rows of each unit add: (N, K) to (units, K)."""
        if self.are_rows:
            return tally
        total = np.zeros((self.count, tally.shape[1]))
        np.add.at(total, self.numbers, tally)
        return total

    def drawn(self, resamples: int, seed: int) -> Iterator[NDArray[np.intp]]:
        """Draw units with replacement and give the rows of each resample."""
        if self.are_rows:
            yield from drawn_rows(self.count, resamples, seed)
            return
        order = np.argsort(self.numbers, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(self.numbers))[:-1])
        for draw in drawn_rows(self.count, resamples, seed):
            yield np.concatenate([members[unit] for unit in draw])


def drawn_rows(rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Draw row numbers with replacement, (rows,) for each resample; equal seeds give equal draws.

    Raises:
        InputError: fewer than one resample.
    """
    if resamples < 1:
        raise InputError(f"A bootstrap needs at least one resample; got {resamples}.")
    generator = np.random.default_rng(seed)
    return (generator.integers(0, rows, rows) for _ in range(resamples))


def weighed_totals(tally: Floats, resamples: int, seed: int) -> Floats:
    """Add up what the rows of each resample add: (N, K) to (resamples, K)."""
    rows = len(tally)
    weights = (np.bincount(d, minlength=rows) for d in drawn_rows(rows, resamples, seed))
    return products(weights, resamples, tally)


def products(weights: Iterator[Array], count: int, tally: Floats) -> Floats:
    """Multiply `count` vectors of row weights, each (N,), with a tally (N, K): (count, K)."""
    rows = len(tally)
    size = max(1, min(count, _BLOCK // rows))
    block = np.empty((size, rows))
    totals = np.empty((count, tally.shape[1]))
    for start in range(0, count, size):
        stop = min(start + size, count)
        for i in range(stop - start):
            block[i] = next(weights)
        totals[start:stop] = block[: stop - start] @ tally
    return totals


def interval_of(draws: Floats, level: float) -> Interval:
    """Cut equal tails off the draws, so that the share `level` of them lies inside.

    Raises:
        InputError: `level` does not lie in (0, 1).
    """
    if not 0 < level < 1:
        raise InputError(f"The level of an interval is a share in (0, 1); got {level:g}.")
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def check_rows(*arrays: Array) -> int:
    """Give the number of rows that all arrays have.

    Raises:
        InputError: no arrays, no rows, or arrays of different length.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise InputError(
            f"A bootstrap needs arrays with the same number of rows, at least one; got {lengths}."
        )
    return lengths.pop()
