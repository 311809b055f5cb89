"""Puts names beside points so that they cover neither each other nor the points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ANGLES = np.arange(16) * (np.pi / 8)
_DISTANCES = (5.0, 9.0, 15.0, 23.0, 33.0, 45.0, 60.0)  # points between a mark and the box
_SWEEPS = 8
_OUTSIDE, _OVERLAP, _TOUCH, _COVERS, _FAR = 60.0, 4.0, 150.0, 12.0, 0.35
# Touching costs more than the farthest place, so names touch only where nothing is free.


def place_names(points: Floats, sizes: Floats, field: Floats, marks: Floats) -> Floats:
    """Choose the middle of a box for each name.

    Each name tries 112 places around its point, and takes the one that costs least given all
    others; a few sweeps are enough. Equal input gives equal output.

    Args:
        points: (N, 2) what is named, in points (1/72 inch).
        sizes: (N, 2) width and height of each name.
        field: (2, 2) lower left and upper right corner that names should stay within.
        marks: (M, 2) what no name may cover; `points` among them.

    Returns:
        (N, 2) middles of the boxes.
    """
    if len(points) == 0:
        return np.zeros((0, 2))
    candidates = _candidates(points, sizes)
    fixed = _fixed_costs(candidates, sizes, field, marks)
    crowd = np.linalg.norm(points[:, None] - points[None], axis=2)
    order = np.argsort(np.sort(crowd, axis=1)[:, : min(6, len(points))].sum(axis=1), kind="stable")
    chosen = np.full((len(points), 2), np.inf)
    for _ in range(_SWEEPS):
        for i in order:
            others = np.isfinite(chosen[:, 0])
            others[i] = False
            shared = _overlaps(candidates[i], sizes[i], chosen[others], sizes[others])
            costs = fixed[i] + (_OVERLAP * shared + _TOUCH * (shared > 0)).sum(axis=1)
            chosen[i] = candidates[i, int(costs.argmin())]
    return chosen


def _candidates(points: Floats, sizes: Floats) -> Floats:
    """Give (N, K, 2) middles: the box touches a circle around the point, nearest circle first."""
    ways = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    rings = [ways * (distance + sizes[:, None, :] / 2) for distance in _DISTANCES]
    return np.asarray(points[:, None, :] + np.concatenate(rings, axis=1), dtype=np.float64)


def _fixed_costs(candidates: Floats, sizes: Floats, field: Floats, marks: Floats) -> Floats:
    """Cost what does not depend on other names: distance, the edge, marks that are covered."""
    half = sizes[:, None, :] / 2
    low, high = candidates - half, candidates + half
    outside = np.maximum(field[0] - low, 0).sum(axis=2) + np.maximum(high - field[1], 0).sum(axis=2)
    far = np.repeat(np.array(_DISTANCES) ** 1.5, len(_ANGLES))
    covered = np.stack(
        [
            ((marks > lo[:, None] - 2.5) & (marks < hi[:, None] + 2.5)).all(axis=2).sum(axis=1)
            for lo, hi in zip(low, high, strict=True)
        ]
    )
    area = sizes.prod(axis=1)[:, None]
    return np.asarray(
        _OUTSIDE * outside + _FAR * far + _COVERS * covered * np.sqrt(area), dtype=np.float64
    )


def _overlaps(middles: Floats, size: Floats, boxes: Floats, sizes: Floats) -> Floats:
    """Give the (K, B) areas that boxes of one size at K places share with B other boxes."""
    reach = (size[None, :] + sizes) / 2 + 1.0
    shared = np.maximum(reach[None] - np.abs(middles[:, None] - boxes[None]), 0.0)
    return np.asarray(shared.prod(axis=2), dtype=np.float64)
