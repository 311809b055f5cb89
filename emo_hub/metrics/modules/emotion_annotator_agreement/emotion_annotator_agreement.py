"""Agreement of scores with all annotators of a text, instead of with one label made of them."""

from __future__ import annotations

from typing import Any

import evaluate

from emo_hub import metrics
from emo_hub.metrics.modules import interface


class EmotionAnnotatorAgreement(interface.EmotionMetric):
    """Distance of scores from what a text's annotators chose.

    Args:
        predictions: rows of scores in [0, 1].
        references: rows with the share of annotators who chose each label, in [0, 1].

    Returns:
        "cross_entropy" and "kl_divergence" in nats and "jensen_shannon" in [0, 1], all over rows
        scaled to sum 1; "expected_accuracy", the share of annotators who agree with the best
        label; "ceiling", the most that could be; "shares_pearson", Pearson's r of all pairs.
    """

    def _info(self) -> evaluate.EvaluationModuleInfo:
        return self.about(__doc__, interface.share_forms())

    def _compute(self, *, predictions: list[Any], references: list[Any]) -> dict[str, float]:
        shares, scores = interface.read_arrays(references, predictions)
        return {
            "cross_entropy": metrics.annotator_cross_entropy(shares, scores),
            "kl_divergence": metrics.annotator_divergence(shares, scores),
            "jensen_shannon": metrics.annotator_distance(shares, scores),
            "expected_accuracy": metrics.expected_accuracy(shares, metrics.predict_best(scores)),
            "ceiling": metrics.annotator_ceiling(shares),
            "shares_pearson": metrics.share_correlation(shares, scores),
        }
