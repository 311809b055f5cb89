"""Which rows of a benchmark are scored: all that are reported, less what somebody wants left out.

Rows that a model may have seen are counted: those of the benchmark's own train split, those of its
dev split where thresholds come from there, and those of what it was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from emo_hub.errors import InputError
from emo_hub.evaluation.declaration import Benchmark
from emo_hub.evaluation.loading import (
    LoadedBenchmark,
    fitting_split,
    load,
    load_for_scoring,
    splits,
)
from emo_hub.evaluation.seen import TrainingTexts, count_seen, sample, without_seen
from emo_hub.evaluation.sources import Where


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows to score.

    Args:
        rows: a sample, or all.
        available: how many there are to take the sample of.
        seen: how many rows stand in each source.
    """

    rows: LoadedBenchmark
    available: int
    seen: dict[str, int]


def prepare(
    declared: Benchmark,
    where: Where,
    sources: Iterable[TrainingTexts],
    *,
    dev: LoadedBenchmark | None,
    drop_seen: bool,
    limit: int | None,
) -> Prepared:
    """Read the rows to score, count those that training may have seen, and sample.

    Args:
        declared: the benchmark.
        where: a folder with a subfolder per benchmark, or the Hub.
        sources: texts of training.
        dev: rows that fit thresholds, if any do.
        drop_seen: whether rows that stand in a source, or in one of its own, are left out.
        limit: of the sample; None takes all.

    Raises:
        InputError: nothing is left to score.
        DataError: a file or column is missing.
    """
    full = load_for_scoring(declared, where)
    fitted = () if dev is None else (TrainingTexts.of(f"{dev.split} split", dev.texts),)
    every = (*_train_split(declared, where), *fitted, *sources)
    kept = without_seen(full, every) if drop_seen and every else full
    if not kept.texts:
        raise InputError(
            f"Every scored row of {declared.name} stands in a source of training, so without them "
            "nothing is left to score."
        )
    return Prepared(sample(kept, limit), len(kept.texts), dict(count_seen(full, every)))


def has_scored_split(declared: Benchmark, where: Where) -> bool:
    """Say whether a folder that merely lies there has something to score."""
    return any(split in declared.scored for split in splits(declared, where))


def dev_rows(declared: Benchmark, where: Where) -> LoadedBenchmark | None:
    """Read the dev rows in the labels that a scorer is asked for; None where none can be fitted on.

    Raises:
        DataError: a file or column is missing.
    """
    if declared.kind != "multi_label":
        return None
    split = fitting_split(declared, where)
    return None if split is None else load(replace(declared, projection=None), where, split)


def why_not_scored(name: str, folded: Iterable[str]) -> str:
    """Say why a model may not be scored on a benchmark whose rows it saw; empty where it may.

    Args:
        name: of the benchmark.
        folded: those of which the model was trained on folds.
    """
    if name not in folded:
        return ""
    return (
        "This model, or what it started from, was trained on folds of the very rows that are "
        "scored, so it has seen most of them. What each fold's model reaches on rows that it has "
        "not seen stands in the adaptation.json that training wrote: quote that, and leave this "
        "set out."
    )


def _train_split(declared: Benchmark, where: Where) -> tuple[TrainingTexts, ...]:
    if "train" not in splits(declared, where):
        return ()
    return (TrainingTexts.of("train split", load(declared, where, "train").texts),)
