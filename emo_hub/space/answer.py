"""Draw the answer to one question: verdict, bars, words, context, and the point in the plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emo_hub.space.drawing import draw, percent
from emo_hub.space.plane import Box, Point, Spot, place_names
from emo_hub.space.reading import Bar, Grounds, Place, Reading, Scores

# More rows than this push the plane off the screen; the rest is folded away below.
_ROWS_AT_FIRST = 12
_ROWS_OF_CONTRAST = 5

_MIDDLE = 3.0
_NEAR_MIDDLE = 0.35
_STRONG = 0.6  # of the heaviest word's weight: from here on a word is marked in full
_MOVED = 5  # percentage points: less is hardly seen

# The plane: its square inside the picture, and the degrees at its edges. Almost nothing lies beyond
# them, and the labels, which crowd around the middle, come apart.
_LEFT, _TOP, _SIDE = 18.0, 6.0, 300.0
_LOW, _HIGH = 1.5, 4.5
_FRAME = Box(_LEFT, _TOP, _LEFT + _SIDE, _TOP + _SIDE)
_FONT = 10.5
_CORNERS = (
    Box(_LEFT, _TOP, _LEFT + 80, _TOP + 20),
    Box(_LEFT + 205, _TOP, _LEFT + _SIDE, _TOP + 20),
    Box(_LEFT, _TOP + 280, _LEFT + 80, _TOP + _SIDE),
    Box(_LEFT + 215, _TOP + 280, _LEFT + _SIDE, _TOP + _SIDE),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the visitor's text: marked as "strong" or "some", or "" where it is not."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One label with the context and without it."""

    after: Bar
    alone: Bar

    @property
    def change(self) -> int:
        """By how many percentage points the context raises the score."""
        return percent(self.after.score) - percent(self.alone.score)


def render_reading(reading: Reading, language: str) -> str:
    """Draw an answer in a language of the page."""
    scores, grounds = reading.scores, reading.grounds
    shown = max(_ROWS_AT_FIRST, len(scores.fitting))
    return draw(
        "answer",
        language,
        problem=None,
        scores=scores,
        grounds=grounds,
        pieces=list(mark_words(grounds)) if grounds else [],
        heaviest=sorted(grounds.words, key=lambda word: -word.weight) if grounds else [],
        first=scores.bars[:shown],
        rest=scores.bars[shown:],
        alone=reading.alone,
        pairs=pair_up(scores, reading.alone) if reading.alone else [],
        moved=_MOVED,
        dot=point("", scores.valence, scores.arousal),
        spots=spread_labels(reading),
        nearest=_nearest(scores, reading.places),
        mood=name_mood(scores.valence, scores.arousal),
    )


def render_problem(sentence: str, language: str) -> str:
    """Draw the sentence that says why there is no answer."""
    return draw("answer", language, problem=sentence)


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


def pair_up(after: Scores, alone: Scores) -> list[Pair]:
    """Put the labels side by side that score highest with the context or without it."""
    single = {bar.label: bar for bar in alone.bars}
    pairs = [Pair(bar, single[bar.label]) for bar in after.bars]
    best = sorted(pairs, key=lambda pair: -max(pair.after.score, pair.alone.score))
    chosen = best[:_ROWS_OF_CONTRAST]
    return sorted(chosen, key=lambda pair: -pair.after.score)


def name_mood(valence: float, arousal: float) -> tuple[str, ...]:
    """Name where a point lies in the plane, by keys of texts; both coordinates are in [1, 5]."""
    pleasant, stirred = valence - _MIDDLE, arousal - _MIDDLE
    words = (_side(pleasant, "unpleasant", "pleasant"), _side(stirred, "calm", "stirred"))
    return tuple(word for word in words if word) or ("neutral",)


def spread_labels(reading: Reading) -> list[Spot]:
    """Put the labels into the plane, best first, with a name for each that has room for it."""
    fits = {bar.label for bar in reading.scores.fitting}
    points = [
        point(place.label, place.valence, place.arousal, "fits" if place.label in fits else "")
        for place in reading.places
    ]
    own = point("", reading.scores.valence, reading.scores.arousal)
    halo = Box(own.x - 11, own.y - 11, own.x + 11, own.y + 11)
    return place_names(points, _FRAME, _FONT, (*_CORNERS, halo))


def point(name: str, valence: float, arousal: float, kind: str = "") -> Point:
    """Put a place of the plane, in degrees of 1 to 5, onto the picture."""
    x, y = _LEFT + _SIDE * _share(valence), _TOP + _SIDE * (1 - _share(arousal))
    return Point(name, round(x, 1), round(y, 1), kind)


def _nearest(scores: Scores, places: Sequence[Place]) -> str:
    def distance(place: Place) -> float:
        return (place.valence - scores.valence) ** 2 + (place.arousal - scores.arousal) ** 2

    return min(places, key=distance).label if places else ""


def _side(value: float, low: str, high: str) -> str:
    if abs(value) < _NEAR_MIDDLE:
        return ""
    return high if value > 0 else low


def _share(value: float) -> float:
    return min(max((value - _LOW) / (_HIGH - _LOW), 0.0), 1.0)
