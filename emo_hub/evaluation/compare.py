"""Two models on the same rows: what changed, and whether it is more than noise.

Rows are paired, so what both find easy or hard cancels out. The interval comes from a paired
bootstrap over rows, the p-value from approximate randomisation (swapping the two models' answers
row by row, or dialogue by dialogue), corrected over benchmarks by Holm's method. Neither knows of
training noise: two seeds of one recipe may differ by more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub import metrics
from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.results import view
from emo_hub.evaluation.scored import Scored

RowKey = tuple[str, bytes, int]
Verdict = Literal["better", "worse", "no more than noise"]

LEVEL = 0.05
LABELS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Change:
    """The headline of one benchmark under two models.

    Args:
        benchmark: name of the benchmark.
        split: which rows.
        role: how both models stand to it, or both roles where they differ.
        metric: the headline.
        rows: rows that both scored.
        left_out: rows that only one of them scored.
        first: value of the first model.
        second: value of the second model.
        difference: second less first.
        low: low end of the 95 % interval of the difference.
        high: its high end.
        p_value: of no difference.
        p_holm: the same, corrected for the number of benchmarks.
        verdict: what follows, at a corrected p-value of 0.05.
        fixed: rows that only the second got wholly right; 0 for regression.
        broken: rows that only the first got wholly right; 0 for regression.
    """

    benchmark: str
    split: str
    role: str
    metric: str
    rows: int
    left_out: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    verdict: Verdict
    fixed: int
    broken: int


@dataclass(frozen=True, slots=True)
class LabelChange:
    """F1 of one label under two models."""

    benchmark: str
    label: str
    first: float
    second: float
    difference: float
    support: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from the first model to the second."""

    first: str
    second: str
    changes: tuple[Change, ...]
    labels: tuple[LabelChange, ...]
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return asdict(self)


def compare(first: Sequence[Scored], second: Sequence[Scored]) -> Comparison:
    """Compare two models on every benchmark that both were scored on.

    Args:
        first: the records of one model.
        second: the records of the other.

    Raises:
        InputError: a model has no record, or there is no benchmark that both have.
        DataError: the two saw different annotations for the same rows.
    """
    if not first or not second:
        raise InputError("A comparison needs two models that were scored: one has no record.")
    left, right = _by_benchmark(first), _by_benchmark(second)
    shared = [key for key in left if key in right]
    if not shared:
        raise InputError(
            f"{first[0].model} and {second[0].model} have no benchmark in common: score both on "
            "the same ones."
        )
    pairs = [_Pair.of(left[key], right[key]) for key in shared]
    differences = [pair.difference() for pair in pairs]
    corrected = metrics.holm([found.p_value for found in differences])
    changes = tuple(
        _change(pair, found, p)
        for pair, found, p in zip(pairs, differences, corrected, strict=True)
    )
    return Comparison(
        first=first[0].model,
        second=second[0].model,
        changes=changes,
        labels=tuple(change for pair in pairs for change in _label_changes(pair)),
        only_first=tuple(name for name, _ in left if (name, _) not in right),
        only_second=tuple(name for name, _ in right if (name, _) not in left),
    )


def _by_benchmark(scored: Sequence[Scored]) -> dict[tuple[str, str], Scored]:
    return {(one.rows.name, one.rows.split): one for one in scored}


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both models' answers on the rows that both have, in one order."""

    first: Scored
    second: Scored
    targets: NDArray[Any]
    answers: tuple[NDArray[Any], NDArray[Any]]
    left_out: int
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, first: Scored, second: Scored) -> _Pair:
        keys, others = _keys(first), _keys(second)
        places = {key: i for i, key in enumerate(others)}
        here = [i for i, key in enumerate(keys) if key in places]
        _check_annotations(first, second, set(keys), set(others))
        there = [places[keys[i]] for i in here]
        targets = first.rows.targets[here]
        answers = _answers(first)[here], _answers(second)[there]
        left_out = len(keys) + len(others) - 2 * len(here)
        named = first.rows.groups
        groups = tuple(named[i] for i in here) if named else ()
        return cls(first, second, targets, answers, left_out, groups)

    def difference(self) -> metrics.PairedDifference:
        headline = view(self.first.rows.headline, self.first.rows)
        return metrics.paired_difference(
            headline.metric, *headline.arrays(self.targets, *self.answers), groups=self.groups
        )


def _keys(scored: Scored) -> list[RowKey]:
    """Name each row as it is named in a record of any other sample of the same rows.

    A record numbers the copies of a text among the rows that were scored, so the second copy of all
    may be the first of a sample. Here copies are told apart by their annotations; those that agree
    in these too may stand for each other, and only they are numbered.
    """
    times = Counter[tuple[str, bytes]]()
    keys = []
    # Of one type, and without a zero below zero, equal annotations have equal bytes.
    targets = np.asarray(scored.rows.targets, np.float64) + 0.0
    for name, annotated in zip(scored.row_ids, targets, strict=False):
        row = (name.partition(".")[0], annotated.tobytes())
        times[row] += 1
        keys.append((*row, times[row]))
    return keys


def _check_annotations(
    first: Scored, second: Scored, keys: Set[RowKey], others: Set[RowKey]
) -> None:
    """Refuse to compare what was annotated otherwise, or has no row in common.

    Two samples may hold different copies of a text, and copies may be annotated differently; where
    one record is whole, each copy in the other has to be in it.

    Raises:
        DataError: no row is shared, or the annotations of one differ.
    """
    shared = keys & others
    disputed = {key[0] for key in keys - others} & {key[0] for key in others - keys}
    may_be_copies = shared and _is_sample(first) and _is_sample(second)
    if first.rows.labels != second.rows.labels or (disputed and not may_be_copies):
        raise DataError(
            f"{first.model} and {second.model} were scored against other annotations of "
            f"{first.rows.name}: score both on the same release of it."
        )
    if not shared:
        raise DataError(
            f"{first.model} and {second.model} share no row of {first.rows.name}: they were "
            "scored on other data, so nothing can be compared."
        )


def _is_sample(scored: Scored) -> bool:
    return scored.result.rows < scored.result.available


def _answers(scored: Scored) -> NDArray[Any]:
    return scored.scores if scored.predicted is None else scored.predicted


def _change(pair: _Pair, found: metrics.PairedDifference, corrected: float) -> Change:
    roles = dict.fromkeys((pair.first.result.role, pair.second.result.role))
    verdict: Verdict = "no more than noise"
    if corrected < LEVEL and found.difference != 0:
        verdict = "better" if found.difference > 0 else "worse"
    fixed = broken = 0
    if pair.first.predicted is not None:
        right = [(answers == pair.targets).all(axis=1) for answers in pair.answers]
        fixed, broken = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    return Change(
        benchmark=pair.first.rows.name,
        split=pair.first.rows.split,
        role=" / ".join(roles),
        metric=pair.first.rows.headline,
        rows=len(pair.targets),
        left_out=pair.left_out,
        first=found.first,
        second=found.second,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        p_holm=float(corrected),
        verdict=verdict,
        fixed=fixed,
        broken=broken,
    )


def _label_changes(pair: _Pair) -> list[LabelChange]:
    """Give the labels of a benchmark whose F1 moved most."""
    if pair.first.predicted is None:
        return []
    first, second = (metrics.label_f1(pair.targets, answers) for answers in pair.answers)
    support = pair.targets.sum(axis=0)
    order = np.argsort(-np.abs(second - first), kind="stable")[:LABELS_SHOWN]
    return [
        LabelChange(
            benchmark=pair.first.rows.name,
            label=pair.first.rows.labels[i],
            first=float(first[i]),
            second=float(second[i]),
            difference=float(second[i] - first[i]),
            support=int(support[i]),
        )
        for i in order
        if second[i] != first[i]
    ]


def choose(scored: Sequence[Scored], model: str | None = None) -> list[Scored]:
    """Take one model's records out of a report.

    Args:
        scored: every record of the report.
        model: its name; None takes the first that is no baseline, which is the report's subject.

    Raises:
        InputError: there is no such model.
    """
    names = list(dict.fromkeys(one.model for one in scored))
    wanted = names[0] if model is None and names else model
    chosen = [one for one in scored if one.model == wanted]
    if not chosen:
        raise InputError(f"The report has no model '{model}'; it has: {', '.join(names)}.")
    return chosen


def facts_of(comparison: Comparison) -> Mapping[str, Any]:
    """Say in plain values who was compared on how much."""
    return {
        "first": comparison.first,
        "second": comparison.second,
        "benchmarks": len(comparison.changes),
        "rows": sum(change.rows for change in comparison.changes),
        "only first": ", ".join(comparison.only_first) or "none",
        "only second": ", ".join(comparison.only_second) or "none",
    }
