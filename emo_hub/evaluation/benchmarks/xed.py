"""XED: English film subtitles with Plutchik's eight emotions."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, named, text_folder
from emo_hub.taxonomy import PLUTCHIK

_CODES = {0: "neutral", **dict(enumerate(PLUTCHIK.labels, start=1))}


def _read(row: Row, names: Names) -> Example:
    return Example(cell(row, "sentence"), labels=names.names(row["labels"], "labels"))


DECLARED = (
    Benchmark(
        name="xed",
        title="XED, English annotated part",
        folders=("xed_en", "xed", "xed_en_fi"),
        layouts=(
            named("text", "labels", form="plain folder", codes=_CODES),
            Layout(("sentence", "labels"), _read, "Hub copy", codes=_CODES),
            *text_folder(),
            Layout(
                ("sentence", "labels"),
                _read,
                "public release, en-annotated.tsv",
                codes=_CODES,
                delimiter="\t",
                has_header=False,
                is_quoted=False,
            ),
        ),
        labels=PLUTCHIK,
        kind="multi_label",
        headline="macro_f1",
        is_exhaustive=True,
        licence="CC BY 4.0; the lines are film subtitles with rights of third parties",
        source="XED, English annotated part (Oehman et al. 2020), github.com/Helsinki-NLP/XED",
        # Its main branch holds a script, which datasets no longer runs; no source states a commit
        # of the branch that was converted to Parquet.
        hub=HubSource("Helsinki-NLP/xed_en_fi", "en_annotated", splits={"all": "train"}),
        faults=(
            "Film lines with spaces before punctuation, judged without context; neutral lines are "
            "in another file and not scored, so that every line has an emotion.",
            "There is no standard split: all 17,528 lines are scored. 5 repeat, 8 have a twin "
            "with other labels, letter case and spacing aside.",
        ),
        files={"all": ("annotated.parquet", "en-annotated.tsv", "AnnotatedData/en-annotated.tsv")},
    ),
)
