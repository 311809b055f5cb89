"""What the trainer learns from: rows of the corpus, and annotations joined to public comments.

Of a public source only ids and texts are read, never a human label.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError
from emo_hub.records import DIMENSIONS, MAJORITY, PANEL, given_by_most
from emo_hub.taxonomy import normalise

Source = Literal["utterance", "scene", "comment", "labelled"]
HUB_SOURCE = ("google-research-datasets/go_emotions", "simplified")
_UNKNOWN = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One text with what the teacher said of it.

    Args:
        id: the record's id in the corpus.
        source: where the text comes from.
        text: what is read.
        context: what came before it, or None.
        labels: intensity, 0.3..1, of each label that holds.
        descriptors: free words, normalised.
        vad: valence, arousal, dominance, each 1..5; NaN where unknown.
        trust: how much it counts, in [0, 1]. A row below 1 is visited once in a run, where the
            others are visited once an epoch.
        votes: share of a panel, in (0, 1], that would give each label; empty where none was asked.
        words: chosen from the palette, the most fitting first; empty where nobody was asked.
        primary: the label that holds most; empty where nobody said.
        story: the narrative that the text is from; empty for a text by itself.
        character: who speaks and what is known of them, for a text after a context.
    """

    id: str
    source: Source
    text: str
    context: str | None
    labels: Mapping[str, float]
    descriptors: tuple[str, ...]
    vad: tuple[float, float, float] = _UNKNOWN
    trust: float = 1.0
    votes: Mapping[str, float] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    primary: str = ""
    story: str = ""
    character: str = ""

    @property
    def strengths(self) -> Mapping[str, float]:
        """Say how much each label holds: by the votes of a panel, else as its annotator put it."""
        return self.votes or self.labels

    @property
    def held(self) -> frozenset[str]:
        """Name the labels that hold: a panel's as `given_by_most` has it, else all."""
        if not self.votes:
            return frozenset(self.labels)
        return given_by_most(self.votes, MAJORITY / PANEL)

    @property
    def given(self) -> frozenset[str]:
        """Name all labels that somebody gave: its annotator, or most of a panel."""
        return self.held.union(self.labels)


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows whose texts were found, and a sentence that says what was and what was not."""

    rows: tuple[TrainingRow, ...]
    note: str


def corpus_rows(data: Path, split: str) -> tuple[TrainingRow, ...]:
    """Read the synthetic rows of one split: utterances by themselves, and those after a context.

    Raises:
        DataError: the folder is no emo-pillars corpus.
    """
    corpus = read_corpus(data)
    alone = [
        _row(r, r["utterance"], None, "scene" if r["narrative_id"] else "utterance")
        for r in corpus.rows("contextless", split)
    ]
    after = [
        _row(r, r["utterance"], r["context"], "scene") for r in corpus.rows("contextual", split)
    ]
    return (*alone, *after)


@dataclass(frozen=True, slots=True)
class Trust:
    """How much the labels of one teacher count, where annotators do not agree equally well."""

    teacher: str = ""
    weight: float = 1.0

    def of(self, teacher: str) -> float:
        """Give the trust in a row of this teacher."""
        return self.weight if teacher == self.teacher else 1.0


def annotated_rows(data: Path, split: str, texts: str, trust: Trust = Trust()) -> Joined:
    """Join the stand-off annotations of one split with the public texts they speak of.

    Args:
        data: the corpus folder.
        split: which of its splits.
        texts: a folder with `train.parquet` (columns id and text), "hub", or "" for none.
        trust: in rows of a teacher that agrees less well.

    Raises:
        DataError: `texts` names a folder that has no such file, or the corpus is of a version
            whose annotations have other columns.
    """
    corpus = read_corpus(data)
    count = corpus.counts["descriptors"][split]
    if not texts:
        return Joined((), f"{count} annotated comments left out: no texts were given.")
    found = _hub_texts() if texts == "hub" else _folder_texts(Path(texts))
    if found is None:
        return Joined((), f"{count} annotated comments left out: the Hub is not reachable.")
    annotations = corpus.rows("descriptors", split)
    known, held_out = found
    rows, absent, in_test = [], 0, 0
    # A second look measures how far the first can be trusted; the text is learnt from once.
    for annotation in (a for a in annotations if a["look"] == 1):
        text = known.get(annotation["source_id"])
        if text is None:
            absent += 1
        elif text in held_out:
            in_test += 1
        else:
            rows.append(_comment(annotation, text, trust))
    note = (
        f"{len(rows)} annotated comments joined with their texts; {absent} texts not found, "
        f"{in_test} dropped because the same text stands in the source's dev or test split."
    )
    return Joined(tuple(rows), note)


def share_of(rows: Sequence[TrainingRow], share: float, seed: int) -> tuple[TrainingRow, ...]:
    """Take a share of each kind of rows, in the order that they have.

    Which rows are taken hangs on the seed and their ids alone, and a smaller share lies within a
    larger one, so that points of a learning curve differ by rows that were added.

    Args:
        rows: of any kinds.
        share: of each kind, in (0, 1]; at least one row of each that is there is taken.
        seed: of the choice.
    """
    by_kind: dict[Source, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_kind[row.source].append(place)
    taken: list[int] = []
    for places in by_kind.values():
        places.sort(key=lambda place: hashlib.sha256(f"{seed}/{rows[place].id}".encode()).digest())
        taken += places[: max(1, round(share * len(places)))]
    return tuple(rows[place] for place in sorted(taken))


def _row(record: Mapping[str, Any], text: str, context: str | None, source: Source) -> TrainingRow:
    values = [record.get(name) for name in DIMENSIONS]
    valence, arousal, dominance = (math.nan if v is None else float(v) for v in values)
    return TrainingRow(
        id=record["id"],
        source=source,
        text=text,
        context=context,
        labels=dict(zip(record["labels"], record["intensities"], strict=True)),
        descriptors=tuple(dict.fromkeys(normalise(d) for d in record["descriptors"])),
        vad=(valence, arousal, dominance),
        words=tuple(record["words"]),
        primary=record.get("primary_emotion") or "",
        story=record.get("narrative_id") or "",
        character=_character(record),
    )


def _comment(annotation: Mapping[str, Any], text: str, trust: Trust) -> TrainingRow:
    row = _row(annotation, text, None, "comment")
    votes = {
        label: count / PANEL
        for label, count in zip(annotation["voted"], annotation["votes"], strict=True)
    }
    # A panel's answer does not hang on how well the annotator of the row agrees with others.
    counts = 1.0 if votes else trust.of(annotation["provenance"]["teacher"])
    return replace(row, trust=counts, votes=votes)


def _character(record: Mapping[str, Any]) -> str:
    name, said = (record.get(key) or "" for key in ("character", "character_description"))
    return f"{name}: {said}" if name and said else name or said


def _folder_texts(folder: Path) -> tuple[dict[str, str], set[str]]:
    path = folder / "train.parquet"
    if not path.exists():
        raise DataError(
            f"{folder} has no train.parquet with the GoEmotions comments (columns id and text); "
            "name the folder that has it, 'hub', or leave it out to train without them."
        )
    known = _id_to_text(path)
    others = [folder / name for name in ("dev.parquet", "test.parquet") if (folder / name).exists()]
    return known, {text for other in others for text in _id_to_text(other).values()}


def _id_to_text(path: Path) -> dict[str, str]:
    try:
        table = pq.read_table(path, columns=["id", "text"])
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{path} cannot be read as Parquet with columns id and text: {error}"
        ) from error
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))


def _hub_texts() -> tuple[dict[str, str], set[str]] | None:
    from datasets import load_dataset

    try:
        splits = load_dataset(*HUB_SOURCE)
    except (ConnectionError, FileNotFoundError, OSError):
        return None
    # The label columns are dropped before anything is read.
    tables = {name: split.select_columns(["id", "text"]) for name, split in splits.items()}
    known = dict(zip(tables["train"]["id"], tables["train"]["text"], strict=True))
    held_out = {text for name in ("validation", "test") for text in tables[name]["text"]}
    return known, held_out
