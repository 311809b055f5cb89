"""After the last step: what a classifier's scores mean, where to cut them, and what contexts do.

All of it is learnt from validation rows. What is said of thresholds was measured on rows that had
no part in fitting them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats, fit_temperature, fit_thresholds, sigmoid
from emo_hub.metrics import (
    bootstrap_interval,
    brier_score,
    calibration_error,
    macro_f1,
    mean_average_precision,
    micro_f1,
)
from emo_hub.training.rows import TrainingRow
from emo_hub.training.targets import folds, target_table

# Texts and contexts to logits (N, L).
Scorer = Callable[[Sequence[str], Sequence[str | None]], Floats]
Bools = npt.NDArray[np.bool_]

_FOLDS = 5
_SWAPS = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """What validation rows taught.

    Args:
        temperature: logits are divided by it.
        thresholds: the score from which each label counts.
        facts: what was measured, as plain JSON.
    """

    temperature: float
    thresholds: Mapping[str, float]
    facts: Mapping[str, Any]


def judge_outputs(
    score: Scorer,
    validation: Sequence[TrainingRow],
    labels: Sequence[str],
    *,
    shrink: float,
    has_context: bool,
) -> Judged:
    """Fit temperature and thresholds, and measure what they and contexts are worth.

    Args:
        score: texts and contexts to logits.
        validation: rows that were not trained on.
        labels: of the outputs.
        shrink: how many positives the global threshold is worth against a label's own.
        has_context: whether contexts were seen in training.
    """
    if not validation:
        even = dict.fromkeys(labels, 0.5)
        return Judged(1.0, even, {"validation": {"rows": {}}, "swap": {"rows": 0}})
    contexts = [row.context if has_context else None for row in validation]
    logits = score([row.text for row in validation], contexts)
    wanted = target_table(validation, labels, "hard") > 0
    temperature = fit_temperature(logits, wanted)
    scores = sigmoid(logits / np.float32(temperature))
    thresholds, default = fit_thresholds(scores, wanted, labels, shrink=shrink)
    facts = {
        "rows": dict(Counter(row.source for row in validation)),
        "contextual_rows": sum(row.context is not None for row in validation),
        "global_threshold": round(default, 4),
        **_measured(logits, wanted, labels, folds(validation, _FOLDS), shrink),
    }
    swap = swap_probe(score, validation, labels)
    return Judged(temperature, thresholds, {"validation": facts, "swap": swap})


def _measured(
    logits: Floats, wanted: Bools, labels: Sequence[str], dealt: Sequence[int], shrink: float
) -> dict[str, float]:
    """Measure each fold of rows with what was fitted on the others."""
    fold = np.array(dealt)
    scores, decided = np.zeros_like(logits), np.zeros_like(wanted)
    for number in set(dealt):
        here, there = fold == number, fold != number
        if not wanted[there].any():
            here, there = np.ones_like(here), np.ones_like(there)
        temperature = fit_temperature(logits[there], wanted[there])
        scores[here] = sigmoid(logits[here] / np.float32(temperature))
        fitting = sigmoid(logits[there] / np.float32(temperature))
        cuts, _ = fit_thresholds(fitting, wanted[there], labels, shrink=shrink)
        decided[here] = scores[here] >= np.array([cuts[label] for label in labels], np.float32)
    targets, plain = wanted.astype(np.int64), sigmoid(logits)
    found = {
        # Of logits: a temperature for each fold would change the order of rows among folds.
        "average_precision": mean_average_precision(targets, logits),
        "macro_f1": macro_f1(targets, decided.astype(np.int64)),
        "micro_f1": micro_f1(targets, decided.astype(np.int64)),
        "calibration_error": calibration_error(targets, scores),
        "calibration_error_before": calibration_error(targets, plain),
        "brier_score": brier_score(targets, scores),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def swap_probe(score: Scorer, rows: Sequence[TrainingRow], labels: Sequence[str]) -> dict[str, Any]:
    """Ask whether a model uses context: is it right with the right one, with none, with another's?

    A line is right where the label that scores highest is its primary emotion. Contexts are
    exchanged among stories, several times; intervals are 95 %, over stories.

    Args:
        score: texts and contexts to logits.
        rows: of which those with a context and a primary emotion are read.
        labels: of the outputs.

    Returns:
        How many rows, and the share of them, in [0, 1], that is right each way; 0 rows where there
        are fewer than two stories.
    """
    read = [row for row in rows if row.context and row.primary in labels]
    stories = [row.story or row.id for row in read]
    if len(set(stories)) < 2:
        return {"rows": 0}
    texts = [row.text for row in read]
    wanted = np.array([labels.index(row.primary) for row in read])

    def right(contexts: Sequence[str | None]) -> Floats:
        return np.asarray(score(texts, contexts).argmax(axis=1) == wanted, np.float32)

    own, none = right([row.context for row in read]), right([None] * len(read))
    swapped = np.mean([right(exchanged(read, n)) for n in range(_SWAPS)], axis=0)
    facts: dict[str, Any] = {"rows": len(read), "stories": len(set(stories))}
    facts |= {
        name: round(float(values.mean()), 4)
        for name, values in (("right", own), ("none", none), ("swapped", swapped))
    }
    for name, values in (("right_over_none", own - none), ("right_over_swapped", own - swapped)):
        found = bootstrap_interval(lambda drawn: float(drawn.mean()), values, groups=stories)
        facts[name] = [round(x, 4) for x in (float(values.mean()), found.low, found.high)]
    return facts


def exchanged(rows: Sequence[TrainingRow], number: int) -> list[str | None]:
    """Give each row the context of a row of another story; always the same way.

    Args:
        rows: of at least two stories.
        number: which of the possible exchanges.
    """
    order = sorted(range(len(rows)), key=lambda place: _chance(rows[place].id, number))
    contexts: list[str | None] = [None] * len(rows)
    for at, place in enumerate(order):
        story = rows[place].story or rows[place].id
        further = (rows[order[(at + step) % len(order)]] for step in range(1, len(order)))
        other = next(row for row in further if (row.story or row.id) != story)
        contexts[place] = other.context
    return contexts


def _chance(key: str, number: int) -> bytes:
    return hashlib.sha256(f"{key}/swap{number}".encode()).digest()
