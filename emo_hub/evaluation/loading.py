"""Reads any benchmark from a folder or from the Hub, and keeps the roles of its splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.benchmarks import BENCHMARKS, benchmark
from emo_hub.evaluation.copies import Copy, Rows, folders, open_copy
from emo_hub.evaluation.declaration import (
    Benchmark,
    Example,
    HubSource,
    Kind,
    Layout,
    Names,
    Row,
)
from emo_hub.evaluation.rows import FITTING_SPLITS, FittingRows, LoadedBenchmark
from emo_hub.evaluation.sources import Hub, Where, place
from emo_hub.inputs import is_blank
from emo_hub.records import DIMENSIONS

__all__ = [
    "FITTING_SPLITS",
    "Benchmark",
    "Example",
    "FittingRows",
    "Hub",
    "HubSource",
    "Kind",
    "Layout",
    "LoadedBenchmark",
    "Names",
    "Row",
    "Where",
    "choose",
    "fitting_split",
    "load",
    "load_for_scoring",
    "splits",
]


def choose(where: Where, only: Iterable[str] | None = None) -> list[Benchmark]:
    """List the benchmarks to score: those that are named, or those that the place has.

    Args:
        where: a folder of folders, or the Hub.
        only: names, each of which has to be there when it is loaded. None takes every benchmark
            whose folder is there, or that has a pinned copy on the Hub.

    Raises:
        InputError: a name that no benchmark has.
        DataError: the place has none.
    """
    if only is not None:
        return [benchmark(name) for name in only]
    everyone = [declared for declared in BENCHMARKS.values() if not declared.only_by_name]
    found = place(where)
    if isinstance(found, Hub):
        return [
            declared
            for declared in everyone
            if declared.hub and (declared.hub.revision or declared.name in found.revisions)
        ]
    chosen = folders(found, everyone)
    if not chosen:
        wanted = ", ".join(dict.fromkeys(declared.folder for declared in everyone))
        raise DataError(
            f"There is nothing to score in {found}: it should hold a subfolder for each benchmark "
            f"that you have, of {wanted}."
        )
    return chosen


def splits(declared: Benchmark, where: Where) -> tuple[str, ...]:
    """List the splits of a benchmark that are there.

    Raises:
        InputError: it has no copy on the Hub, or none with a pinned revision.
        DataError: its folder is not there or holds no data.
    """
    return open_copy(declared, where).splits()


def fitting_split(declared: Benchmark, where: Where) -> str | None:
    """Give the dev split, where there is one beside the split that is scored.

    Raises:
        InputError: it has no copy on the Hub, or none with a pinned revision.
        DataError: its folder is not there, or holds nothing that is scored.
    """
    copy = open_copy(declared, where)
    return "dev" if "dev" in copy.splits() and _scored(declared, copy) != "dev" else None


def load(declared: Benchmark, where: Where, split: str) -> LoadedBenchmark:
    """Read a split that is not a test split.

    Args:
        declared: which benchmark.
        where: a folder of folders, or the Hub.
        split: of `declaration.SPLITS`.

    Raises:
        InputError: a test split, which only `run.evaluate` reads, a split that is not there, or no
            pinned copy on the Hub.
        DataError: a folder, file or column is missing, or a row cannot be read.
    """
    if split == "test":
        raise InputError(
            f"The test split of {declared.name} is read by evaluate alone, which scores it once "
            "and fits nothing: use evaluate(), or load another split."
        )
    copy = open_copy(declared, where)
    present = copy.splits()
    if split not in present:
        raise InputError(
            f"{declared.name} has no split '{split}' there; there are: {', '.join(present)}."
        )
    return load_split(declared, copy, split)


def load_for_scoring(declared: Benchmark, where: Where) -> LoadedBenchmark:
    """Read the split that is reported, for callers that fit nothing on it.

    Raises:
        InputError: no pinned copy on the Hub.
        DataError: a folder, file or column is missing, no split is there that is scored, or a row
            cannot be read.
    """
    copy = open_copy(declared, where)
    return load_split(declared, copy, _scored(declared, copy))


def load_split(declared: Benchmark, copy: Copy, split: str) -> LoadedBenchmark:
    """Read any split that is there: for this room alone, where nothing is fitted on it."""
    present = copy.splits()
    wanted = [candidate for candidate in declared.scored if candidate in present]
    return _loaded(declared, copy.rows(split), split, is_scored=split in wanted[:1])


def _scored(declared: Benchmark, copy: Copy) -> str:
    present = copy.splits()
    split = next((wanted for wanted in declared.scored if wanted in present), None)
    if split is None:
        raise DataError(
            f"Of {declared.name} there is only {', '.join(present)}, and a result is reported on "
            f"{' or '.join(declared.scored)}: a train split is not scored. Add one of these files."
        )
    return split


def _loaded(declared: Benchmark, rows: Rows, split: str, *, is_scored: bool) -> LoadedBenchmark:
    examples = _examples(declared, rows)
    if not examples:
        raise DataError(f"{rows.at} holds no row that {declared.name} would score.")
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
        dropped=len(rows.records) - len(examples),
        is_scored=is_scored,
        title=declared.title,
        ids=_given(example.id for example in examples),
        distributions=_distributions(declared, examples),
        groups=_given(example.group for example in examples),
        prompts=declared.prompts,
        licence=declared.licence,
        faults=declared.faults,
        source=declared.source,
        is_exhaustive=declared.is_exhaustive,
    )


def _given(values: Iterable[str]) -> tuple[str, ...]:
    found = tuple(values)
    return found if any(found) else ()


def _examples(declared: Benchmark, rows: Rows) -> list[Example]:
    examples: list[Example] = []
    known = set(declared.labels.labels) if declared.labels else None
    for number, row in enumerate(rows.records, start=1):
        try:
            example = rows.layout.read(row, rows.names)
            if example is None or is_blank(example.text):
                continue
            _check(declared, example, known)
        except (ValueError, TypeError) as error:
            raise DataError(f"Row {number} of {rows.at} cannot be read: {error}") from error
        examples.append(example)
    return examples


def _check(declared: Benchmark, example: Example, known: set[str] | None) -> None:
    if known is None or declared.labels is None:
        if len(example.values) != len(DIMENSIONS) or not np.isfinite(example.values).all():
            raise ValueError(f"wanted finite V, A, D; got {example.values}")
        return
    for label in (*example.labels, *(example.shares or ())):
        if label not in known:
            declared.labels.index(label)
    if declared.kind == "single_label" and len(example.labels) != 1:
        raise ValueError(f"wanted one label; got {', '.join(example.labels) or 'none'}")
    if not example.labels and declared.labels.neutral:
        raise ValueError(f"no label; wanted '{declared.labels.neutral}' where there is none")


def _targets(declared: Benchmark, examples: Sequence[Example]) -> NDArray[Any]:
    if declared.labels is None:
        return np.asarray([example.values for example in examples], dtype=np.float32)
    projection = declared.projection
    column = _columns(declared)
    targets = np.zeros((len(examples), len(column)), dtype=np.int8)
    for i, example in enumerate(examples):
        labels = projection.apply(example.labels) if projection else example.labels
        for label in labels:
            targets[i, column[label]] = 1
    return targets


def _distributions(declared: Benchmark, examples: Sequence[Example]) -> NDArray[Any] | None:
    # Shares are of the labels as read, and what a projection makes of them nobody has said.
    if declared.labels is None or declared.projection or all(e.shares is None for e in examples):
        return None
    column = _columns(declared)
    shares = np.zeros((len(examples), len(column)), dtype=np.float32)
    for i, example in enumerate(examples):
        for label, share in (example.shares or {}).items():
            shares[i, column[label]] = share
    return shares


def _columns(declared: Benchmark) -> Mapping[str, int]:
    target_set = declared.projection.target if declared.projection else declared.labels
    labels = target_set.labels if target_set else DIMENSIONS
    return {label: i for i, label in enumerate(labels)}
