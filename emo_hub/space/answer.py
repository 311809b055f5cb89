"""Draw an answer as HTML in which nothing that a visitor typed can be more than text.

The markup lives in `answer.html.jinja`, rendered with autoescape for every value, so a label such
as an `<img>` tag is shown as the characters it consists of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from emo_hub.space.reading import Grounds, Reading

# More rows than this push the plane off the screen; the rest is folded away below.
_ROWS_AT_FIRST = 12

_MIDDLE = 3.0
_NEAR_MIDDLE = 0.35
_STRONG = 0.6  # of the heaviest word's weight: from here on a word is marked in full
_PLANE = (16.0, 200.0)  # offset and side of the square inside the picture, in its own units


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the visitor's text: marked as "strong" or "some", or "" where it is not."""

    text: str
    mark: str


def render_reading(reading: Reading) -> str:
    """Draw the verdict, the words that carried it, the bars, and the point in the plane."""
    grounds = reading.grounds
    shown = max(_ROWS_AT_FIRST, len(reading.fitting))
    return _template().render(
        problem=None,
        reading=reading,
        grounds=grounds,
        pieces=list(mark_words(grounds)) if grounds else [],
        heaviest=sorted(grounds.words, key=lambda word: -word.weight) if grounds else [],
        first=reading.bars[:shown],
        rest=reading.bars[shown:],
        x=_across(reading.valence),
        y=_up(reading.arousal),
        mood=name_mood(reading.valence, reading.arousal),
    )


def render_problem(sentence: str) -> str:
    """Draw the sentence that says why there is no answer."""
    return _template().render(problem=sentence)


def mark_words(grounds: Grounds) -> Iterator[Piece]:
    """Cut a text into stretches, marked and not, that together are the text again."""
    done = 0
    most = max((word.weight for word in grounds.words), default=0.0)
    for word in grounds.words:
        if word.start > done:
            yield Piece(grounds.text[done : word.start], "")
        mark = "strong" if word.weight >= _STRONG * most else "some"
        yield Piece(grounds.text[word.start : word.end], mark)
        done = word.end
    if done < len(grounds.text):
        yield Piece(grounds.text[done:], "")


def name_mood(valence: float, arousal: float) -> str:
    """Say in words where a point lies in the plane; both coordinates are in [1, 5]."""
    pleasant, stirred = valence - _MIDDLE, arousal - _MIDDLE
    words = (_side(pleasant, "unpleasant", "pleasant"), _side(stirred, "calm", "stirred up"))
    return ", ".join(word for word in words if word) or "close to neutral"


def _side(value: float, low: str, high: str) -> str:
    if abs(value) < _NEAR_MIDDLE:
        return ""
    return high if value > 0 else low


def _share(value: float) -> float:
    return min(max((value - 1) / 4, 0.0), 1.0)


def _across(value: float) -> float:
    offset, side = _PLANE
    return round(offset + side * _share(value), 1)


def _up(value: float) -> float:
    offset, side = _PLANE
    return round(offset + side * (1 - _share(value)), 1)


@cache
def _template() -> Template:
    source = resources.files("emo_hub.space").joinpath("answer.html.jinja")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda value: round(100 * min(max(value, 0.0), 1.0))
    return environment.from_string(source.read_text(encoding="utf-8"))
