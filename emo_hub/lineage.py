"""Whose labels a model came from: the words of a run's record, for its writers and readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emo_hub.checkpoint import RUN_FILE
from emo_hub.classifier_settings import OWN_TASK
from emo_hub.errors import CheckpointError

TRAINED_ON, IN_FOLDS, BASE_DATASETS = "trained_on", "in_folds", "base_datasets"
_FOLD = "fold-"  # how portions of a cross-validation are called


def recorded_names(run: Mapping[str, Any], key: str, where: Path | None = None) -> tuple[str, ...]:
    """Read a list of names out of a run's record; none where it has no such list.

    Args:
        run: the record.
        key: of the list.
        where: the folder that the record lies in, for the error.

    Raises:
        CheckpointError: there is something else under the key.
    """
    names = run.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        file = f"A {RUN_FILE}" if where is None else where / RUN_FILE
        raise CheckpointError(
            f"{file} has {str(names)!r:.60} under '{key}'; wanted a list of names. Restore the "
            "file as training wrote it."
        )
    return tuple(names)


def folded(task: str, portion: object) -> tuple[str, ...]:
    """Name the task if the portion of it that was trained on is a fold, so that others score it."""
    return (task,) if str(portion).startswith(_FOLD) else ()


def is_without_people(dataset: str) -> bool:
    """Say whether no label of a set was given by a person: a corpus of ours, in any namespace."""
    return dataset.rpartition("/")[2] == OWN_TASK


def retold_place(source: str) -> str:
    """Name a folder or a file by its last part; whatever names no place here by itself.

    Where on this machine it lies is nobody's business who reads a record, a report or a card.
    """
    place = Path(source)
    return place.resolve().name if place.is_absolute() or place.exists() else source
