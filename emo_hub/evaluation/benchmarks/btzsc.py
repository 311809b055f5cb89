"""The two emotion sets of BTZSC (Aarab 2026, arXiv 2603.11991), rows as in its harness.

The harness keeps one row per text and candidate: text, hypothesis, and labels = 1 where it is the
right one. The rows come from public test splits, so a copy of those gives the same task. Of
dair-ai/emotion there are all 2,000. Of the 2,547 conversations of EmpatheticDialogues there are
2,542, each the situation and all its turns as one text: they went through the Hub's loader, which
reads quotes in the CSV way where the release has none, and a text that occurs twice is kept once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import cell
from emo_hub.taxonomy import EMPATHETIC, LabelSet

# The order of the harness is alphabetical; that of the public release is not.
DAIR = LabelSet(
    "btzsc-emotion",
    ("anger", "fear", "joy", "love", "sadness", "surprise"),
    multi_label=False,
)

_DAIR_SAYS = "This example tweet expresses the emotion: "
_EMPATHETIC_SAYS = "The main emotion of this example dialogue is: "
_DAIR_CODES = {0: "sadness", 1: "joy", 2: "love", 3: "anger", 4: "fear", 5: "surprise"}

_REPOSITORY = "btzsc/btzsc"
# As pinned by Gazer2020/jev-btzsc, whose published rows give the counts below.
_REVISION = "fef2a2ac62b69c58670047dddf045c53d7c3cb5e"


def verbalised(labels: Sequence[str], says: str) -> tuple[str, ...]:
    """Write out the sentence that the harness gives a model for each label."""
    return tuple(f"{says}{label}" for label in labels)


def conversations(rows: Iterable[Row]) -> Iterator[Row]:
    """Join the turns of each conversation to the one text that the harness scores.

    Turns are given to two speakers in turn, in the order of the file, whatever its speaker column
    says: this is how the harness's rows were made.

    Args:
        rows: one per turn, with conv_id, prompt, utterance and context, the emotion.
    """
    found: dict[str, dict[str, str]] = {}
    counts: dict[str, int] = {}
    for row in rows:
        name = cell(row, "conv_id")
        if name not in found:
            found[name] = {
                "conv_id": name,
                "text": f"Context: {cell(row, 'prompt')}",
                "context": cell(row, "context"),
            }
        turn = counts[name] = counts.get(name, 0) + 1
        speaker = 1 if turn % 2 else 2
        found[name]["text"] += f"\nSpeaker {speaker}: {cell(row, 'utterance')}"
    seen: set[str] = set()
    for conversation in found.values():
        text = conversation["text"].replace("_comma_", ",")
        if text not in seen:
            seen.add(text)
            yield {**conversation, "text": text}


def _is_right(row: Row) -> bool:
    value = cell(row, "labels").strip().lower()
    if value in {"1", "1.0", "true", "entailment"}:
        return True
    if value in {"0", "0.0", "false", "not_entailment"}:
        return False
    raise ValueError(f"labels is {value!r}; it should be 1 for the right hypothesis and 0 else")


def _pairs(says: str) -> Layout:
    """Read text and hypothesis pairs: every text has one row whose hypothesis is the right one."""

    def right_ones(rows: Iterable[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows, start=1):
            hypothesis = cell(row, "hypothesis").strip()
            if not hypothesis.startswith(says):
                raise ValueError(
                    f"the hypothesis of pair {number} is {hypothesis!r:.90}; the protocol asks "
                    f"for '{says}<label>'"
                )
            if _is_right(row):
                yield row

    def read(row: Row, names: Names) -> Example:
        label = cell(row, "hypothesis").strip().removeprefix(says)
        return Example(cell(row, "text"), labels=(names.name(label),))

    # Arranged first: otherwise each wrong hypothesis would count as a row that was left out.
    return Layout(
        ("text", "hypothesis", "labels"), read, form="BTZSC harness, pairs", arrange=right_ones
    )


def _dair_row(row: Row, names: Names) -> Example:
    return Example(cell(row, "text"), labels=(names.name(row["label"], "label"),))


def _conversation(row: Row, names: Names) -> Example:
    text = cell(row, "text")
    return Example(text, labels=(names.name(row["context"]),), id=cell(row, "conv_id"))


def _situation(row: Row, names: Names) -> Example:
    # The first line of the harness's text, which is all of it that this copy holds.
    text = f"Context: {cell(row, 'situation').replace('_comma_', ',')}"
    return Example(text, labels=(names.name(row["emotion"]),))


_FAULT_SAMPLE = (
    "The published numbers of the harness were measured on 1,000 rows: every published accuracy is "
    "a whole number of thousandths. Which rows is not known; ours take all rows."
)

DECLARED: tuple[Benchmark, ...] = (
    Benchmark(
        name="btzsc-emotion",
        title="BTZSC emotiondair",
        folders=("btzsc_emotiondair", "emotiondair", "dair_emotion", "emotion"),
        layouts=(
            _pairs(_DAIR_SAYS),
            Layout(("text", "label"), _dair_row, form="dair-ai/emotion", codes=_DAIR_CODES),
        ),
        labels=DAIR,
        kind="single_label",
        headline="macro_f1",
        licence="for education and research, as its card says",
        source="BTZSC (Aarab 2026), rows of dair-ai/emotion test (Saravia et al. 2018)",
        hub=HubSource(_REPOSITORY, "emotiondair", _REVISION, {"test": "test"}),
        faults=(
            _FAULT_SAMPLE,
            "Labels come from hashtags, which were then removed from the text.",
        ),
        scored=("test",),
        prompts=verbalised(DAIR.labels, _DAIR_SAYS),
        only_by_name=True,
    ),
    Benchmark(
        name="btzsc-empathetic",
        title="BTZSC empathetic",
        folders=("btzsc_empathetic", "empathetic", "empathetic_dialogues"),
        layouts=(
            _pairs(_EMPATHETIC_SAYS),
            Layout(
                ("conv_id", "context", "prompt", "utterance"),
                _conversation,
                form="public release, one turn per row",
                is_quoted=True,
                arrange=conversations,
            ),
        ),
        labels=EMPATHETIC,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY-NC 4.0",
        source="BTZSC (Aarab 2026), rows of EmpatheticDialogues test (Rashkin et al. 2019)",
        hub=HubSource(_REPOSITORY, "empathetic", _REVISION, {"test": "test"}),
        faults=(
            _FAULT_SAMPLE,
            "The label is the emotion that a speaker was given before writing; several of the 32 "
            "often fit.",
        ),
        scored=("test",),
        prompts=verbalised(EMPATHETIC.labels, _EMPATHETIC_SAYS),
        only_by_name=True,
    ),
    Benchmark(
        name="btzsc-empathetic-dev",
        title="BTZSC empathetic (dev, stand-in)",
        folders=("empathetic_dialogues",),
        layouts=(Layout(("situation", "emotion"), _situation, form="situations alone"),),
        labels=EMPATHETIC,
        kind="single_label",
        headline="macro_f1",
        licence="CC BY-NC 4.0",
        source="EmpatheticDialogues dev (Rashkin et al. 2019), situations alone",
        faults=(
            "A stand-in for the test rows of BTZSC: another split, and the situation without the "
            "conversation. It never stands among published numbers.",
        ),
        scored=("dev",),
        prompts=verbalised(EMPATHETIC.labels, _EMPATHETIC_SAYS),
        only_by_name=True,
    ),
)
