"""Pages as Markdown for GitHub and the Hub: foreign text cannot become markup or break a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from emo_hub.evaluation.report.blocks import (
    Block,
    Cell,
    Document,
    Notes,
    Paragraph,
    Picture,
    Section,
    Table,
    clean,
)

_SPECIAL = re.compile(r"([\\`*_\[\]|~#$])")
# Entities and not backslashes, since a page may be read by a parser that knows only HTML.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}


def escape(text: str) -> str:
    """Escape text so that it is shown as it is, on one line, in a table as in a paragraph."""
    text = _SPECIAL.sub(r"\\\1", clean(text))
    text = re.sub(r"[&<>@]", lambda found: _ENTITIES[found[0]], text)
    # Without this GitHub makes a link of whatever looks like an address.
    return text.replace("://", "&#58;//").replace("www.", "www&#46;")


def render(document: Document, folder: Path) -> str:
    """Render a document.

    Args:
        document: what the page holds.
        folder: where the page will lie; pictures are linked from there.
    """
    counts = {"Table": 0, "Figure": 0}
    parts = [f"# {escape(document.title)}"]
    parts += (_block(block, folder, counts) for block in document.summary)
    parts.append("\n".join(_contents(document.sections)))
    for section in document.sections:
        parts += _section(section, folder, counts, level=2)
    return "\n\n".join(parts) + "\n"


def _contents(sections: Sequence[Section], indent: str = "") -> Iterator[str]:
    for section in sections:
        if not section.anchor:
            continue
        yield f"{indent}- [{escape(section.title)}](#{section.anchor})"
        yield from _contents(section.parts, indent + "  ")


def _section(section: Section, folder: Path, counts: dict[str, int], level: int) -> Iterator[str]:
    # Sites disagree on how a heading becomes an anchor, so the anchor is said.
    anchor = f'<a id="{section.anchor}"></a>\n\n' if section.anchor else ""
    yield f"{anchor}{'#' * level} {escape(section.title)}"
    for block in section.blocks:
        yield _block(block, folder, counts)
    for part in section.parts:
        yield from _section(part, folder, counts, level + 1)


def _block(block: Block, folder: Path, counts: dict[str, int]) -> str:
    match block:
        case Paragraph(text):
            return escape(text)
        case Notes(items):
            return "\n".join(f"- {escape(item)}" for item in items)
        case Table():
            counts["Table"] += 1
            return f"**Table {counts['Table']}.** {escape(block.caption)}\n\n{_table(block)}"
        case Picture(path, caption, alt):
            counts["Figure"] += 1
            target = path.relative_to(folder).as_posix()
            return f"![{escape(alt)}]({target})\n\n**Figure {counts['Figure']}.** {escape(caption)}"


def _table(block: Table) -> str:
    numeric = [all(row[i].is_number for row in block.rows) for i in range(len(block.header))]
    lines = [
        _row([escape(title) for title in block.header]),
        _row(["--:" if right else "---" for right in numeric]),
        *(_row([_cell(cell) for cell in row]) for row in block.rows),
    ]
    return "\n".join(lines)


def _row(fields: Sequence[str]) -> str:
    return "| " + " | ".join(fields) + " |"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.strong:
        text = f"**{text}**"
    if cell.link:
        text = f"[{text}]({cell.link})"
    return f"{text} ({escape(cell.note)})" if cell.note else text
