"""ISEAR: people of many countries on when they last felt each of seven emotions."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, text_folder
from emo_hub.taxonomy import ISEAR

_CODES = dict(enumerate(("joy", "fear", "anger", "sadness", "disgust", "shame", "guilt"), start=1))
# What coders wrote where nothing was told; their other remarks stand in square brackets.
_NO_ANSWER = frozenset(
    {"no response", "doesn't apply", "nothing", "none", "not applicable", "blank"}
)


def cleaned(told: str) -> str:
    """Take the marks of the database out of an answer: its line breaks and mangled quotes.

    The file writes a line break as an a with an acute accent, cuts some answers at a vertical bar,
    and turns the quotes in an answer into backslashes and trailing quotes.
    """
    text = told.replace("\u00e1", " ").replace("|", " ")
    if "\\" in text:
        text = text.removesuffix('"').replace('\\"', '"').replace("\\", '"')
    return " ".join(text.split())


def is_answer(told: str) -> bool:
    """Say whether somebody told of an event, rather than a coder of its absence."""
    bare = told.strip()
    return not bare.startswith("[") and bare.rstrip(".").lower() not in _NO_ANSWER


def _derived(row: Row, names: Names) -> Example | None:
    if row["non_response"]:
        return None
    label = names.name(row["label"], "label")
    return Example(row["SIT_clean"], labels=(label,), id=cell(row, "MYKEY"))


def _public(row: Row, names: Names) -> Example | None:
    told = cell(row, "SIT")
    if not is_answer(told):
        return None
    return Example(cleaned(told), labels=(names.name(row["EMOT"]),), id=cell(row, "MYKEY"))


def _copy(text: str, label: str, form: str) -> Layout:
    def read(row: Row, names: Names) -> Example | None:
        told = cell(row, text)
        if not is_answer(told):
            return None
        return Example(cleaned(told), labels=(names.name(row[label], label),))

    return Layout((text, label), read, form)


DECLARED = (
    Benchmark(
        name="isear",
        title="ISEAR",
        folders=("isear", "isear-dataset-complete", "py_isear_dataset"),
        layouts=(
            Layout(
                ("SIT_clean", "non_response", "label"), _derived, "derived", optional=("MYKEY",)
            ),
            Layout(
                ("EMOT", "SIT"),
                _public,
                "public release, isear.csv",
                optional=("MYKEY",),
                codes=_CODES,
                delimiter="|",
                is_quoted=False,
                overflow="SIT",
            ),
            Layout(("EMOT", "SIT"), _public, "public release", optional=("MYKEY",), codes=_CODES),
            _copy("content", "emotion", "Hub copy"),
            *text_folder(),
        ),
        labels=ISEAR,
        kind="single_label",
        headline="macro_f1",
        licence="no licence text of the data was found; commonly described as free for research",
        source="ISEAR (Scherer and Wallbott 1994), github.com/sinmaniphel/py_isear_dataset",
        # No source states a commit of this copy, which has 7,516 of the 7,666 rows.
        hub=HubSource("gsri-18/ISEAR-dataset-complete", splits={"all": "train"}),
        faults=(
            "There is no standard split, so all 7,451 answers are scored; published fine-tuned "
            "numbers are cross-validated or on splits of their own.",
            "215 of 7,666 rows are left out, where a coder wrote that nothing was told or a "
            "remark in brackets. 65 texts repeat, 19 rows have a twin with another label.",
            "The emotion was given to the person first, and many texts tell of an event without a "
            "word of feeling: guilt and shame are hardly told apart.",
        ),
    ),
)
