"""Rows of a task, dealt out: what is trained on, what chooses, and what is scored at the end.

No row that is scored is trained on, stops a training or sets a threshold. Rows of equal text and
rows of one dialogue are never dealt to different sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from emo_hub.adaptation.tasks import Task
from emo_hub.errors import InputError
from emo_hub.evaluation.benchmarks import benchmark
from emo_hub.evaluation.loading import (
    LoadedBenchmark,
    fitting_split,
    load,
    load_for_scoring,
)
from emo_hub.evaluation.seen import take
from emo_hub.training.rows import TrainingRow, share_of
from emo_hub.training.targets import folds, unseen

HELD_OUT = 10  # one part in so many is held out where a set brings no rows to choose by


@dataclass(frozen=True, slots=True)
class Portion:
    """The rows of one training.

    Args:
        name: of the fold; empty where there is one portion.
        train: rows to train on.
        validation: rows that stop the training and set temperature and thresholds.
        test: rows to score.
        notes: in sentences, what was left out or held out.
    """

    name: str
    train: tuple[TrainingRow, ...]
    validation: tuple[TrainingRow, ...]
    test: LoadedBenchmark
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task with its rows.

    Args:
        name: by which what is adapted is known: the benchmark's.
        labels: of the outputs.
        counterparts: for each label, those of the 28 that its output starts from.
        portions: one, or one for each fold.
        shares: of rows in which each label holds where it is used, if stated.
    """

    name: str
    labels: tuple[str, ...]
    counterparts: Mapping[str, Sequence[str]]
    portions: tuple[Portion, ...]
    shares: Mapping[str, float] = field(default_factory=dict)


def assignment_of(task: Task, where: Path) -> Assignment:
    """Read a public set and deal its rows out.

    Args:
        task: what is adapted to.
        where: a folder with a subfolder for each benchmark.

    Raises:
        DataError: a folder, file or column is missing, or a row cannot be read.
        InputError: a split that is needed is not there.
    """
    made = _in_folds(task, where) if task.folds else (_by_splits(task, where),)
    labels = made[0].test.labels
    counterparts = task.mapping.groups() if task.mapping else {}
    return Assignment(task.benchmark, labels, counterparts, made, task.shares)


def _by_splits(task: Task, where: Path) -> Portion:
    declared = benchmark(task.benchmark)
    # Targets come in the labels that are reported, and it is these that are trained.
    test = replace(load_for_scoring(declared, where), projection=None)
    train = _fitting(load(declared, where, "train"))
    split = fitting_split(declared, where)
    if split is None:
        note = f"A tenth of train chooses, for {declared.name} is scored on {test.split}."
        train, validation = held_out(train)
        if task.shares:
            validation = in_shares(validation, task.shares)
            stated = ", ".join(f"{label} {share:.0%}" for label, share in task.shares.items())
            note += f" It is thinned, and outputs are moved, to the shares of use: {stated}."
    else:
        note = f"Weights and thresholds are chosen on {split}, scores are of {test.split}."
        validation = _fitting(load(declared, where, split))
    return without_leaks(Portion("", train, validation, test, (note,)))


def held_out(
    rows: Sequence[TrainingRow],
) -> tuple[tuple[TrainingRow, ...], tuple[TrainingRow, ...]]:
    """Hold a tenth of the rows out: those that stay, and those that do not."""
    dealt = folds(rows, HELD_OUT)
    kept = tuple(row for row, part in zip(rows, dealt, strict=True) if part)
    return kept, tuple(row for row, part in zip(rows, dealt, strict=True) if not part)


def in_shares(rows: Sequence[TrainingRow], shares: Mapping[str, float]) -> tuple[TrainingRow, ...]:
    """Thin rows of one label each out, until every label holds as often as stated.

    Args:
        rows: to thin out; of a label with relatively few, all are kept.
        shares: of each label, in (0, 1].
    """
    by_label = {label: tuple(r for r in rows if label in r.labels) for label in shares}
    size = min(len(found) / shares[label] for label, found in by_label.items())
    kept = {
        row.id
        for label, found in by_label.items()
        if found
        for row in share_of(found, min(1.0, size * shares[label] / len(found)), 0)
    }
    return tuple(row for row in rows if row.id in kept)


def _in_folds(task: Task, where: Path) -> tuple[Portion, ...]:
    loaded = load(benchmark(task.benchmark), where, "all")
    rows = training_rows(loaded)
    # Each tenth of a fold's training rows is a part of its own, so that one of them can choose.
    dealt = np.array(folds(rows, task.folds * HELD_OUT))
    fold, part = dealt % task.folds, dealt // task.folds
    made = []
    for number in range(task.folds):
        test, choosing = fold == number, part == number
        scored = replace(
            take(loaded, np.flatnonzero(test)), split=f"fold {number + 1} of {task.folds}"
        )
        train = tuple(rows[i] for i in np.flatnonzero(~test & ~choosing))
        validation = tuple(rows[i] for i in np.flatnonzero(~test & choosing))
        note = f"Fold {number + 1} of {task.folds} is scored; a tenth of the others chooses."
        made.append(Portion(f"fold-{number}", train, validation, scored, (note,)))
    return tuple(made)


def without_leaks(portion: Portion) -> Portion:
    """Leave out rows to train on or to choose by that are scored, the context included."""
    test = training_rows(portion.test)
    train, from_train = unseen(portion.train, test)
    validation, from_validation = unseen(portion.validation, test)
    if not from_train and not from_validation:
        return portion
    note = (
        f"{from_train} training and {from_validation} validation rows left out, which are scored."
    )
    return replace(portion, train=train, validation=validation, notes=(*portion.notes, note))


def _fitting(rows: LoadedBenchmark) -> tuple[TrainingRow, ...]:
    if rows.is_scored:
        raise InputError(
            f"The {rows.split} split of {rows.name} is the one that is reported, so nothing is "
            "trained on it."
        )
    return training_rows(rows)


def training_rows(rows: LoadedBenchmark) -> tuple[TrainingRow, ...]:
    """Turn rows of a benchmark into rows of a lesson."""
    is_single = rows.kind == "single_label"
    made = []
    for i, (text, context) in enumerate(zip(rows.texts, rows.contexts, strict=True)):
        labels = [rows.labels[column] for column in np.flatnonzero(rows.targets[i])]
        made.append(
            TrainingRow(
                id=f"{rows.split}/{i}",
                source="labelled",
                text=text,
                context=context,
                labels=dict.fromkeys(labels, 1.0),
                descriptors=(),
                primary=labels[0] if is_single else "",
                story=rows.groups[i] if rows.groups else "",
            )
        )
    return tuple(made)
