"""One copy of a benchmark, in a folder or on the Hub: which splits it has, and the rows of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.benchmarks import BENCHMARKS
from emo_hub.evaluation.declaration import SPLITS, Benchmark, HubSource, Layout, Names, Row
from emo_hub.evaluation.sources import (
    Hub,
    choose_layout,
    find_folder,
    label_file,
    place,
    split_files,
    split_named,
)
from emo_hub.evaluation.tables import Record, Table, class_names, matched, open_table


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one split, keyed as the layout declares, and what reads them."""

    at: str
    layout: Layout
    records: Sequence[Row]
    names: Names


class Copy(Protocol):
    """Where the rows of one benchmark lie."""

    def splits(self) -> tuple[str, ...]:
        """List the splits that are there, of `declaration.SPLITS`.

        Raises:
            DataError: nothing is there.
        """

    def rows(self, split: str) -> Rows:
        """Read a split that is there.

        Raises:
            DataError: a file cannot be read, or its columns fit no layout.
        """


def open_copy(declared: Benchmark, where: Path | Hub | str) -> Copy:
    """Find a benchmark at a place.

    Raises:
        DataError: its folder is not there.
        InputError: it has no copy on the Hub, or its copy there has no pinned revision.
    """
    found = place(where)
    if isinstance(found, Hub):
        return _on_hub(declared, found)
    folder = find_folder(found, declared, BENCHMARKS.values())
    if folder is None:
        raise DataError(
            f"There is no {found / declared.folder}. It would hold {declared.name}: "
            f"{declared.source}. Put its files there, named by split (train, dev, test), with the "
            f"columns of the public release: {_forms(declared)}."
        )
    for layout in declared.layouts:
        tree = FolderTree(declared, folder, layout)
        if tree.splits():
            return tree
    return FolderCopy(declared, folder)


def _on_hub(declared: Benchmark, hub: Hub) -> HubCopy:
    if declared.hub is None:
        raise InputError(
            f"{declared.name} has no copy on the Hub that can be loaded: {declared.source}. Put "
            f"its files into a folder {declared.folder} and pass the folder above it."
        )
    revision = hub.revisions.get(declared.name, declared.hub.revision)
    if revision is None:
        raise InputError(
            f"No pinned revision of {declared.hub.repo} is known, and a benchmark is not read off "
            f"a moving branch: look its commit up and pass hub:{declared.name}=COMMIT, or pass a "
            "folder with the files."
        )
    return HubCopy(declared, declared.hub, revision)


@dataclass(frozen=True, slots=True)
class FolderCopy:
    """A folder of files named by split, or of one file with a column that says the split."""

    declared: Benchmark
    folder: Path
    _tables: dict[str, tuple[Table, Layout]] = field(default_factory=dict, init=False, repr=False)

    def splits(self) -> tuple[str, ...]:
        """List the splits by files, or by the values of the column that says them."""
        files = split_files(self.folder, self.declared)
        if not files:
            raise DataError(
                f"{self.folder} holds no data file of {self.declared.name}: {self.declared.source}."
                f" Wanted Parquet, JSON lines, CSV or TSV with {_forms(self.declared)}."
            )
        if set(files) == {"all"}:
            table, layout = self._table("all")
            if layout.split_column:
                records = table.rows(layout)
                said = {split_named(str(r[layout.split_column])) for r in records}
                return tuple(s for s in SPLITS if s in said)
        return tuple(s for s in SPLITS if s in files)

    def rows(self, split: str) -> Rows:
        """Read the file of a split, or its part of the one file."""
        files = split_files(self.folder, self.declared)
        table, layout = self._table(split if split in files else "all")
        records: Sequence[Row] = table.rows(layout)
        if split not in files and layout.split_column:
            column = layout.split_column
            records = [r for r in records if split_named(str(r[column])) == split]
        names = _names(self.declared, layout, _stated(table, layout), label_file(self.folder))
        return _arranged(table.at, layout, records, names)

    def _table(self, split: str) -> tuple[Table, Layout]:
        if split in self._tables:
            return self._tables[split]
        groups = split_files(self.folder, self.declared)[split]
        tables = [open_table(paths) for paths in groups]
        fitting = [(t, lay) for t in tables if (lay := choose_layout(self.declared, t)) is not None]
        if not fitting:
            raise DataError(_nothing_fits(self.declared, tables[0]))
        if len(fitting) > 1:
            raise DataError(
                f"{self.folder} has several files that could be the {split} split of "
                f"{self.declared.name}: {', '.join(t.at for t, _ in fitting)}. Keep one."
            )
        self._tables[split] = fitting[0]
        return fitting[0]


@dataclass(frozen=True, slots=True)
class FolderTree:
    """A folder that a layout reads as a whole, for releases that are no table."""

    declared: Benchmark
    folder: Path
    layout: Layout

    def splits(self) -> tuple[str, ...]:
        """List the splits of which a mark is there; none where the folder is of another form."""
        return tuple(
            split
            for split in SPLITS
            if any(next(self.folder.glob(m), None) for m in self.layout.marks.get(split, ()))
        )

    def rows(self, split: str) -> Rows:
        """Walk the folder."""
        if self.layout.rows is None:
            raise DataError(f"{self.folder} is no folder that {self.declared.name} reads whole.")
        names = _names(self.declared, self.layout, {}, None)
        records = list(self.layout.rows(self.folder, split))
        return _arranged(str(self.folder), self.layout, records, names)


@dataclass(frozen=True, slots=True)
class HubCopy:
    """A dataset repository at one revision, read through `datasets`."""

    declared: Benchmark
    source: HubSource
    revision: str

    def splits(self) -> tuple[str, ...]:
        """List the splits that the declaration says are there."""
        return tuple(s for s in SPLITS if s in self.source.splits)

    def rows(self, split: str) -> Rows:
        """Load a split at the pinned revision; what was loaded before comes from the cache."""
        from datasets import load_dataset

        try:
            data = load_dataset(
                self.source.repo,
                self.source.config,
                revision=self.revision,
                split=self.source.splits[split],
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise DataError(
                f"{self.at} cannot be loaded ({type(error).__name__}: {error}): check the network, "
                "or pass a folder with the files."
            ) from error
        classes = class_names(data.features.to_dict())
        table = HubTable(self.at, tuple(data.column_names), classes, data)
        layout = choose_layout(self.declared, table)
        if layout is None:
            raise DataError(_nothing_fits(self.declared, table))
        names = _names(self.declared, layout, _stated(table, layout), None)
        return _arranged(self.at, layout, table.rows(layout), names)

    @property
    def at(self) -> str:
        """The repository, its configuration and the revision, for messages."""
        config = f", {self.source.config}" if self.source.config else ""
        return f"{self.source.repo}{config} at {self.revision} on the Hub"


@dataclass(frozen=True, slots=True)
class HubTable:
    """Rows of a loaded dataset."""

    at: str
    columns: tuple[str, ...]
    classes: Mapping[str, Mapping[int, str]]
    data: Any

    def fits(self, layout: Layout) -> dict[str, str] | None:
        """Match by the names of the columns."""
        return matched(layout, self.columns) if layout.has_header else None

    def rows(self, layout: Layout) -> list[Record]:
        """Take the declared columns alone."""
        found = self.fits(layout) or {}
        rows = self.data.select_columns(list(dict.fromkeys(found.values()))).to_list()
        return [{column: row[here] for column, here in found.items()} for row in rows]


def _arranged(at: str, layout: Layout, records: Sequence[Row], names: Names) -> Rows:
    if layout.arrange is None:
        return Rows(at, layout, records, names)
    try:
        return Rows(at, layout, list(layout.arrange(records)), names)
    except (ValueError, TypeError) as error:
        raise DataError(f"The rows of {at} cannot be put together: {error}") from error


def _stated(table: Table, layout: Layout) -> Mapping[str, Mapping[int, str]]:
    """Give the label names that the table itself states, by the columns of the layout."""
    found = table.fits(layout) or {}
    return {column: table.classes[h] for column, h in found.items() if h in table.classes}


def _names(
    declared: Benchmark,
    layout: Layout,
    columns: Mapping[str, Mapping[int, str]],
    file: Mapping[int, str] | None,
) -> Names:
    order = declared.labels.labels if declared.labels else ()
    return Names(order, columns, layout.codes, file, declared.spellings)


def _forms(declared: Benchmark) -> str:
    """Say what each layout wants; those that differ in their last column alone are said once."""
    said: dict[tuple[str, ...], list[str]] = {}
    for layout in declared.layouts:
        alike = (*layout.columns[:-1], _form(layout))
        said.setdefault(alike, []).append(layout.columns[-1] if layout.columns else "")
    return "; or ".join(
        f"{', '.join((*alike[:-1], ' or '.join(dict.fromkeys(last))))}{alike[-1]}"
        for alike, last in said.items()
    )


def _form(layout: Layout) -> str:
    form = f" ({layout.form})" if layout.form else ""
    if layout.marks:
        return f", files such as {' and '.join(m[0] for m in layout.marks.values())}{form}"
    header = "" if layout.has_header else ", without a header"
    return f"{header}{form}"


def _nothing_fits(declared: Benchmark, table: Table) -> str:
    return (
        f"{table.at} has the columns {', '.join(map(repr, table.columns))}, which fit no known "
        f"form of {declared.name} ({declared.source}). Wanted: {_forms(declared)}."
    )


def folders(root: Path, declared: Iterable[Benchmark]) -> list[Benchmark]:
    """List the benchmarks whose folder is in a root."""
    return [d for d in declared if find_folder(root, d, BENCHMARKS.values()) is not None]
