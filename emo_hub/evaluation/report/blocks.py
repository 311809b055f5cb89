"""What a page is made of, before it is HTML or Markdown: sections of text, tables and pictures.

Both renderings walk the same blocks, so a number on one page cannot differ from the other. Strings
are plain text here; each renderer escapes them in its own way.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")
_ANTHOLOGY = re.compile(r"\b([A-Z]\d{2}-\d{4})\b")
# Marks that reorder what stands around them, so that a label could pose as another.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table.

    Args:
        text: what stands there.
        note: said after it, smaller.
        strong: whether it stands out, as the highest value of its row does.
        link: an address that the text leads to.
        is_number: whether it is set to the right.
    """

    text: str
    note: str = ""
    strong: bool = False
    link: str = ""
    is_number: bool = False


Field: TypeAlias = Cell | str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; every row has as many fields as the header.

    Args:
        caption: what the table shows, as it is cited.
        header: titles of the columns.
        rows: their fields.
        is_prose: whether fields hold sentences, which want room and wrap.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file with what it shows in words.

    Args:
        path: the file.
        caption: stands under it.
        alt: says what somebody reads off it who cannot see it.
    """

    path: Path
    caption: str
    alt: str


Block: TypeAlias = Paragraph | Notes | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it.

    Args:
        title: the heading.
        blocks: what stands under it before its parts.
        parts: sections inside it.
        anchor: where links lead, one of its kind on the page; empty keeps it out of contents.
    """

    title: str
    blocks: tuple[Block, ...]
    parts: tuple[Section, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page: its title, the paragraph that sums it up, and its sections."""

    title: str
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Field]], *, prose: bool = False
) -> Table:
    """Build a table; plain strings become fields."""
    cells = tuple(tuple(f if isinstance(f, Cell) else Cell(f) for f in row) for row in rows)
    return Table(caption, tuple(header), cells, prose)


def number(value: float | None, digits: int = 3, *, note: str = "", strong: bool = False) -> Cell:
    """Write a number for a table; what is not there or not finite is said with a hyphen."""
    if value is None or not math.isfinite(value):
        return Cell("-", is_number=True)
    return Cell(f"{value:,.{digits}f}", note, strong, is_number=True)


def slug(text: str) -> str:
    """Turn a title into a name for files and links."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


def link_of(source: str) -> str:
    """Give the address of a paper that a source names by its number; empty where it names none."""
    if found := _ARXIV.search(source):
        return f"https://arxiv.org/abs/{found[1]}"
    if found := _ANTHOLOGY.search(source):
        return f"https://aclanthology.org/{found[1]}"
    return ""


def clean(text: str) -> str:
    """Make foreign text safe to stand among ours.

    Control characters, marks that reorder text and broken surrogates become a replacement mark;
    runs of blank space become one space.
    """
    kept = "".join(
        "\ufffd" if c in _REORDERING or unicodedata.category(c) in ("Cc", "Cs") else c
        for c in re.sub(r"\s+", " ", text)
    )
    return kept.strip()


def cut(text: str, most: int) -> str:
    """Shorten a text to at most so many characters, with dots where something is missing."""
    text = clean(text)
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def sentence_list(words: Sequence[str]) -> str:
    """Join words as a sentence does: "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
