"""GoEmotions: Reddit comments, with its 28 labels, the 7 of Ekman and the 4 of sentiment."""

from __future__ import annotations

from dataclasses import replace

from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, named, text_folder
from emo_hub.taxonomy import GOEMOTIONS, GOEMOTIONS_TO_EKMAN, GOEMOTIONS_TO_SENTIMENT

_CODES = dict(enumerate(GOEMOTIONS.labels))


def _read(row: Row, names: Names) -> Example:
    labels = names.names(row["label_ids"], "label_ids")
    return Example(cell(row, "text"), labels=labels, id=cell(row, "id"))


_FINE = Benchmark(
    name="goemotions",
    title="GoEmotions, 28 labels",
    folders=("goemotions", "go_emotions", "google-research-datasets-go_emotions"),
    layouts=(
        Layout(("text", "label_ids"), _read, "plain folder", optional=("id",)),
        named("text", "labels", form="Hub copy, configuration simplified"),
        *text_folder(),
        Layout(
            ("text", "label_ids", "id"),
            _read,
            "public release, data/train.tsv",
            codes=_CODES,
            delimiter="\t",
            has_header=False,
        ),
    ),
    labels=GOEMOTIONS,
    kind="multi_label",
    headline="macro_f1",
    licence="CC BY 4.0 (the card of the Hub copy says Apache-2.0)",
    source="GoEmotions (Demszky et al. 2020), github.com/google-research/google-research, "
    "goemotions/data, the rows on whose labels two raters agree",
    # The commit that public code pins again and again for this repository, with 43,410, 5,426 and
    # 5,427 rows; it was not looked up on the Hub itself.
    hub=HubSource(
        "google-research-datasets/go_emotions",
        "simplified",
        "add492243ff905527e67aeb8b80c082af02207c3",
    ),
    faults=(
        "42 of 5,427 test rows and 49 of 5,426 dev rows also stand in train, and 14 test rows in "
        "dev, letter case and spacing aside: matters to models that saw train.",
        "6 rows repeat in test, 3 of its rows have a twin with other labels; grief (6), relief "
        "(11), pride (16) and nervousness (23) have so few test rows that their F1 is mostly "
        "luck.",
    ),
)

DECLARED = (
    _FINE,
    replace(
        _FINE,
        name="goemotions-ekman",
        title="GoEmotions, Ekman's 6 and neutral",
        projection=GOEMOTIONS_TO_EKMAN,
    ),
    replace(
        _FINE,
        name="goemotions-sentiment",
        title="GoEmotions, sentiment",
        projection=GOEMOTIONS_TO_SENTIMENT,
    ),
)
