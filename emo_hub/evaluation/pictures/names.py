"""Names and sentences as they are drawn: safe, short enough, and measured in inches."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, get_font

_FONT = "DejaVu Sans"  # ships with matplotlib
_DPI = 150


def width_of(text: str, size: float) -> float:
    """Measure one line of text in inches."""
    ruler: Any = RendererAgg(1, 1, _DPI)  # type: ignore[no-untyped-call]
    drawn = text.replace("\\$", "$")
    found: float = ruler.get_text_width_height_descent(
        drawn, FontProperties(family=_FONT, size=size), ismath=False
    )[0]
    return found / _DPI


def widest_of(texts: Sequence[str], size: float) -> float:
    """Measure the longest of several lines in inches; 0 for none."""
    return max((width_of(text, size) for text in texts), default=0.0)


def wrap(text: str, size: float, width: float) -> list[str]:
    """Break a sentence into lines of at most so many inches, between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def plain(text: str, longest: int = 60) -> str:
    """Make a name safe to draw: no markup, no line breaks, no glyph that the font lacks.

    What is too long keeps its beginning and its end; a character without a glyph becomes its code.
    """
    known = _glyphs()
    words = " ".join(text.split())
    drawn = "".join(c if ord(c) in known and c.isprintable() else f"U+{ord(c):04X}" for c in words)
    if len(drawn) > longest:
        tail = (longest - 1) // 3
        drawn = f"{drawn[: longest - 1 - tail].rstrip()}…{drawn[-tail:].lstrip()}"
    return drawn.replace("$", r"\$") or "(no name)"


@functools.cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(_FONT)).get_charmap())


def short_names(names: Sequence[str], longest: int = 34) -> list[str]:
    """Shorten the names of models for a legend so that they still differ.

    Of a long path or Hub id the last part stays. Names that become equal are numbered.
    """
    short = []
    for name in names:
        if len(name) > longest and "/" in name.rstrip("/"):
            name = name.rstrip("/").rsplit("/", 1)[1]
        short.append(plain(name, longest))
    twice = {name for name in short if short.count(name) > 1}
    seen: dict[str, int] = {}
    for place, name in enumerate(short):
        if name in twice:
            seen[name] = seen.get(name, 0) + 1
            short[place] = f"{name} ({seen[name]})"
    return short


_METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "weighted_f1": "weighted F1",
    "micro_f1_without_neutral": "micro-F1 without neutral",
    "jaccard": "Jaccard",
    "mean_average_precision": "mAP",
}


def metric_name(metric: str) -> str:
    """Name a metric as papers do."""
    if metric in _METRIC_NAMES:
        return _METRIC_NAMES[metric]
    return plain(
        metric.replace("_pearson", " r").replace("_ccc", " CCC").replace("_", " "), longest=32
    )
