"""Scores of loaded rows to a `Result`: every number that a report shows is computed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub import metrics
from emo_hub.errors import InputError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.matching import FEWEST, matching_bias
from emo_hub.metrics import Interval
from emo_hub.records import DIMENSIONS
from emo_hub.taxonomy import Projection

Scores = NDArray[np.float32]
Decided = NDArray[np.int8]

RESAMPLES = 1000
_WITH_INTERVAL = (
    "macro_f1",
    "micro_f1",
    "weighted_f1",
    "jaccard",
    "accuracy",
    "micro_f1_without_neutral",
)


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
        intervals: 95 % intervals of the other metrics that are quoted most.
        times_scored: how often this model was scored on this split, as far as is recorded.
        seen: rows whose text also stands in a source of training, by source.
        thresholds_from: where the decision thresholds come from; empty where none is used.
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
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    times_scored: int = 1
    seen: Mapping[str, int] = field(default_factory=dict)
    thresholds_from: str = ""

    @property
    def value(self) -> float:
        """The headline number."""
        return self.metrics[self.headline]

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain values for a JSON file."""
        return asdict(self)


def result_from_json(values: Mapping[str, Any]) -> Result:
    """Read back what `Result.to_json` gave."""
    per_label = {label: LabelResult(**found) for label, found in values["per_label"].items()}
    intervals = {name: Interval(**found) for name, found in values.get("intervals", {}).items()}
    return Result(
        **{
            **values,
            "per_label": per_label,
            "intervals": intervals,
            "interval": Interval(**values["interval"]),
        }
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from scores: in the label set that is reported, after a projection.

    Args:
        scores: (N, L) in [0, 1].
        predicted: (N, L) of 0 and 1.
        below: rows in which no label reached its threshold; None where there is no threshold.
        unanswered: rows with no score above 0, to which the scorer had no answer. They carry no
            label, so they count as wrong.
    """

    scores: Scores
    predicted: Decided
    below: int | None = None
    unanswered: int = 0


def decide(rows: LoadedBenchmark, scores: Scores, thresholds: Scores | None) -> Decision:
    """Turn scores into decisions.

    A label is there when its score reaches its threshold. Where none does, neutral is, or, in a
    set without neutral, the best label: its every text carries one. Without thresholds the best
    label is taken.

    Args:
        rows: what was scored.
        scores: (N, C) in [0, 1] for the asked labels.
        thresholds: (C,), or None.
    """
    below = None
    if thresholds is None:
        predicted = metrics.predict_best(scores)
    else:
        below = int((~(scores >= thresholds).any(axis=1)).sum())
        neutral = rows.asked_neutral
        otherwise = "best" if neutral is None else rows.asked_labels.index(neutral)
        predicted = metrics.predict_at(scores, thresholds, otherwise)  # type: ignore[arg-type]
    silent = ~scores.any(axis=1)
    predicted[silent] = 0
    if rows.projection:
        predicted, scores = _carry(rows.projection, predicted), _carry(rows.projection, scores)
    return Decision(scores, predicted, below, int(silent.sum()))


def measure_decisions(
    name: str, rows: LoadedBenchmark, decision: Decision, seconds: float
) -> Result:
    """Measure scores and the decisions that follow from them.

    Args:
        name: of the scorer.
        rows: what was scored.
        decision: of `decide`.
        seconds: how long scoring took.
    """
    scores, predicted = decision.scores, decision.predicted
    values = _values(rows, scores, predicted)
    if decision.below is None:
        values |= _matched(rows, scores)
    else:
        values["rows_below_thresholds"] = float(decision.below)
    if decision.unanswered:
        values["rows_without_answer"] = float(decision.unanswered)
    f1 = metrics.label_f1(rows.targets, predicted)
    support, guesses = rows.targets.sum(axis=0), predicted.sum(axis=0)
    per_label = {
        label: LabelResult(float(f1[i]), int(support[i]), int(guesses[i]))
        for i, label in enumerate(rows.labels)
    }
    names = dict.fromkeys((rows.headline, *(n for n in _WITH_INTERVAL if n in values)))
    intervals = {n: view(n, rows).interval(rows.targets, predicted, rows.groups) for n in names}
    return _result(name, rows, (values, per_label, intervals), seconds)


@dataclass(frozen=True, slots=True)
class View:
    """A metric, and the columns of two (N, L) arrays that it looks at.

    Metrics stay the plain functions that `metrics` knows how to resample fast.
    """

    metric: Callable[[NDArray[Any], NDArray[Any]], float]
    columns: Sequence[int] | int | None = None

    def arrays(self, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Cut arrays down to those columns."""
        if self.columns is None:
            return arrays
        return tuple(array[:, self.columns] for array in arrays)

    def value(self, targets: NDArray[Any], found: NDArray[Any]) -> float:
        """Compute the metric."""
        return float(self.metric(*self.arrays(targets, found)))

    def interval(
        self, targets: NDArray[Any], found: NDArray[Any], groups: Sequence[str] = ()
    ) -> Interval:
        """Give its 95 % bootstrap interval over rows, or over groups of them."""
        cut = self.arrays(targets, found)
        return metrics.bootstrap_interval(self.metric, *cut, resamples=RESAMPLES, groups=groups)


_DECISIONS: Mapping[str, Callable[..., float]] = {
    "macro_f1": metrics.macro_f1,
    "micro_f1": metrics.micro_f1,
    "weighted_f1": metrics.weighted_f1,
    "jaccard": metrics.jaccard,
    "accuracy": metrics.accuracy,
    "kappa": lambda targets, predicted: metrics.kappa(*_with_no_answer(targets, predicted)),
}


def _with_no_answer(
    targets: NDArray[Any], predicted: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make no answer a label of its own, which no row carries and every empty row was given."""
    empty = ~predicted.any(axis=1)
    none = np.zeros(len(targets), dtype=targets.dtype)
    return np.column_stack([targets, none]), np.column_stack([predicted, empty])


def view(name: str, rows: LoadedBenchmark) -> View:
    """Find a headline metric by name.

    Args:
        name: such as `macro_f1`, `micro_f1_without_neutral` or `valence_pearson`.
        rows: what it is computed on.

    Raises:
        InputError: there is none of that name, or it wants a neutral label that is not there.
    """
    dimension, _, measure = name.rpartition("_")
    if rows.kind == "regression" and dimension in DIMENSIONS and measure in _CORRELATIONS:
        return View(_CORRELATIONS[measure], DIMENSIONS.index(dimension))
    base, without, _ = name.partition("_without_neutral")
    if base not in _DECISIONS or rows.kind == "regression" or (without and rows.neutral is None):
        raise InputError(
            f"There is no metric '{name}' for {rows.name}; there are: {', '.join(_DECISIONS)}, and "
            "valence, arousal or dominance with _pearson or _ccc for regression."
        )
    if not without:
        return View(_DECISIONS[base])
    kept = [i for i, label in enumerate(rows.labels) if label != rows.neutral]
    return View(_DECISIONS[base], kept)


_CORRELATIONS: Mapping[str, Callable[..., float]] = {
    "pearson": metrics.pearson,
    "ccc": metrics.concordance,
}


def _values(rows: LoadedBenchmark, scores: Scores, predicted: Decided) -> dict[str, float]:
    targets = rows.targets
    wanted = ["macro_f1", "micro_f1", "weighted_f1", "accuracy"]
    wanted.append("jaccard" if rows.kind == "multi_label" else "kappa")
    if rows.neutral is not None:
        wanted += ["micro_f1_without_neutral", "macro_f1_without_neutral"]
    values = {name: view(name, rows).value(targets, predicted) for name in wanted}
    values |= {
        "mean_average_precision": metrics.mean_average_precision(targets, scores),
        "ranking_precision": metrics.ranking_precision(targets, scores),
        "calibration_error": metrics.calibration_error(targets, scores),
        "brier": metrics.brier_score(targets, scores),
    }
    if rows.kind == "multi_label":
        values["labels_per_row"] = float(predicted.sum(axis=1).mean())
        values["label_kappa"] = metrics.mean_label_kappa(targets, predicted)
    else:
        values["top_calibration_error"] = metrics.top_label_calibration_error(targets, scores)
    if rows.distributions is not None:
        values |= _against_annotators(rows.distributions, scores, predicted)
    return values


def _matched(rows: LoadedBenchmark, scores: Scores) -> dict[str, float]:
    """Measure labels that are matched to the very texts, taken as about equally frequent.

    No target is used, but all texts are seen before any is judged, so that this number stands
    beside one that judges text by text and never in its place.
    """
    if rows.kind != "single_label" or len(scores) < FEWEST or not (scores > 0).all():
        return {}
    logits = np.log(scores)
    predicted = metrics.predict_best(logits + matching_bias(logits))
    return {"macro_f1_matched": metrics.macro_f1(rows.targets, predicted)}


def _against_annotators(
    distributions: NDArray[Any], scores: Scores, predicted: Decided
) -> dict[str, float]:
    """Compare with what each annotator said, on the rows that have such a record."""
    known = distributions.sum(axis=1) > 0
    if not known.any():
        return {}
    shares, found, decided = distributions[known], scores[known], predicted[known]
    return {
        "annotator_agreement": metrics.expected_accuracy(shares, decided),
        "annotator_ceiling": metrics.annotator_ceiling(shares),
        "annotator_distance": metrics.annotator_distance(shares, found),
    }


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
    wanted = [f"{d}_{measure}" for d in DIMENSIONS for measure in _CORRELATIONS]
    views = {metric: view(metric, rows) for metric in wanted}
    values = {metric: one.value(rows.targets, found) for metric, one in views.items()}
    intervals = {
        metric: one.interval(rows.targets, found, rows.groups) for metric, one in views.items()
    }
    return _result(name, rows, (values, {}, intervals), seconds)


def _result(
    name: str,
    rows: LoadedBenchmark,
    measured: tuple[dict[str, float], dict[str, LabelResult], dict[str, Interval]],
    seconds: float,
) -> Result:
    values, per_label, intervals = measured
    others: Sequence[str] = [metric for metric in intervals if metric != rows.headline]
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
        interval=intervals[rows.headline],
        seconds=seconds,
        intervals={metric: intervals[metric] for metric in others},
    )
