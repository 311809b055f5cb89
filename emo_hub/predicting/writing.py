"""The output: the input's columns as they are, and ours beside them, in the form that was asked."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from emo_hub.errors import InputError
from emo_hub.predicting.reading import Source
from emo_hub.predicting.workers import Answer
from emo_hub.records import DIMENSIONS
from emo_hub.spreadsheets import inert_cell

_GROUP = 32_768  # rows of a Parquet row group
_CRLF = "\r\n"

Rows = Iterator[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of our columns, none of which the input has.

    Args:
        best: the best label.
        labels: those that reach the threshold; None where there is none.
        scores: one for each label.
        vad: valence, arousal and dominance, or nothing.
    """

    best: str
    labels: str | None
    scores: tuple[str, ...]
    vad: tuple[str, ...]

    @classmethod
    def beside(
        cls, taken: Collection[str], labels: Sequence[str], *, has_labels: bool, has_vad: bool
    ) -> Columns:
        """Name ours so that they stand beside others: "joy (score)" where there is a "joy"."""
        used = set(taken)

        def free(name: str, mark: str) -> str:
            while name in used:
                name = f"{name} ({mark})"
            used.add(name)
            return name

        return cls(
            best=free("best", "label"),
            labels=free("labels", "found") if has_labels else None,
            scores=tuple(free(label, "score") for label in labels),
            vad=tuple(free(n, "score") for n in DIMENSIONS if has_vad),
        )

    def names(self) -> list[str]:
        """Give all in their order."""
        return [self.best, *([self.labels] if self.labels else []), *self.scores, *self.vad]

    def values(self, answer: Answer) -> dict[str, Any]:
        """Put an answer under these names; a blank text has empty ones."""
        told = answer or {}
        row = {self.best: told.get("best")}
        if self.labels:
            row[self.labels] = told.get("labels")
        row.update(zip(self.scores, told.get("scores", [None] * len(self.scores)), strict=True))
        row.update(zip(self.vad, told.get("vad", [None] * len(self.vad)), strict=True))
        return row


def check_out(out: Path) -> None:
    """Refuse an output that could not be written at the end.

    Raises:
        InputError: its ending says nothing, or its folder is not there.
    """
    if out.suffix.lower() not in _WRITERS:
        raise InputError(f"{out} must end in {', '.join(_WRITERS)}.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to put {out.name} into.")


def write_out(out: Path, source: Source, answers: Iterator[Answer], columns: Columns) -> None:
    """Write the output whole, chunk by chunk, and put it in place.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    new = out.with_name(f"{out.name}.new")
    try:
        _WRITERS[out.suffix.lower()](new, _rows(source, answers, columns), source, columns)
        new.replace(out)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _rows(source: Source, answers: Iterator[Answer], columns: Columns) -> Rows:
    for rows in source.chunks():
        # The row leads: zip must not take an answer that belongs to the next chunk.
        yield [{**row, **columns.values(a)} for row, a in zip(rows, answers, strict=False)]


def _write_json_lines(path: Path, chunks: Rows, _: Source, __: Columns) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for rows in chunks:
            file.writelines(f"{_json(row)}\n" for row in rows)


class _Lines:
    """A file for a csv.writer that ends rows with CRLF; in the file they end with LF.

    Before Python 3.11.9 and 3.12.3 a writer quotes only those line breaks that end a row: with LF
    alone, a carriage return in a cell would split its row.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix(_CRLF) + "\n")


def _write_separated(separator: str) -> Callable[[Path, Rows, Source, Columns], None]:
    def write(path: Path, chunks: Rows, source: Source, columns: Columns) -> None:
        ours = columns.names()
        texts = [name for name in (columns.best, columns.labels) if name]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(_Lines(file), delimiter=separator, lineterminator=_CRLF)
            writer.writerow([*source.columns, *map(inert_cell, ours)])
            for rows in chunks:
                for row in _joined(rows, columns):
                    row.update({name: inert_cell(row[name] or "") for name in texts})
                    writer.writerow([_cell(row.get(name)) for name in (*source.columns, *ours)])

    return write


def _write_parquet(path: Path, chunks: Rows, source: Source, columns: Columns) -> None:
    import pyarrow.parquet as pq

    schema = _schema(source, columns)
    held: list[Any] = []
    with pq.ParquetWriter(path, schema) as writer:
        for rows in chunks:
            held.append(pa.Table.from_pylist(list(_joined(rows, columns)), schema=schema))
            if sum(table.num_rows for table in held) >= _GROUP:
                writer.write_table(pa.concat_tables(held))
                held = []
        if held:
            writer.write_table(pa.concat_tables(held))


def _schema(source: Source, columns: Columns) -> Any:  # noqa: ANN401
    """Put our columns behind the input's, whose names of classes and the like are kept."""
    from datasets import Features

    texts = {name for name in (columns.best, columns.labels) if name}
    ours = [(n, pa.string() if n in texts else pa.float32()) for n in columns.names()]
    known = Features.from_arrow_schema(source.schema)
    return Features({**known, **Features.from_arrow_schema(pa.schema(ours))}).arrow_schema


def _joined(rows: list[dict[str, Any]], columns: Columns) -> Iterator[dict[str, Any]]:
    for row in rows:
        if columns.labels and row[columns.labels] is not None:
            row[columns.labels] = ", ".join(row[columns.labels])
        yield row


def _cell(value: Any) -> Any:  # noqa: ANN401
    if value is None or isinstance(value, str | int | float):
        return value
    return _json(value) if isinstance(value, list | dict) else _plain(value)


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:  # noqa: ANN401
    """Say in a string what only Parquet can hold."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_WRITERS: Mapping[str, Callable[[Path, Rows, Source, Columns], None]] = {
    ".jsonl": _write_json_lines,
    ".csv": _write_separated(","),
    ".tsv": _write_separated("\t"),
    ".parquet": _write_parquet,
}
