"""The map of labels: a picture in the plane of how the model places words for feelings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.palette import palette_names
from emo_hub.space.plane import Box, Point, Spot, place_names
from emo_hub.space.reading import Reader
from emo_hub.taxonomy import GOEMOTIONS

WIDTH, HEIGHT = 1000.0, 640.0
_MARGIN = 46.0
_FONT = 13.0
_NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A label of the visitor's, and the words of the map that lie nearest, nearest first."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map as it is drawn."""

    spots: list[Spot]
    neighbours: list[Neighbours]


class Atlas:
    """A map of the words of the palette, made once.

    Of all directions it shows the two in which the words differ most, turned so that pleasant words
    lie on the right and, as far as these two allow, stirred ones at the top. Positions are spread
    out by rank half the way.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._words = list(dict.fromkeys((*palette_names(), *GOEMOTIONS.labels)))
        self._vectors, degrees = reader.vectors(self._words)
        self._middle = self._vectors.mean(axis=0)
        centred = self._vectors - self._middle
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        self._axes = _turn(centred @ axes[:2].T, degrees[:, :2]) @ axes[:2]
        self._flat = centred @ self._axes.T
        self._places = self._spread(self._flat)
        self._common = set(GOEMOTIONS.labels)

    def draw(self, labels: Sequence[str] = ()) -> Drawn:
        """Draw the map with somebody's own words on it."""
        vectors = self._reader.vectors(labels)[0] if labels else self._vectors[:0]
        put = self._spread((vectors - self._middle) @ self._axes.T)
        own = [_point(label, xy, "own") for label, xy in zip(labels, put, strict=True)]
        words = [
            _point(word, xy, "known" if word in self._common else "")
            for word, xy in zip(self._words, self._places, strict=True)
            if word not in labels
        ]
        words.sort(key=lambda point: point.kind != "known")
        frame = Box(4, 4, WIDTH - 4, HEIGHT - 4)
        return Drawn(place_names([*own, *words], frame, _FONT), self._near(labels, vectors))

    def _spread(self, flat: Floats) -> Floats:
        columns = []
        for number in (0, 1):
            known = np.sort(self._flat[:, number])
            rank = np.interp(flat[:, number], known, np.linspace(0, 1, len(known)))
            share = (flat[:, number] - known[0]) / (known[-1] - known[0])
            columns.append(np.clip((rank + share) / 2, 0, 1))
        return np.stack(columns, axis=1).astype(np.float32)

    def _near(self, labels: Sequence[str], vectors: Floats) -> list[Neighbours]:
        found = []
        for label, closeness in zip(labels, vectors @ self._vectors.T, strict=True):
            order = [self._words[number] for number in np.argsort(-closeness)]
            others = [word for word in order if word != label]
            found.append(Neighbours(label, tuple(others[:_NEIGHBOURS])))
        return found


def _turn(flat: Floats, degrees: Floats) -> Floats:
    """Find the rotation that brings points (C, 2) closest to the directions of degrees (C, 2)."""
    left, _, right = np.linalg.svd(flat.T @ (degrees - degrees.mean(axis=0)))
    return np.asarray((left @ right).T, np.float32)


def _point(name: str, xy: Floats, kind: str) -> Point:
    x = _MARGIN + float(xy[0]) * (WIDTH - 2 * _MARGIN)
    y = _MARGIN + (1 - float(xy[1])) * (HEIGHT - 2 * _MARGIN)
    return Point(name, round(x, 1), round(y, 1), kind)
