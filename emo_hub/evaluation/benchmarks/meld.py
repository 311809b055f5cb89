"""MELD: turns of scenes from the television series Friends, with everything said before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emo_hub.evaluation.benchmarks.dialogue import in_dialogues, mended
from emo_hub.evaluation.benchmarks.label_sets import MELD
from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, text_folder


def _dialogue(row: Row) -> str:
    """Name a dialogue: its number starts anew in each split, so the episode goes with it."""
    places = (cell(row, column) for column in ("Season", "Episode", "Dialogue_ID"))
    return "-".join(place for place in places if place)


def _arrange(rows: Iterable[Row]) -> Iterator[Row]:
    turns = (
        {**row, "text": mended(cell(row, "Utterance")), "speaker": mended(cell(row, "Speaker"))}
        for row in rows
    )
    return in_dialogues(turns, _dialogue, lambda row: int(row["Utterance_ID"]))


def _read(row: Row, names: Names) -> Example:
    return Example(
        row["text"],
        labels=(names.name(row["Emotion"], "Emotion"),),
        context=row["context"],
        id=f"{row['Dialogue_ID']}_{row['Utterance_ID']}",
        group=row["group"],
    )


DECLARED = (
    Benchmark(
        name="meld",
        title="MELD",
        folders=("meld", "MELD.Raw", "MELD_Text"),
        layouts=(
            Layout(
                ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID"),
                _read,
                "public release",
                optional=("Season", "Episode"),
                arrange=_arrange,
            ),
            *text_folder(),
        ),
        labels=MELD,
        kind="single_label",
        headline="weighted_f1",
        licence="GPL v3 in the repository, whose authors answered that the data may be used with "
        "citation; the lines are from Friends, with rights of third parties",
        source="MELD (Poria et al. 2019), github.com/declare-lab/MELD, data/MELD",
        faults=(
            "The test split has 2,610 rows, so differences below 2 points of weighted F1 are "
            "noise.",
            "48 % of the test rows are neutral, fear has 50 rows and disgust 68: macro F1 tells "
            "more than weighted F1.",
            "Many published numbers use sound and picture too; this is text alone.",
            "Some copies of the files hold quotes and dashes as control characters, which are "
            "mended here.",
        ),
        files={
            split: tuple(
                f"{folder}{split}_sent_emo.csv" for folder in ("", "data/MELD/", f"{split}/")
            )
            for split in ("train", "dev", "test")
        },
    ),
)
