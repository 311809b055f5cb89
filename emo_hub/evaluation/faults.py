"""Counts what is wrong with a benchmark: texts that repeat, leak between splits or contradict.

It reads test splits and says how many rows, never which: nothing can be fitted on what it gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from emo_hub.errors import DataError
from emo_hub.evaluation.copies import open_copy
from emo_hub.evaluation.declaration import SPLITS, Benchmark
from emo_hub.evaluation.loading import LoadedBenchmark, load_split
from emo_hub.evaluation.sources import Where


@dataclass(frozen=True, slots=True)
class Faults:
    """Counts of rows, after those that are left out by rule.

    Two rows are the same where their texts and contexts are, letter case and spacing aside.

    Args:
        rows: of each split.
        repeated: rows of a split that stand in an earlier row of it.
        contradicted: rows of a split that stand there with other labels or values too.
        shared: for (a, b), the rows of b that also stand in a.
    """

    rows: Mapping[str, int]
    repeated: Mapping[str, int]
    contradicted: Mapping[str, int]
    shared: Mapping[tuple[str, str], int]

    def sentences(self) -> tuple[str, ...]:
        """Say what was found; between splits, what of the later one a model may have seen."""
        said: list[str] = []
        for split, count in self.repeated.items():
            if count:
                other = self.contradicted[split]
                more = f", and {other:,} rows have a twin with other labels" if other else ""
                said.append(f"{count:,} of {self.rows[split]:,} rows repeat in {split}{more}.")
        said += [
            f"{count:,} of {self.rows[b]:,} rows of {b} also stand in {a}."
            for (a, b), count in self.shared.items()
            if count and SPLITS.index(a) < SPLITS.index(b)
        ]
        return tuple(said)


def faults_of(splits: Sequence[LoadedBenchmark]) -> Faults:
    """Count over the splits of one benchmark.

    Raises:
        DataError: two of them are the same split.
    """
    names = [rows.split for rows in splits]
    if len(set(names)) < len(names):
        raise DataError(f"Each split is wanted once; got {', '.join(names)}.")
    keys = {rows.split: _keys(rows) for rows in splits}
    return Faults(
        rows={split: len(found) for split, found in keys.items()},
        repeated={split: len(found) - len(set(found)) for split, found in keys.items()},
        contradicted={rows.split: _contradicted(rows) for rows in splits},
        shared={
            (a, b): sum(key in known for key in keys[b])
            for a, b in permutations(keys, 2)
            if (known := set(keys[a]))
        },
    )


def measure_faults(declared: Benchmark, where: Where) -> Faults:
    """Read every split that is there and count.

    Raises:
        InputError: no pinned copy on the Hub.
        DataError: a folder, file or column is missing, or a row cannot be read.
    """
    copy = open_copy(declared, where)
    return faults_of([load_split(declared, copy, split) for split in copy.splits()])


def _keys(rows: LoadedBenchmark) -> list[tuple[str, str]]:
    pairs = zip(rows.texts, rows.contexts, strict=True)
    return [(_plain(text), _plain(context or "")) for text, context in pairs]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _contradicted(rows: LoadedBenchmark) -> int:
    keys = _keys(rows)
    labelled = {(key, row.tobytes()) for key, row in zip(keys, rows.targets, strict=True)}
    kinds = Counter(key for key, _ in labelled)
    return sum(kinds[key] > 1 for key in keys)
