"""Label ranking average precision: how well scores rank the labels of each text."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionLrap(interface.EmotionMetric):
    """Label ranking average precision over the rows that have a label at all.

    Args:
        predictions: rows of scores.
        references: rows of 0 and 1, or label ids.

    Returns:
        "ranking_precision" in [0, 1].
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.score_forms(self.config_name))

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        targets, scores = interface.read_scores(references, predictions)
        return {"ranking_precision": metrics.ranking_precision(targets, scores)}
