"""SemEval-2018 Task 1 E-c, English: tweets with any of eleven emotions, or none of them."""

from __future__ import annotations

from emo_hub.evaluation.declaration import Benchmark, Example, Layout, Names, Row
from emo_hub.evaluation.layouts import cell, flagged, text_folder
from emo_hub.taxonomy import SEMEVAL_EC


def _read(row: Row, names: Names) -> Example:
    if any(cell(row, label).strip().upper() == "NONE" for label in SEMEVAL_EC.labels):
        raise ValueError(
            "the labels are hidden in this file; take 2018-E-c-En-test-gold.txt, which states them"
        )
    # A lone quotation mark is part of a tweet, so the release does not quote its fields.
    return Example(row["Tweet"], labels=flagged(row, SEMEVAL_EC.labels), id=cell(row, "ID"))


DECLARED = (
    Benchmark(
        name="semeval2018-ec",
        title="SemEval-2018 Task 1 E-c (English)",
        folders=("semeval2018-ec", "SemEval2018-Task1-all-data", "E-c", "sem_eval_2018_task_1"),
        layouts=(
            Layout(
                ("Tweet", *SEMEVAL_EC.labels),
                _read,
                "public release or Hub copy",
                optional=("ID",),
                is_quoted=False,
            ),
            *text_folder(),
        ),
        labels=SEMEVAL_EC,
        kind="multi_label",
        headline="jaccard",
        licence="no licence is named; the terms of use ask for citation of the task's paper",
        source="SemEval-2018 Task 1, subtask E-c (Mohammad et al. 2018), "
        "competitions.codalab.org/competitions/17751",
        faults=(
            "The task's own metric is the Jaccard index, called accuracy there; rows without any "
            "emotion are part of it and count as right where nothing is predicted.",
            "2018-E-c-En-test.txt has its labels hidden; only the gold file can be scored.",
            "The Hub copy SemEvalWorkshop/sem_eval_2018_task_1 is a loading script, which current "
            "versions of datasets do not run: put its rows into a folder.",
        ),
        files={
            split: tuple(f"{folder}2018-E-c-En-{part}.txt" for folder in ("", "English/E-c/"))
            for split, part in (("train", "train"), ("dev", "dev"), ("test", "test-gold"))
        },
    ),
)
