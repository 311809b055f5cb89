"""What evaluation costs, as ratios of two ways in one run; nothing passes or fails by a clock."""

from __future__ import annotations

import time

import numpy as np
import pytest

from emo_hub import metrics
from emo_hub.evaluation import Terms, evaluate
from emo_hub.evaluation.scorers import ModelOptions, open_model
from emo_hub.evaluation.store import ScoreStore

pytestmark = pytest.mark.slow

SHARED = ["goemotions", "goemotions-ekman", "goemotions-sentiment"]


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def opened():
    return open_model("default", ModelOptions(batch_size=64))


def test_benchmarks_that_share_texts_against_each_by_itself(benchmarks):
    together = seconds(lambda: evaluate(opened(), benchmarks, SHARED))
    apart = seconds(lambda: [evaluate(opened(), benchmarks, [name]) for name in SHARED])
    print(f"\nthree label sets of one benchmark, apart: {apart / together:.2f} times together")


def test_a_second_run_against_the_first(benchmarks, tmp_path):
    terms = Terms(store=ScoreStore(tmp_path))
    first, second = (
        seconds(lambda: evaluate(opened(), benchmarks, ["isear"], terms=terms)) for _ in range(2)
    )
    print(f"\na split that was scored before: {first / second:.1f} times faster")


def test_every_given_benchmark_with_the_embedded_model(benchmarks):
    found = []
    taken = seconds(lambda: found.extend(evaluate(opened(), benchmarks)))
    rows = sum(one.result.rows for one in found)
    print(f"\n{len(found)} benchmarks, {rows:,} rows: {taken:.0f} s, {rows / taken:,.0f} rows/s")


def test_intervals_from_sums_against_every_draw_anew():
    generator = np.random.default_rng(0)
    targets = (generator.random((5427, 28)) < 0.05).astype(np.int8)
    predicted = (generator.random((5427, 28)) < 0.05).astype(np.int8)
    fast = seconds(lambda: metrics.bootstrap_interval(metrics.macro_f1, targets, predicted))
    slow = seconds(
        lambda: metrics.bootstrap_interval(lambda t, p: metrics.macro_f1(t, p), targets, predicted)
    )
    print(f"\n200 resamples of macro-F1: {slow / fast:.0f} times faster from sums")
