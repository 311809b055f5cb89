"""Lines that stand where they must not: in two splits, or in a benchmark that should be unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from emo_hub.calibration import Floats
from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.diversity import SAME_SENSE, nearest_in
from emo_hub.synthesis.repeats import BATCH, Repeats
from emo_hub.synthesis.stored import StoredLine
from emo_hub.synthesis.wording import words

# Shorter lines ("thank you so much") are said by everybody: their return proves nothing.
LONG = 6
# A corpus should repeat itself in less than so much of its lines.
MOST_REPEATS = 0.005
EXAMPLES = 5
_PROSE_WORDS = 3
_DISTINCT = 0.3
_LOOKED_AT = 500


class KnownLines:
    """Lines of a corpus that others are compared with: equal, or nearly (see `repeats`)."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        """Remember pairs of a name and a text; of repeats the first one stays."""
        self._repeats = Repeats()
        self._texts: dict[str, str] = {}
        for name, text, _, _ in self.look_up(lines):
            self._texts[name] = text
        self._names = frozenset(self._texts)

    def look_up(self, lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, bool]]:
        """Say of each line which earlier one it repeats, and whether word for word.

        Lines that are looked up are remembered too; `found` leaves them out.

        Returns:
            Name, text, the name of what it repeats (empty for nothing), and whether it is equal.
        """
        waiting = iter(lines)
        while part := list(islice(waiting, BATCH)):
            for (name, text), repeat in zip(
                part, self._repeats.sift([(name, words(text)) for name, text in part]), strict=True
            ):
                yield name, text, repeat.of if repeat else "", bool(repeat and repeat.exact)

    def found(self, lines: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Count lines that repeat a known one.

        Returns:
            `texts` compared; `exact` and `near` repeats; `exact_long` and `near_long`, those of at
            least six words; and examples of the long ones.
        """
        counts: Counter[str] = Counter()
        shown: list[list[str]] = []
        for _, text, other, exact in self.look_up(lines):
            counts["texts"] += 1
            if other not in self._names:
                continue
            kind = "exact" if exact else "near"
            counts[kind] += 1
            if len(words(text)) >= LONG:
                counts[f"{kind}_long"] += 1
                if len(shown) < EXAMPLES:
                    shown.append([kind, self._texts[other], text])
        names = ("texts", "exact", "near", "exact_long", "near_long")
        return {**{name: counts[name] for name in names}, "examples": shown}


def repeats_within(lines: Iterable[StoredLine]) -> dict[str, dict[str, Any]]:
    """Count lines that repeat an earlier line of their config, word for word or nearly.

    In `contextual` a short line may well return in another context.

    Returns:
        By config: `lines`, `exact` and `near` repeats, and their `share` of the lines, 0..1.
    """
    found: dict[str, dict[str, Any]] = {}
    pools: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        pools.setdefault(line.config, []).append((line.id, line.text))
    for config, pool in pools.items():
        counts: Counter[str] = Counter()
        for _, _, other, exact in KnownLines(()).look_up(pool):
            counts["exact" if exact else "near"] += bool(other)
        found[config] = {
            "lines": len(pool),
            "exact": counts["exact"],
            "near": counts["near"],
            "share": round(counts.total() / len(pool), 6),
        }
    return found


def between_splits(lines: Iterable[StoredLine]) -> dict[str, Any]:
    """Compare test and validation with train, over lines of both configs in one pool.

    Texts alone are compared: a rewriting may well return in another context, an original not.
    """
    known: list[tuple[str, str]] = []
    others: dict[str, list[tuple[str, str]]] = {"validation": [], "test": []}
    for line in lines:
        pool = known if line.split == "train" else others[line.split]
        pool.append((f"{line.config}/{line.id}", line.text))
    # Those of train were there first: a line that repeats one of them is never told as a repeat of
    # a line that was looked up before it.
    train = KnownLines(known)
    return {split: train.found(pool) for split, pool in others.items()}


def same_sense_between(lines: Sequence[StoredLine], vectors: Floats) -> dict[str, Any]:
    """Compare sampled test and validation lines with sampled train lines by their sense."""
    train = [n for n, line in enumerate(lines) if line.split == "train"]
    found: dict[str, Any] = {"threshold": SAME_SENSE, "train_lines": len(train)}
    for split in ("validation", "test"):
        places = [n for n, line in enumerate(lines) if line.split == split]
        nearest, best = nearest_in(vectors[places], vectors[train])
        alike = [
            [round(float(cosine), 3), lines[train[other]].text, lines[place].text]
            for place, other, cosine in zip(places, nearest, best, strict=True)
            if cosine >= SAME_SENSE
        ]
        alike.sort(key=lambda pair: (-float(pair[0]), str(pair[2])))
        found[split] = {
            "lines": len(places),
            "leaks": len(alike),
            "mean_nearest": round(float(best.mean()), 4) if len(best) else None,
            "examples": alike[:EXAMPLES],
        }
    return found


def with_benchmarks(lines: Iterable[StoredLine], folder: Path) -> dict[str, Any]:
    """Compare a corpus with every text column of the Parquet and CSV files below a folder.

    Returns:
        By file, relative to the folder: what `KnownLines.found` counts, and the columns read.

    Raises:
        InputError: there is no such folder, or it holds no such file.
        DataError: a file cannot be read.
    """
    files = benchmark_files(folder)
    pool = [(f"{line.config}/{line.id}", line.text) for line in lines]
    found: dict[str, Any] = {}
    known = KnownLines(pool)
    for file in files:
        columns, texts = texts_of(file)
        name = file.relative_to(folder).as_posix()
        numbered = ((f"{name}#{place}", text) for place, text in enumerate(texts))
        found[name] = {"columns": columns, **known.found(numbered)}
    return found


def benchmark_files(folder: Path) -> list[Path]:
    """List the Parquet and CSV files below a folder.

    Raises:
        InputError: there is no such folder, or it holds no such file.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give one with the benchmarks' Parquet or CSV.")
    files = sorted(f for f in folder.rglob("*") if f.suffix in (".parquet", ".csv"))
    if not files:
        raise InputError(f"{folder} holds no .parquet and no .csv file to compare with.")
    return files


def texts_of(file: Path) -> tuple[list[str], list[str]]:
    """Read the columns of a file that hold prose, not ids or labels: their names, and the texts.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        table = pq.read_table(file) if file.suffix == ".parquet" else pa_csv.read_csv(file)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read ({error}).") from error
    names, texts = [], []
    for name in table.column_names:
        if not _is_text(table.schema.field(name).type):
            continue
        values = [value for value in table.column(name).to_pylist() if value and value.strip()]
        if _is_prose(values):
            names.append(name)
            texts += values
    return names, list(dict.fromkeys(texts))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_prose(values: Sequence[str]) -> bool:
    looked_at = values[:: max(1, len(values) // _LOOKED_AT)]
    lengths = sorted(len(words(value)) for value in looked_at)
    return (
        bool(lengths)
        and lengths[len(lengths) // 2] >= _PROSE_WORDS
        and len(set(looked_at)) >= _DISTINCT * len(looked_at)
    )
