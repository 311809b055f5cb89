"""On whose labels a model was trained, by the names of our benchmarks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emo_hub.errors import CheckpointError
from emo_hub.evaluation.scorers.contestant import TRANSFER, ZERO_SHOT, ModelOptions
from emo_hub.evaluation.scorers.deciding import Thresholds
from emo_hub.evaluation.scorers.references import Reference

# Names of data sets that say which benchmark's rows they hold, where neither folder nor Hub
# repository of the declaration does.
_ALSO: dict[str, str] = {
    "tweeteval": "semeval2018ec",
    "semeval2018": "semeval2018ec",
    "mdtotheemotionlines": "meld",
    "friendsemotion": "emorynlp",
}


def datasets_of_card(folder: Path) -> tuple[str, ...]:
    """Read the data sets that a model card names in its front matter; none without a card.

    Raises:
        CheckpointError: the front matter is damaged.
    """
    card = folder / "README.md"
    if not card.is_file():
        return ()
    import yaml
    from huggingface_hub import ModelCard

    try:
        found = ModelCard.load(card, ignore_metadata_errors=True).data.get("datasets")
    except (ValueError, yaml.YAMLError) as error:
        raise CheckpointError(
            f"The front matter of {card} cannot be read ({error}): repair it, or remove the file."
        ) from error
    if isinstance(found, str):
        return (found,)
    return tuple(str(name) for name in found or ())


def benchmarks_of(names: Iterable[str]) -> frozenset[str]:
    """Turn names of data sets into names of benchmarks; a name that none goes by is kept.

    All benchmarks of one folder stand together: who was trained on GoEmotions was trained on its
    Ekman version too.
    """
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    found: set[str] = set()
    for name in names:
        squeezed = _squeeze(name.rpartition("/")[2])
        wanted = {squeezed, _squeeze(_ALSO.get(squeezed, squeezed))}
        families = {
            declared.folder
            for key, declared in BENCHMARKS.items()
            if wanted & {_squeeze(key), *_names_of(declared)}
        }
        family = {key for key, declared in BENCHMARKS.items() if declared.folder in families}
        found |= family or {name}
    return frozenset(found)


def standing_of(options: ModelOptions, trained_on: Iterable[str]) -> str:
    """Say how a model that takes any label stands: one that saw a benchmark's labels transfers."""
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    saw = any(name in BENCHMARKS for name in trained_on)
    return TRANSFER if saw or options.standing == TRANSFER else ZERO_SHOT


def described(
    kind: str, reference: Reference, folder: Path, thresholds: Thresholds
) -> dict[str, Any]:
    """Give the facts that every model with a folder has."""
    return {
        "kind": kind,
        "source": reference.source,
        "revision": reference.commit_of(folder),
        "thresholds": thresholds.words,
        "thresholds_split": thresholds.split,
    }


def _names_of(declared: object) -> set[str]:
    folders = getattr(declared, "folders", ()) or (getattr(declared, "folder", ""),)
    hub = getattr(getattr(declared, "hub", None), "repo", "")
    names = [*folders, hub.rpartition("/")[2]]
    return {_squeeze(name) for name in names if name}


def _squeeze(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
