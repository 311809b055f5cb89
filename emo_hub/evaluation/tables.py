"""Rows out of files: Parquet, CSV, TSV and other delimited text, JSON and JSON lines.

A table says which of a declaration's layouts it fits and then gives its rows in that layout's
spelling of the columns, so that readers never see what a copy calls things.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from emo_hub.errors import DataError
from emo_hub.evaluation.declaration import Layout

Record = dict[str, Any]
TYPES = (".parquet", ".jsonl", ".json", ".csv", ".tsv", ".txt")
_DELIMITERS = ("\t", "|", ";", ",")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class Table(Protocol):
    """Rows that lie somewhere, not yet read."""

    @property
    def at(self) -> str:
        """Where they lie, for messages."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns as found."""

    @property
    def classes(self) -> Mapping[str, Mapping[int, str]]:
        """Label names by number for each column that states them, keyed as found."""

    def fits(self, layout: Layout) -> dict[str, str] | None:
        """Give, for each column that the layout declares and that is here, its name here."""

    def rows(self, layout: Layout) -> list[Record]:
        """Read the rows, keyed as the layout declares its columns.

        Raises:
            DataError: a file cannot be read.
        """


def matched(layout: Layout, present: Sequence[str]) -> dict[str, str] | None:
    """Match a layout's columns, exactly or else without regard to case; None if one is missing."""
    exact = set(present)
    loose: dict[str, list[str]] = {}
    for name in present:
        loose.setdefault(name.strip().casefold(), []).append(name)
    found: dict[str, str] = {}
    split = (layout.split_column,) if layout.split_column else ()
    required = (*layout.columns, *split)
    for column in (*required, *layout.optional):
        alike = [column] if column in exact else loose.get(column.casefold(), [])
        if len(alike) == 1:
            found[column] = alike[0]
        elif column in required:
            return None
    return found


def class_names(features: object) -> dict[str, dict[int, str]]:
    """Collect the names of every ClassLabel, or list of them, of a description of features."""
    found: dict[str, dict[int, str]] = {}
    for column, feature in features.items() if isinstance(features, Mapping) else ():
        inner = feature
        if isinstance(inner, Sequence) and not isinstance(inner, str) and inner:
            inner = inner[0]
        if isinstance(inner, Mapping) and isinstance(inner.get("feature"), Mapping):
            inner = inner["feature"]
        if isinstance(inner, Mapping) and inner.get("_type") == "ClassLabel":
            found[column] = dict(enumerate(inner["names"]))
    return found


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """Parquet files of one split, in order."""

    paths: tuple[Path, ...]
    columns: tuple[str, ...]
    classes: Mapping[str, Mapping[int, str]]

    @property
    def at(self) -> str:
        """Where the first file lies."""
        return str(self.paths[0])

    def fits(self, layout: Layout) -> dict[str, str] | None:
        """Match by the names in the schema."""
        return matched(layout, self.columns) if layout.has_header else None

    def rows(self, layout: Layout) -> list[Record]:
        """Read the declared columns alone."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        found = self.fits(layout) or {}
        rows: list[Record] = []
        for path in self.paths:
            try:
                table = pq.read_table(path, columns=list(dict.fromkeys(found.values())))
                values = [table.column(here).to_pylist() for here in found.values()]
            except (pa.ArrowException, KeyError) as error:
                raise DataError(f"{path} is not a readable Parquet file: {error}") from error
            rows.extend(dict(zip(found, cells, strict=True)) for cells in zip(*values, strict=True))
        return rows


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Rows that are in memory already, from JSON."""

    at: str
    records: Sequence[Record]
    columns: tuple[str, ...]
    classes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def fits(self, layout: Layout) -> dict[str, str] | None:
        """Match by the keys of the objects."""
        return matched(layout, self.columns) if layout.has_header else None

    def rows(self, layout: Layout) -> list[Record]:
        """Give the declared keys of every object; a key that one lacks is None there."""
        found = self.fits(layout) or {}
        return [{column: r.get(here) for column, here in found.items()} for r in self.records]


@dataclass(frozen=True, slots=True)
class TextTable:
    """Delimited text of one split."""

    at: str
    lines: tuple[str, ...]
    text: str
    classes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The cells of the first line, cut at the delimiter that it has most of."""
        return self._first(self._delimiter(None), None)

    def fits(self, layout: Layout) -> dict[str, str] | None:
        """Match by the first line, or by the number of its cells where there is no header."""
        first = self._first(self._delimiter(layout), layout)
        if layout.has_header:
            return matched(layout, first)
        same = len(first) == len(layout.columns)
        return {column: column for column in layout.columns} if same else None

    def rows(self, layout: Layout) -> list[Record]:
        """Read every line; lines without anything are passed over."""
        found = self.fits(layout) or {}
        delimiter = self._delimiter(layout)
        header = self._first(delimiter, layout) if layout.has_header else layout.columns
        at = {column: header.index(here) for column, here in found.items()}
        rows: list[Record] = []
        grows = header.index(found[layout.overflow]) if layout.overflow else None
        for number, cells in self._cells(layout, delimiter):
            more = len(cells) - len(header)
            if grows is not None and more > 0:
                text = delimiter.join(cells[grows : grows + more + 1])
                cells = [*cells[:grows], text, *cells[grows + more + 1 :]]
            elif more < 0 or (more > 0 and layout.is_quoted is not False):
                raise DataError(
                    f"Line {number} of {self.at} has {len(cells)} cells; wanted {len(header)} as "
                    "in its first line: the file is damaged or its quotes are unbalanced."
                )
            rows.append({column: cells[i] for column, i in at.items()})
        return rows

    def _cells(self, layout: Layout, delimiter: str) -> Iterable[tuple[int, list[str]]]:
        skip = int(layout.has_header)
        if self._is_quoted(layout, delimiter):
            reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=delimiter)
            try:
                yield from (
                    (reader.line_num, cells)
                    for i, cells in enumerate(reader)
                    if i >= skip and any(cells)
                )
            except csv.Error as error:
                raise DataError(f"{self.at} is not readable: {error}") from error
        else:
            for number, line in enumerate(self.lines, start=1):
                if number > skip and line.strip():
                    yield number, line.split(delimiter)

    def _first(self, delimiter: str, layout: Layout | None) -> tuple[str, ...]:
        first = self.lines[0] if self.lines else ""
        if layout is not None and (layout.is_quoted is False or not layout.has_header):
            cells = first.split(delimiter)
        else:
            cells = next(csv.reader([first], delimiter=delimiter), [])
        return tuple(cell.strip() for cell in cells)

    def _delimiter(self, layout: Layout | None) -> str:
        if layout is not None and layout.delimiter is not None:
            return layout.delimiter
        first = self.lines[0] if self.lines else ""
        return max(_DELIMITERS, key=first.count)

    def _is_quoted(self, layout: Layout, delimiter: str) -> bool:
        """Say whether quotes wrap cells: always in CSV, else if all that have any are wrapped."""
        if layout.is_quoted is not None:
            return layout.is_quoted
        if delimiter == ",":
            return True
        quotes = [c for line in self.lines if '"' in line for c in line.split(delimiter)]
        quotes = [c for c in quotes if '"' in c]
        wraps = all(_QUOTED.fullmatch(c) for c in quotes)
        # Without a doubled quote or a wrapped header they may as well belong to what was said.
        header = '"' in (self.lines[0] if layout.has_header and self.lines else "")
        return wraps and (header or any('""' in c[1:-1] for c in quotes))


def open_table(paths: Sequence[Path]) -> Table:
    """Open the files of one split, all of one type, of which text is taken one at a time.

    Raises:
        DataError: a file is missing, empty or not of its type.
    """
    first = paths[0]
    if first.suffix == ".parquet":
        return _open_parquet(paths)
    texts = [_text(path) for path in paths]
    if first.suffix in (".json", ".jsonl"):
        records = [record for path, text in zip(paths, texts, strict=True)
                   for record in _records(path, text)]  # fmt: skip
        return RecordTable(str(first), records, tuple(dict.fromkeys(k for r in records for k in r)))
    # Shards of text each repeat the header, where there is one.
    head = texts[0].split("\n", 1)[0]
    rest = [t.removeprefix(head).lstrip("\n") if i else t.rstrip("\n") for i, t in enumerate(texts)]
    text = "\n".join(rest)
    return TextTable(str(first), tuple(text.split("\n")), text)


def _open_parquet(paths: Sequence[Path]) -> ParquetTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(paths[0])
        stated = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{paths[0]} is not a readable Parquet file: {error}") from error
    info = stated.get("info") if isinstance(stated, dict) else None
    features = info.get("features") if isinstance(info, dict) else None
    return ParquetTable(tuple(paths), tuple(schema.names), class_names(features))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Releases of the nineties and of Windows tools; every byte means something there.
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n")


def _records(path: Path, text: str) -> list[Record]:
    try:
        found = (
            [json.loads(line) for line in text.split("\n") if line.strip()]
            if path.suffix == ".jsonl"
            else json.loads(text)
        )
    except ValueError as error:
        raise DataError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise DataError(f"{path} is no list of JSON objects, one for each row.")
    return found
