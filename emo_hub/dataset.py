"""The columns of emo-pillars, and a corpus on disk read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value

from emo_hub.errors import DataError
from emo_hub.palette import palette_names
from emo_hub.records import SPLITS
from emo_hub.taxonomy import GOEMOTIONS

Row = dict[str, Any]

MANIFEST = "corpus.json"
CONFIGS = ("contextless", "contextual", "descriptors", "narratives")

_LABEL = ClassLabel(names=list(GOEMOTIONS.labels))
_TEXT = Value("string")
_DEGREE = Value("float32")
_PROVENANCE = {"teacher": _TEXT, "prompt_version": _TEXT, "request_id": _TEXT}
_SOFT_LABELS = {"labels": List(_LABEL), "intensities": List(_DEGREE)}
_WORDS = List(ClassLabel(names=list(palette_names())))
_AFFECT = {
    **_SOFT_LABELS,
    "primary_emotion": _LABEL,
    "descriptors": List(_TEXT),
    "words": _WORDS,
    "valence": _DEGREE,
    "arousal": _DEGREE,
    "dominance": _DEGREE,
}
_LOOKS = {
    "looks": List(
        {
            "teacher": _TEXT,
            **_SOFT_LABELS,
            "outside": List(_TEXT),
            "descriptors": List(_TEXT),
            "valence": _DEGREE,
            "arousal": _DEGREE,
            "dominance": _DEGREE,
        }
    ),
    "agreement": _DEGREE,
}
_ORIGIN = {
    "register": _TEXT,
    "world": _TEXT,
    "narrative_id": _TEXT,
    "provenance": _PROVENANCE,
}

FEATURES: Mapping[str, Features] = {
    "contextless": Features({"id": _TEXT, "utterance": _TEXT, **_AFFECT, **_LOOKS, **_ORIGIN}),
    "contextual": Features(
        {
            "id": _TEXT,
            "utterance": _TEXT,
            "context": _TEXT,
            "character": _TEXT,
            "character_description": _TEXT,
            "utterance_original": _TEXT,
            **_AFFECT,
            **_LOOKS,
            **_ORIGIN,
        }
    ),
    "descriptors": Features(
        {
            "id": _TEXT,
            "source": _TEXT,
            "source_split": _TEXT,
            "source_id": _TEXT,
            "look": Value("int8"),
            "descriptors": List(_TEXT),
            "words": _WORDS,
            **_SOFT_LABELS,
            "voted": List(_LABEL),
            "votes": List(Value("int8")),
            "valence": _DEGREE,
            "arousal": _DEGREE,
            "provenance": _PROVENANCE,
        }
    ),
    "narratives": Features(
        {
            "id": _TEXT,
            "title": _TEXT,
            "genre": _TEXT,
            "setting": _TEXT,
            "narrative": _TEXT,
            "characters": List({"name": _TEXT, "description": _TEXT}),
            "provenance": _PROVENANCE,
        }
    ),
}


# With the metadata by which datasets knows class numbers from numbers.
_SCHEMAS = {config: features.arrow_schema for config, features in FEATURES.items()}


def parquet_name(config: str, split: str, shard: int = 0, shards: int = 1) -> str:
    """Name a file of a split, relative to the corpus; a large split has several."""
    return f"{config}/{split}-{shard:05d}-of-{shards:05d}.parquet"


def table(config: str, rows: Sequence[Row]) -> pa.Table:
    """Put rows under the columns of a config.

    Raises:
        DataError: a row does not fit the columns.
    """
    try:
        columns = {name: [row[name] for row in rows] for name in FEATURES[config]}
        return pa.Table.from_pydict(columns, schema=_SCHEMAS[config])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"A row does not fit the columns of {config}: {error}") from error


@dataclass(frozen=True)
class StoredCorpus:
    """A corpus on disk, read split by split as it is needed.

    Args:
        path: its folder.
        manifest: what `corpus.json` says of it.
    """

    path: Path
    manifest: Mapping[str, Any]

    @cached_property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Give the number of rows of each config and split."""
        counts: Mapping[str, Mapping[str, int]] = self.manifest["counts"]
        return counts

    @property
    def version(self) -> str:
        """Name the version of the corpus."""
        return str(self.manifest["version"])

    @property
    def fingerprint(self) -> str:
        """Give the hash of all that the corpus was made from."""
        return str(self.manifest["fingerprint"])

    @property
    def content(self) -> str:
        """Give the hash of the rows themselves, which a change of code or card may leave alone."""
        return str(self.manifest["content"])

    def split(self, config: str, split: str) -> Dataset:
        """Read a split, class numbers and their names included.

        Raises:
            DataError: there is no such split, or its file is missing, damaged or of other columns.
        """
        if config not in FEATURES or split not in SPLITS:
            raise DataError(
                f"There is no {config}/{split}; configs are {', '.join(CONFIGS)}, "
                f"splits {', '.join(SPLITS)}."
            )
        files = self.files(config, split)
        try:
            found = Dataset(pa.concat_tables([pq.read_table(file) for file in files]))
        except (OSError, ValueError) as error:
            place = self.path / config / split
            raise DataError(f"{place} cannot be read ({error}): build the corpus again.") from error
        if found.features != FEATURES[config]:
            raise DataError(f"{files[0]} has other columns than {config}: build the corpus again.")
        return found

    def files(self, config: str, split: str) -> tuple[Path, ...]:
        """Name the files of a split, in the order of its rows."""
        last = max((self.path / config).glob(f"{split}-*-of-*.parquet"), default=None)
        shards = 1 if last is None else int(last.stem.rsplit("-", 1)[1])
        return tuple(self.path / parquet_name(config, split, n, shards) for n in range(shards))

    def rows(self, config: str, split: str) -> list[Row]:
        """Read a split as plain rows, with names instead of class numbers.

        Raises:
            DataError: as `split` does.
        """
        names, words = GOEMOTIONS.labels, palette_names()
        rows: list[Row] = self.split(config, split).to_list()
        for row in rows:
            for labelled in (row, *row.get("looks", ())):
                if "labels" in labelled:
                    labelled["labels"] = [names[number] for number in labelled["labels"]]
            if "voted" in row:
                row["voted"] = [names[number] for number in row["voted"]]
            if "words" in row:
                row["words"] = [words[number] for number in row["words"]]
            if "primary_emotion" in row:
                row["primary_emotion"] = names[row["primary_emotion"]]
        return rows


def read_corpus(path: Path) -> StoredCorpus:
    """Open a corpus that `emo-hub corpus build` wrote.

    Raises:
        DataError: the folder is no such corpus.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        [manifest[name] for name in ("counts", "version", "fingerprint", "content")]
    except FileNotFoundError as error:
        raise DataError(
            f"{path} holds no corpus ({MANIFEST} is missing): make one with "
            f"`emo-hub corpus build --out {path.name}`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path / MANIFEST} cannot be read ({error}): build again.") from error
    return StoredCorpus(path, manifest)
