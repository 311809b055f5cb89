"""Numbers that others published or that follow from what they published, each with its source.

They stand beside ours in a report, always marked as quoted: protocols differ, and each says how.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """One quoted number.

    Args:
        benchmark: name of the declaration it belongs beside.
        model: whose number it is.
        role: "zero-shot" without labels of the benchmark, "fine-tuned" with them.
        metric: what was measured.
        value: as quoted.
        source: where it stands.
        remark: how its protocol differs from ours.
    """

    benchmark: str
    model: str
    role: str
    metric: str
    value: float
    source: str
    remark: str = ""


_GPT4 = "recomputed from the annotations in chailab-umich/GPT-4-Emotion-Annotation"
_REFUSED = "on all 5,427 texts; 0.312 and 0.332 on the 5,283 that it answered"
_EMOLLMS = "EmoLLMs, arXiv 2401.08508, table 6"
_BTZSC = "BTZSC, arXiv 2603.11991"
_PARK = "Park et al. 2021 (EMNLP)"
_TEST_ARGMAX = "test split, ours is dev"

PUBLISHED: tuple[Published, ...] = (
    Published("goemotions", "GPT-4", "zero-shot", "macro_f1", 0.309, _GPT4, _REFUSED),
    Published("goemotions", "GPT-4", "zero-shot", "micro_f1", 0.329, _GPT4, _REFUSED),
    Published(
        "goemotions", "Emo Pillars, roberta-large (355 M)", "fine-tuned", "macro_f1", 0.55,
        "arXiv 2504.16856",
    ),
    Published(
        "goemotions", "lettuce-thymos-26m-v1 (26.5 M)", "fine-tuned", "macro_f1", 0.527,
        "its model card",
    ),
    Published(
        "goemotions", "BERT-base", "fine-tuned", "macro_f1", 0.46, "Demszky et al. 2020",
    ),
    Published(
        "goemotions-ekman", "BERT-base", "fine-tuned", "macro_f1", 0.64, "Demszky et al. 2020",
    ),
    Published(
        "isear", "roberta-large (355 M)", "fine-tuned", "macro_f1", 0.754, _PARK,
        "own split; there is no standard one",
    ),
    Published(
        "empathetic-dialogues", "Qwen3-Reranker-8B", "zero-shot", "macro_f1", 0.484, _BTZSC,
        _TEST_ARGMAX,
    ),
    Published(
        "empathetic-dialogues", "bart-large-mnli", "zero-shot", "macro_f1", 0.385, _BTZSC,
        _TEST_ARGMAX,
    ),
    Published(
        "emocontext", "winner of the task", "fine-tuned", "micro_f1_without_neutral", 0.796,
        "S19-2005", "test split, ours is dev",
    ),
    Published(
        "emobank", "GPT-4", "zero-shot", "valence_pearson", 0.723, _EMOLLMS,
        "test split, ours is dev",
    ),
    Published(
        "emobank", "roberta-large (355 M)", "fine-tuned", "valence_pearson", 0.838, _PARK,
        "test split, ours is dev",
    ),
)  # fmt: skip
