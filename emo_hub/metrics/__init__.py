"""Scores and targets to numbers: pure functions on arrays, so every report counts the same way.

Letters: N examples, L labels. `targets` and `predicted` are 0/1 matrices (N, L); a single-label
task is the same with one 1 per row. `scores` are (N, L) in [0, 1]. All results are plain floats,
or arrays with one entry per label where the name says `label_`.

`decisions`, `ranking`, `probability`, `columns`, `raters` and `contexts` hold the metrics,
`resampling` and `comparison` say how far they can be trusted, and `modules` offers them as
`evaluate.Metric`s.
"""

from __future__ import annotations

from emo_hub.metrics.columns import concordance, mean_absolute_error, pearson, spearman
from emo_hub.metrics.comparison import (
    McNemar,
    PairedDifference,
    holm,
    mcnemar,
    paired_difference,
)
from emo_hub.metrics.decisions import (
    accuracy,
    global_threshold,
    hamming_loss,
    jaccard,
    label_f1,
    label_precision,
    label_recall,
    macro_f1,
    macro_precision,
    macro_recall,
    micro_f1,
    predict_at,
    predict_best,
    weighted_f1,
)
from emo_hub.metrics.modules import module_path
from emo_hub.metrics.probability import (
    ReliabilityBins,
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    log_loss,
    reliability_bins,
    top_label_calibration_error,
    top_label_log_loss,
)
from emo_hub.metrics.ranking import (
    PrecisionRecall,
    PrecisionRecallCurve,
    label_average_precision,
    mean_average_precision,
    precision_recall,
    ranking_precision,
)
from emo_hub.metrics.raters import (
    annotator_ceiling,
    annotator_cross_entropy,
    annotator_distance,
    annotator_divergence,
    expected_accuracy,
    kappa,
    label_kappa,
    mean_label_kappa,
    share_correlation,
)
from emo_hub.metrics.resampling import (
    Interval,
    bootstrap_draws,
    bootstrap_interval,
    interval_of,
)

__all__ = [
    "Interval",
    "McNemar",
    "PairedDifference",
    "PrecisionRecall",
    "PrecisionRecallCurve",
    "ReliabilityBins",
    "accuracy",
    "adaptive_calibration_error",
    "annotator_ceiling",
    "annotator_cross_entropy",
    "annotator_distance",
    "annotator_divergence",
    "bootstrap_draws",
    "bootstrap_interval",
    "brier_score",
    "calibration_error",
    "concordance",
    "expected_accuracy",
    "global_threshold",
    "hamming_loss",
    "holm",
    "interval_of",
    "jaccard",
    "kappa",
    "label_average_precision",
    "label_f1",
    "label_kappa",
    "label_precision",
    "label_recall",
    "log_loss",
    "macro_f1",
    "macro_precision",
    "macro_recall",
    "mcnemar",
    "mean_absolute_error",
    "mean_average_precision",
    "mean_label_kappa",
    "micro_f1",
    "module_path",
    "paired_difference",
    "pearson",
    "precision_recall",
    "predict_at",
    "predict_best",
    "ranking_precision",
    "reliability_bins",
    "share_correlation",
    "spearman",
    "top_label_calibration_error",
    "top_label_log_loss",
    "weighted_f1",
]
