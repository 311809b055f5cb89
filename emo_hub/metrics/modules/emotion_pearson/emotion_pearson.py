"""Pearson's correlation of predicted and rated values, such as valence."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionPearson(interface.EmotionMetric):
    """Pearson's r; 0 where either side does not vary.

    Args:
        predictions: numbers.
        references: numbers.

    Returns:
        "pearson" in [-1, 1].
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.column_forms())

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        targets, values = interface.read_arrays(references, predictions)
        return {"pearson": metrics.pearson(targets, values)}
