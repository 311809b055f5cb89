"""Timings as ratios of two ways in one run; nothing here passes or fails by a clock."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow

TEXTS = ["I waited two hours and nobody came.", "Thank you, that means the world to me."] * 16


def seconds(run: Callable[[], object], repeats: int = 5) -> float:
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def test_cost_of_many_labels_against_few(clf):
    few = [f"mood {i}" for i in range(4)]
    many = [f"mood {i}" for i in range(400)]
    ratio = seconds(lambda: clf(TEXTS, candidate_labels=many, batch_size=32)) / seconds(
        lambda: clf(TEXTS, candidate_labels=few, batch_size=32)
    )
    print(f"\n400 labels cost {ratio:.2f} times what 4 cost, their vectors known")


def test_cost_of_batches_against_single_texts(clf):
    labels = ["joy", "anger", "relief"]
    ratio = seconds(lambda: clf(TEXTS, candidate_labels=labels)) / seconds(
        lambda: clf(TEXTS, candidate_labels=labels, batch_size=32)
    )
    print(f"\none by one costs {ratio:.2f} times what batches of 32 cost")


def test_cost_of_importing_against_an_empty_interpreter():
    def run(code: str) -> float:
        command = [sys.executable, "-c", code]
        return seconds(lambda: subprocess.run(command, check=True), repeats=9)

    empty, ours = run("pass"), run("import emo_hub")
    print(f"\nimport emo_hub adds {1000 * (ours - empty):.0f} ms to {1000 * empty:.0f} ms")
