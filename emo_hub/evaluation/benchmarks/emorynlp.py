"""EmoryNLP: turns of scenes from the television series Friends in seven feelings of Willcox."""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError
from emo_hub.evaluation.benchmarks.dialogue import continued, in_dialogues, mended
from emo_hub.evaluation.benchmarks.label_sets import EMORYNLP
from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, text_folder

_PARTS = {"train": "trn", "dev": "dev", "test": "tst"}
_COLUMNS = ("Utterance", "Speaker", "Emotion", "Scene_ID", "Utterance_ID")


def _speakers(value: object) -> str:
    """Read who spoke: a name, a list of names, or a list that was written into a cell."""
    if not isinstance(value, str):
        return ", ".join(map(str, value)) if isinstance(value, Iterable) else ""
    try:
        listed = literal_eval(value) if value.startswith("[") else value
    except (ValueError, SyntaxError):
        listed = value.strip("[]'\" ")
    return ", ".join(map(str, listed)) if isinstance(listed, list) else str(listed)


def _scene(row: Row) -> str:
    """Name a scene: its number starts anew in each episode."""
    places = (cell(row, column) for column in ("Season", "Episode", "Scene_ID"))
    return "-".join(place for place in places if place)


def _arrange(rows: Iterable[Row]) -> Iterator[Row]:
    turns = (
        {
            **row,
            "text": mended(cell(row, "Utterance")),
            "speaker": _speakers(row["Speaker"]),
            "emotion": row["Emotion"],
            "id": f"{_scene(row)}-{row['Utterance_ID']}",
        }
        for row in rows
    )
    return in_dialogues(turns, _scene, lambda row: int(row["Utterance_ID"]))


def _release(folder: Path, split: str) -> Iterator[Row]:
    """Walk the episodes, scenes and utterances of the release's JSON."""
    name = f"emotion-detection-{_PARTS.get(split, split)}.json"
    path = next((p for p in (folder / name, folder / "json" / name) if p.is_file()), None)
    if path is None:
        raise DataError(
            f"EmoryNLP's split '{split}' needs {name}, which is not in {folder}: take it from the "
            "folder json of github.com/emorynlp/emotion-detection."
        )
    try:
        episodes = json.loads(path.read_text(encoding="utf-8"))["episodes"]
        for episode in episodes:
            for scene in episode["scenes"]:
                yield from continued([_turn(u, scene) for u in scene["utterances"]])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not in the form of the release, episodes of scenes of utterances with "
            f"'transcript', 'speakers' and 'emotion': {error!r}."
        ) from error


def _turn(utterance: Mapping[str, Any], scene: Mapping[str, Any]) -> dict[str, Any]:
    identity = str(utterance.get("utterance_id", ""))
    return {
        "text": mended(str(utterance["transcript"] or "")),
        "speaker": _speakers(utterance["speakers"]),
        "emotion": utterance["emotion"],
        "id": identity,
        "group": str(scene.get("scene_id") or identity.rpartition("_")[0]),
    }


def _read(row: Row, names: Names) -> Example:
    return Example(
        row["text"],
        labels=(names.name(row["emotion"]),),
        context=row["context"],
        id=row["id"],
        group=row["group"],
    )


DECLARED = (
    Benchmark(
        name="emorynlp",
        title="EmoryNLP",
        folders=("emorynlp", "emotion-detection", "EmoryNLP_csv"),
        layouts=(
            Layout(
                ("transcript", "speakers", "emotion"),
                _read,
                "public release",
                rows=_release,
                marks={
                    split: tuple(f"{at}emotion-detection-{part}.json" for at in ("", "json/"))
                    for split, part in _PARTS.items()
                },
            ),
            Layout(
                _COLUMNS,
                _read,
                "copy of the conversation papers",
                optional=("Season", "Episode"),
                arrange=_arrange,
            ),
            *text_folder(),
        ),
        labels=EMORYNLP,
        kind="single_label",
        headline="weighted_f1",
        licence="no licence text of the data was found; the lines are from Friends, with rights of "
        "third parties",
        source="EmoryNLP (Zahiri and Choi 2018), github.com/emorynlp/emotion-detection",
        faults=(
            "The authors say themselves that agreement between annotators is not the greatest.",
            "Two copies are in use: the release in JSON (12,606 utterances, 1,328 in test) and a "
            "csv of the conversation papers that leaves utterances out, so that contexts have "
            "holes; say which one a number is of.",
            "The seven words are feelings of a wheel, not classes that exclude each other: "
            "powerful and peaceful are seldom meant by other data under these names.",
        ),
        files={
            split: (f"emorynlp_{split}_final.csv", f"data/emorynlp/emorynlp_{split}_final.csv")
            for split in _PARTS
        },
    ),
)
