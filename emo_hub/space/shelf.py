"""The lines of a corpus, to be browsed by emotion, kind of text and story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError
from emo_hub.records import DIMENSIONS, SPLITS
from emo_hub.taxonomy import GOEMOTIONS

if TYPE_CHECKING:
    from datasets import Dataset

_CONFIGS = ("contextual", "contextless")
_COLUMNS = (
    "utterance", "context", "character", "utterance_original", "labels", "intensities",
    "descriptors", *DIMENSIONS, "register", "narrative_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the corpus; what only contextual lines have is "" on the others.

    Args:
        feelings: labels and intensities in [0, 1], strongest first.
        degrees: valence, arousal and dominance, each in [1, 5].
        story: the title of its narrative.
    """

    utterance: str
    context: str
    speaker: str
    original: str
    feelings: tuple[tuple[str, float], ...]
    descriptors: tuple[str, ...]
    degrees: tuple[float, float, float]
    register: str
    story: str

    def is_like(self, emotion: str, register: str, story: str) -> bool:
        """Whether it has all that is asked for; "" asks for nothing."""
        return (
            (not emotion or any(label == emotion for label, _ in self.feelings))
            and (not register or self.register == register)
            and (not story or self.story == story)
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """All lines of a corpus."""

    entries: tuple[Entry, ...]

    @property
    def registers(self) -> list[str]:
        """Name the kinds of text that there are."""
        return sorted({entry.register for entry in self.entries if entry.register})

    @property
    def stories(self) -> list[str]:
        """Name the narratives that there are."""
        return sorted({entry.story for entry in self.entries if entry.story})

    def find(self, emotion: str, register: str, story: str) -> list[Entry]:
        """Give the lines that have all that is asked for; "" asks for nothing."""
        return [entry for entry in self.entries if entry.is_like(emotion, register, story)]


def open_shelf(corpus: str) -> Shelf:
    """Read all lines of a corpus: stories first, since they have more to show.

    Args:
        corpus: a folder that `emo-hub corpus build` wrote, or a repository of the Hub.

    Raises:
        DataError: the folder or the repository is no such corpus, or cannot be reached.
    """
    titles = {
        str(row["id"]): str(row["title"])
        for part in _parts(corpus, "narratives")
        for row in part.select_columns(["id", "title"])
    }
    return Shelf(
        tuple(
            _entry(row, titles)
            for config in _CONFIGS
            for part in _parts(corpus, config)
            for row in part.select_columns(_present(part)).to_list()
        )
    )


def _parts(corpus: str, config: str) -> Sequence[Dataset]:
    if Path(corpus).is_dir():
        stored = read_corpus(Path(corpus))
        return [stored.split(config, split) for split in SPLITS]
    from datasets import load_dataset

    try:
        return list(load_dataset(corpus, config).values())
    except (ValueError, OSError) as error:
        raise DataError(
            f"{corpus} cannot be browsed as a corpus ({error}): name one that `emo-hub publish "
            "dataset` put on the Hub, or none."
        ) from error


def _present(part: Dataset) -> list[str]:
    return [name for name in _COLUMNS if name in part.column_names]


def _entry(row: Mapping[str, Any], titles: Mapping[str, str]) -> Entry:
    names = [GOEMOTIONS.labels[number] for number in row["labels"]]
    valence, arousal, dominance = (float(row[n]) for n in DIMENSIONS)
    return Entry(
        row["utterance"],
        row.get("context") or "",
        row.get("character") or "",
        row.get("utterance_original") or "",
        tuple(zip(names, map(float, row["intensities"]), strict=True)),
        tuple(row["descriptors"]),
        (valence, arousal, dominance),
        row["register"] or "",
        titles.get(row["narrative_id"] or "", ""),
    )
