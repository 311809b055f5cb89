"""EDOS: film dialogues whose last turn three workers labelled with 32 emotions and 9 more."""

from __future__ import annotations

from collections import Counter

from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, named, text_folder
from emo_hub.taxonomy import EDOS

_AGREED = "Agreed emotion (2/3 vote)"
_WORKERS = ("Worker 1 answer", "Worker 2 answer", "Worker 3 answer")
_OUTSIDE = "(Other)"


def _read(row: Row, names: Names) -> Example | None:
    agreed = cell(row, _AGREED).strip()
    turns = [turn.strip() for turn in cell(row, "Dialog").split("\n") if turn.strip()]
    if agreed == "-" or agreed.endswith(_OUTSIDE) or not turns:
        return None
    return Example(
        turns[-1],
        labels=(names.name(agreed),),
        context="\n".join(turns[:-1]) or None,
        id=cell(row, "Index"),
        shares=_shares(row, names),
        group=cell(row, "DialogID"),
    )


def _shares(row: Row, names: Names) -> dict[str, float] | None:
    """Give each answer its share of the workers; answers of their own words have no column."""
    answers = [cell(row, worker).strip() for worker in _WORKERS if cell(row, worker).strip()]
    inside = Counter(names.name(a) for a in answers if not a.endswith(_OUTSIDE))
    return {name: count / len(answers) for name, count in inside.items()} or None


DECLARED = (
    Benchmark(
        name="edos",
        title="EDOS, the human-labelled part",
        folders=("edos_mturk", "edos"),
        layouts=(
            Layout(
                ("Dialog", _AGREED),
                _read,
                "public release",
                optional=("Index", "DialogID", *_WORKERS),
            ),
            named("text", "label", form="plain folder", context="context"),
            *text_folder(),
        ),
        labels=EDOS,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY 4.0; the lines are film subtitles with rights of third parties",
        source="EDOS (Welivita et al. 2021), github.com/anuradha1992/EDOS, MTurk groundtruth",
        faults=(
            "1,332 of 10,245 dialogues without agreement of two workers and 3 whose agreed answer "
            "is outside the 41 classes are left out.",
            "333 of the 8,910 scored dialogues repeat and 211 have a twin with another label, "
            "letter case and spacing aside.",
            "The last turn is scored and the turns before it are its context, while the workers "
            "labelled the dialogue as a whole. Lines are subtitles, where turns are guessed from "
            "timing.",
        ),
        files={"all": ("mturk_9k.parquet", "1. MTurk_groundtruth_labels_9K.csv")},
    ),
)
