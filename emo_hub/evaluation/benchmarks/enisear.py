"""enISEAR: events that people described for a given emotion, each judged by five readers."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, text_folder
from emo_hub.taxonomy import ISEAR

_VOTES = tuple(label.capitalize() for label in ISEAR.labels)


def _read(row: Row, names: Names) -> Example:
    votes = {label: float(cell(row, label) or 0) for label in _VOTES}
    if any(count < 0 for count in votes.values()):
        raise ValueError(f"a count of readers is negative: {votes}")
    total = sum(votes.values())
    shares = {label.lower(): count / total for label, count in votes.items()} if total else None
    return Example(
        row["Sentence"],
        labels=(names.spelled(row["Prior_Emotion"]),),
        shares=shares,
        id=cell(row, "Sentence_id"),
        group=cell(row, "Worker_id"),
    )


DECLARED = (
    Benchmark(
        name="enisear",
        title="enISEAR",
        folders=("enisear", "deISEARenISEAR"),
        layouts=(
            Layout(
                ("Sentence", "Prior_Emotion", *_VOTES),
                _read,
                "public release",
                optional=("Sentence_id", "Worker_id"),
                delimiter="\t",
            ),
            *text_folder(("Sentence", "text")),
        ),
        labels=ISEAR,
        kind="single_label",
        headline="macro_f1",
        licence="ODC-By 1.0; the licence covers the collection, the texts are by crowd workers",
        source="enISEAR (Troiano, Pado and Klinger 2019), "
        "ims.uni-stuttgart.de/forschung/ressourcen/korpora/deisear",
        faults=(
            "There is no standard split, so all 1,001 descriptions are scored; published numbers "
            "train on ISEAR and test here, or cross-validate.",
            "The label is the emotion that the writer was given. The word itself is blanked as "
            "'...' in the sentence and stays so; five readers guessed it, and their votes are the "
            "distributions.",
            "The same event can suit several of the seven emotions: guilt and shame are mixed up "
            "by the readers too.",
        ),
        files={"all": ("enISEAR.tsv", "deISEARenISEAR/enISEAR.tsv")},
    ),
)
