"""IEMOCAP: acted and improvised scenes of two people, from the licensed release's own folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError
from emo_hub.evaluation.benchmarks.dialogue import continued
from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import text_folder
from emo_hub.taxonomy import IEMOCAP_FOUR, IEMOCAP_SIX, LabelSet

_SESSIONS = {"train": (1, 2, 3), "dev": (4,), "test": (5,)}
_SPOKEN = re.compile(r"(Ses\w+)\s+\[\s*([\d.]+)\s*-\s*[\d.]+\s*\]:\s*(.*)")
_JUDGED = re.compile(r"\[[\d.]+\s*-\s*[\d.]+\]\s+(Ses\w+)\s+([a-z]{3})\s+\[([^\]]+)\]")
# A rater of categories; E are outside people, while F and M are the actors on themselves.
_RATER = re.compile(r"C-E\d+:\s*(.*?)\s*\(")
_SPEAKERS = {"F": "Woman", "M": "Man"}

_CODES = {
    "ang": "anger", "hap": "happiness", "exc": "excitement", "sad": "sadness", "neu": "neutral",
    "fru": "frustration", "fea": "fear", "sur": "surprise", "dis": "disgust", "oth": "other",
}  # fmt: skip
_CHOICES = {
    "anger": "anger", "happiness": "happiness", "excited": "excitement", "sadness": "sadness",
    "neutral": "neutral", "neutral state": "neutral", "frustration": "frustration",
}  # fmt: skip
_JOINED = {"excitement": "happiness"}


def _release(folder: Path, split: str) -> Iterator[Row]:
    """Walk the dialogues of the sessions that make up a split."""
    wanted = _SESSIONS.get(split, ())
    missing = [n for n in wanted if not (folder / f"Session{n}" / "dialog").is_dir()]
    if missing:
        raise DataError(
            f"IEMOCAP's split '{split}' is session {', '.join(map(str, wanted))}, and {folder} has "
            f"no Session{missing[0]}/dialog: give the folder IEMOCAP_full_release of the release."
        )
    for number in wanted:
        dialog = folder / f"Session{number}" / "dialog"
        for path in sorted((dialog / "transcriptions").glob("Ses*.txt")):
            judged = dialog / "EmoEvaluation" / path.name
            if not judged.is_file():
                raise DataError(
                    f"{path} has no {judged} beside it, which says what the raters saw: complete "
                    "the folder from the release."
                )
            yield from _dialogue(path, _judgements(judged))


def _dialogue(path: Path, judged: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    """Give the turns of one dialogue in the order in which they begin."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    spoken = [found.groups() for line in lines if (found := _SPOKEN.match(line.strip()))]
    turns = [
        {
            "text": text.strip(),
            "speaker": _SPEAKERS.get(name.rpartition("_")[2][:1], ""),
            "id": name,
            "group": path.stem,
            "judged": judged.get(name),
        }
        for name, _, text in sorted(spoken, key=lambda turn: float(turn[1]))
    ]
    return continued(turns)


def _judgements(path: Path) -> dict[str, dict[str, Any]]:
    """Read for each turn the agreed category, the mean (V, A, D) and the outside raters."""
    found: dict[str, dict[str, Any]] = {}
    current: dict[str, Any] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if turn := _JUDGED.match(line):
            values = tuple(float(value) for value in turn[3].split(","))
            current = {"code": turn[2], "values": values, "raters": []}
            found[turn[1]] = current
        elif (rater := _RATER.match(line)) and current:
            current["raters"].append([c.strip() for c in rater[1].split(";") if c.strip()])
    if not found:
        raise DataError(
            f"{path} has no line such as '[6.2901 - 8.2357]<tab>turn<tab>neu<tab>[V, A, D]': it is "
            "not an evaluation file of the release."
        )
    return found


def _shares(
    raters: list[list[str]], renamed: Mapping[str, str], labels: LabelSet
) -> dict[str, float]:
    """Split one vote of each rater over what was chosen; what is outside the set is left out."""
    shares: dict[str, float] = {}
    for choices in raters:
        for choice in choices:
            name = _CHOICES.get(choice.lower(), "")
            name = renamed.get(name, name)
            if name in labels.labels:
                shares[name] = shares.get(name, 0.0) + 1 / len(choices) / len(raters)
    return shares


def _reader(labels: LabelSet, renamed: Mapping[str, str]) -> Callable[[Row, Names], Example | None]:
    def read(row: Row, _: Names) -> Example | None:
        judged = row["judged"]
        name = _CODES.get(judged["code"], "") if judged else ""
        name = renamed.get(name, name)
        # Turns without agreement (xxx) and categories outside the set serve as context alone.
        if name not in labels.labels:
            return None
        shares = _shares(judged["raters"], renamed, labels)
        return Example(
            row["text"],
            labels=(name,),
            context=row["context"],
            id=row["id"],
            shares=shares or None,
            group=row["group"],
        )

    return read


def _read_values(row: Row, _: Names) -> Example | None:
    if row["judged"] is None:
        return None
    valence, activation, dominance = row["judged"]["values"]
    return Example(
        row["text"],
        values=(valence, activation, dominance),
        context=row["context"],
        id=row["id"],
        group=row["group"],
    )


def _layout(read: Callable[[Row, Names], Example | None]) -> Layout:
    return Layout(
        ("transcriptions", "EmoEvaluation"),
        read,
        "licensed release",
        rows=_release,
        marks={
            split: tuple(f"Session{n}/dialog/EmoEvaluation/Ses*.txt" for n in numbers)
            for split, numbers in _SESSIONS.items()
        },
    )


_FOLDERS = ("iemocap", "IEMOCAP_full_release")
_LICENCE = "by signed agreement with the University of Southern California, for research alone"
_SOURCE = "IEMOCAP (Busso et al. 2008), sail.usc.edu/iemocap"
_FAULTS = (
    "There is no official split: session 5 is test, as in most papers, session 4 is dev and "
    "sessions 1 to 3 are train; many published numbers train on session 4 too, or average over "
    "the five sessions.",
    "The raters saw and heard the actors; a text alone does not always tell what they judged.",
    "Half of the scenes follow a script, so test repeats lines of train.",
)
_DISAGREED = "About a quarter of the turns have no agreed category; they are context, not scored."

DECLARED = (
    Benchmark(
        name="iemocap-4",
        title="IEMOCAP, 4 classes",
        folders=(*_FOLDERS, "iemocap-4"),
        layouts=(_layout(_reader(IEMOCAP_FOUR, _JOINED)), *text_folder()),
        labels=IEMOCAP_FOUR,
        kind="single_label",
        headline="macro_f1",
        licence=_LICENCE,
        source=_SOURCE,
        faults=(
            *_FAULTS,
            _DISAGREED,
            "Excitement counts as happiness; papers that leave it out do not compare, nor do "
            "those that call the mean recall accuracy.",
        ),
        spellings={**_CODES, "exc": "happiness", "excited": "happiness", "happy": "happiness"},
    ),
    Benchmark(
        name="iemocap-6",
        title="IEMOCAP, 6 classes",
        folders=(*_FOLDERS, "iemocap-6"),
        layouts=(_layout(_reader(IEMOCAP_SIX, {})), *text_folder()),
        labels=IEMOCAP_SIX,
        kind="single_label",
        headline="weighted_f1",
        licence=_LICENCE,
        source=_SOURCE,
        faults=(*_FAULTS, _DISAGREED),
        spellings={**_CODES, "excited": "excitement", "happy": "happiness"},
    ),
    Benchmark(
        name="iemocap-vad",
        title="IEMOCAP, valence, activation and dominance",
        folders=(*_FOLDERS, "iemocap-vad"),
        layouts=(_layout(_read_values),),
        labels=None,
        kind="regression",
        headline="valence_pearson",
        licence=_LICENCE,
        source=_SOURCE,
        faults=(
            *_FAULTS,
            "The values are means of two or three raters on a scale of 1 to 5 in the order "
            "valence, activation, dominance; activation is reported as arousal.",
        ),
    ),
)
