"""Expected calibration error: how far scores lie from the rates at which labels are there."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.errors import InputError
from emo_hub.metrics.modules import interface

_KINDS = {
    "decisions": metrics.calibration_error,
    "top_label": metrics.top_label_calibration_error,
    "equal_mass": metrics.adaptive_calibration_error,
}


class EmotionEce(interface.EmotionMetric):
    """Expected calibration error.

    Args:
        predictions: rows of scores in [0, 1].
        references: rows of 0 and 1, or label ids.
        kind: "decisions" pools all (row, label) pairs into bins of equal width, "equal_mass" into
            bins of equal size, and "top_label" looks at the best label of each row alone.
        bins: number of bins, at least 1.

    Returns:
        "calibration_error" in [0, 1]; 0 is perfect.
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.score_forms(self.config_name))

    def _compute(
        self,
        *,
        predictions: list[Any],
        references: list[Any],
        kind: str = "decisions",
        bins: int = 15,
    ) -> dict[str, float]:
        if kind not in _KINDS:
            raise InputError(f"Got kind={kind!r}; wanted one of {', '.join(_KINDS)}.")
        targets, scores = interface.read_scores(references, predictions)
        return {"calibration_error": _KINDS[kind](targets, scores, bins=bins)}
