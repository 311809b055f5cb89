"""Mean average precision over emotion labels: how well scores rank the texts of each label."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionMap(interface.EmotionMetric):
    """Mean average precision over the labels that occur; needs no threshold.

    Args:
        predictions: rows of scores.
        references: rows of 0 and 1, or label ids.

    Returns:
        "mean_average_precision" in [0, 1].
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.score_forms(self.config_name))

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        targets, scores = interface.read_scores(references, predictions)
        return {"mean_average_precision": metrics.mean_average_precision(targets, scores)}
