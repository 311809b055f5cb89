"""Many texts at once: where they come from, what is told about them, and the file that comes back.

Nothing touches a disk: an uploaded file is deleted as soon as it was read, and the file that comes
back is made in the browser.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emo_hub.inputs import is_blank
from emo_hub.records import DIMENSIONS
from emo_hub.space.reading import Scores
from emo_hub.space.request import RefusalError
from emo_hub.spreadsheets import inert_cell

MAX_LINES = 500
MAX_LINE_CHARACTERS = 1_000
MAX_FILE_BYTES = 1024 * 1024
MAX_COLUMNS = 200
MAX_CELLS = 1_000_000  # a megabyte of commas and line breaks would make far more
CHUNK = 16

_USUAL_NAMES = (
    "text", "utterance", "sentence", "comment", "review", "message", "content", "body", "tweet",
    "feedback", "answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file: its columns by name, in their order; every column has as many cells."""

    name: str
    columns: Mapping[str, tuple[str, ...]]

    @property
    def rows(self) -> int:
        """Count the rows."""
        return len(next(iter(self.columns.values()), ()))


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that are read, and what was left out.

    Args:
        texts: what is read, each within the limit.
        given: how many texts there were.
        shortened: how many of the texts lost their end.
    """

    texts: tuple[str, ...]
    given: int
    shortened: int


@dataclass(frozen=True, slots=True)
class Line:
    """One text with its answer."""

    text: str
    scores: Scores


def gather(texts: Sequence[str]) -> Batch:
    """Take the texts within the limits, without blank ones.

    Raises:
        RefusalError: there is none.
    """
    found = [text.strip() for text in texts if not is_blank(text)]
    if not found:
        raise RefusalError("no_lines")
    read = found[:MAX_LINES]
    cut = tuple(text[:MAX_LINE_CHARACTERS] for text in read)
    shortened = sum(len(text) > MAX_LINE_CHARACTERS for text in read)
    return Batch(cut, len(found), shortened)


def read_sheet(path: Path, name: str) -> Sheet:
    """Read a CSV file with a line of names, and delete it.

    Raises:
        RefusalError: it is too large, or no such file.
    """
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_FILE_BYTES else b""
    except FileNotFoundError as error:
        # Two visitors with the same file share its place, and the other one was first.
        raise RefusalError("gone_file") from error
    finally:
        path.unlink(missing_ok=True)
    if size > MAX_FILE_BYTES:
        raise RefusalError("large_file", most=MAX_FILE_BYTES // 1024 // 1024)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return parse_sheet(text, name)


def parse_sheet(text: str, name: str) -> Sheet:
    """Read CSV with commas, semicolons or tabs, whichever its first line has most of.

    Raises:
        RefusalError: it has no line of names, no row below it, or too many columns or cells.
    """
    top = text.split("\n", 1)[0]
    if "\0" in text or not top.strip():
        raise RefusalError("odd_file")
    mark = max(",;\t", key=top.count)
    try:
        head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    except csv.Error as error:
        raise RefusalError("odd_file") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise RefusalError("empty_file")
    if not head:  # a lone carriage return ends a line too
        raise RefusalError("odd_file")
    if len(head) > MAX_COLUMNS or len(head) * len(rows) > MAX_CELLS:
        raise RefusalError("wide_file", columns=MAX_COLUMNS, cells=MAX_CELLS)
    names = _distinct(head)
    columns = {
        column: tuple(row[number] if number < len(row) else "" for row in rows)
        for number, column in enumerate(names)
    }
    return Sheet(name, columns)


def choose_column(sheet: Sheet) -> str:
    """Choose the column with the texts: by its name, else the one with the longest cells."""
    by_name = {name.casefold().strip(): name for name in reversed(list(sheet.columns))}
    for usual in _USUAL_NAMES:
        if usual in by_name:
            return by_name[usual]

    def letters(name: str) -> int:
        return sum(map(len, sheet.columns[name]))

    return max(sheet.columns, key=letters)


def write_csv(lines: Sequence[Line], labels: Sequence[str]) -> str:
    """Write the answers as CSV: text, what fits, the degrees, and the score of each label."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    head = ["text", "fits", *DIMENSIONS, *labels]
    writer.writerow([inert_cell(name) for name in head])
    for line in lines:
        score = {bar.label: bar.score for bar in line.scores.bars}
        fits = "; ".join(bar.label for bar in line.scores.fitting)
        degrees = (line.scores.valence, line.scores.arousal, line.scores.dominance)
        numbers = [f"{degree:.2f}" for degree in degrees]
        numbers += [f"{score[label]:.4f}" for label in labels]
        writer.writerow([inert_cell(line.text), inert_cell(fits), *numbers])
    return "\ufeff" + out.getvalue()  # without the mark, Excel takes UTF-8 for something else


def _distinct(head: Sequence[str]) -> list[str]:
    names: list[str] = []
    for number, name in enumerate(head, start=1):
        name = " ".join(name.split())[:80] or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names
