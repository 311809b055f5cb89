"""BRIGHTER, English: the emotions that most people see in a short text (SemEval-2025 Task 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emo_hub.evaluation.benchmarks.label_sets import BRIGHTER_ENGLISH
from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, flagged, text_folder

_CROSSLINGUAL = "track_c"


def _without_copies(rows: Iterable[Row]) -> Iterator[Row]:
    """Mark the rows that the Hub copy repeats for the cross-lingual track."""
    kept = list(rows)
    own = {row["text"] for row in kept if _CROSSLINGUAL not in cell(row, "id")}
    for row in kept:
        yield {**row, "repeats": _CROSSLINGUAL in cell(row, "id") and row["text"] in own}


def _read(row: Row, _: Names) -> Example | None:
    text = cell(row, "text").strip()
    # A spreadsheet turned a few texts into its error mark; nothing of them is left.
    if row["repeats"] or text.lower() == "#name?":
        return None
    if cell(row, "disgust").strip() in ("1", "1.0"):
        raise ValueError("disgust is marked, which the English part does not annotate")
    return Example(text, labels=flagged(row, BRIGHTER_ENGLISH.labels), id=cell(row, "id"))


DECLARED = (
    Benchmark(
        name="brighter-en",
        title="BRIGHTER (English)",
        folders=("brighter-en", "brighter", "BRIGHTER-emotion-categories", "eng"),
        layouts=(
            Layout(
                ("text", *BRIGHTER_ENGLISH.labels),
                _read,
                "public release or Hub copy",
                optional=("id", "disgust"),
                arrange=_without_copies,
            ),
            *text_folder(),
        ),
        labels=BRIGHTER_ENGLISH,
        kind="multi_label",
        headline="macro_f1",
        licence="CC BY 4.0",
        source="BRIGHTER (Muhammad et al. 2025, arXiv 2502.11926), "
        "huggingface.co/datasets/brighter-dataset/BRIGHTER-emotion-categories, configuration eng",
        # The revision that mteb-pt and other public evaluations pin.
        hub=HubSource(
            "brighter-dataset/BRIGHTER-emotion-categories",
            "eng",
            "419566ac8f46f951b51584be36c13e5363008144",
            {"train": "train", "dev": "dev", "test": "test"},
        ),
        faults=(
            "English has five emotions: the column disgust is empty there, so numbers of other "
            "languages, with six, do not compare.",
            "The Hub copy lists the rows of dev and test twice, once per track of the task (230 "
            "and 5,528 rows); the second copies are left out.",
            "About one text in twelve carries no emotion, and fear is marked on more than half.",
        ),
    ),
)
