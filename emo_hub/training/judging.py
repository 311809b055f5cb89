"""After the last step: what a classifier's scores mean, where to cut them, and what contexts do.

All of it is learnt from validation rows. What is said of thresholds was measured on rows that had
no part in fitting them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats, fit_temperature, fit_thresholds_by_rate, sigmoid
from emo_hub.metrics import (
    brier_score,
    calibration_error,
    macro_f1,
    mean_average_precision,
    micro_f1,
)
from emo_hub.metrics.contexts import Scorer, swap_probe
from emo_hub.training.rows import TrainingRow
from emo_hub.training.targets import folds, target_table

Bools = npt.NDArray[np.bool_]

_FOLDS = 5


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
        shrink: how many positives the common rate is worth against a label's own; see
            `fit_thresholds_by_rate`.
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
    thresholds, default = fit_thresholds_by_rate(scores, wanted, labels, shrink=shrink)
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
        cuts, _ = fit_thresholds_by_rate(fitting, wanted[there], labels, shrink=shrink)
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
