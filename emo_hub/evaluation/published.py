"""Numbers that others published or that follow from what they published, each with its source.

They stand beside ours in a report, always marked as quoted: protocols differ, and each says how.
What is doubted (a subset of the rows, thresholds fitted on the test split, an unclear metric) is
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emo_hub.evaluation.btzsc_table import PUBLISHED as BTZSC


@dataclass(frozen=True, slots=True)
class Published:
    """One quoted number.

    Args:
        benchmark: name of the declaration it belongs beside.
        model: whose number it is.
        role: how that model stands to the benchmark, in the words of `Result.role`.
        metric: what was measured, by its key in `Result.metrics`.
        value: as quoted.
        source: where it stands.
        remark: how its protocol differs from ours.
        size: number of parameters, as "355 M"; empty where it is not known.
        split: the split it was measured on; empty where there is no standard one.
        second_hand: whether the source was read in somebody else's quotation.
    """

    benchmark: str
    model: str
    role: str
    metric: str
    value: float
    source: str
    remark: str = ""
    size: str = ""
    split: str = "test"
    second_hand: bool = False


def _several(
    benchmark: str, model: str, role: str, values: Mapping[str, float], source: str, **more: str
) -> tuple[Published, ...]:
    """Quote several metrics of one model."""
    return tuple(
        Published(benchmark, model, role, metric, value, source, **more)  # type: ignore[arg-type]
        for metric, value in values.items()
    )


_GPT4 = "recomputed from the annotations in chailab-umich/GPT-4-Emotion-Annotation"
_REFUSED = "on all 5,427 texts; 0.312 and 0.332 on the 5,283 that it answered"
_JEV = "arXiv 2609.37647"
_EMO_PILLARS = "Emo Pillars, arXiv 2504.16856"
_EMOLLMS_5 = "EmoLLMs, arXiv 2401.08508, table 5"
_EMOLLMS_6 = "EmoLLMs, arXiv 2401.08508, table 6"
_ARGMAX = "a sample of 1,000 rows, a sentence for each label, best label"
_PARK = "Park et al. 2021 (EMNLP)"
_PARK_REPOSITORY = "repository of Park et al. 2021"
_DEMSZKY = "Demszky et al. 2020"
_DEMUX = "Demux (Chochlakis et al.)"
_THYMOS = "report of the authors of lettuce-thymos-26m-v1"
_HELD_OUT = "thresholds per label from held-out folds"
_MAPPED = (
    "trained on GoEmotions, its 28 labels mapped onto 6, of which the English part has 5; whether "
    "the empty one was averaged in is not known"
)
_OTHERS = "the 3 emotions pooled, without 'others'"
_MIXED = "one model for many tasks, this train split among its training data"
_MODERNBERT = "model card of MoritzLaurer/ModernBERT-large-zeroshot-v2.0"
_ZERO, _TUNED, _TRANSFER = "zero-shot", "fine-tuned", "transfer"

_GOEMOTIONS = (
    *_several("goemotions", "GPT-4", _ZERO, {"macro_f1": 0.309, "micro_f1": 0.329}, _GPT4,
              remark=_REFUSED),
    Published("goemotions", "Jev", _ZERO, "macro_f1", 0.243, _JEV,
              second_hand=True),
    Published("goemotions", "Jev", "zero-shot, thresholds from dev", "macro_f1", 0.353,
              _JEV, second_hand=True),
    Published("goemotions", "Emo Pillars, roberta-large", _TUNED, "macro_f1", 0.55, _EMO_PILLARS,
              "plus or minus 0.007 over runs; where its threshold was chosen is not known",
              size="355 M", second_hand=True),
    Published("goemotions", "ModernBERT-large", _TUNED, "macro_f1", 0.542, _THYMOS, _HELD_OUT,
              size="395 M"),
    Published("goemotions", "ModernBERT-base", _TUNED, "macro_f1", 0.535, _THYMOS, _HELD_OUT,
              size="149 M"),
    Published("goemotions", "lettuce-thymos-26m-v1", _TUNED, "macro_f1", 0.527, _THYMOS, _HELD_OUT,
              size="26.5 M"),
    *_several("goemotions", "Demux", _TUNED, {"macro_f1": 0.523, "micro_f1": 0.581}, _DEMUX),
    Published("goemotions", "roberta-base", _TUNED, "macro_f1", 0.505, _THYMOS, _HELD_OUT,
              size="125 M"),
    Published("goemotions", "BERT-base", _TUNED, "macro_f1", 0.46, _DEMSZKY),
    Published("goemotions", "roberta-base-go_emotions", _TUNED, "macro_f1", 0.450,
              "model card of SamLowe/roberta-base-go_emotions", "one threshold of 0.5",
              size="125 M"),
    Published("goemotions", "model2vec, potion-base-32M", _TUNED, "macro_f1", 0.439,
              "README of model2vec", "one threshold of 0.3", size="32 M"),
    Published("goemotions-ekman", "BERT-base", _TUNED, "macro_f1", 0.64, _DEMSZKY,
              "trained for the 7 labels"),
)  # fmt: skip

_TWEETS_AND_DIALOGUES = (
    *_several("semeval2018-ec", "GPT-4", _ZERO,
              {"jaccard": 0.444, "micro_f1": 0.572, "macro_f1": 0.497}, _EMOLLMS_5),
    *_several("semeval2018-ec", "ChatGPT", _ZERO,
              {"jaccard": 0.382, "micro_f1": 0.546, "macro_f1": 0.429}, _EMOLLMS_5),
    *_several("semeval2018-ec", "Vicuna", _ZERO,
              {"jaccard": 0.220, "micro_f1": 0.359, "macro_f1": 0.253}, _EMOLLMS_5, size="13 B"),
    *(
        Published("semeval2018-ec", "first on CodaLab", _TUNED, metric, value,
                  "leaderboard of the task", second_hand=True)
        for metric, value in {"jaccard": 0.609, "micro_f1": 0.724, "macro_f1": 0.592}.items()
    ),
    *_several("semeval2018-ec", "EmoT5", _TUNED,
              {"jaccard": 0.559, "micro_f1": 0.712, "macro_f1": 0.568}, _EMOLLMS_5),
    *_several("semeval2018-ec", "roberta-large", _TUNED,
              {"jaccard": 0.607, "micro_f1": 0.725, "macro_f1": 0.574}, _PARK_REPOSITORY,
              size="355 M"),
    Published("semeval2018-ec", "SpanEmo", _TUNED, "jaccard", 0.601, "Alhuzali and Ananiadou 2021",
              second_hand=True),
    Published("semeval2018-ec", "SpanEmo", _TUNED, "micro_f1", 0.713, "Alhuzali and Ananiadou 2021",
              second_hand=True),
    Published("semeval2018-ec", "Demux", _TUNED, "macro_f1", 0.576, _DEMUX,
              "mean of its F1 of the 11 labels"),
    Published("emocontext", "winner of the task", _TUNED, "micro_f1_without_neutral", 0.7959,
              "S19-2005", _OTHERS),
    Published("emocontext", "ANA", _TUNED, "micro_f1_without_neutral", 0.7709, "S19-2005", _OTHERS),
    Published("emocontext", "Emo Pillars, roberta-large", _TUNED, "macro_f1", 0.82, _EMO_PILLARS,
              "4 classes, 'others' relabelled before training", size="355 M", split="dev",
              second_hand=True),
    Published("emocontext", "ModernBERT-large-zeroshot-v2.0", _TUNED, "macro_f1", 0.805,
              _MODERNBERT, _MIXED, split=""),
    Published("dailydialog", "Jev", _ZERO, "macro_f1", 0.385, _JEV,
              "all 7 classes of every turn, without context", second_hand=True),
    Published("dair-emotion", "Jev", _ZERO, "macro_f1", 0.484, _JEV, "best label",
              second_hand=True),
    Published("meld", "PRC-Emo, Qwen3-8B", _TUNED, "weighted_f1", 0.7044, "PRC-Emo",
              "text only, with the whole dialogue", size="8 B", second_hand=True),
    Published("meld", "BiosERC", _TUNED, "weighted_f1", 0.6983, "BiosERC",
              "text only, with the whole dialogue", second_hand=True),
    Published("meld", "InstructERC", _TUNED, "weighted_f1", 0.6915, "InstructERC",
              "text only, with the whole dialogue", second_hand=True),
)  # fmt: skip

_ACCOUNTS_AND_RATINGS = (
    *_several("isear", "roberta-large", _TUNED, {"macro_f1": 0.754, "micro_f1": 0.755},
              _PARK_REPOSITORY, remark="own split; there is no standard one", size="355 M",
              split=""),
    Published("isear", "Emo Pillars, roberta-large", _TUNED, "macro_f1", 0.75, _EMO_PILLARS,
              "plus or minus 0.013 over 5 folds", size="355 M", split="", second_hand=True),
    Published("emobank", "GPT-4", _ZERO, "valence_pearson", 0.723, _EMOLLMS_6),
    Published("emobank", "ChatGPT", _ZERO, "valence_pearson", 0.554, _EMOLLMS_6),
    Published("emobank", "EmoLLaMA-chat-7B", _TRANSFER, "valence_pearson", 0.728, _EMOLLMS_6,
              "instruction-tuned on other data with human labels of affect", size="7 B"),
    Published("emobank", "roberta-large", _TRANSFER, "valence_pearson", 0.715, _PARK,
              "trained on the labels of SemEval-2018 E-c", size="355 M"),
    Published("emobank", "roberta-large on GoEmotions", _TRANSFER, "valence_pearson", 0.630, _PARK,
              "trained on the labels of GoEmotions", size="355 M"),
    *_several("emobank", "roberta-large, SemEval-2018 first", _TUNED,
              {"valence_pearson": 0.838, "arousal_pearson": 0.573, "dominance_pearson": 0.536},
              _PARK, size="355 M"),
    Published("emobank", "roberta-large", _TUNED, "valence_pearson", 0.829, _PARK, size="355 M"),
    *(
        Published("brighter-en", model, _TRANSFER, "macro_f1", value, _THYMOS, _MAPPED, size=size)
        for model, value, size in (
            ("ModernBERT-base", 0.520, "149 M"),
            ("roberta-base", 0.505, "125 M"),
            ("lettuce-thymos-26m-v1", 0.502, "26.5 M"),
            ("ModernBERT-large", 0.493, "395 M"),
        )
    ),
)  # fmt: skip

# The whole table stands with the BTZSC protocol; here those that a reader would look for.
_WANTED = frozenset(
    {
        "Qwen3-Embedding-8B", "e5-mistral-7b-instruct", "Qwen3-Reranker-8B", "bart-large-mnli",
        "deberta-v3-large-nli-triplet", "gte-modernbert-base", "e5-large-v2", "bge-large-en-v1.5",
        "gte-large-en-v1.5", "Mistral-Nemo-Instruct-2407",
    }
)  # fmt: skip

_STRICT = tuple(
    Published(benchmark, line.model, _ZERO, "macro_f1", value, line.source, _ARGMAX,
              size=f"{line.millions:,.0f} M" if line.millions else "")
    for benchmark in ("dair-emotion", "empathetic-dialogues")
    for line in BTZSC
    for value in (line.emotion if benchmark == "dair-emotion" else line.empathetic,)
    if line.model in _WANTED
)  # fmt: skip

_MIXTURES = tuple(
    Published(benchmark, "ModernBERT-large-zeroshot-v2.0", _TUNED, "macro_f1", value, _MODERNBERT,
              _MIXED, split="")
    for benchmark, value in (("dair-emotion", 0.690), ("empathetic-dialogues", 0.533))
)  # fmt: skip

PUBLISHED: tuple[Published, ...] = (
    *_GOEMOTIONS, *_TWEETS_AND_DIALOGUES, *_ACCOUNTS_AND_RATINGS, *_STRICT, *_MIXTURES,
)  # fmt: skip
