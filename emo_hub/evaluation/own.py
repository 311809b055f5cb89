"""The corpus's own held-out rows as a benchmark, for where nothing else is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emo_hub.dataset import read_corpus
from emo_hub.evaluation.loading import FittingRows, LoadedBenchmark
from emo_hub.taxonomy import GOEMOTIONS

NAME = "emo-pillars"


def own_split(data: Path, split: str = "test") -> LoadedBenchmark:
    """Read the context-less and the contextual utterances of a split, with the teacher's labels.

    Raises:
        DataError: the folder is no corpus.
    """
    corpus = read_corpus(data)
    alone = corpus.rows("contextless", split)
    after = corpus.rows("contextual", split)
    rows = [*alone, *after]
    targets = np.array(
        [[int(label in row["labels"]) for label in GOEMOTIONS.labels] for row in rows], np.int8
    )
    return LoadedBenchmark(
        name=NAME,
        split=split,
        kind="multi_label",
        headline="macro_f1",
        texts=tuple(row["utterance"] for row in rows),
        contexts=(*(None for _ in alone), *(row["context"] for row in after)),
        targets=targets,
        labels=GOEMOTIONS.labels,
        neutral=GOEMOTIONS.neutral,
        is_scored=split == "test",
    )


def fitting_rows(data: Path) -> FittingRows:
    """Read the validation rows, on which thresholds of baselines may be fitted.

    Raises:
        DataError: the folder is no corpus.
    """
    return own_split(data, "validation").for_fitting()
