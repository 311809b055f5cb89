"""The corpus's own held-out rows as a benchmark, for where nothing else is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_hub.dataset import read_corpus
from emo_hub.evaluation.loading import FittingRows, LoadedBenchmark
from emo_hub.evaluation.scored import Scored
from emo_hub.evaluation.scorers.contestant import Contestant
from emo_hub.evaluation.seen import sample
from emo_hub.metrics import Interval
from emo_hub.metrics.contexts import swap_probe
from emo_hub.taxonomy import GOEMOTIONS

NAME = "emo-pillars"
# Of models whose kind reads contexts and costs nothing to ask again.
_READERS = ("ours", "encoder")


def own_split(data: Path, split: str = "test") -> LoadedBenchmark:
    """Read the context-less and the contextual utterances of a split, with the teacher's labels.

    Raises:
        DataError: the folder is no corpus.
    """
    corpus = read_corpus(data)
    alone = corpus.rows("contextless", split)
    after = corpus.rows("contextual", split)
    rows = [*alone, *after]
    targets = np.array(
        [[int(label in row["labels"]) for label in GOEMOTIONS.labels] for row in rows], np.int8
    )
    return LoadedBenchmark(
        name=NAME,
        split=split,
        kind="multi_label",
        headline="macro_f1",
        texts=tuple(row["utterance"] for row in rows),
        contexts=(*(None for _ in alone), *(row["context"] for row in after)),
        targets=targets,
        labels=GOEMOTIONS.labels,
        neutral=GOEMOTIONS.neutral,
        is_scored=split == "test",
    )


def fitting_rows(data: Path, limit: int | None = None) -> FittingRows:
    """Read the validation rows, on which thresholds of baselines may be fitted.

    Args:
        data: the corpus.
        limit: takes a seeded sample of so many; None takes all.

    Raises:
        DataError: the folder is no corpus.
        InputError: a limit below one.
    """
    return sample(own_split(data, "validation"), limit).for_fitting()


@dataclass(frozen=True, slots=True)
class _Line:
    id: str
    text: str
    context: str
    primary: str
    story: str


def with_contexts_judged(own: Scored, model: Contestant, data: Path) -> Scored:
    """Add how often a model is right on contextual lines with the right, no, and another's context.

    Args:
        own: its result on `own_split`.
        model: what was scored; where it reads no context, nothing is added.
        data: the corpus.

    Raises:
        DataError: the folder is no corpus.
    """
    facts = model.facts
    if facts.get("kind") not in _READERS or facts.get("context") == "not read":
        return own
    rows = read_corpus(data).rows("contextual", own.rows.split)
    lines = [
        _Line(r["id"], r["utterance"], r["context"], r["primary_emotion"], r["narrative_id"])
        for r in rows
    ]

    def score(texts: Sequence[str], contexts: Sequence[str | None]) -> NDArray[np.float32]:
        return model.scorer.score(texts, GOEMOTIONS.labels, contexts)

    found = swap_probe(score, lines, GOEMOTIONS.labels)
    if not found["rows"]:
        return own
    values = {f"context_{name}": found[name] for name in ("right", "none", "swapped")}
    intervals = {}
    for name in ("right_over_none", "right_over_swapped"):
        values[f"context_{name}"], low, high = found[name]
        intervals[f"context_{name}"] = Interval(low, high)
    result = replace(
        own.result,
        metrics={**own.result.metrics, **values},
        intervals={**own.result.intervals, **intervals},
    )
    return replace(own, result=result)
