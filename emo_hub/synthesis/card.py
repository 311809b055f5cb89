"""What is said of a corpus beside its rows: the words of whoever made it, its card and its YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from emo_hub.cards import render_card, template_path
from emo_hub.dataset import CONFIGS, FEATURES
from emo_hub.records import SPLITS
from emo_hub.synthesis.shards import SplitFiles

Splits = Mapping[tuple[str, str], SplitFiles]

TEMPLATE = "emo-pillars"
# The size classes of the Hub, each with the number of rows below which it applies.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a card says of a corpus that its rows do not tell.

    Args:
        name: as in `load_dataset(name)`.
        title: for people.
        version: as its git tag will have it, without the v.
        fingerprint: hash of all that the corpus was made from.
        how: paragraphs on how it was made.
        licence: a sentence or two.
        licence_id: the Hub's name of the licence.
        sources: the Hub's words for where the texts come from.
        known_weaknesses: one sentence each.
        changes: for each version, newest first, what is new.
    """

    name: str
    title: str
    version: str
    fingerprint: str
    how: tuple[str, ...]
    licence: str
    licence_id: str
    sources: tuple[str, ...] = ("original",)
    known_weaknesses: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the run that made a corpus did.

    Args:
        prompts: the version of the prompt of each stage.
        costs: of each stage, as `Ledger.facts` gives them; only `items` is used.
        further: more facts, for the manifest and for the card. The card knows `account` (of each
            stage what it asked, got and paid), `outside` and `sure` (words that are no label).
            Nothing in it may differ between two runs with the same replies.
    """

    prompts: Mapping[str, str]
    costs: Mapping[str, Mapping[str, float]]
    further: Mapping[str, Any]


def card_text(about: About, splits: Splits, facts: Mapping[str, Any]) -> str:
    """Write the card of a corpus whose files are all there.

    Args:
        about: what its maker says of it.
        splits: its files, by config and split.
        facts: what was counted and measured, by the names that the template uses.

    Raises:
        CardError: the card asks for a fact that is not there.
    """
    total = sum(files.rows for files in splits.values())
    told = {
        "about": about,
        "size": next((name for below, name in _SIZES if total < below), "n>10M"),
        "counts": {c: {s: splits[c, s].rows for s in SPLITS} for c in CONFIGS},
        "metadata": _front_matter(about.name, splits),
    }
    return render_card(template_path("dataset_cards", TEMPLATE), {**told, **facts})


def _front_matter(name: str, splits: Splits) -> str:
    # datasets cannot load a split without rows, so such a one is not announced.
    filled = {
        config: [split for split in SPLITS if splits[config, split].rows] for config in CONFIGS
    }
    filled = {config: found for config, found in filled.items() if found}
    data = DatasetCardData()
    infos = {
        config: _info(name, config, {split: splits[config, split] for split in found})
        for config, found in filled.items()
    }
    DatasetInfosDict(infos).to_dataset_card_data(data)
    MetadataConfigs(
        {
            config: {
                # The first one is what load_dataset gives when no config is named.
                **({"default": True} if config == next(iter(filled)) else {}),
                "data_files": [
                    {"split": split, "path": f"{config}/{split}-*.parquet"} for split in found
                ],
            }
            for config, found in filled.items()
        }
    ).to_dataset_card_data(data)
    return str(data.to_yaml())


def _info(name: str, config: str, files: Mapping[str, SplitFiles]) -> DatasetInfo:
    splits = SplitDict(dataset_name=name)
    for split, found in files.items():
        splits.add(SplitInfo(split, num_bytes=found.bytes_in_memory, num_examples=found.rows))
    return DatasetInfo(
        features=FEATURES[config],
        splits=splits,
        config_name=config,
        download_size=sum(found.bytes_on_disk for found in files.values()),
        dataset_size=sum(found.bytes_in_memory for found in files.values()),
    )
