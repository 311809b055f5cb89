"""Examples out of a file: which column holds the text, and where the labels stand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emo_hub.errors import DataError, InputError
from emo_hub.fewshot.examples import Examples
from emo_hub.inputs import is_blank

TYPES = (".csv", ".tsv", ".jsonl", ".parquet")
CHOICES = ("auto", "yes", "no")

_TEXT = ("text", "utterance", "sentence")
_LABEL = ("label", "labels", "emotion", "emotions")
_CONTEXT = ("context",)
_NUMBERING = ("id", "index", "", "unnamed: 0")  # says nothing of the text
_YES = ("1", "1.0", "true")
_NO = ("0", "0.0", "false")

Record = Mapping[str, Any]


def read_examples(
    path: Path, *, multi_label: str = "auto", labels: Sequence[str] | None = None
) -> Examples:
    """Read examples from CSV, TSV, JSON lines or Parquet.

    The text stands in a column `text`. Labels stand in a column `label`, one or several separated
    by "|" or as a list, or else in columns of their own that hold 0 or 1. A column `context` says
    what came before a text.

    Args:
        path: the file.
        multi_label: whether a text may carry several labels: "yes", "no", or "auto", which looks
            whether one does.
        labels: the labels that may occur, in their order; those of the file by default.

    Raises:
        DataError: the file is missing or cannot be read, lacks a column, or a row is empty, has no
            label or another label than `labels` has.
        InputError: `multi_label` is none of the three.
    """
    if multi_label not in CHOICES:
        raise InputError(f"multi-label must be {', '.join(CHOICES)}; got '{multi_label}'.")
    records = _records(path)
    if not records:
        raise DataError(f"{path} holds no rows; give at least one example of each label.")
    columns = list(dict.fromkeys(name for record in records for name in record))
    text = _column(columns, _TEXT)
    if text is None:
        raise DataError(
            f"{path} has no text column; it has {_listed(columns)}. Name the one that holds the "
            "texts 'text'."
        )
    texts = [_text(record.get(text), path, row) for row, record in enumerate(records, start=1)]
    context = _column(columns, _CONTEXT)
    label = _column(columns, _LABEL)
    if label is not None:
        carried = [_split(record.get(label)) for record in records]
        known = list(dict.fromkeys(sorted(name for row in carried for name in row)))
    else:
        other = (text, context)
        known = [c for c in columns if c not in other and c.strip().lower() not in _NUMBERING]
        carried = _of_columns(records, known, path)
    several = _several(carried, multi_label, path, by_columns=label is None)
    names = tuple(labels if labels is not None else sorted(known))
    before = tuple(str(r.get(context) or "") or None for r in records) if context else ()
    return Examples(tuple(texts), names, _targets(carried, names, path), several, before)


def _targets(
    carried: Sequence[Sequence[str]], names: Sequence[str], path: Path
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    place = {name: i for i, name in enumerate(names)}
    if strange := sorted({name for row in carried for name in row if name not in place}):
        raise DataError(
            f"{path} has labels that are none of the examples': {_listed(strange)}. Known are "
            f"{_listed(names)}."
        )
    targets = np.zeros((len(carried), len(names)), dtype=np.bool_)
    for row, found in enumerate(carried):
        targets[row, [place[name] for name in found]] = True
    return targets


def _several(
    carried: Sequence[Sequence[str]], choice: str, path: Path, *, by_columns: bool
) -> bool:
    """Decide whether texts carry several labels, and refuse rows that do not fit the decision."""
    most = next((row for row, found in enumerate(carried, start=1) if len(found) > 1), None)
    none = next((row for row, found in enumerate(carried, start=1) if not found), None)
    if choice == "yes":
        return True
    if choice == "no" and most is not None:
        raise DataError(
            f"Row {most} of {path} carries {len(carried[most - 1])} labels "
            f"({_listed(carried[most - 1])}), and multi-label is 'no'; say 'yes', or give it one."
        )
    if choice == "auto" and (most is not None or (by_columns and none is not None)):
        return True
    if none is not None:
        raise DataError(
            f"Row {none} of {path} has no label; give it one, or say multi-label 'yes' if none "
            "of them holds."
        )
    return False


def _column(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    found = {column.strip().lower(): column for column in reversed(columns)}
    return next((found[name] for name in wanted if name in found), None)


def _text(value: object, path: Path, row: int) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise DataError(f"Row {row} of {path} has an empty text; give it words, or drop the row.")
    return value


def _split(value: object) -> tuple[str, ...]:
    """Give the labels of a cell: a list, or names between bars."""
    if value is None or value != value:  # a missing number of Parquet is not equal to itself
        return ()
    parts = value if isinstance(value, list | tuple) else str(value).split("|")
    return tuple(dict.fromkeys(name for part in parts if (name := str(part).strip())))


def _of_columns(
    records: Sequence[Record], known: Sequence[str], path: Path
) -> list[tuple[str, ...]]:
    if not known:
        raise DataError(
            f"{path} has no label column beside the text; add a column 'label', or one column of "
            "0 and 1 for each label."
        )
    carried = []
    for row, record in enumerate(records, start=1):
        found = []
        for name in known:
            said = str(record.get(name)).strip().lower()
            if said not in (*_YES, *_NO):
                raise DataError(
                    f"{path} has no column 'label', so each column but the text is read as a "
                    f"label, but '{name}' holds {record.get(name)!r:.40} in row {row}; wanted 0 "
                    "or 1. Name the label column 'label', or drop this one."
                )
            if said in _YES:
                found.append(name)
        carried.append(tuple(found))
    return carried


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _records(path: Path) -> list[Record]:
    kind = path.suffix.lower()
    if kind not in TYPES:
        raise DataError(f"{path} is no file of examples; wanted one of {', '.join(TYPES)}.")
    try:
        if kind == ".parquet":
            return _parquet(path)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return _lines(path, text) if kind == ".jsonl" else _cells(path, text)


def _lines(path: Path, text: str) -> list[Record]:
    rows: list[Record] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"Line {number} of {path} is no JSON: {error}.") from error
        if not isinstance(row, dict):
            raise DataError(f"Line {number} of {path} is no JSON object with a text and a label.")
        rows.append(row)
    return rows


def _cells(path: Path, text: str) -> list[Record]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Record] = []
    try:
        header = next(lines, [])
        for cells in lines:
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"Line {lines.line_num} of {path} has {len(cells)} cells; wanted "
                    f"{len(header)} as in its first line: put quotes around texts that hold "
                    f"{'a tab' if delimiter == chr(9) else 'a comma'}."
                )
            rows.append(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise DataError(f"{path} is not readable: {error}.") from error
    return rows


def _parquet(path: Path) -> list[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Dataset

    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    features = Dataset(table).features
    rows: list[Record] = table.to_pylist()
    return [_named(record, features, f"Row {n} of {path}") for n, record in enumerate(rows, 1)]


def _named(record: Record, features: Mapping[str, Any], row: str) -> Record:
    """Turn class numbers into their names where the file states names."""
    named = {}
    for column, value in record.items():
        try:
            named[column] = _class(features[column], value)
        except (ValueError, TypeError) as error:  # datasets writes -1 where nobody gave a class
            raise DataError(
                f"{row} has {value!r:.40} in '{column}', which is none of the classes that the "
                "file names; give the row a class, or drop it."
            ) from error
    return named


def _class(feature: Any, value: object) -> object:  # noqa: ANN401 - a feature of datasets
    """Turn a class number, or a list of them, into its name where the file states names."""
    inner = getattr(feature, "feature", feature)
    if not hasattr(inner, "int2str") or value is None:
        return value
    return [inner.int2str(v) for v in value] if isinstance(value, list) else inner.int2str(value)
