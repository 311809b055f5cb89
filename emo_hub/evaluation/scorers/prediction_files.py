"""Reads a file of predictions: its columns, and what is said about it beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError
from emo_hub.evaluation.scorers.references import TABLES

Columns = Mapping[str, list[Any]]

WORDS = ("id", "row", "text", "context", "benchmark", "split")
_OF_LABEL, _BESIDE = "score:", ("target:", "predicted:")
_KEY = b"emo_hub"


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """What a file holds.

    Args:
        path: where it is.
        words: the columns of WORDS that it has, as strings or None.
        scores: numbers or None by label, each as long as the file.
        facts: what its sidecar or its schema says: model, thresholds, role and more.
    """

    path: Path
    words: Columns
    scores: Columns
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter((*self.words.values(), *self.scores.values())), ()))


def sidecar(path: Path) -> Path | None:
    """Find the JSON file beside predictions: FILE.parquet.json, or FILE.json."""
    places = (path.with_name(f"{path.name}.json"), path.with_suffix(".json"))
    return next((place for place in places if place.is_file()), None)


def read_predictions(path: Path) -> PredictionFile:
    """Read Parquet, CSV or JSON Lines.

    Records that an evaluation wrote are predictions too: their columns `score:LABEL` are scores,
    and what they say of the truth is left aside.

    Raises:
        DataError: there is no such file, or it cannot be read, or a score is no number.
    """
    if not path.is_file():
        raise DataError(f"There is no file of predictions {path}.")
    readers = dict(zip(TABLES, (_parquet, _csv, _json_lines), strict=True))
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path} is no file of predictions: wanted {', '.join(TABLES)}.")
    columns, facts = reader(path)
    beside = sidecar(path)
    if beside is not None:
        facts = {**facts, **_json(beside)}
    words = {name: _strings(columns[name]) for name in WORDS if name in columns}
    scores = {}
    for name, values in columns.items():
        label = name.removeprefix(_OF_LABEL)
        if name in WORDS or name.startswith(_BESIDE) or _is_text(values):
            continue
        scores[label] = _numbers(values, label, path)
    if not scores:
        raise DataError(
            f"{path} has no column of scores: wanted one for each label, or valence, arousal and "
            f"dominance; it has {', '.join(columns) or 'no column'}."
        )
    return PredictionFile(path, words, scores, facts)


def _parquet(path: Path) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    kept = (table.schema.metadata or {}).get(_KEY)
    try:
        facts = json.loads(kept) if kept else {}
    except ValueError as error:
        raise DataError(f"What {path} says of itself is no JSON: {error}") from error
    return {name: table.column(name).to_pylist() for name in table.column_names}, _of_record(facts)


def _of_record(facts: dict[str, Any]) -> dict[str, Any]:
    """Take over what a record of an evaluation says, in the words of a sidecar."""
    if "result" not in facts:
        return facts
    given, labels = facts.get("thresholds"), facts.get("labels", [])
    taken: dict[str, Any] = {k: facts[k] for k in ("model", "benchmark", "split") if k in facts}
    taken["role"] = facts["result"].get("role", "")
    if given is not None:
        taken["thresholds"] = dict(zip(labels, given, strict=True))
    return taken


def _csv(path: Path) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import csv

    try:
        table = csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            # An id that looks like a number is still an id: "007" is not 7.
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(WORDS, pa.string())),
        )
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a readable CSV file: {error}") from error
    return {name: table.column(name).to_pylist() for name in table.column_names}, {}


def _json_lines(path: Path) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"Line {number} of {path} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"Line {number} of {path} holds {line[:40]!r}; wanted an object.")
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}, {}


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} holds a {type(found).__name__}; wanted an object.")
    return found


def _strings(values: list[Any]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


def _is_text(values: list[Any]) -> bool:
    """Say whether a column holds words, which nobody can take for scores."""
    given = [value for value in values if value is not None]
    return not given or all(isinstance(value, str) for value in given)


def _numbers(values: list[Any], label: str, path: Path) -> list[float | None]:
    numbers: list[float | None] = []
    for place, value in enumerate(values, start=1):
        if value is None or isinstance(value, bool | int | float):
            numbers.append(None if value is None else float(value))
        else:
            raise DataError(
                f"Row {place} of {path} has {value!r:.40} under '{label}'; wanted a number."
            )
    return numbers
