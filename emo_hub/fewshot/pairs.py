"""Pairs of examples for contrastive learning, drawn to a fixed number.

setfit lists every pair before it draws: a few thousand examples are millions of pairs, and a
hundred thousand do not fit into memory. Here pairs are drawn, not listed, so time and memory grow
with the number that is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emo_hub.fewshot.examples import Bools

_TRIES = 20  # draws of a partner before a pair is given up as not to be had

Pairs = list[tuple[int, int, float]]


def draw_pairs(targets: Bools, count: int, *, seed: int) -> Pairs:
    """Draw pairs of rows, alike and unlike in turn.

    Alike are two rows that share a label, or carry none both; unlike are two that share none. The
    label of an alike pair is drawn first, so rare labels are taught as often as frequent ones. A
    row is paired with itself only where it is alone with its labels.

    Args:
        targets: (N, C), whether each label holds.
        count: the most pairs to draw.
        seed: of the draw.

    Returns:
        Rows of both and 1.0 for alike, 0.0 for unlike. No unlike pairs where every two rows share
        a label.
    """
    chance = np.random.default_rng(seed)
    nothing = ~targets.any(axis=1)
    groups = [np.flatnonzero(column) for column in targets.T] + [np.flatnonzero(nothing)]
    groups = [group for group in groups if len(group)]
    pairs: Pairs = []
    for turn in range(count):
        if turn % 2 == 0:
            pairs.append((*_alike(groups[turn // 2 % len(groups)], chance), 1.0))
        elif (found := _unlike(targets, chance)) is not None:
            pairs.append((*found, 0.0))
    return pairs


def _alike(group: npt.NDArray[np.int64], chance: np.random.Generator) -> tuple[int, int]:
    if len(group) == 1:
        return int(group[0]), int(group[0])
    first, second = chance.choice(len(group), size=2, replace=False)
    return int(group[first]), int(group[second])


def _unlike(targets: Bools, chance: np.random.Generator) -> tuple[int, int] | None:
    for _ in range(_TRIES):
        first, second = chance.integers(len(targets), size=2)
        empty = not targets[first].any() and not targets[second].any()
        if first != second and not empty and not (targets[first] & targets[second]).any():
            return int(first), int(second)
    return None
