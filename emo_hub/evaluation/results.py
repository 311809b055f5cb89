"""Scores of loaded rows to a `Result`: every number that a report shows is computed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub import metrics
from emo_hub.evaluation.loading import DIMENSIONS, LoadedBenchmark
from emo_hub.metrics import Interval
from emo_hub.taxonomy import Projection

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelResult:
    """F1 of one label, how many rows carry it, and for how many it was predicted."""

    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one scorer reached on one split.

    Args:
        model: name of the scorer.
        benchmark: name of the benchmark.
        split: which rows.
        kind: how it was decided.
        rows: rows scored.
        available: rows there were; more than `rows` where only a sample was taken.
        dropped: rows left out by the rule of the benchmark.
        headline: the metric that stands for the whole.
        metrics: every metric by name.
        per_label: by label, empty for regression.
        interval: 95 % bootstrap interval of the headline over rows.
        seconds: time spent scoring.
        role: how the scorer stands to the benchmark; tables never mix roles.
    """

    model: str
    benchmark: str
    split: str
    kind: str
    rows: int
    available: int
    dropped: int
    headline: str
    metrics: Mapping[str, float]
    per_label: Mapping[str, LabelResult]
    interval: Interval
    seconds: float
    role: str = "zero-shot"

    @property
    def value(self) -> float:
        """The headline number."""
        return self.metrics[self.headline]

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain values for a JSON file."""
        return asdict(self)


def measure_decisions(
    name: str, rows: LoadedBenchmark, scores: Scores, thresholds: Scores | None, seconds: float
) -> Result:
    """Measure scores and the decisions that follow from them.

    Args:
        name: of the scorer.
        rows: what was scored.
        scores: (N, C) in [0, 1] for the asked labels.
        thresholds: (C,) from which a label counts as there; None takes the best label of a row.
        seconds: how long scoring took.
    """
    below = None
    if thresholds is None:
        predicted = metrics.predict_best(scores)
    else:
        below = int((~(scores >= thresholds).any(axis=1)).sum())
        neutral = rows.asked_neutral
        # A set without a label for "none" is one whose every text carries one of its labels.
        otherwise = "best" if neutral is None else rows.asked_labels.index(neutral)
        predicted = metrics.predict_at(scores, thresholds, otherwise)  # type: ignore[arg-type]
    if rows.projection:
        predicted, scores = _carry(rows.projection, predicted), _carry(rows.projection, scores)
    values = _values(rows, scores, predicted)
    if below is not None:
        values["rows_below_thresholds"] = float(below)
    f1 = metrics.label_f1(rows.targets, predicted)
    support, guesses = rows.targets.sum(axis=0), predicted.sum(axis=0)
    per_label = {
        label: LabelResult(float(f1[i]), int(support[i]), int(guesses[i]))
        for i, label in enumerate(rows.labels)
    }
    # Every classification headline is a function of decisions, so that is what is resampled.
    interval = metrics.bootstrap_interval(_HEADLINES[rows.headline], rows.targets, predicted)
    return _result(name, rows, (values, per_label, interval), seconds)


_HEADLINES: Mapping[str, Callable[..., float]] = {
    "macro_f1": metrics.macro_f1,
    "micro_f1": metrics.micro_f1,
    "accuracy": metrics.accuracy,
}


def _values(rows: LoadedBenchmark, scores: Scores, predicted: NDArray[Any]) -> dict[str, float]:
    targets = rows.targets
    values = {
        "macro_f1": metrics.macro_f1(targets, predicted),
        "micro_f1": metrics.micro_f1(targets, predicted),
        "accuracy": metrics.accuracy(targets, predicted),
        "mean_average_precision": metrics.mean_average_precision(targets, scores),
        "ranking_precision": metrics.ranking_precision(targets, scores),
        "calibration_error": metrics.calibration_error(targets, scores),
        "brier": metrics.brier_score(targets, scores),
    }
    if rows.kind == "multi_label":
        values["labels_per_row"] = float(predicted.sum(axis=1).mean())
    elif rows.neutral is not None:
        kept = [i for i, label in enumerate(rows.labels) if label != rows.neutral]
        pooled = metrics.micro_f1(targets[:, kept], predicted[:, kept])
        values["micro_f1_without_neutral"] = pooled
    return values


def _carry(projection: Projection, columns: NDArray[Any]) -> NDArray[Any]:
    """Give each target label the largest value among the source labels that become it."""
    carried = np.zeros((len(columns), len(projection.target)), dtype=columns.dtype)
    for i, members in enumerate(projection.groups().values()):
        if members:
            places = [projection.source.index(member) for member in members]
            carried[:, i] = columns[:, places].max(axis=1)
    return carried


def measure_dimensions(name: str, rows: LoadedBenchmark, found: Scores, seconds: float) -> Result:
    """Measure (N, 3) valence, arousal, dominance against what people rated."""
    values: dict[str, float] = {}
    for i, dimension in enumerate(DIMENSIONS):
        values[f"{dimension}_pearson"] = metrics.pearson(rows.targets[:, i], found[:, i])
        values[f"{dimension}_ccc"] = metrics.concordance(rows.targets[:, i], found[:, i])
    dimension, _, measure = rows.headline.rpartition("_")
    column = DIMENSIONS.index(dimension)
    metric = metrics.pearson if measure == "pearson" else metrics.concordance
    interval = metrics.bootstrap_interval(metric, rows.targets[:, column], found[:, column])
    return _result(name, rows, (values, {}, interval), seconds)


def _result(
    name: str,
    rows: LoadedBenchmark,
    measured: tuple[dict[str, float], dict[str, LabelResult], Interval],
    seconds: float,
) -> Result:
    values, per_label, interval = measured
    return Result(
        model=name,
        benchmark=rows.name,
        split=rows.split,
        kind=rows.kind,
        rows=len(rows.texts),
        available=len(rows.texts),
        dropped=rows.dropped,
        headline=rows.headline,
        metrics=values,
        per_label=per_label,
        interval=interval,
        seconds=seconds,
    )
