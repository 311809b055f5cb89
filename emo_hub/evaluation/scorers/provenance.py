"""On whose labels a model was trained, by the names of our benchmarks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.cards import datasets_of_card
from emo_hub.checkpoint import RUN_FILE
from emo_hub.evaluation.scorers.contestant import TRANSFER, ZERO_SHOT, ModelOptions
from emo_hub.evaluation.scorers.deciding import Thresholds
from emo_hub.evaluation.scorers.references import Reference, read_json
from emo_hub.lineage import (
    BASE_DATASETS,
    IN_FOLDS,
    TRAINED_ON,
    folded,
    is_without_people,
    recorded_names,
    retold_place,
)

# Names of data sets that say which benchmark's rows they hold, where neither folder nor Hub
# repository of the declaration does.
_ALSO: dict[str, str] = {
    "tweeteval": "semeval2018ec",
    "semeval2018": "semeval2018ec",
    "mdtotheemotionlines": "meld",
    "friendsemotion": "emorynlp",
}


@dataclass(frozen=True, slots=True)
class Lineage:
    """On what a checkpoint of ours was trained, the models that it came from included.

    Args:
        named: every set that is named: as the caller, the checkpoint's task and its card say, and
            as its run recorded of what it started from.
        human: those of them whose labels people gave.
        folded: benchmarks of which it saw some of the scored rows, for it was trained on folds.
    """

    named: tuple[str, ...]
    human: tuple[str, ...]
    folded: frozenset[str]


def lineage(folder: Path, options: ModelOptions, task: str = "") -> Lineage:
    """Read on what a checkpoint of ours was trained.

    Args:
        folder: the checkpoint.
        options: what the caller says of it besides.
        task: what its configuration says; empty where that says nothing.

    Raises:
        CheckpointError: training.json or the front matter of the card is damaged.
    """
    run = read_json(folder / RUN_FILE) if (folder / RUN_FILE).is_file() else {}
    recorded = (*recorded_names(run, TRAINED_ON, folder), *_benchmarks_in(run, folder))
    stated = (*options.trained_on, task, *datasets_of_card(folder), *recorded)
    named = tuple(dict.fromkeys(name for name in stated if name))
    folds = (*recorded_names(run, IN_FOLDS, folder), *folded(task, run.get("portion", "")))
    human = tuple(name for name in named if not is_without_people(name))
    return Lineage(named, human, benchmarks_of(folds))


def _benchmarks_in(run: dict[str, Any], folder: Path) -> tuple[str, ...]:
    """Pick those sets of a foreign encoder's card that have labels we know; most have none."""
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    datasets = recorded_names(run, BASE_DATASETS, folder)
    return tuple(name for name in datasets if benchmarks_of((name,)) & BENCHMARKS.keys())


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
        "source": retold_place(reference.source),
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
