"""One declaration per benchmark: where its files are, how a row is read, what is wrong with it.

To add one, write a reader (a pure function of a row) and a declaration; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from emo_hub.errors import InputError
from emo_hub.evaluation.loading import Benchmark, Example, Row
from emo_hub.taxonomy import (
    EDOS,
    EMOCONTEXT,
    EMPATHETIC,
    GOEMOTIONS,
    GOEMOTIONS_TO_EKMAN,
    ISEAR,
    PLUTCHIK,
)


def _goemotions(row: Row) -> Example:
    numbers = [int(part) for part in str(row["label_ids"]).split(",")]
    outside = [n for n in numbers if not 0 <= n < len(GOEMOTIONS)]
    if outside:
        raise ValueError(f"label ids {outside} are outside 0..{len(GOEMOTIONS) - 1}")
    return Example(row["text"], labels=tuple(GOEMOTIONS.labels[n] for n in numbers))


def _isear(row: Row) -> Example | None:
    if row["non_response"]:
        return None
    return Example(row["SIT_clean"], labels=(row["label"],))


def _emocontext(row: Row) -> Example:
    context = f"{row['turn1']}\n{row['turn2']}"
    return Example(row["turn3"], labels=(row["label"],), context=context)


def _empathetic(row: Row) -> Example:
    return Example(row["situation"], labels=(row["emotion"],))


def _edos(row: Row) -> Example | None:
    agreed = row["Agreed emotion (2/3 vote)"].strip()
    if agreed == "-" or agreed.endswith("(Other)"):
        return None
    turns = [turn.strip() for turn in row["Dialog"].split("\n") if turn.strip()]
    if not turns:
        return None
    context = "\n".join(turns[:-1]) or None
    return Example(turns[-1], labels=(agreed.lower(),), context=context)


def _xed(row: Row) -> Example:
    labels = tuple(label.strip() for label in row["labels"].split(","))
    return Example(row["text"], labels=labels)


def _emobank(row: Row) -> Example:
    return Example(row["text"], values=(float(row["V"]), float(row["A"]), float(row["D"])))


_GOEMOTIONS_FAULTS = (
    "42 texts of the test split also stand in train, 49 of dev; matters to models that saw train.",
    "6 texts occur twice in test; grief, pride, relief and nervousness have fewer than 25 rows.",
)

_DECLARED = (
    Benchmark(
        name="goemotions",
        folder="goemotions",
        files={"train": "train.parquet", "dev": "dev.parquet", "test": "test.parquet"},
        scored_split="test",
        columns=("text", "label_ids"),
        read=_goemotions,
        labels=GOEMOTIONS,
        kind="multi_label",
        headline="macro_f1",
        licence="CC BY 4.0",
        source="GoEmotions (Demszky et al. 2020), github.com/google-research/google-research",
        faults=_GOEMOTIONS_FAULTS,
    ),
    Benchmark(
        name="goemotions-ekman",
        folder="goemotions",
        files={"train": "train.parquet", "dev": "dev.parquet", "test": "test.parquet"},
        scored_split="test",
        columns=("text", "label_ids"),
        read=_goemotions,
        labels=GOEMOTIONS,
        kind="multi_label",
        headline="macro_f1",
        licence="CC BY 4.0",
        source="GoEmotions (Demszky et al. 2020), github.com/google-research/google-research",
        faults=_GOEMOTIONS_FAULTS,
        projection=GOEMOTIONS_TO_EKMAN,
    ),
    Benchmark(
        name="isear",
        folder="isear",
        files={"all": "all.parquet"},
        scored_split="all",
        columns=("SIT_clean", "non_response", "label"),
        read=_isear,
        labels=ISEAR,
        kind="single_label",
        headline="macro_f1",
        licence="no licence text of the data was found; commonly described as free for research",
        source="ISEAR (Scherer and Wallbott), github.com/sinmaniphel/py_isear_dataset",
        faults=(
            "There is no standard split, so all 7,451 answers are scored; published fine-tuned "
            "numbers are cross-validated.",
            "215 rows say that the person never felt it and are left out; 65 texts repeat.",
        ),
    ),
    Benchmark(
        name="empathetic-dialogues",
        folder="empathetic_dialogues",
        files={"dev": "dev.parquet"},
        scored_split="dev",
        columns=("situation", "emotion"),
        read=_empathetic,
        labels=EMPATHETIC,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY-NC",
        source="EmpatheticDialogues (Rashkin et al. 2019), github.com/facebookresearch/"
        "EmpatheticDialogues",
        faults=(
            "The word was given to the writer first; near-synonyms (angry and furious, afraid and "
            "terrified) count as errors.",
            "Published zero-shot numbers are on the test split; 14 texts repeat in dev.",
        ),
    ),
    Benchmark(
        name="edos",
        folder="edos_mturk",
        files={"all": "mturk_9k.parquet"},
        scored_split="all",
        columns=("Dialog", "Agreed emotion (2/3 vote)"),
        read=_edos,
        labels=EDOS,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY 4.0; the lines are film subtitles with rights of third parties",
        source="EDOS (Welivita et al. 2021), github.com/anuradha1992/EDOS, the human-labelled part",
        faults=(
            "1,332 dialogues without agreement and 3 with an answer outside the 41 classes are "
            "left out; 402 of all 10,245 dialogues repeat.",
        ),
    ),
    Benchmark(
        name="xed",
        folder="xed_en",
        files={"all": "annotated.parquet"},
        scored_split="all",
        columns=("text", "labels"),
        read=_xed,
        labels=PLUTCHIK,
        kind="multi_label",
        headline="macro_f1",
        licence="CC BY 4.0",
        source="XED, English annotated part (Oehman et al. 2020), github.com/Helsinki-NLP/XED",
        faults=(
            "Film lines with spaces before punctuation, without context; neutral lines are in "
            "another file and not scored.",
        ),
    ),
    Benchmark(
        name="emocontext",
        folder="emocontext2019",
        files={"train": "train.parquet", "dev": "dev.parquet"},
        scored_split="dev",
        columns=("turn1", "turn2", "turn3", "label"),
        read=_emocontext,
        labels=EMOCONTEXT,
        kind="single_label",
        headline="macro_f1",
        licence="unknown; treat as for research only",
        source="SemEval-2019 Task 3 EmoContext (Chatterjee et al. 2019)",
        faults=(
            "85 % of dev is 'others', in train far less; the task's own metric is micro-F1 "
            "without 'others', on the test split.",
        ),
    ),
    Benchmark(
        name="emobank",
        folder="emobank",
        files={"train": "train.parquet", "dev": "dev.parquet"},
        scored_split="dev",
        columns=("text", "V", "A", "D"),
        read=_emobank,
        labels=None,
        kind="regression",
        headline="valence_pearson",
        licence="CC BY-SA 4.0",
        source="EmoBank (Buechel and Hahn 2017), github.com/JULIELab/EmoBank",
        faults=(
            "Ratings hug the middle (standard deviation 0.34 in valence, 0.20 in dominance), so "
            "r is bounded by noise; published numbers are mostly on its test split.",
        ),
    ),
)

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType({b.name: b for b in _DECLARED})


def benchmark(name: str) -> Benchmark:
    """Find a declaration by name.

    Raises:
        InputError: none has that name; the message lists those that exist.
    """
    try:
        return BENCHMARKS[name]
    except KeyError:
        raise InputError(
            f"There is no benchmark '{name}'; there are: {', '.join(BENCHMARKS)}."
        ) from None
