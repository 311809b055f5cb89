"""One config of one version, made small enough to compare: 64 bits of a hash for each value.

The texts themselves are read a batch at a time and not kept, so a comparison of large corpora takes
about 150 bytes a row.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, List

from emo_hub.dataset import StoredCorpus
from emo_hub.errors import DataError
from emo_hub.records import SPLITS
from emo_hub.taxonomy import GOEMOTIONS

Hashes = npt.NDArray[np.uint64]

_BATCH_ROWS = 4096
_DEGREES = ("valence", "arousal", "dominance", "agreement")


@dataclass
class Numbers:
    """What is counted of a config while it is read."""

    rows: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _descriptors: set[int] = field(default_factory=set)

    def add(self, column: str, values: Sequence[Any]) -> None:
        """Count the values of a column, with names instead of class numbers."""
        if column == "labels":
            self.labels.update(label for told in values for label in told or ())
            self._add("labels per row", [len(told or ()) for told in values])
            neutral = [GOEMOTIONS.neutral in (told or ()) for told in values]
            self._add("share of neutral rows", neutral)
        elif column in _DEGREES:
            self._add(f"mean {column}", [value for value in values if value is not None])
        elif column == "utterance":
            self._add("words per utterance", [len((text or "").split()) for text in values])
        elif column == "words":
            self._add("share of rows with palette words", [bool(told) for told in values])
        elif column == "descriptors":
            self._descriptors.update(_hash(word) for told in values for word in told or ())

    def facts(self) -> dict[str, float]:
        """Give all numbers but those of labels, by what they are called."""
        found: dict[str, float] = {f"{split} rows": self.rows[split] for split in SPLITS}
        if self._descriptors:
            found["distinct descriptors"] = len(self._descriptors)
        means = {name: total / self._counts[name] for name, total in self._sums.items()}
        return found | {name: round(mean, 4) for name, mean in means.items()}

    def _add(self, name: str, values: Sequence[float]) -> None:
        if values:
            self._sums[name] = self._sums.get(name, 0.0) + sum(values)
            self._counts[name] += len(values)


@dataclass(frozen=True, slots=True)
class Side:
    """A config of a version.

    Args:
        columns: in their order, without the id.
        keys: hash of the id of each row.
        values: for each row and column the hash of what stands there.
        splits: number of each row's split.
        numbers: what was counted.
    """

    columns: tuple[str, ...]
    keys: Hashes
    values: Hashes
    splits: npt.NDArray[np.uint8]
    numbers: Numbers


def read_side(corpus: StoredCorpus, config: str) -> Side:
    """Read a config whole, once.

    Raises:
        DataError: a file is missing or damaged, or has no ids.
    """
    numbers = Numbers()
    columns: tuple[str, ...] = ()
    keys, values, splits = [_NONE], [], [np.zeros(0, np.uint8)]
    for split, batch in read_named(corpus, config):
        columns = tuple(name for name in batch if name != "id")
        rows = len(batch["id"])
        numbers.rows[split] += rows
        keys.append(_hashes(batch["id"]))
        values.append(np.stack([_hashes(batch[name]) for name in columns], axis=1))
        splits.append(np.full(rows, SPLITS.index(split), np.uint8))
        for name in columns:
            numbers.add(name, batch[name])
    table = np.concatenate(values) if values else np.zeros((0, 0), np.uint64)
    return Side(columns, np.concatenate(keys), table, np.concatenate(splits), numbers)


def read_rows_at(
    corpus: StoredCorpus, config: str, places: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """Read the rows at some places of a config, counted over its splits in their order."""
    wanted, found, start = sorted(places), {}, 0
    for split, batch in read_named(corpus, config) if wanted else ():
        end = start + len(batch["id"])
        for place in wanted:
            if start <= place < end:
                row = {name: values[place - start] for name, values in batch.items()}
                found[place] = {**row, "split": split}
        start = end
    return found


def read_named(corpus: StoredCorpus, config: str) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Read a config by splits and batches: values of each column, with names of classes.

    Raises:
        DataError: a file is missing or damaged, or has no ids.
    """
    counts = corpus.counts.get(config, {})
    for split in SPLITS:
        # A version without this config, or without rows in this split.
        for file in corpus.files(config, split) if counts.get(split) else ():
            for batch in _batches(file):
                yield split, batch


def _batches(file: Path) -> Iterator[dict[str, list[Any]]]:
    try:
        with pq.ParquetFile(file) as parquet:
            # The names of classes are the file's own: a later version may have more of them.
            features = Features.from_arrow_schema(parquet.schema_arrow)
            if "id" not in features:
                raise DataError(f"{file} has no column `id` to know its rows by.")
            naming = {name: _naming(feature) for name, feature in features.items()}
            for batch in parquet.iter_batches(_BATCH_ROWS):
                yield {
                    name: named(batch.column(name).to_pylist()) for name, named in naming.items()
                }
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read ({error}).") from error


def _naming(feature: Any) -> Callable[[list[Any]], list[Any]]:  # noqa: ANN401
    if not _has_classes(feature):
        return list
    return partial(_all_named, feature)


def _all_named(feature: Any, values: list[Any]) -> list[Any]:  # noqa: ANN401
    return [_named(feature, value) for value in values]


def _has_classes(feature: Any) -> bool:  # noqa: ANN401
    if isinstance(feature, List):
        return _has_classes(feature.feature)
    if isinstance(feature, Mapping):
        return any(map(_has_classes, feature.values()))
    return isinstance(feature, ClassLabel)


def _named(feature: Any, value: Any) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if isinstance(feature, List):
        return [_named(feature.feature, inner) for inner in value]
    if isinstance(feature, Mapping):
        return {name: _named(feature[name], inner) for name, inner in value.items()}
    return feature.names[value] if isinstance(feature, ClassLabel) else value


_NONE: Hashes = np.zeros(0, np.uint64)


def _hashes(values: Sequence[object]) -> Hashes:
    return np.fromiter(map(_hash, values), np.uint64, len(values))


def _hash(value: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(value).encode(), digest_size=8).digest())
