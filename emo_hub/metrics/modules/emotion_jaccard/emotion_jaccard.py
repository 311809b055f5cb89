"""Jaccard index of label sets, averaged over rows: the accuracy of SemEval-2018 Task 1 E-c."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionJaccard(interface.EmotionMetric):
    """Jaccard index over rows; a row with no label on either side counts as 1.

    Args:
        predictions: rows of 0 and 1, rows of scores (see `threshold`), or label ids.
        references: rows of 0 and 1, or label ids.
        threshold: what makes scores into decisions: a number, or "best" for the best label of a
            row. Rows of scores beside label ids are always decided by the best label.

    Returns:
        "jaccard" in [0, 1].
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
        return {"jaccard": metrics.jaccard(targets, predicted)}
