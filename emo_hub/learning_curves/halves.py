"""A benchmark as examples of its labels: one half to learn from, the other to be judged by."""

from __future__ import annotations

import numpy as np

from emo_hub.checkpoint import text_sha256
from emo_hub.errors import InputError
from emo_hub.evaluation import benchmark, load
from emo_hub.evaluation.loading import Where
from emo_hub.fewshot import Examples


def halves(name: str, where: Where, split: str) -> tuple[Examples, Examples]:
    """Split the rows of a benchmark by their texts' hashes, so that duplicates stay together.

    Args:
        name: of a declared benchmark with labels.
        where: a folder of folders, or the Hub.
        split: such as "dev" or "all"; never "test".

    Raises:
        InputError: no such benchmark or split, or one that asks for numbers.
        DataError: a folder, file or column is missing, or a row cannot be read.
    """
    rows = load(benchmark(name), where, split)
    if rows.kind == "regression":
        raise InputError(f"{name} has no labels to learn from; choose a benchmark that has.")
    order = np.argsort(rows.labels)
    labels = tuple(rows.labels[place] for place in order)
    found = Examples(
        tuple(rows.texts), labels, rows.targets[:, order] > 0, rows.kind == "multi_label"
    )
    learns = np.array([int(text_sha256(text), 16) % 2 == 0 for text in rows.texts])
    return found.take(np.flatnonzero(learns)), found.take(np.flatnonzero(~learns))
