"""Exact match: the share of texts whose labels are all right."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionAccuracy(interface.EmotionMetric):
    """Exact-match accuracy.

    Args:
        predictions: rows of 0 and 1, rows of scores (see `threshold`), or label ids.
        references: rows of 0 and 1, or label ids.
        threshold: what makes scores into decisions: a number, or "best" for the best label of a
            row. Rows of scores beside label ids are always decided by the best label.

    Returns:
        "accuracy" in [0, 1].
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.decision_forms(self.config_name))

    def _compute(
        self,
        *,
        predictions: list[Any],
        references: list[Any],
        threshold: interface.Threshold = None,
    ) -> dict[str, float]:
        targets, predicted = interface.read_decisions(references, predictions, threshold)
        return {"accuracy": metrics.accuracy(targets, predicted)}
