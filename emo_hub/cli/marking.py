"""The words that carried a label, shown on a terminal: marked in the text, and listed with weights.

A text is drawn as plain characters: neither rich's markup nor a terminal's escapes in it count.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from emo_hub.explaining import Explanation

_LISTED = 6
_BREAKS = "\n\t"


def show_words(found: Explanation) -> None:
    """Print, for each label explained, the text with its carrying words marked and listed."""
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    for label in found.labels:
        words = found.carrying(label)
        drawn = Text(_harmless(found.text))
        for word in words:
            drawn.stylize("bold underline", word.start, word.end)
        heaviest = sorted(words, key=lambda word: -word.weight)[:_LISTED]
        listed = ", ".join(f"{_harmless(word.word)} {word.weight:+.1f}" for word in heaviest)
        console.print(drawn)
        console.print(Text(f"{_harmless(label)}: {listed or 'no single word stands out'}"))


def _harmless(text: str) -> str:
    """Put a mark in the place of every control character, one for one, so that spans still hold."""
    return "".join(
        "\ufffd" if unicodedata.category(c) == "Cc" and c not in _BREAKS else c for c in text
    )
