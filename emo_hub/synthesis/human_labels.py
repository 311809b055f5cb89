"""How far a teacher's annotation agrees with people's labels of the same comments.

A figure for the report: people's labels change no annotation and no row. What it showed of first
looks at train comments, label by label, was in view when the brief of the votes was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.dataset import StoredCorpus
from emo_hub.errors import DataError
from emo_hub.metrics.decisions import label_f1, macro_f1, micro_f1
from emo_hub.metrics.raters import mean_label_kappa
from emo_hub.records import SPLITS, given_by_most
from emo_hub.synthesis.statistics import cohen_kappa
from emo_hub.synthesis.stored import read_rows
from emo_hub.taxonomy import GOEMOTIONS

_COLUMNS = ("id", "label_ids")
Pair = tuple[tuple[int, ...], tuple[int, ...]]
Table = npt.NDArray[np.int8]
_NEUTRAL = GOEMOTIONS.index("neutral")


def human_facts(corpus: StoredCorpus, benchmarks: Path) -> dict[str, Any] | None:
    """Compare first looks at comments with people's labels, joined by id.

    Args:
        corpus: with rows in `descriptors`.
        benchmarks: a folder with SOURCE/SPLIT.parquet that have the columns `id` and `label_ids`,
            numbers of the 28 with commas between.

    Returns:
        `comments` compared; `macro_f1`, `micro_f1`, `f1_by_label` and `kappa`, the mean over
        labels, all of labels present or absent; `top_among_theirs`, the share of top labels that
        a person gave; `top_kappa`, over comments with one human label, `single` of them; `votes`,
        both F1 again, of the labels that most of a panel give. None where no such file or comment
        is there.

    Raises:
        DataError: a file is missing or damaged.
    """
    theirs: dict[tuple[str, str], Mapping[str, tuple[int, ...]]] = {}
    pairs: list[Pair] = []
    voted: list[Pair] = []
    for row in _first_looks(corpus):
        place = row["source"], row["source_split"]
        if place not in theirs:
            theirs[place] = _labels_of(benchmarks / place[0] / f"{place[1]}.parquet")
        known = theirs[place].get(row["source_id"])
        if known is not None:
            pairs.append((known, tuple(row["labels"])))
            if row["voted"]:
                votes = dict(zip(row["voted"], row["votes"], strict=True))
                voted.append((known, tuple(given_by_most(votes))))
    return {**_compared(pairs), "votes": _f1(voted)} if pairs else None


def _f1(pairs: list[Pair]) -> dict[str, Any]:
    """Compare the labels that most of a panel give, or that have most votes."""
    if not pairs:
        return {"comments": 0}
    people, panel = _tables(pairs)
    return {
        "comments": len(pairs),
        "macro_f1": round(macro_f1(people, panel), 4),
        "micro_f1": round(micro_f1(people, panel), 4),
    }


def _tables(pairs: list[Pair]) -> tuple[Table, Table]:
    people, teacher = (np.zeros((len(pairs), len(GOEMOTIONS)), np.int8) for _ in range(2))
    for n, (known, said) in enumerate(pairs):
        people[n, list(known)] = 1
        teacher[n, list(said)] = 1
    return people, teacher


def _compared(pairs: list[Pair]) -> dict[str, Any]:
    people, teacher = _tables(pairs)
    single = [(known[0], said[0]) for known, said in pairs if len(known) == 1]
    kappa = cohen_kappa(single)
    return {
        "comments": len(pairs),
        "macro_f1": round(macro_f1(people, teacher), 4),
        "micro_f1": round(micro_f1(people, teacher), 4),
        "kappa": round(mean_label_kappa(people, teacher), 4),
        "f1_by_label": {
            label: round(float(value), 4)
            for label, value in zip(GOEMOTIONS.labels, label_f1(people, teacher), strict=True)
        },
        "top_among_theirs": round(sum(s[0] in k for k, s in pairs) / len(pairs), 4),
        "single": len(single),
        "top_kappa": round(kappa, 4) if kappa == kappa else None,
        "neutral": {
            "people": round(float(people[:, _NEUTRAL].mean()), 4),
            "teacher": round(float(teacher[:, _NEUTRAL].mean()), 4),
        },
    }


def _first_looks(corpus: StoredCorpus) -> Iterator[Mapping[str, Any]]:
    columns = ("source", "source_split", "source_id", "look", "labels", "voted", "votes")
    for split in SPLITS:
        for file in corpus.files("descriptors", split):
            for row in read_rows(file, columns):
                if row["look"] == 1 and row["labels"]:
                    yield row


def _labels_of(file: Path) -> Mapping[str, tuple[int, ...]]:
    if not file.is_file():
        return {}
    try:
        if not set(_COLUMNS) <= set(pq.read_schema(file).names):
            return {}
        table = pq.read_table(file, columns=list(_COLUMNS))
        return {
            row["id"]: tuple(int(number) for number in row["label_ids"].split(","))
            for row in table.to_pylist()
            if row["label_ids"]
        }
    except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
        raise DataError(
            f"{file} cannot be read as comments with label numbers ({error})."
        ) from error
