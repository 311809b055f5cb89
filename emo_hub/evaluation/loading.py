"""What a benchmark is, and the one function that reads any of them from a folder.

A folder holds a subfolder per benchmark with Parquet files in the columns of the public release.
Roles are types: what may be used to fit anything is a `FittingRows`, and a test split never is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import DataError, InputError
from emo_hub.taxonomy import LabelSet, Projection

Kind = Literal["multi_label", "single_label", "regression"]
Row = Mapping[str, Any]

DIMENSIONS = ("valence", "arousal", "dominance")
FITTING_SPLITS = ("dev", "validation", "train", "synthetic")


@dataclass(frozen=True, slots=True)
class Example:
    """One row as read: its text, what came before it, and label names or (V, A, D) values."""

    text: str
    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class FittingRows:
    """Rows that thresholds, calibration and selection may look at.

    Args:
        texts: N utterances.
        targets: (N, L) of 0 and 1.
        labels: L names, in the order of the columns.
        split: where the rows come from, one of FITTING_SPLITS.
        contexts: what came before each utterance, where there is something.

    Raises:
        InputError: the split is not one that may be fitted on.
    """

    texts: Sequence[str]
    targets: NDArray[Any]
    labels: Sequence[str]
    split: str
    contexts: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        if self.split not in FITTING_SPLITS:
            raise InputError(
                f"Nothing may be fitted on a '{self.split}' split: pass rows of one of "
                f"{', '.join(FITTING_SPLITS)}."
            )


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark is and how its public release is read.

    Args:
        name: how it is called on the command line.
        folder: the subfolder that holds it.
        files: file name per split.
        scored_split: the split whose result is reported.
        columns: the columns that the files must have.
        read: one row to an example, or None for a row that is left out by rule.
        labels: the label set of the rows as read; None for regression.
        kind: what a scorer is asked for.
        headline: the metric that stands for the benchmark in tables.
        licence: what the publisher says one may do.
        source: whose it is and where it comes from.
        faults: what a reader of the numbers should know.
        projection: carries rows and predictions onto a narrower set, where one is reported.
    """

    name: str
    folder: str
    files: Mapping[str, str]
    scored_split: str
    columns: tuple[str, ...]
    read: Callable[[Row], Example | None]
    labels: LabelSet | None
    kind: Kind
    headline: str
    licence: str
    source: str
    faults: tuple[str, ...] = ()
    projection: Projection | None = None

    @property
    def dev_split(self) -> str | None:
        """The dev split, where there is one beside the split that is scored."""
        return "dev" if "dev" in self.files and self.scored_split != "dev" else None


@dataclass(frozen=True, slots=True)
class LoadedBenchmark:
    """The rows of one split, ready to be scored.

    Args:
        name: of the benchmark.
        split: which rows.
        kind: what a scorer is asked for.
        headline: the metric that stands for the whole.
        texts: N utterances.
        contexts: N, what came before each, or None.
        targets: (N, L) of 0 and 1, or (N, 3) valence, arousal, dominance in 1..5.
        labels: L names in the order of the columns.
        projection: from the labels that a scorer is asked for to `labels`, where they differ.
        neutral: the label that means "none of the others", where there is one.
        dropped: rows that were left out by rule.
        is_scored: whether this split is the one whose result is reported.
    """

    name: str
    split: str
    kind: Kind
    headline: str
    texts: tuple[str, ...]
    contexts: tuple[str | None, ...]
    targets: NDArray[Any]
    labels: tuple[str, ...]
    projection: Projection | None = None
    neutral: str | None = None
    dropped: int = 0
    is_scored: bool = True

    @property
    def asked_labels(self) -> tuple[str, ...]:
        """The labels that a scorer gets to see."""
        return self.projection.source.labels if self.projection else self.labels

    @property
    def asked_neutral(self) -> str | None:
        """The label that means "none of the others" among those that a scorer gets to see."""
        return self.projection.source.neutral if self.projection else self.neutral

    def for_fitting(self) -> FittingRows:
        """Hand the rows out for fitting.

        Raises:
            InputError: the split is reported, or is none that may be fitted on.
        """
        if self.is_scored:
            raise InputError(
                f"The {self.split} split of {self.name} is the one that is reported, so nothing "
                "may be fitted on it: use synthetic rows or another split."
            )
        return FittingRows(self.texts, self.targets, self.labels, self.split, self.contexts)


def load(declared: Benchmark, folder: Path, split: str) -> LoadedBenchmark:
    """Read a split that is not a test split.

    Raises:
        InputError: a test split, which only `run.evaluate` reads, or a split that does not exist.
        DataError: a folder, file or column is missing, or a row cannot be read.
    """
    if split == "test":
        raise InputError(
            f"The test split of {declared.name} is read by evaluate alone, which scores it once "
            "and fits nothing: use evaluate(), or load another split."
        )
    return _read(declared, folder, split)


def load_for_scoring(declared: Benchmark, folder: Path) -> LoadedBenchmark:
    """Read the split that is reported; for `run.evaluate`, the one caller, which fits nothing."""
    return _read(declared, folder, declared.scored_split)


def _read(declared: Benchmark, folder: Path, split: str) -> LoadedBenchmark:
    if split not in declared.files:
        raise InputError(
            f"{declared.name} has no split '{split}'; there are: {', '.join(declared.files)}."
        )
    path = folder / declared.folder / declared.files[split]
    rows = _read_rows(declared, path)
    examples: list[Example] = []
    for number, row in enumerate(rows, start=1):
        try:
            example = declared.read(row)
            if example and declared.labels:
                for label in example.labels:
                    declared.labels.index(label)
        except (ValueError, TypeError) as error:
            raise DataError(f"Row {number} of {path} cannot be read: {error}") from error
        if example is not None and example.text.strip():
            examples.append(example)
    if not examples:
        raise DataError(f"{path} holds no row that {declared.name} would score.")
    target_set = declared.projection.target if declared.projection else declared.labels
    return LoadedBenchmark(
        name=declared.name,
        split=split,
        kind=declared.kind,
        headline=declared.headline,
        texts=tuple(example.text for example in examples),
        contexts=tuple(example.context for example in examples),
        targets=_targets(declared, examples),
        labels=target_set.labels if target_set else DIMENSIONS,
        projection=declared.projection,
        neutral=target_set.neutral if target_set else None,
        dropped=len(rows) - len(examples),
        is_scored=split == declared.scored_split,
    )


def _read_rows(declared: Benchmark, path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataError(
            f"There is no {path}. It would hold {declared.name}: {declared.source}. Put its "
            f"Parquet file there, with the columns {', '.join(declared.columns)}."
        )
    try:
        present = set(pq.read_schema(path).names)
        missing = [column for column in declared.columns if column not in present]
        if missing:
            raise DataError(
                f"{path} has no column {', '.join(map(repr, missing))}; it should have the columns "
                f"of the public release: {declared.source}."
            )
        rows: list[dict[str, Any]] = pq.read_table(path, columns=list(declared.columns)).to_pylist()
    except pa.ArrowException as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    return rows


def _targets(declared: Benchmark, examples: Sequence[Example]) -> NDArray[Any]:
    if declared.labels is None:
        return np.asarray([example.values for example in examples], dtype=np.float32)
    projection = declared.projection
    target_set = projection.target if projection else declared.labels
    targets = np.zeros((len(examples), len(target_set)), dtype=np.int8)
    for i, example in enumerate(examples):
        labels = projection.apply(example.labels) if projection else example.labels
        for label in labels:
            targets[i, target_set.index(label)] = 1
    return targets
