"""A file of texts, read chunk by chunk: any length, in constant memory."""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from emo_hub.errors import DataError, InputError

CHUNK = 2048  # rows

Row = Mapping[str, Any]

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_JSON = (".jsonl", ".json")
_READ = (".txt", *_SEPARATORS, *_JSON, ".parquet")
_USUAL = ("text", "utterance", "sentence", "comment")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of rows that was read through once, so that what is wrong with it is known.

    Args:
        path: the file.
        columns: names of all columns.
        texts: those that hold texts.
        rows: how many there are.
        schema: types of the columns; None for JSON that nobody asked the types of.
        chunk: rows that are read at a time.
    """

    path: Path
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    rows: int
    schema: Any
    chunk: int

    def chunks(self, skip: int = 0) -> Iterator[Sequence[Row]]:
        """Read rows; after skipping some, chunks end where they would have ended."""
        if self.path.suffix.lower() in _JSON:
            objects = islice(_objects(self.path), skip, None)
            size = self.chunk - skip % self.chunk
            while rows := list(islice(objects, size)):
                yield rows
                size = self.chunk
            return
        for table in _tables(self.path, self.chunk):
            if skip < table.num_rows:
                yield table.slice(skip).to_pylist()
            skip = max(0, skip - table.num_rows)

    def text_column(self, named: str | None) -> str:
        """Find the column of texts: the one named, the only one, or one with a usual name.

        Raises:
            InputError: there is none, or several that could be meant.
        """
        if named is not None:
            return self.checked(named)
        usual = [name for name in _USUAL if name in self.texts]
        if len(self.texts) != 1 and not usual:
            what = "several columns of texts" if self.texts else "no column of texts"
            raise InputError(f"{self.path} has {what}: name one with --column. {self._listed()}")
        return self.texts[0] if len(self.texts) == 1 else usual[0]

    def checked(self, named: str) -> str:
        """Make sure that a column is there and holds texts.

        Raises:
            InputError: it does not; the columns are listed.
        """
        if named not in self.columns:
            raise InputError(f"{self.path} has no column '{named}'. {self._listed()}")
        # All cells of a separated file are texts, also those that look like numbers.
        if named not in self.texts and self.path.suffix.lower() not in _SEPARATORS:
            raise InputError(f"The column '{named}' of {self.path} holds no texts.")
        return named

    def _listed(self) -> str:
        return f"Its columns: {', '.join(map(repr, self.columns))}."


def open_source(path: Path, *, typed: bool = False, chunk: int = CHUNK) -> Source:
    """Read a file through once: columns, number of rows, and whether all of it can be read.

    Args:
        path: a .txt (a text a line), .csv, .tsv, .jsonl, .json or .parquet file.
        typed: whether the types of JSON's columns are needed.
        chunk: rows that are read at a time.

    Raises:
        InputError: there is no such file, or its ending says nothing.
        DataError: it cannot be read, or holds no rows.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    if ending not in _READ:
        raise InputError(f"{path} ends in '{ending}'; what can be read is {', '.join(_READ)}.")
    found = _survey_json(path, chunk, typed=typed) if ending in _JSON else _survey(path, chunk)
    if not found.rows:
        raise DataError(f"{path} holds no rows.")
    return found


def _survey(path: Path, chunk: int) -> Source:
    if path.suffix.lower() == ".parquet":
        schema, rows = _parquet_facts(path)
        texts = [field.name for field in schema if _holds_texts(field.type)]
        return Source(path, tuple(schema.names), tuple(texts), rows, schema, chunk)
    rows, first = 0, None
    for table in _tables(path, chunk):
        first = table if first is None else first
        rows += table.num_rows
    if first is None:
        return Source(path, (), (), 0, None, chunk)
    names = tuple(first.column_names)
    words = [name for name in names if not _are_numbers(first.column(name).to_pylist())]
    return Source(path, names, tuple(words), rows, first.schema, chunk)


def _survey_json(path: Path, chunk: int, *, typed: bool) -> Source:
    objects = _objects(path)
    columns: dict[str, bool] = {}
    schema, rows = None, 0
    while some := list(islice(objects, chunk)):
        for row in some:
            for name, value in row.items():
                columns[name] = columns.get(name, False) or isinstance(value, str)
        schema = _widened(schema, some, path) if typed else None
        rows += len(some)
    if schema is not None:
        _check_fits_parquet(schema, path)
    texts = tuple(name for name, holds in columns.items() if holds)
    return Source(path, tuple(columns), texts, rows, schema, chunk)


def _widened(schema: Any, rows: Sequence[Row], path: Path) -> Any:  # noqa: ANN401
    """Find types that hold these rows too."""
    names = dict.fromkeys(name for row in rows for name in row)
    fields = []
    for name in names:
        try:
            kind = pa.array([row.get(name) for row in rows]).type
            field = pa.field(name, kind)
            before = [] if schema is None or name not in schema.names else [schema.field(name)]
            wide = [pa.schema([one]) for one in (*before, field)]
            fields.append(pa.unify_schemas(wide, promote_options="permissive").field(0))
        except (pa.ArrowException, OverflowError) as error:
            raise DataError(
                f"The column '{name}' of {path} holds values of several kinds, which a .parquet "
                "file does not; let --out end in .jsonl."
            ) from error
    old = [] if schema is None else [field for field in schema if field.name not in names]
    return pa.schema([*old, *fields])


def _check_fits_parquet(schema: Any, path: Path) -> None:  # noqa: ANN401
    """Refuse the one type of JSON that Arrow holds and Parquet does not: an object without keys."""
    import pyarrow.parquet as pq

    for field in schema:
        try:
            pq.ParquetWriter(pa.BufferOutputStream(), pa.schema([field])).close()
        except pa.ArrowException as error:
            raise DataError(
                f"The column '{field.name}' of {path} holds objects without any key, which a "
                ".parquet file does not; let --out end in .jsonl."
            ) from error


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """Read the objects of JSON Lines one by one, and those of one array all at once.

    Values stay as they were written, which a reader that guesses types does not promise.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        is_array = file.read(1024).lstrip().startswith("[")
    by: dict[str, Any] = {"sample_by": "document"} if is_array else {}
    number = 0
    for table in _stream(path, "text", encoding="utf-8-sig", **by):
        for line in table.column("text").to_pylist():
            number += 1
            if not line.strip():
                continue
            found = _parsed(line, path, number)
            for one in found if isinstance(found, list) else [found]:
                row = {"text": one} if isinstance(one, str) else one
                if not isinstance(row, dict):
                    raise DataError(f"{path}, line {number}: {one!r:.40} is no object.")
                yield row


def _parsed(line: str, path: Path, number: int) -> Any:  # noqa: ANN401
    try:
        found = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number} is no JSON: {error}.") from error
    if "\\ud" in line.lower():
        # Half of an emoji, as tools that cut texts leave it, can be neither read nor written.
        whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass")
        found = json.loads(whole.decode("utf-16", "replace"))
    return found


def _tables(path: Path, chunk: int) -> Iterator[Any]:
    ending = path.suffix.lower()
    if ending == ".txt":
        return _stream(path, "text", chunk, encoding="utf-8-sig")
    if ending == ".parquet":
        return _stream(path, "parquet", chunk, batch_size=chunk)
    return _stream_separated(path, chunk)


def _stream_separated(path: Path, chunk: int) -> Iterator[Any]:
    """Read all cells as the texts that they are: no number, date or "NA" is guessed."""
    from datasets import Features, Value

    names, before = _header(path)
    if not names:
        return
    # A blank line is no row, but in a file of one column it is one whose cell is blank.
    is_alone = len(names) == 1
    yield from _stream(
        path,
        "csv",
        chunk,
        sep=_SEPARATORS[path.suffix.lower()],
        features=Features({name: Value("string") for name in names}),
        column_names=names,
        header=before if is_alone else 0,
        skip_blank_lines=not is_alone,
        index_col=False,
        keep_default_na=False,
        na_filter=False,
    )


def _header(path: Path) -> tuple[list[str], int]:
    """Read the names of the columns, and how many blank lines stand before them."""
    nothing: tuple[int, list[str]] = (0, [])
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = csv.reader(file, delimiter=_SEPARATORS[path.suffix.lower()])
            before, names = next(((i, row) for i, row in enumerate(rows) if row), nothing)
            first: list[str] = []
            with suppress(csv.Error):
                first = next((row for row in rows if row), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise _unreadable(path, error) from error
    _check_separator(path, names)
    if len(set(names)) < len(names):
        raise DataError(f"{path} names a column twice: {', '.join(names)}.")
    if len(first) > len(names):
        raise DataError(
            f"{path} has {len(names)} columns, and {len(first)} cells in its first row."
        )
    return names, before


def _check_separator(path: Path, names: Sequence[str]) -> None:
    """Refuse a header that another separator would part: answers would be read as texts."""
    own = _SEPARATORS[path.suffix.lower()]
    others = {";": "", **{sign: ending for ending, sign in _SEPARATORS.items() if sign != own}}
    meant = [sign for sign in others if len(names) == 1 and sign in names[0]]
    if meant:
        rename = f", or let its name end in {others[meant[0]]}" if others[meant[0]] else ""
        raise DataError(
            f"{path} is read as one column, {names[0]!r:.60}, as its name says that {own!r} parts "
            f"cells; {meant[0]!r} seems to: save it with {own!r}{rename}."
        )


def _stream(path: Path, builder: str, chunk: int = CHUNK, **settings: Any) -> Iterator[Any]:  # noqa: ANN401
    """Give tables of so many rows, the last one of fewer."""
    from datasets import load_dataset

    files = {"all": [glob.escape(str(path.resolve()))]}
    try:
        rows = load_dataset(builder, data_files=files, split="all", streaming=True, **settings)
        yield from rows.with_format("arrow").iter(batch_size=chunk)
    # pandas' and Arrow's errors of reading are ValueErrors, as are those of decoding.
    except (ValueError, NotImplementedError) as error:
        raise _unreadable(path, error) from error


def _parquet_facts(path: Path) -> tuple[Any, int]:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.schema_arrow, file.metadata.num_rows
    except pa.ArrowException as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, UnicodeDecodeError):
        return DataError(f"{path} is not in UTF-8 ({error.reason}); convert it first.")
    return DataError(f"{path} cannot be read: {str(error).strip().partition(chr(10))[0]}")


def _holds_texts(kind: Any) -> bool:  # noqa: ANN401
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    try:
        for cell in filled:
            float(cell)
    except ValueError:
        return False
    return bool(filled)
