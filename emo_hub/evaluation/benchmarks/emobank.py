"""EmoBank: sentences of many genres, rated for valence, arousal and dominance."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell

_OPTIONAL = ("id", "document")


def _read(row: Row, names: Names) -> Example:
    values = (float(row["V"]), float(row["A"]), float(row["D"]))
    if not all(1.0 <= value <= 5.0 for value in values):
        raise ValueError(f"V, A, D are {values}; the scales go from 1 to 5")
    return Example(
        cell(row, "text"), values=values, id=cell(row, "id"), group=cell(row, "document")
    )


DECLARED = (
    Benchmark(
        name="emobank",
        title="EmoBank",
        folders=("emobank",),
        layouts=(
            Layout(
                ("V", "A", "D", "text"),
                _read,
                "public release, corpus/emobank.csv",
                optional=_OPTIONAL,
                split_column="split",
            ),
            Layout(("V", "A", "D", "text"), _read, "plain folder", optional=_OPTIONAL),
        ),
        labels=None,
        kind="regression",
        headline="valence_pearson",
        licence="CC BY-SA 4.0",
        source="EmoBank (Buechel and Hahn 2017), github.com/JULIELab/EmoBank, corpus/emobank.csv",
        faults=(
            "Ratings hug the middle (standard deviation 0.34 in valence, 0.25 in arousal, 0.20 in "
            "dominance on dev), so r is bounded by noise.",
            "Published numbers are mostly on the test split; where it is not there, dev is "
            "scored. 25 of 1,000 dev texts also stand in train and 6 repeat, letter case and "
            "spacing aside; all 121 documents of dev have sentences in train too.",
        ),
        files={"all": ("emobank.csv", "corpus/emobank.csv")},
    ),
)
