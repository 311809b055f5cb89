"""Ways of doing the same work, timed in turns, so that all of them see the same load."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

import torch

from emo_hub.training.loop import best_precision


def print_speeds(
    ways: Mapping[str, Callable[[], float]], *, texts: int, precision: str, rounds: int
) -> None:
    """Run each way once a round, and print texts a second and how often the first is as fast.

    Args:
        ways: each gives the seconds that it took; the first is ours.
        texts: read by every way.
        precision: a setting of the training loop.
        rounds: how often each runs.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            taken[name].append(run())
    ours = taken[next(iter(ways))]
    print(f"\nprecision {best_precision(precision)}, {torch.get_num_threads()} threads")
    for name, seconds in taken.items():
        # Pairs of one round saw the same load of the machine.
        ratio = statistics.median(s / o for s, o in zip(seconds, ours, strict=True))
        speed = texts / statistics.median(seconds)
        print(f"{name:>27}: {speed:7.1f} texts/s, ours is {ratio:.2f} times as fast")
