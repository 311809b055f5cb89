"""A user's own rows as a task: one file, or a folder of files named by split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from emo_hub.adaptation.portions import (
    HELD_OUT,
    Assignment,
    Portion,
    training_rows,
    without_leaks,
)
from emo_hub.errors import DataError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.scorers.label_names import match
from emo_hub.evaluation.seen import take
from emo_hub.evaluation.sources import split_named
from emo_hub.fewshot.examples import Examples, named
from emo_hub.fewshot.reading import TYPES, read_examples
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.targets import folds

_LEAST = 10  # rows of each label: with fewer, some part has none
_NEUTRAL = "neutral"


def own_assignment(path: Path) -> Assignment:
    """Read a user's own rows and deal them out.

    A file, or the file `train` of a folder, is what is trained on. A folder may have `dev` and
    `test` beside it; a tenth of the rows stands in for each that is not there.

    Args:
        path: a file as few-shot training reads it, or a folder of such files.

    Raises:
        DataError: a file is missing, cannot be read or is not the only one of its split, or a label
            has too few rows.
    """
    files = _files(path)
    train = read_examples(files["train"])
    train.check_teachable()
    few = [label for label, count in train.counts.items() if count < _LEAST]
    if few:
        raise DataError(
            f"{files['train']} has fewer than {_LEAST} rows of {named(few)}. Give more, leave "
            "these labels out, or learn them from few examples with: emo-hub train fewshot"
        )
    name = f"own-{path.resolve().stem}"
    rows = _loaded(name, "train", train)
    beside = {split: _loaded(name, split, _like(train, files[split])) for split in files}
    found = match(GOEMOTIONS.labels, train.labels)
    counterparts = {
        label: [GOEMOTIONS.labels[column] for column in columns] for label, columns in found.items()
    }
    return Assignment(name, train.labels, counterparts, (_portion(rows, beside),))


def _files(path: Path) -> dict[str, Path]:
    if not path.is_dir():
        return {"train": path}
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        split = split_named(file.stem)
        if file.suffix not in TYPES or split is None or split == "all":
            continue
        if split in found:
            raise DataError(
                f"{path} has two files of {split} rows, {found[split].name} and {file.name}: put "
                "their rows into one, or move one elsewhere."
            )
        found[split] = file
    if "train" not in found:
        raise DataError(
            f"{path} has no file of training rows: name it train with the ending "
            f"{', '.join(TYPES)}; dev and test may stand beside it."
        )
    return found


def _like(train: Examples, path: Path) -> Examples:
    kind = "yes" if train.multi_label else "no"
    return read_examples(path, multi_label=kind, labels=train.labels)


def _loaded(name: str, split: str, examples: Examples) -> LoadedBenchmark:
    is_multi = examples.multi_label
    return LoadedBenchmark(
        name=name,
        split=split,
        kind="multi_label" if is_multi else "single_label",
        headline="macro_f1",
        texts=examples.texts,
        contexts=examples.contexts or (None,) * len(examples),
        targets=examples.targets.astype(np.int8),
        labels=examples.labels,
        neutral=_NEUTRAL if _NEUTRAL in examples.labels else None,
        is_scored=split == "test",
        title=name,
    )


def _portion(rows: LoadedBenchmark, beside: dict[str, LoadedBenchmark]) -> Portion:
    dealt = np.array(folds(training_rows(rows), HELD_OUT))
    parts = {"test": 0, "dev": 1}
    missing = [split for split in parts if split not in beside]
    trained = ~np.isin(dealt, [parts[split] for split in missing])
    notes = [f"A tenth of the rows is held out as {split}." for split in missing]
    for split in missing:
        held = take(rows, np.flatnonzero(dealt == parts[split]))
        if not held.texts:
            raise DataError(
                f"So few different texts are there that none was held out as {split}: give more "
                f"rows, or a file {split} of its own."
            )
        beside[split] = replace(held, split=split, is_scored=split == "test")
    train = training_rows(take(rows, np.flatnonzero(trained)))
    validation = training_rows(beside["dev"])
    return without_leaks(Portion("", train, validation, beside["test"], tuple(notes)))
