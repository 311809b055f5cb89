"""DailyDialog: dialogues of language learners' sites, one of seven classes for each turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError
from emo_hub.evaluation.benchmarks.dialogue import continued
from emo_hub.evaluation.benchmarks.label_sets import DAILYDIALOG
from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names, Row
from emo_hub.evaluation.layouts import text_folder

_END = "__eou__"
_CODES = dict(enumerate(DAILYDIALOG.labels))
_PARTS = {"train": "train", "dev": "validation", "test": "test"}


def _turns(texts: Sequence[object], emotions: Sequence[object], name: str) -> Iterator[Row]:
    """Pair the turns of one dialogue with its labels; without labels where the counts differ."""
    matched = len(texts) == len(emotions)
    turns: list[dict[str, Any]] = [
        {
            "text": str(text).strip(),
            "emotion": emotion if matched else None,
            "id": f"{name}-{number}",
            "group": name,
        }
        for number, (text, emotion) in enumerate(zip_longest(texts, emotions), start=1)
        if text is not None
    ]
    return continued(turns)


def _text_files(folder: Path, split: str) -> Iterator[Row]:
    """Read the two files of the release that stand line beside line."""
    part = _PARTS.get(split, split)
    said, felt = (
        _found(folder, part, f"{stem}_{part}.txt") for stem in ("dialogues", "dialogues_emotion")
    )
    spoken, labelled = (p.read_text(encoding="utf-8").splitlines() for p in (said, felt))
    if len(spoken) != len(labelled):
        raise DataError(
            f"{said} has {len(spoken)} lines and {felt} has {len(labelled)}; they must stand line "
            "beside line: take both from the same release."
        )
    for number, (line, labels) in enumerate(zip(spoken, labelled, strict=True), start=1):
        texts = [text for text in line.split(_END) if text.strip()]
        yield from _turns(texts, labels.split(), f"{part}-{number}")


def _found(folder: Path, part: str, name: str) -> Path:
    places = (folder / name, folder / part / name, folder / part / part / name)
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise DataError(
            f"DailyDialog's split '{part}' needs {name}, which is not in {folder} or its folder "
            f"{part}: unpack {part}.zip of the release there."
        )
    return path


def _arranged(texts: str, emotions: str) -> Layout:
    """Make the layout of a table with one dialogue per row, its turns in two lists."""

    def arrange(rows: Iterable[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows, start=1):
            yield from _turns(list(row[texts]), list(row[emotions]), str(number))

    return Layout((texts, emotions), _read, "Hub copy", codes=_CODES, arrange=arrange)


def _read(row: Row, names: Names) -> Example | None:
    if row["emotion"] is None:
        return None
    return Example(
        row["text"],
        labels=(names.name(row["emotion"]),),
        context=row["context"],
        id=row["id"],
        group=row["group"],
    )


DECLARED = (
    Benchmark(
        name="dailydialog",
        title="DailyDialog",
        folders=("dailydialog", "daily_dialog", "ijcnlp_dailydialog", "EMNLP_dataset"),
        layouts=(
            Layout(
                ("dialogues", "dialogues_emotion"),
                _read,
                "public release",
                codes=_CODES,
                rows=_text_files,
                marks={
                    split: tuple(f"{at}dialogues_emotion_{part}.txt" for at in ("", "*/", "*/*/"))
                    for split, part in _PARTS.items()
                },
            ),
            _arranged("dialog", "emotion"),
            _arranged("utterances", "emotions"),
            *text_folder(),
        ),
        labels=DAILYDIALOG,
        kind="single_label",
        headline="micro_f1_without_neutral",
        licence="CC BY-NC-SA 4.0",
        source="DailyDialog (Li et al. 2017), yanran.li/dailydialog",
        # A Parquet copy with the splits of the release (11,118, 1,000 and 1,000 dialogues), as
        # public evaluations pin it: the authors' own copy is a script and their server is gone.
        hub=HubSource("OpenRL/daily_dialog", None, "1668faf0c0dc44664f108c489fd0666128db2c48"),
        faults=(
            "More than four turns in five carry no emotion, which is why micro F1 is taken "
            "without them; over all seven classes the same metric is accuracy and looks far "
            "better.",
            "Texts are split into tokens, with spaces before punctuation.",
            "Dialogues whose turns and labels differ in number are left out.",
        ),
        spellings={"no emotion": "neutral", "no_emotion": "neutral", "happy": "happiness"},
    ),
)
