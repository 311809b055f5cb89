"""F1 of emotion labels: the mean over labels, all decisions pooled, by support, or per label."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.errors import InputError
from emo_hub.metrics.modules import interface

_AVERAGES = {
    "macro": metrics.macro_f1,
    "micro": metrics.micro_f1,
    "weighted": metrics.weighted_f1,
}


class EmotionF1(interface.EmotionMetric):
    """F1 of decisions.

    Args:
        predictions: rows of 0 and 1, rows of scores (see `threshold`), or label ids.
        references: rows of 0 and 1, or label ids.
        average: "macro", "micro", "weighted", or None for a list with one F1 per label.
        labels: number of labels, where ids are given; None counts those that occur on either side.
        threshold: what makes scores into decisions: a number, or "best" for the best label of a
            row. Rows of scores beside label ids are always decided by the best label.

    Returns:
        "macro_f1", "micro_f1" or "weighted_f1", or "label_f1" with one number per label.
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.decision_forms(self.config_name))

    def _compute(
        self,
        *,
        predictions: list[Any],
        references: list[Any],
        average: str | None = "macro",
        labels: int | None = None,
        threshold: interface.Threshold = None,
    ) -> dict[str, float | list[float]]:
        if average is not None and average not in _AVERAGES:
            raise InputError(f"Got average={average!r}; wanted {', '.join(_AVERAGES)} or None.")
        targets, predicted = interface.read_decisions(
            references, predictions, threshold, labels=labels
        )
        if average is None:
            return {"label_f1": [float(value) for value in metrics.label_f1(targets, predicted)]}
        return {f"{average}_f1": _AVERAGES[average](targets, predicted)}
