"""Cohen's kappa: agreement on the labels beyond what chance alone would give."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionKappa(interface.EmotionMetric):
    """Cohen's kappa: of the one label of a row for ids, the mean over labels for rows of 0 and 1.

    Args:
        predictions: rows of 0 and 1, rows of scores (see `threshold`), or label ids.
        references: rows of 0 and 1, or label ids.
        threshold: what makes scores into decisions: a number, or "best" for the best label of a
            row. Rows of scores beside label ids are always decided by the best label.

    Returns:
        "kappa", at most 1; 0 is chance.
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
        single = interface.are_ids(references)
        measure = metrics.kappa if single else metrics.mean_label_kappa
        return {"kappa": measure(targets, predicted)}
