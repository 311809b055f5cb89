"""A corpus to a folder that `datasets` loads: Parquet, card, rejects, manifest; all or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import Dataset, DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from emo_hub.dataset import CONFIGS, FEATURES, MANIFEST, Row, parquet_name, read_corpus, table
from emo_hub.errors import DataError, InputError
from emo_hub.records import SPLITS, Rejection

REJECTED = "rejected.jsonl"
CARD = "README.md"
NAME = "emo-pillars"


@dataclass(frozen=True)
class Corpus:
    """All that goes into the folder except the card.

    Args:
        version: of the corpus, as its git tag will have it, without the v.
        fingerprint: hash of recordings, prompts and code.
        rows: of each config and split.
        rejections: what did not become a row.
        extras: more entries for the manifest, by name.
    """

    version: str
    fingerprint: str
    rows: Mapping[str, Mapping[str, Sequence[Row]]]
    rejections: Sequence[Rejection] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Give the number of rows of each config and split."""
        return {
            config: {split: len(self.rows[config][split]) for split in SPLITS} for config in CONFIGS
        }


def write_corpus(corpus: Corpus, out: Path, card: Callable[[str], str]) -> None:
    """Write a corpus into a folder beside `out`, and put it in the place of `out` when complete.

    Args:
        corpus: what to write.
        out: where it goes; an earlier corpus there is replaced.
        card: makes the card from its YAML on configs, features, splits and sizes.

    Raises:
        InputError: `out` is there and is something else than a corpus.
        DataError: a row does not fit its columns.
        CardError: the card asks for a fact that is not there.
    """
    out = out.absolute()
    check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.part-", dir=out.parent))
    try:
        part.chmod(0o755)
        _fill(part, corpus, card)
        if out.exists():
            # Renamed first: a folder cannot be renamed onto one that holds files.
            earlier = part.with_name(part.name.replace(".part-", ".earlier-"))
            out.rename(earlier)
            part.rename(out)
            shutil.rmtree(earlier)
        else:
            part.rename(out)
    finally:
        if part.exists():
            shutil.rmtree(part)


def check_replaceable(out: Path) -> None:
    """Make sure that writing a corpus to a place loses nothing but an earlier corpus.

    Raises:
        InputError: something else is there.
    """
    if out.is_dir():
        free = (out / MANIFEST).is_file() or not any(out.iterdir())
    else:
        free = not out.exists()
    if not free:
        raise InputError(f"{out} is there and is no corpus of ours: give another place or move it.")


def is_current(out: Path, fingerprint: str) -> bool:
    """Say whether a folder holds exactly this corpus, whole."""
    try:
        manifest = read_corpus(out).manifest
    except DataError:
        return False
    files = manifest.get("files", {})
    return manifest["fingerprint"] == fingerprint and all(
        (out / name).is_file() and _sha256(out / name) == digest for name, digest in files.items()
    )


def _fill(part: Path, corpus: Corpus, card: Callable[[str], str]) -> None:
    infos = {}
    for config in CONFIGS:
        (part / config).mkdir()
        tables = {split: table(config, corpus.rows[config][split]) for split in SPLITS}
        for split, rows in tables.items():
            # Chunked by content, so that a new version on the Hub shares what it did not change.
            pq.write_table(
                rows.data.table,
                part / parquet_name(config, split),
                use_content_defined_chunking=True,
            )
        infos[config] = _info(part, config, tables)
    with (part / REJECTED).open("w", encoding="utf-8") as file:
        for rejection in corpus.rejections:
            file.write(json.dumps(asdict(rejection), ensure_ascii=False) + "\n")
    (part / CARD).write_text(card(_front_matter(infos)), encoding="utf-8")
    names = [parquet_name(config, split) for config in CONFIGS for split in SPLITS]
    files = {name: _sha256(part / name) for name in (*names, REJECTED)}
    manifest = {
        "name": NAME,
        "version": corpus.version,
        "fingerprint": corpus.fingerprint,
        "content": hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(),
        "counts": corpus.counts,
        **corpus.extras,
        "files": files,
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _info(part: Path, config: str, tables: Mapping[str, Dataset]) -> DatasetInfo:
    splits = SplitDict(dataset_name=NAME)
    for split, rows in tables.items():
        splits.add(SplitInfo(split, num_bytes=rows.data.nbytes, num_examples=len(rows)))
    return DatasetInfo(
        features=FEATURES[config],
        splits=splits,
        config_name=config,
        download_size=sum((part / parquet_name(config, split)).stat().st_size for split in tables),
        dataset_size=sum(rows.data.nbytes for rows in tables.values()),
    )


def _front_matter(infos: Mapping[str, DatasetInfo]) -> str:
    data = DatasetCardData()
    DatasetInfosDict(infos).to_dataset_card_data(data)
    MetadataConfigs(
        {
            config: {
                # The first one is what load_dataset gives when no config is named.
                **({"default": True} if config == CONFIGS[0] else {}),
                "data_files": [
                    {"split": split, "path": f"{config}/{split}-*.parquet"} for split in SPLITS
                ],
            }
            for config in CONFIGS
        }
    ).to_dataset_card_data(data)
    return str(data.to_yaml())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
