"""Whose labels a run starts with: what went into its base belongs into the run's own record.

A record has `trained_on`, the sets whose labels people gave and that entered the weights, those of
the base among them; `in_folds`, the tasks of which only folds were trained on, so that some of
their scored rows were seen; and `base_datasets`, what the card of an encoder names that is not
ours. Most of these are texts without labels; an evaluation looks for benchmarks among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from emo_hub.cards import datasets_of_card
from emo_hub.checkpoint import HEAD_FILE, PACKAGED_BASE, RUN_FILE
from emo_hub.classifier_settings import TASK_KEY
from emo_hub.errors import CheckpointError
from emo_hub.lineage import (
    BASE_DATASETS,
    IN_FOLDS,
    TRAINED_ON,
    folded,
    is_without_people,
    recorded_names,
    retold_place,
)
from emo_hub.tensors import LEARNT_FILE

_CLASSIFIER = "ForSequenceClassification"
Record = dict[str, list[str]]


def inherited(folder: Path, name: str) -> Record:
    """Say what a base brings into whatever starts from its weights.

    Args:
        folder: where the base lies.
        name: how it was named: a path, a repository, or a word such as "default".

    Raises:
        CheckpointError: its record, configuration or card is damaged.
    """
    run, config = _object(folder / RUN_FILE), _object(folder / "config.json")
    if run or TASK_KEY in config or (folder / HEAD_FILE).is_file():
        task = str(config.get(TASK_KEY) or run.get("task") or "")
        stated = (*recorded_names(run, TRAINED_ON), task, *datasets_of_card(folder))
        folds = recorded_names(run, IN_FOLDS) or folded(task, run.get("portion", ""))
        return _record(stated, folds, recorded_names(run, BASE_DATASETS))
    datasets = () if name == PACKAGED_BASE else datasets_of_card(folder)
    if _rates_emotions(config):
        # Somebody labelled what its outputs learnt from, whether or not the card names the set.
        return _record(datasets or (retold_place(name),), (), ())
    return _record((), (), datasets)


def descended(
    folder: Path, name: str, *, task: str, portion: str, reads_labels: bool = False
) -> Record:
    """Say what went into a run: its task's labels, and all that its base brings.

    Args:
        folder: where the base lies.
        name: how it was named.
        task: what is learnt; a corpus of ours has no label that a person gave.
        portion: of the task's rows; a fold by its name.
        reads_labels: whether outputs start from what the base says of labels; where it learnt
            some from examples, those count too.

    Raises:
        CheckpointError: the base's record, configuration or card is damaged, or it was trained on
            folds of the task whose folds are to be scored now.
    """
    found = inherited(folder, name)
    folds = folded(task, portion)
    if set(folds) & set(found.get(IN_FOLDS, ())):
        raise CheckpointError(
            f"{retold_place(name)} was trained on folds of {task}, so it has seen most rows that "
            "these folds are scored on. Start from what it came from."
        )
    learnt = reads_labels and (folder / LEARNT_FILE).is_file()
    examples = (f"examples that {retold_place(name)} learnt labels from",) if learnt else ()
    return _record(
        (*found[TRAINED_ON], *examples, task),
        (*found.get(IN_FOLDS, ()), *folds),
        found.get(BASE_DATASETS, ()),
    )


def joined(records: Iterable[Mapping[str, Any]]) -> Record:
    """Join what went into several runs, as their records tell it.

    Raises:
        CheckpointError: a record is damaged.
    """
    whole = list(records)
    keys = (TRAINED_ON, IN_FOLDS, BASE_DATASETS)
    return _record(*([name for one in whole for name in recorded_names(one, key)] for key in keys))


def _record(trained_on: Iterable[str], folds: Iterable[str], datasets: Iterable[str]) -> Record:
    people = (name for name in trained_on if name and not is_without_people(name))
    found = {TRAINED_ON: people, IN_FOLDS: folds, BASE_DATASETS: datasets}
    lists = {key: list(dict.fromkeys(names)) for key, names in found.items()}
    return {key: names for key, names in lists.items() if names or key == TRAINED_ON}


def _rates_emotions(config: Mapping[str, Any]) -> bool:
    """Say whether a model that is not ours has outputs that labels taught, entailment aside."""
    has_outputs = any(_CLASSIFIER in str(one) for one in config.get("architectures") or ())
    labels = [str(label).lower() for label in config.get("label2id") or ()]
    return has_outputs and not any(label.startswith("entail") for label in labels)


def _object(path: Path) -> dict[str, Any]:
    """Read a JSON object; an empty one where there is no such file."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}), so nobody can tell on whose labels a model would "
            "be trained that starts from it: fetch the base again."
        ) from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds a {type(found).__name__}; wanted an object.")
    return found
