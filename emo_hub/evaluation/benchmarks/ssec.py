"""SSEC: the tweets of the SemEval-2016 stance task with the emotions that annotators saw."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, flagged, text_folder
from emo_hub.taxonomy import PLUTCHIK

_ABSENT = "---"
_LOST = "XXXXXXXXXXXX"


def _read(row: Row, names: Names) -> Example | None:
    # Two lines of the training file hold a placeholder where a tweet should be.
    if not cell(row, "text").strip() or any(_LOST in cell(row, c) for c in row):
        return None
    found = []
    for label in PLUTCHIK.labels:
        value = cell(row, label).strip()
        if value.lower() == label:
            found.append(names.spelled(label))
        elif value != _ABSENT:
            raise ValueError(f"column {label} holds '{value}'; wanted {label} or {_ABSENT}")
    return Example(row["text"], labels=tuple(found))


def _read_flags(row: Row, _: Names) -> Example:
    return Example(row["text"], labels=flagged(row, PLUTCHIK.labels), id=cell(row, "id"))


DECLARED = (
    Benchmark(
        name="ssec",
        title="SSEC",
        folders=("ssec", "ssec-aggregated", "ssec-aggregated-withtext"),
        layouts=(
            Layout(
                ("text", *PLUTCHIK.labels), _read_flags, "table with a header", optional=("id",)
            ),
            Layout(
                (*PLUTCHIK.labels, "text"),
                _read,
                "public release",
                delimiter="\t",
                has_header=False,
                is_quoted=False,
            ),
            *text_folder(),
        ),
        labels=PLUTCHIK,
        kind="multi_label",
        headline="macro_f1",
        licence="no licence text of the annotation was found; the tweets are SemEval-2016 Task 6",
        source="SSEC (Schuff et al. 2017), romanklinger.de/ssec",
        faults=(
            "The files differ by the share of annotators that a label needs; 0.0, one annotator "
            "is enough, is what the authors propose and what is read here.",
            "There is no dev split; thresholds need rows of train or synthetic rows.",
            "Tweets about six political targets: anger and disgust are frequent, surprise is rare.",
            "The copy in the unify-emotion-datasets collection states seven of the eight emotions, "
            "from other columns, and does not compare.",
        ),
        files={
            split: tuple(f"{folder}{split}-combined-0.0.csv" for folder in ("", "ssec-aggregated/"))
            for split in ("train", "test")
        },
    ),
)
