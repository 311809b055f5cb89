"""Put named points on a picture so that no name covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

_LETTER = 0.56  # of the font size: the width of an average letter
_LONGEST = 20  # letters of a name on the picture; the whole of it is in the tooltip
_GAP = 3.5


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the picture, in its own units, with y downwards."""

    name: str
    x: float
    y: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point, and the place of its name; without one where the picture has no room for it."""

    point: Point
    said: str = ""
    x: float = 0.0
    y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        """Whether all of it lies within the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


def place_names(
    points: Sequence[Point], frame: Box, font: float, taken: Sequence[Box] = ()
) -> list[Spot]:
    """Find a place for the name of each point, the first points first.

    Args:
        points: in the order of their importance.
        frame: the picture; names stay within it.
        font: the size of the names, in units of the picture.
        taken: where no name may stand.
    """
    boxes = [*taken, *(_dot(point) for point in points)]
    spots = []
    for point in points:
        said = point.name if len(point.name) <= _LONGEST else point.name[: _LONGEST - 1] + "…"
        spot, box = _find_room(point, said, frame, font, boxes)
        spots.append(spot)
        if box is not None:
            boxes.append(box)
    return spots


def _find_room(
    point: Point, said: str, frame: Box, font: float, boxes: Sequence[Box]
) -> tuple[Spot, Box | None]:
    wide, low = _width(said, font), font * 0.35
    right, left = point.x + _GAP + 2, point.x - _GAP - 2
    for x, y, anchor in (
        (right, point.y + low, "start"),
        (left, point.y + low, "end"),
        (point.x, point.y - _GAP - 2, "middle"),
        (point.x, point.y + _GAP + font, "middle"),
        (right - 2, point.y - font * 0.5, "start"),
        (left + 2, point.y + font * 1.1, "end"),
    ):
        start = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        box = Box(start, y - font * 0.8, start + wide, y + font * 0.25)
        if box.inside(frame) and not any(box.meets(other) for other in boxes):
            return Spot(point, said, round(x, 1), round(y, 1), anchor), box
    return Spot(point), None


def _dot(point: Point) -> Box:
    return Box(point.x - 2, point.y - 2, point.x + 2, point.y + 2)


def _width(said: str, font: float) -> float:
    letters = sum(1.8 if east_asian_width(letter) in "WF" else 1.0 for letter in said)
    return letters * _LETTER * font
