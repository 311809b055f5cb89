"""How metrics and roles are called on pages, and in which order they stand."""

from __future__ import annotations

import math
from collections.abc import Iterable

from emo_hub.evaluation.scorers.contestant import FROM_DEV

DEV = f", {FROM_DEV}"

_METRICS = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "weighted_f1": "weighted F1",
    "macro_f1_matched": "macro-F1, labels matched to the texts",
    "macro_f1_without_neutral": "macro-F1 without neutral",
    "micro_f1_without_neutral": "micro-F1 without neutral",
    "jaccard": "Jaccard",
    "accuracy": "accuracy",
    "kappa": "kappa",
    "mean_average_precision": "mAP",
    "ranking_precision": "LRAP",
    "calibration_error": "ECE",
    "top_calibration_error": "ECE of the top label",
    "brier": "Brier",
    "annotator_agreement": "agreement with annotators",
    "annotator_ceiling": "agreement that annotators allow",
    "annotator_distance": "distance from annotators",
    "labels_per_row": "labels per row",
    "rows_below_thresholds": "rows below every threshold",
    "rows_without_answer": "rows without an answer",
    "context_right": "right with the right context",
    "context_none": "right without context",
    "context_swapped": "right with another story's context",
    "context_right_over_none": "right context over none",
    "context_right_over_swapped": "right context over another's",
    "valence_pearson": "valence r",
    "arousal_pearson": "arousal r",
    "dominance_pearson": "dominance r",
    "valence_ccc": "valence CCC",
    "arousal_ccc": "arousal CCC",
    "dominance_ccc": "dominance CCC",
}
_LOWER_IS_BETTER = frozenset(
    {"calibration_error", "top_calibration_error", "brier", "annotator_distance"}
)
_COUNTS = frozenset({"rows_below_thresholds", "rows_without_answer"})
_DESCRIPTIVE = _COUNTS | {"labels_per_row", "annotator_ceiling"}

_ROLES = ("zero-shot", "transfer", "fine-tuned", "teacher's labels")
_MEANING = {
    "zero-shot": "No human label entered these models, their calibration or their thresholds; the "
    "majority label alone, a floor and no method, is read off one.",
    "transfer": "These models were trained on human labels of other data than the benchmark.",
    "fine-tuned": "These models were trained on the train split of the benchmark itself.",
    "teacher's labels": "Rows of the model's own corpus, measured against the labels that the "
    "teacher gave and not against people.",
}
_DEV_MEANING = "Their decision thresholds were fitted on the benchmark's dev split."


def metric_title(metric: str, kind: str = "") -> str:
    """Name a metric as papers do.

    Args:
        metric: its key in results.
        kind: of the benchmark; accuracy of label sets is called exact match.
    """
    if metric == "accuracy" and kind == "multi_label":
        return "exact match"
    return _METRICS.get(metric, metric.replace("_", " "))


def ordered_metrics(present: Iterable[str]) -> list[str]:
    """Order metrics as tables show them; unknown ones come last, as they came."""
    found = list(dict.fromkeys(present))
    return [m for m in _METRICS if m in found] + [m for m in found if m not in _METRICS]


def digits(metric: str) -> int:
    """Say how many decimals a metric is written with."""
    return 0 if metric in _COUNTS else 3


def best(metric: str, values: Iterable[float]) -> float | None:
    """Give the best of several values, or None where no value is better than another."""
    found = [value for value in values if math.isfinite(value)]
    if metric in _DESCRIPTIVE or len(found) < 2:
        return None
    return min(found) if metric in _LOWER_IS_BETTER else max(found)


def ordered_roles(present: Iterable[str]) -> list[str]:
    """Order roles from least to most knowledge of the benchmark; unknown ones come last."""
    found = list(dict.fromkeys(present))
    known = [role + suffix for role in _ROLES for suffix in ("", DEV)]
    return [role for role in known if role in found] + [r for r in found if r not in known]


def role_title(role: str) -> str:
    """Write a role as a heading."""
    return role[:1].upper() + role[1:]


def role_meaning(role: str) -> str:
    """Say in a sentence or two what a role means; empty for a role that nobody declared."""
    plain = role.removesuffix(DEV)
    meaning = _MEANING.get(plain, "")
    return f"{meaning} {_DEV_MEANING}".strip() if role.endswith(DEV) else meaning
