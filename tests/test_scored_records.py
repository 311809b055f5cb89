"""Records of what was scored: rows are paired by what they are, and files are whole or refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from emo_hub.errors import DataError
from emo_hub.evaluation.compare import compare
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.report import write_comparison
from emo_hub.evaluation.run import evaluate_rows
from emo_hub.evaluation.scored import read_scored, write_scored
from emo_hub.evaluation.seen import take
from emo_hub.measurement import compare_reports
from tests.commands import emo_hub

LABELS = ("anger", "joy", "sadness")
SAID = "I cannot believe it."
KEY = b"emo_hub"


class Guesser:
    """Scores a text by what it says, and so all copies of a text alike."""

    def __init__(self, name, seed=0):
        self.name, self.seed = name, seed

    def score(self, texts, labels, contexts=None, *, multi_label=True):
        drawn = [np.random.default_rng([self.seed, *text.encode()]) for text in texts]
        return np.array([one.random(len(labels)) for one in drawn], dtype=np.float32)

    def thresholds(self, labels):
        return np.full(len(labels), 0.5, dtype=np.float32)

    def dimensions(self, texts, contexts=None):
        return None


def rows_of(texts, labels):
    targets = np.eye(len(LABELS), dtype=np.int8)[list(labels)]
    return LoadedBenchmark(
        "isear", "all", "single_label", "macro_f1", tuple(texts), (None,) * len(texts), targets,
        LABELS,
    )  # fmt: skip


# Two copies of a text, of which annotators made different things.
TEXTS = (SAID, *(f"The ferry was late on day {n}." for n in range(30)), SAID)
CHOSEN = (0, *(n % 3 for n in range(30)), 1)
FULL = rows_of(TEXTS, CHOSEN)


def scored(rows, name="old", *, of=FULL):
    """Score rows that were taken from others."""
    found = evaluate_rows(Guesser(name, len(name)), rows)
    return replace(found, result=replace(found.result, available=len(of.texts)))


@pytest.mark.parametrize("sample_is_first", [True, False])
def test_a_sample_with_the_second_copy_alone_is_compared_with_all_rows(sample_is_first):
    whole, some = scored(FULL), scored(take(FULL, range(5, 32)), "other")
    pair = (some, whole) if sample_is_first else (whole, some)
    (change,) = compare([pair[0]], [pair[1]]).changes
    assert (change.rows, change.left_out) == (27, 5)


def test_copies_annotated_alike_are_each_counted_once():
    rows = rows_of((*TEXTS, SAID), (*CHOSEN, 1))
    some = scored(take(rows, range(5, 33)), "other", of=rows)
    (change,) = compare([scored(rows, of=rows)], [some]).changes
    assert (change.rows, change.left_out) == (28, 5)


def test_samples_of_different_copies_leave_these_out():
    one, other = scored(take(FULL, range(20))), scored(take(FULL, range(10, 32)), "other")
    (change,) = compare([one], [other]).changes
    assert (change.rows, change.left_out) == (10, 22)


def test_a_sample_of_another_release_is_still_told_from_copies():
    changed = rows_of(TEXTS, (*CHOSEN[:20], *((n + 1) % 3 for n in CHOSEN[20:])))
    with pytest.raises(DataError, match="other annotations"):
        compare([scored(FULL)], [scored(take(changed, range(5, 32)), "other")])


def test_samples_of_two_releases_that_share_no_annotation_are_refused():
    changed = rows_of(TEXTS, [(n + 1) % 3 for n in CHOSEN])
    one, other = (scored(take(rows, range(1, 20))) for rows in (FULL, changed))
    with pytest.raises(DataError, match="other annotations"):
        compare([one], [other])


def test_records_of_two_samples_are_compared_once_they_were_written(tmp_path):
    write_scored([scored(FULL)], tmp_path / "whole")
    write_scored([scored(take(FULL, range(5, 32)), "other")], tmp_path / "some")
    found = compare_reports(tmp_path / "some", tmp_path / "whole", tmp_path / "out")
    assert found.changes[0].rows == 27


def test_a_record_of_another_version_is_refused(tmp_path):
    (path,) = write_scored([scored(FULL)], tmp_path)
    table = pq.read_table(path)
    facts = {**json.loads(table.schema.metadata[KEY]), "schema_version": 2}
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(facts)}), path)
    with pytest.raises(DataError, match="version 2, and this emo_hub reads version 1"):
        read_scored(tmp_path)


@pytest.mark.parametrize("lacks", ["title", "neutral", "thresholds", "model"])
def test_a_record_that_lacks_a_fact_is_refused(lacks, tmp_path):
    (path,) = write_scored([scored(FULL)], tmp_path)
    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[KEY])
    del facts[lacks]
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(facts)}), path)
    with pytest.raises(DataError, match="score the model again"):
        read_scored(tmp_path)


def test_records_stay_where_new_ones_cannot_be_made(tmp_path):
    def until_it_breaks():
        yield scored(FULL, "new")
        raise RuntimeError("the second model is gone")

    write_scored([scored(FULL)], tmp_path)
    with pytest.raises(RuntimeError, match="is gone"):
        write_scored(until_it_breaks(), tmp_path)
    assert [one.model for one in read_scored(tmp_path)] == ["old"]


TORN = [b'{"schema_version": 2, "facts": {"comm', b"{}", b"[]", b"null", b'{"models": 3}', b"\xff"]


@pytest.mark.parametrize("torn", TORN)
def test_a_damaged_report_is_refused_with_a_sentence(torn, tmp_path):
    write_scored([scored(FULL)], tmp_path)
    (tmp_path / "report.json").write_bytes(torn)
    with pytest.raises(DataError, match=r"report\.json is damaged"):
        read_scored(tmp_path)


def test_the_command_names_a_damaged_report(tmp_path):
    for name in ("one", "other"):
        write_scored([scored(FULL, name)], tmp_path / name)
    (tmp_path / "other" / "report.json").write_bytes(TORN[0])
    run = emo_hub("evaluate", "--compare", "one", "other", cwd=tmp_path)
    assert run.returncode == 2
    assert "report.json is damaged" in run.stderr


def test_whoever_reads_a_comparison_keeps_it_whole_while_it_is_written_again(tmp_path):
    found = compare([scored(FULL)], [scored(FULL, "newer")])
    write_comparison(found, tmp_path, {"date": "2026-11-20"})
    before = {}
    for path in tmp_path.glob("comparison.*"):
        os.link(path, tmp_path / f"read-{path.name}")
        before[path.name] = path.read_bytes()
    write_comparison(found, tmp_path, {"date": "2026-11-21"})
    assert len(before) == 3
    for name, data in before.items():
        assert (tmp_path / f"read-{name}").read_bytes() == data != (tmp_path / name).read_bytes()
