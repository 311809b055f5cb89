"""EmpatheticDialogues: situations that people wrote for one of 32 emotion words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, named, text_folder
from emo_hub.taxonomy import EMPATHETIC


def _situations(rows: Iterable[Row]) -> Iterator[Row]:
    """Keep the first row of each conversation: all of them repeat its situation and its word."""
    seen: set[str] = set()
    for row in rows:
        conversation = cell(row, "conv_id")
        if conversation not in seen:
            seen.add(conversation)
            yield row


def _read(row: Row, names: Names) -> Example:
    conversation = cell(row, "conv_id")
    return Example(
        cell(row, "prompt").replace("_comma_", ",").strip(),
        labels=(names.name(row["context"], "context"),),
        id=conversation,
        group=conversation,
    )


DECLARED = (
    Benchmark(
        name="empathetic-dialogues",
        title="EmpatheticDialogues, situations",
        folders=("empathetic_dialogues", "empatheticdialogues"),
        layouts=(
            Layout(
                ("conv_id", "context", "prompt"),
                _read,
                "public release, one row for each utterance",
                # Its texts write a comma as _comma_ and hold quotes as they are.
                is_quoted=False,
                arrange=_situations,
            ),
            named("situation", "emotion", form="plain folder"),
            *text_folder(("situation", "text", "prompt")),
        ),
        labels=EMPATHETIC,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY-NC 4.0",
        source="EmpatheticDialogues (Rashkin et al. 2019), github.com/facebookresearch/"
        "EmpatheticDialogues",
        # Its main branch holds a script, which datasets no longer runs; no source states a commit
        # of the branch that was converted to Parquet.
        hub=HubSource("facebook/empathetic_dialogues"),
        faults=(
            "The word was given to the writer first; near-synonyms (angry and furious, afraid and "
            "terrified) count as errors.",
            "Published zero-shot numbers are on the test split; where it is not there, dev is "
            "scored. 17 of 2,770 dev texts repeat, 4 with another word, letter case and spacing "
            "aside.",
        ),
    ),
)
