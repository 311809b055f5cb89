"""Tables in files to rows, one at a time: JSON Lines, JSON, CSV, TSV and Parquet."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path

from emo_hub.errors import DataError

Row = Mapping[str, object]

# Of one text, in characters; a novel has about a tenth of this.
LONGEST_TEXT = 5_000_000
# Of one line with all its columns, in bytes: no line break may pull a whole disk into memory.
_LONGEST_LINE = 64 << 20
_ROWS_AT_ONCE = 256
_WORDS_IN_NO_HEADER = 12


def kind_of(path: Path) -> str:
    """Give the suffix that says how to read a file, lower case, `.gz` left away."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def read_rows(path: Path) -> Iterator[Row]:
    """Read a table row by row, in constant memory except for `.json`, which is read whole.

    Args:
        path: ends in one of `TABLES`, or that and `.gz` (not Parquet).

    Yields:
        One mapping of column to value for each row; columns that hold neither text nor a number
        may be left out.

    Raises:
        DataError: the file is damaged or not what its name says; names the line where it can.
    """
    return TABLES[kind_of(path)](path)


def read_prose(path: Path) -> str:
    """Read a text file of at most `LONGEST_TEXT` bytes.

    Raises:
        DataError: it is longer, not UTF-8, or no text.
    """
    text = ""
    for _, line in _lines(path):
        text += line
        if len(text) > LONGEST_TEXT:
            raise DataError(
                f"{path} holds more than {LONGEST_TEXT // 1_000_000} MB of text: one file is one "
                "story, so cut it into its stories first."
            )
    return text


def read_lines(path: Path) -> Iterator[Row]:
    """Read a text file as a table with one column `text` and a row for each line."""
    for _, line in _lines(path):
        yield {"text": line.strip()}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give number and text of each line, its line break kept."""
    number = 0
    try:
        with _opened(path) as file:
            for number, raw in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
                if len(raw) == _LONGEST_LINE:
                    raise DataError(f"{path}, line {number} is over {_LONGEST_LINE >> 20} MB long.")
                yield number, _decoded(path, number, raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} ends or breaks after line {number} ({error}).") from error


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def _decoded(path: Path, number: int, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {number} is not UTF-8 (byte 0x{raw[error.start]:02x} at {error.start}): "
            "save the file as UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(f"{path}, line {number} holds a zero byte: this is no text file.")
    return text


def _json_lines(path: Path) -> Iterator[Row]:
    for number, line in _lines(path):
        if line.strip():
            yield _row(_parsed(path, f"line {number}", line), path, f"line {number}")


def _json(path: Path) -> Iterator[Row]:
    lines = (line for _, line in _lines(path) if line.strip())
    first, second = next(lines, ""), next(lines, "")
    if second and _is_object(first):
        # Many a file of JSON Lines is called .json.
        yield from _json_lines(path)
        return
    value = _parsed(path, "", first + second + "".join(lines))
    if isinstance(value, dict):
        lists = [part for part in value.values() if isinstance(part, list) and part]
        tables = [part for part in lists if all(isinstance(row, dict) for row in part)]
        value = tables[0] if len(tables) == 1 else [value]
    if not isinstance(value, list):
        raise DataError(f"{path} holds one {type(value).__name__}; wanted a list of objects.")
    for number, entry in enumerate(value, start=1):
        yield _row(entry, path, f"entry {number}")


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _parsed(path: Path, place: str, text: str) -> object:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path}{place and ', '}{place} is not JSON ({error}).") from error


def _row(value: object, path: Path, place: str) -> Row:
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        raise DataError(
            f"{path}, {place} is {type(value).__name__}; wanted an object with columns, or a text."
        )
    return value


def _separated(path: Path) -> Iterator[Row]:
    # The limit of the csv module is one for the whole process; a story may be longer than it.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
    lines = (line for _, line in _lines(path))
    first = next(lines, "")
    separator = "\t" if kind_of(path) == ".tsv" else max(",;\t", key=first.count)
    reader = csv.reader(_chained(first, lines), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        if any(len(cell.split()) > _WORDS_IN_NO_HEADER for cell in header):
            raise DataError(f"{path} begins with a text instead of the names of its columns.")
        for values in filter(None, reader):
            if len(values) != len(header):
                raise DataError(
                    f"{path}, line {reader.line_num} has {len(values)} columns and the first line "
                    f"{len(header)}: put quotes around texts that hold a {separator!r}."
                )
            yield dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: {error}. A text that holds a quote must stand in "
            "quotes, its own quotes doubled; JSON Lines has no such trouble."
        ) from error


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = [field.name for field in file.schema_arrow if _is_plain(pa, field.type)]
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=names):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({error}).") from error


def _is_plain(pa: object, kind: object) -> bool:
    types = pa.types  # type: ignore[attr-defined]
    kind = kind.value_type if types.is_dictionary(kind) else kind  # type: ignore[attr-defined]
    return any(
        claim(kind)
        for claim in (types.is_string, types.is_large_string, types.is_integer, types.is_floating)
    )


TABLES: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _separated,
    ".tsv": _separated,
    ".parquet": _parquet,
}
