"""Concordance correlation (Lin 1989) of predicted and rated values, such as valence."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionCcc(interface.EmotionMetric):
    """Concordance correlation: 1 only where both sides are equal, not merely in proportion.

    Args:
        predictions: numbers on the scale of the references.
        references: numbers.

    Returns:
        "ccc" in [-1, 1].
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.column_forms())

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        targets, values = interface.read_arrays(references, predictions)
        return {"ccc": metrics.concordance(targets, values)}
