"""What came out of an adaptation: each seed, the mean over them, and how far that can be trusted.

The folds of a seed are scored together: every row once, by the training that had not seen it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub import metrics
from emo_hub.errors import DataError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.results import Decision, Result, measure_decisions, view
from emo_hub.evaluation.scored import Scored
from emo_hub.metrics import Interval
from emo_hub.model_card import ADAPTATION

FILE = ADAPTATION
RESAMPLES = 1000
_SLOW_RESAMPLES = 200  # where a metric is no sum over rows
_OF_SCORES: Mapping[str, Callable[..., float]] = {
    "mean_average_precision": metrics.mean_average_precision,
    "calibration_error": metrics.calibration_error,
    "brier": metrics.brier_score,
}


@dataclass(frozen=True, slots=True)
class SeedScores:
    """What one seed reached.

    Args:
        seed: of the recipe.
        dev: macro average precision on validation rows, by which seeds are chosen among.
        metrics: on the scored rows, by name.
        per_label: F1 by label.
    """

    seed: int
    dev: float
    metrics: Mapping[str, float]
    per_label: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Adapted:
    """What an adaptation reached.

    Args:
        task: the name of what was adapted to.
        split: which rows were scored.
        rows: how many.
        headline: the metric that stands for the whole.
        seeds: each of them.
        mean: over seeds, by metric.
        deviation: the standard deviation over seeds, by metric; None of a single seed.
        intervals: 95 % bootstrap intervals of the mean over seeds, over rows, by metric.
        support: scored rows of each label.
        best: the checkpoint of the seed that was best on validation rows.
        notes: in sentences, how rows were dealt out.
    """

    task: str
    split: str
    rows: int
    headline: str
    seeds: tuple[SeedScores, ...]
    mean: Mapping[str, float]
    deviation: Mapping[str, float | None]
    intervals: Mapping[str, Interval]
    support: Mapping[str, int]
    best: Path
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain values for a JSON file."""
        return {**dataclasses.asdict(self), "best": self.best.name}


def read_adapted(out: Path) -> Adapted:
    """Read back what an adaptation wrote.

    Args:
        out: its folder.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = out / FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        told = {field.name: table[field.name] for field in dataclasses.fields(Adapted)}
        intervals = {name: Interval(**found) for name, found in told["intervals"].items()}
        seeds = tuple(SeedScores(**found) for found in told["seeds"])
        return Adapted(
            **{
                **told,
                "intervals": intervals,
                "seeds": seeds,
                "best": out / told["best"],
                "notes": tuple(told["notes"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is missing or damaged ({error}): make it with emo-hub train encoder --task."
        ) from error


@dataclass(frozen=True, slots=True)
class Run:
    """One seed as scored: its number, its score on validation rows, and its records by fold."""

    seed: int
    dev: float
    scored: Sequence[Scored]


def summed_up(task: str, runs: Sequence[Run], best: Path, notes: Sequence[str]) -> Adapted:
    """Put seeds together.

    Args:
        task: the name of what was adapted to.
        runs: at least one, of the same rows.
        best: the chosen checkpoint.
        notes: how rows were dealt out.
    """
    pooled = [_pooled(run.scored) for run in runs]
    results = [measure_decisions(task, rows, decision, 0.0) for rows, decision in pooled]
    seeds = tuple(_of_seed(run, result) for run, result in zip(runs, results, strict=True))
    values = {name: [s.metrics[name] for s in seeds] for name in results[0].metrics}
    rows = pooled[0][0]
    return Adapted(
        task=task,
        split=rows.split,
        rows=len(rows.texts),
        headline=rows.headline,
        seeds=seeds,
        mean={name: float(np.mean(found)) for name, found in values.items()},
        deviation={name: deviation(found) for name, found in values.items()},
        intervals=_intervals(rows, [decision for _, decision in pooled]),
        support={label: found.support for label, found in results[0].per_label.items()},
        best=best,
        notes=tuple(notes),
    )


def deviation(values: Sequence[float]) -> float | None:
    """Give the standard deviation over seeds; None of a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _of_seed(run: Run, result: Result) -> SeedScores:
    per_label = {label: found.f1 for label, found in result.per_label.items()}
    return SeedScores(run.seed, run.dev, dict(result.metrics), per_label)


def _pooled(scored: Sequence[Scored]) -> tuple[LoadedBenchmark, Decision]:
    first = scored[0].rows
    count = sum(len(one.rows.texts) for one in scored)
    groups = tuple(group for one in scored for group in one.rows.groups)
    rows = dataclasses.replace(
        first,
        split=first.split if len(scored) == 1 else f"{len(scored)} folds",
        texts=("",) * count,
        contexts=(None,) * count,
        targets=np.concatenate([one.rows.targets for one in scored]),
        ids=(),
        distributions=None,
        groups=groups if len(groups) == count else (),
    )
    predicted = np.concatenate([_decided(one) for one in scored])
    return rows, Decision(np.concatenate([one.scores for one in scored]), predicted)


def _decided(one: Scored) -> NDArray[Any]:
    if one.predicted is None:
        raise DataError(f"{one.rows.name} has no labels, and dimensions are not adapted to.")
    return one.predicted


def _intervals(rows: LoadedBenchmark, decisions: Sequence[Decision]) -> dict[str, Interval]:
    """Resample rows, the same for every seed, and take the mean over seeds of each draw."""
    found = {}
    for name in dict.fromkeys((rows.headline, "macro_f1", "micro_f1")):
        chosen = view(name, rows)
        pairs = [chosen.arrays(rows.targets, d.predicted) for d in decisions]
        found[name] = _interval(chosen.metric, pairs, RESAMPLES, rows.groups)
    for name, metric in _OF_SCORES.items():
        count = RESAMPLES if name != "mean_average_precision" else _SLOW_RESAMPLES
        scores = [(rows.targets, d.scores) for d in decisions]
        found[name] = _interval(metric, scores, count, rows.groups)
    return found


def _interval(
    metric: Callable[..., float],
    pairs: Sequence[tuple[NDArray[Any], ...]],
    resamples: int,
    groups: Sequence[str],
) -> Interval:
    draws = [
        metrics.bootstrap_draws(metric, *pair, resamples=resamples, groups=groups) for pair in pairs
    ]
    return metrics.interval_of(np.mean(draws, axis=0), 0.95)
