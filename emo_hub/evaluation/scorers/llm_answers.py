"""How the answer of a chat model becomes scores: strictly, or with a reason that can be counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emo_hub.errors import ReplyError
from emo_hub.records import DIMENSIONS
from emo_hub.taxonomy import normalise

Row = tuple[float, ...]

# A row that was answered is never all zeros, which is how a row without an answer looks.
FAINTEST = 1e-6
RUNNER_UP = 0.5
LOWEST, HIGHEST = 1.0, 5.0


def _field(reply: Mapping[str, Any], name: str) -> object:
    if name not in reply:
        raise ReplyError("missing_field", name)
    return reply[name]


def _degree(value: object, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ReplyError("wrong_type", f"{name} is {type(value).__name__}, not a number")
    # Of what is no number, both comparisons are false.
    if not low <= value <= high:
        raise ReplyError("out_of_range", f"{name} is {value}; wanted {low:g} to {high:g}")
    return float(value)


def _column(columns: Mapping[str, int], label: object) -> int:
    """Find a label; case, outer spaces and underscores do not matter, all else does."""
    if not isinstance(label, str):
        raise ReplyError("wrong_type", f"a label is {type(label).__name__}, not text")
    if (column := columns.get(normalise(label))) is None:
        raise ReplyError("unknown_label", f"'{label:.60}'")
    return column


def read_several(columns: Mapping[str, int], reply: dict[str, Any]) -> Row:
    """Put what was named above one half, the stronger the higher, and the rest at zero."""
    listed = _field(reply, "emotions")
    if not isinstance(listed, list):
        raise ReplyError("wrong_type", f"emotions is {type(listed).__name__}, not a list")
    row = [0.0] * len(columns)
    seen: set[int] = set()
    for entry in listed:
        if not isinstance(entry, dict):
            raise ReplyError("wrong_type", f"an emotion is {type(entry).__name__}, not an object")
        column = _column(columns, _field(entry, "label"))
        if column in seen:
            raise ReplyError("repeated_label", f"'{entry['label']:.60}'")
        seen.add(column)
        intensity = _degree(_field(entry, "intensity"), "intensity", 0.0, 1.0)
        # An intensity of zero says that the label is not there.
        row[column] = (1.0 + intensity) / 2.0 if intensity else 0.0
    if not any(row):
        raise ReplyError("no_label", "no label with an intensity above 0")
    return tuple(row)


def read_one(columns: Mapping[str, int], reply: dict[str, Any]) -> Row:
    """Give the label 1 and the second choice, where there is one, one half."""
    row = [0.0] * len(columns)
    # Small models leave the second choice out; the first is what counts.
    if (second := reply.get("runner_up")) is not None:
        row[_column(columns, second)] = RUNNER_UP
    row[_column(columns, _field(reply, "label"))] = 1.0
    return tuple(row)


def read_all(columns: Mapping[str, int], reply: dict[str, Any], *, multi_label: bool) -> Row:
    """Take a number for every label; of a single-label set they are made to add up to 1."""
    given = _field(reply, "scores")
    if not isinstance(given, dict):
        raise ReplyError("wrong_type", f"scores is {type(given).__name__}, not an object")
    found: dict[int, float] = {}
    for label, value in given.items():
        column = _column(columns, label)
        if column in found:
            raise ReplyError("repeated_label", f"'{label:.60}'")
        found[column] = _degree(value, label, 0.0, 1.0)
    missing = [label for label, column in columns.items() if column not in found]
    if missing:
        raise ReplyError("missing_field", ", ".join(missing)[:200])
    row = [found[column] for column in range(len(columns))]
    if not multi_label:
        if not any(row):
            raise ReplyError("no_label", "every probability is 0")
        row = [value / sum(row) for value in row]
    return tuple(max(value, FAINTEST) for value in row)


def read_dimensions(reply: dict[str, Any]) -> Row:
    """Take valence, arousal and dominance."""
    return tuple(_degree(_field(reply, name), name, LOWEST, HIGHEST) for name in DIMENSIONS)
