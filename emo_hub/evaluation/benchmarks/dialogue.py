"""Turns of a dialogue: each gets what was said before it, and the dialogue as its group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from emo_hub.evaluation.declaration import Row

# Windows-1252 characters that a release kept as control characters: curly quotes and dashes.
_MISREAD = {
    code: bytes([code]).decode("cp1252", errors="replace")
    for code in range(0x80, 0xA0)
    if bytes([code]).decode("cp1252", errors="replace") != "\ufffd"
}


def mended(text: str) -> str:
    """Give back the quotes and dashes that were read in the wrong encoding."""
    return text.translate(_MISREAD).strip()


def said(speaker: str, text: str) -> str:
    """One turn as a line of a script; the text alone where nobody is named."""
    return f"{speaker}: {text}" if speaker else text


def continued(turns: Sequence[Row]) -> Iterator[Row]:
    """Add "context" to the turns of one dialogue, in their order.

    Args:
        turns: rows with "text" and, where it is known who spoke, "speaker".
    """
    lines: list[str] = []
    for turn in turns:
        yield {**turn, "context": "\n".join(lines) or None}
        lines.append(said(turn.get("speaker", ""), turn["text"]))


def in_dialogues(
    rows: Iterable[Row], group: Callable[[Row], str], number: Callable[[Row], int]
) -> Iterator[Row]:
    """Add "group" and "context" to the rows of a table that holds one turn per row.

    The table may be in any order: a context holds the turns of smaller number alone. The rows come
    out in the order of the table.

    Args:
        rows: with "text" and "speaker".
        group: names the dialogue of a row.
        number: the place of a row in its dialogue.
    """
    dialogues: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place, row in enumerate(rows):
        dialogues[group(row)].append({**row, "place": place})
    turns = [
        {**turn, "group": name}
        for name, members in dialogues.items()
        for turn in continued(sorted(members, key=number))
    ]
    yield from sorted(turns, key=lambda turn: turn["place"])
