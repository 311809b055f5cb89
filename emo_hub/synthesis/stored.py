"""Lines of a corpus on disk, streamed batch by batch, whatever columns its version has."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.dataset import StoredCorpus
from emo_hub.errors import DataError
from emo_hub.records import SPLITS

LINES = ("contextless", "contextual")
BATCH_ROWS = 4096
_COLUMNS = (
    "id", "utterance", "labels", "intensities", "primary_emotion", "descriptors", "register",
    "world", "narrative_id", "provenance", "context", "character", "utterance_original", "looks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A row of `contextless` or `contextual`; labels are numbers of the 28.

    Args:
        config: which of the two.
        split: train, validation or test.
        id: of the row.
        text: the line.
        labels: strongest first.
        intensities: parallel to `labels`.
        primary: the strongest label.
        descriptors: free words.
        register: what kind of text it is.
        world: where it plays.
        story: its narrative, or else its request: what never crosses splits.
        voice: what one character says in a story, or what one request brought.
        context: empty in contextless rows.
        original: the wording that stands alone; empty in contextless rows.
        looks: single readings, where there was more than one.
    """

    config: str
    split: str
    id: str
    text: str
    labels: tuple[int, ...]
    intensities: tuple[float, ...]
    primary: int
    descriptors: tuple[str, ...]
    register: str
    world: str
    story: str
    voice: str
    context: str
    original: str
    looks: tuple[dict[str, Any], ...]


def read_lines(
    corpus: StoredCorpus,
    configs: Sequence[str] = LINES,
    splits: Sequence[str] = SPLITS,
) -> Iterator[StoredLine]:
    """Read rows one by one, config by config and split by split, in the order of the files.

    Raises:
        DataError: a file is missing or damaged.
    """
    for config in configs:
        for split in splits:
            for file in corpus.files(config, split):
                for row in read_rows(file, _COLUMNS):
                    yield _line(config, split, row)


def read_rows(file: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Read those of the columns that a Parquet file has, a batch in memory at a time.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            names = [name for name in columns if name in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(BATCH_ROWS, columns=names):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read ({error}): build the corpus again.") from error


def chance(name: str, salt: str = "sample") -> float:
    """Give a number in [0, 1) that looks like chance and is always the same for a name."""
    return int.from_bytes(hashlib.sha256(f"{salt}/{name}".encode()).digest()[:6]) / (1 << 48)


def sample_lines(
    corpus: StoredCorpus, most: int, configs: Sequence[str] = LINES
) -> list[StoredLine]:
    """Draw at most so many lines, whole stories and requests at a time; the same ones every time.

    Whole groups, because what lies within a voice cannot be measured on single lines.

    Raises:
        DataError: a file is missing or damaged.
    """
    sizes = Counter(line.story for line in read_lines(corpus, configs))
    drawn: set[str] = set()
    room = most
    for story in sorted(sizes, key=chance):
        if sizes[story] <= room:
            drawn.add(story)
            room -= sizes[story]
    return [line for line in read_lines(corpus, configs) if line.story in drawn]


def _line(config: str, split: str, row: dict[str, Any]) -> StoredLine:
    request = (row.get("provenance") or {}).get("request_id", "")
    story = row.get("narrative_id") or request
    character = row.get("character") or ""
    return StoredLine(
        config=config,
        split=split,
        id=row["id"],
        text=row["utterance"],
        labels=tuple(row["labels"]),
        intensities=tuple(row["intensities"]),
        primary=row["primary_emotion"],
        descriptors=tuple(row.get("descriptors") or ()),
        register=row.get("register") or "",
        world=row.get("world") or "",
        story=story,
        voice=f"{story}/{character}" if character else request,
        context=row.get("context") or "",
        original=row.get("utterance_original") or "",
        looks=tuple(row.get("looks") or ()),
    )
