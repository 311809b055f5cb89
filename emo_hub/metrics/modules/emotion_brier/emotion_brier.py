"""Brier score: the mean squared distance of scores and outcomes over all decisions."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionBrier(interface.EmotionMetric):
    """Brier score, averaged over rows and labels.

    Args:
        predictions: rows of scores in [0, 1].
        references: rows of 0 and 1, or label ids.

    Returns:
        "brier" in [0, 1]; 0 is perfect.
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.score_forms(self.config_name))

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        targets, scores = interface.read_scores(references, predictions)
        return {"brier": metrics.brier_score(targets, scores)}
