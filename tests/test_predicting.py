"""Rating a whole file: nothing is lost, nothing is rated twice, nothing of the input changes."""

from __future__ import annotations

import csv
import datetime
import json
import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from emo_hub.errors import DataError, EmoHubError, InputError
from emo_hub.predicting import FileJob, How, predict_file, workers
from emo_hub.predicting.partial import Partial
from emo_hub.predicting.reading import open_source
from emo_hub.predicting.workers import Chunk, rate, window
from emo_hub.predicting.writing import Columns, write_out
from emo_hub.registration import default_model_folder

REPOSITORY = Path(__file__).parent.parent
LABELS = ("joy", "anger", "homesick")
SAID = ["I am so happy for you", "How dare you say that", "I miss my street", "The bus is late"]
HOW = How(labels=LABELS, precision="float32")


def texts(count):
    return [f"{SAID[i % 4]}, he wrote {'again ' * (i % 9)}in letter {i}." for i in range(count)]


def write_texts(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(command, *arguments):
    from emo_hub.cli import app

    return CliRunner().invoke(app, [command, *map(str, arguments)])


# What is rated.


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A table with contexts and a blank text, rated with thresholds, and what was said of it."""
    folder = tmp_path_factory.mktemp("rated")
    lines = texts(40)
    lines[7] = "  "
    before = [None if i % 3 else "She opens his drawer." for i in range(40)]
    pq.write_table(pa.table({"text": lines, "before": before}), folder / "in.parquet")
    job = FileJob(
        file=folder / "in.parquet",
        out=folder / "out.jsonl",
        how=How(labels=LABELS, threshold="auto", precision="float32"),
        context_column="before",
        column="text",
        chunk=16,
    )
    steps = []
    filed = predict_file(job, progress=lambda *step: steps.append(step))
    return lines, before, read_lines(job.out), filed, steps


@pytest.fixture(scope="module")
def expected(rated, clf):
    lines, before, *_ = rated
    places = [i for i, line in enumerate(lines) if line.strip()]
    found = clf(
        [lines[i] for i in places],
        candidate_labels=list(LABELS),
        context=[before[i] for i in places],
        vad=True,
    )
    return dict(zip(places, found, strict=True))


def test_scores_are_those_of_the_pipeline(rated, expected):
    for place, answer in expected.items():
        scores = dict(zip(answer["labels"], answer["scores"], strict=True))
        got = rated[2][place]
        assert {label: got[label] for label in LABELS} == pytest.approx(scores, abs=1e-5)


def test_valence_arousal_and_dominance_are_those_of_the_pipeline(rated, expected):
    for place, answer in expected.items():
        for name in ("valence", "arousal", "dominance"):
            assert rated[2][place][name] == pytest.approx(answer[name], abs=1e-4)


def test_labels_are_those_that_reach_the_threshold_best_first(rated, expected, clf):
    cuts = dict(zip(LABELS, clf.thresholds(LABELS), strict=True))
    kept = {
        i: [n for n, score in zip(one["labels"], one["scores"], strict=True) if score >= cuts[n]]
        for i, one in expected.items()
    }
    assert any(kept.values())
    assert not all(kept.values())
    for place, labels in kept.items():
        assert rated[2][place]["labels"] == labels
        assert rated[2][place]["best"] == (labels[0] if labels else None)


def test_the_rows_of_the_input_stay_in_their_order(rated):
    lines, before, rows, *_ = rated
    assert [(row["text"], row["before"]) for row in rows] == list(zip(lines, before, strict=True))


def test_a_blank_text_is_a_row_with_empty_answers_and_is_counted(rated):
    _, _, rows, filed, _ = rated
    ours = ("best", "labels", *LABELS, "valence", "arousal", "dominance")
    assert {rows[7][name] for name in ours} == {None}
    assert filed.blank == 1


def test_a_missing_number_of_json_in_the_place_of_a_text_is_a_blank(tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_text('{"text": "I am so glad"}\n{"text": NaN}\n')
    filed = predict_file(FileJob(file=file, out=tmp_path / "out.jsonl", how=HOW))
    assert filed.blank == 1


def test_progress_tells_the_rows_done_of_all(rated):
    assert rated[4] == [(16, 40), (32, 40), (40, 40)]


def test_fitted_thresholds_decide_among_competing_labels_as_in_the_pipeline(clf, tmp_path):
    lines = texts(12)
    job = FileJob(
        file=write_texts(tmp_path / "in.txt", lines),
        out=tmp_path / "out.jsonl",
        how=How(labels=LABELS, threshold="auto", single=True, precision="float32"),
    )
    predict_file(job)
    wanted = clf(lines, candidate_labels=list(LABELS), threshold="auto", multi_label=False)
    assert [row["labels"] for row in read_lines(job.out)] == [one["labels"] for one in wanted]


@pytest.mark.parametrize("single", [False, True])
def test_of_an_exhaustive_set_a_file_keeps_what_the_pipeline_keeps(clf, tmp_path, single):
    lines = texts(12)
    job = FileJob(
        file=write_texts(tmp_path / "in.txt", lines),
        out=tmp_path / "out.jsonl",
        how=How(
            labels=LABELS, threshold="auto", single=single, exhaustive=True, precision="float32"
        ),
    )
    predict_file(job)
    asked = {"candidate_labels": list(LABELS), "exhaustive": True, "multi_label": not single}
    wanted = [one["labels"] for one in clf(lines, threshold="auto", **asked)]
    assert all(wanted)
    assert [row["labels"] for row in read_lines(job.out)] == wanted


# Several processes.


def test_even_labels_are_matched_to_the_texts_of_the_file(clf, tmp_path):
    lines = [*texts(40), ""]
    file = write_texts(tmp_path / "in.txt", lines)
    even = replace(HOW, single=True)
    job = FileJob(file=file, out=tmp_path / "out.jsonl", how=even, even=True, chunk=16)
    predict_file(job)
    answers = clf(
        lines[:40], candidate_labels=list(LABELS), multi_label=False, reference_texts=lines[:40]
    )
    for got, answer in zip(read_lines(job.out), answers, strict=False):
        scores = dict(zip(answer["labels"], answer["scores"], strict=True))
        assert {label: got[label] for label in LABELS} == pytest.approx(scores, abs=1e-4)
        assert got["best"] == answer["labels"][0]


def test_a_run_that_goes_on_is_matched_to_the_whole_file(tmp_path):
    file = write_texts(tmp_path / "in.txt", texts(60))
    rough, calm = (
        FileJob(
            file=file, out=tmp_path / name, how=replace(HOW, single=True), even=True, chunk=8
        )
        for name in ("rough.jsonl", "calm.jsonl")
    )  # fmt: skip

    def stop(done, _):
        if done >= 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_file(rough, progress=stop)
    assert predict_file(rough).rated < 60
    predict_file(calm)
    assert rough.out.read_bytes() == calm.out.read_bytes()


def test_reference_texts_come_from_all_over_a_long_file(tmp_path, monkeypatch):
    import emo_hub.predicting as predicting

    monkeypatch.setattr(predicting, "_REFERENCES", 30)
    file = write_texts(tmp_path / "in.txt", texts(300))
    job = FileJob(file=file, out=tmp_path / "o.csv", how=replace(HOW, single=True), even=True)
    source = open_source(file, chunk=16)
    found = predicting._with_references(job, source, "text", None).how.reference_texts
    assert [one["text"] for one in found] == texts(300)[::10]


@pytest.fixture(scope="module")
def spread():
    """Twenty chunks in two processes: their answers, and how far reading was ahead each time."""
    read, ahead, answers = 0, [], []

    def chunks():
        nonlocal read
        for start in range(0, 80, 4):
            read += 1
            yield Chunk(texts(80)[start : start + 4], None)

    for done, some in enumerate(rate(chunks(), HOW, 2)):
        ahead.append(read - done)
        answers += some
    return answers, ahead


def test_two_processes_keep_the_order(spread, clf):
    found = clf(texts(80), candidate_labels=list(LABELS))
    wanted = [dict(zip(one["labels"], one["scores"], strict=True)) for one in found]
    for answer, scores in zip(spread[0], wanted, strict=True):
        assert answer["scores"] == pytest.approx([scores[label] for label in LABELS], abs=1e-5)


def test_no_more_than_a_window_of_chunks_is_read_ahead(spread):
    assert max(spread[1]) == window(2) == 4


WRONG = How(labels=LABELS, model="no/such-model-anywhere")


def test_a_worker_without_its_model_says_so_as_one_process_does(monkeypatch):
    with pytest.raises(EmoHubError) as alone:
        list(rate([Chunk(["a"], None)], WRONG))
    monkeypatch.setattr(workers, "_opened", [])
    monkeypatch.setenv("RAYON_NUM_THREADS", "1")
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        workers._open(WRONG, 1)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    with pytest.raises(EmoHubError) as worker:
        workers._rate(Chunk(["a"], None))
    said = pickle.loads(pickle.dumps(worker.value))  # noqa: S301  as it comes to the parent
    assert (type(said), str(said)) == (type(alone.value), str(alone.value))


@pytest.mark.slow
def test_a_model_that_is_not_there_is_said_as_one_process_says_it():
    with pytest.raises(EmoHubError) as alone:
        list(rate([Chunk(["a"], None)], WRONG))
    with pytest.raises(type(alone.value)) as among:
        list(rate([Chunk(["a"], None)], WRONG, 2))
    assert str(among.value) == str(alone.value)


@pytest.mark.slow
def test_a_worker_that_dies_is_said_and_what_is_done_stays(tmp_path):
    import multiprocessing

    def kill(done, rows):
        multiprocessing.active_children()[0].kill()

    job = FileJob(
        file=write_texts(tmp_path / "in.txt", texts(400)),
        out=tmp_path / "out.csv",
        how=HOW,
        processes=2,
        chunk=4,
    )
    with pytest.raises(EmoHubError, match=r"process that rates texts died.*rows are kept in"):
        predict_file(job, progress=kill)
    kept = len((tmp_path / "out.csv.partial").read_bytes().splitlines()) - 1
    assert 0 < kept < 400
    assert predict_file(job).rated == 400 - kept


# Kills.

RUN = textwrap.dedent("""
    import json, sys, time
    from pathlib import Path
    from emo_hub.predicting import FileJob, How, predict_file

    if __name__ == "__main__":
        file, out, processes, labels = sys.argv[1:]
        how = How(labels=tuple(labels.split(",")), precision="float32")
        job = FileJob(file=Path(file), out=Path(out), how=how, processes=int(processes), chunk=8)
        predict_file(job, progress=lambda done, rows: time.sleep(0.1))
    """)


def rows_in(partial):
    return partial.read_bytes().count(b"\n") - 1 if partial.exists() else 0


def started(folder, file, out, processes=1):
    (folder / "run.py").write_text(RUN)
    return subprocess.Popen(
        [sys.executable, folder / "run.py", file, out, str(processes), ",".join(LABELS)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


def killed(process, partial, rows):
    end = time.monotonic() + 200
    while rows_in(partial) < rows:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end, "it does not get on"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(60)


def test_after_a_kill_the_run_goes_on_and_ends_as_if_nobody_had_touched_it(tmp_path):
    file = write_texts(tmp_path / "in.txt", texts(80))
    rough, calm = tmp_path / "rough.jsonl", tmp_path / "calm.jsonl"
    partial = tmp_path / "rough.jsonl.partial"
    killed(started(tmp_path, file, rough), partial, 24)
    assert not rough.exists()
    kept = rows_in(partial)
    said = []
    filed = predict_file(FileJob(file=file, out=rough, how=HOW, chunk=8), say=said.append)
    predict_file(FileJob(file=file, out=calm, how=HOW, chunk=8))
    assert filed.rated == 80 - kept
    assert f"after row {kept}," in said[0]
    assert rough.read_bytes() == calm.read_bytes()
    assert [path.name for path in tmp_path.glob("rough*")] == ["rough.jsonl"]


@pytest.mark.slow
def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path):
    file = write_texts(tmp_path / "in.txt", texts(400))
    process = started(tmp_path, file, tmp_path / "out.csv", processes=2)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("NO LIST OF CHILDREN: this system has no /proc")
    workers: list[str] = []
    while rows_in(tmp_path / "out.csv.partial") < 8:
        assert process.poll() is None
        workers = children.read_text().split() or workers
        time.sleep(0.01)
    process.kill()
    process.wait(60)
    end = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < end, "a worker is left"
        time.sleep(0.05)
    assert len(workers) >= 2


# The working file.

ANSWER = {"best": "joy", "scores": [0.9, 0.1, 0.0], "vad": [3.0, 3.0, 3.0]}


def with_rows(out, rows, facts):
    with Partial(out) as partial:
        partial.begin(facts, lambda _: None)
        partial.append([ANSWER] * rows)
    return partial.path


def test_rows_that_are_kept_are_not_rated_again(tmp_path):
    job = FileJob(
        file=write_texts(tmp_path / "in.txt", texts(6)), out=tmp_path / "out.jsonl", how=HOW
    )
    from emo_hub.predicting import _facts

    with_rows(job.out, 4, _facts(job, "text"))
    predict_file(job)
    assert [row["joy"] == 0.9 for row in read_lines(job.out)] == [True] * 4 + [False] * 2


def test_a_run_that_fails_before_it_begins_leaves_the_rows_of_an_earlier_one(tmp_path):
    path = with_rows(tmp_path / "out.csv", 3, {"labels": "a"})
    with pytest.raises(KeyboardInterrupt), Partial(tmp_path / "out.csv"):
        raise KeyboardInterrupt
    assert rows_in(path) == 3


def test_rows_that_another_commit_of_a_repository_rated_are_rated_again(tmp_path, monkeypatch):
    from huggingface_hub import constants

    def stop(done, rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "cache" / "models--someone--feelings"
    (place / "refs").mkdir(parents=True)
    for commit in ("a" * 40, "b" * 40):
        shutil.copytree(default_model_folder(), place / "snapshots" / commit)
    job = FileJob(
        file=write_texts(tmp_path / "in.txt", texts(4)),
        out=tmp_path / "out.jsonl",
        how=How(labels=LABELS, model="someone/feelings", precision="float32"),
        chunk=1,
    )
    said = []
    for commit in ("a" * 40, "a" * 40, "b" * 40):
        (place / "refs" / "main").write_text(commit)
        with pytest.raises(KeyboardInterrupt):
            predict_file(job, say=said.append, progress=stop)
    assert "after row 1," in said[0]
    assert "differs in model" in said[1]


def test_a_line_that_was_cut_by_a_kill_is_cut_off(tmp_path):
    path = with_rows(tmp_path / "out.csv", 3, {"labels": "a"})
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines(keepends=True)[-1][:-5])
    with Partial(tmp_path / "out.csv") as partial:
        partial.begin({"labels": "a"}, lambda _: None)
        assert (partial.rows, path.read_bytes()) == (3, whole)


def test_other_facts_start_over_and_say_which(tmp_path):
    path = with_rows(tmp_path / "out.csv", 3, {"labels": ["a"], "model": None})
    said = []
    with Partial(tmp_path / "out.csv") as partial:
        partial.begin({"labels": ["b"], "model": None}, said.append)
        partial.append([ANSWER])
    assert said == [f"Starting over: {path} is of a run that differs in labels."]
    assert rows_in(path) == 1


@pytest.mark.parametrize("change", ["touched", "labels", "threshold", "column", "even"])
def test_what_decides_the_answers_is_a_fact_of_the_run(tmp_path, change):
    from emo_hub.predicting import _facts

    job = FileJob(file=write_texts(tmp_path / "in.txt", "ab"), out=tmp_path / "out.csv", how=HOW)
    before = _facts(job, "text")
    column = "other" if change == "column" else "text"
    if change == "touched":
        os.utime(job.file, ns=(1, 1))
    if change == "labels":
        job = replace(job, how=replace(HOW, labels=("joy",)))
    if change == "threshold":
        job = replace(job, how=replace(HOW, threshold=0.5))
    if change == "even":
        job = replace(job, even=True)
    assert _facts(job, column) != before


def test_two_runs_do_not_write_one_file(tmp_path):
    with (
        Partial(tmp_path / "out.csv"),
        pytest.raises(DataError, match="in use by another run"),
        Partial(tmp_path / "out.csv"),
    ):
        pass


def test_a_full_disk_is_said_and_whole_rows_are_kept(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Partial(tmp_path / "out.csv") as partial:
        partial.begin({"labels": "a"}, lambda _: None)
        partial.append([ANSWER] * 3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
        try:
            with pytest.raises(DataError, match=r"3 rows are kept in .*partial: the same command"):
                partial.append([ANSWER] * 30)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert rows_in(partial.path) == 3
    assert partial.path.read_bytes().endswith(b"}\n")


def test_a_run_that_rated_nothing_leaves_nothing(tmp_path):
    job = FileJob(
        file=write_texts(tmp_path / "in.txt", texts(2)),
        out=tmp_path / "out.csv",
        how=How(labels=LABELS, model="no/such-model-anywhere"),
    )
    with pytest.raises(EmoHubError):
        predict_file(job)
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


# Forms of files.

ROWS = [
    {"id": "007", "text": 'She said "no",\nand left', "n": "NA"},
    {"id": "1e5", "text": "Schön, = 😀", "n": ""},
    {"id": "2020-01-01", "text": "", "n": "null"},
]


def write_rows(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8-sig")
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            separator = {".csv": ",", ".tsv": "\t"}[path.suffix]
            writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
            writer.writeheader()
            writer.writerows(rows)
    return path


def read_rows(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return read_lines(path)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter={".csv": ",", ".tsv": "\t"}[path.suffix]))


def written(source, out, answers, labels=LABELS, *, has_labels=False):
    columns = Columns.beside(source.columns, labels, has_labels=has_labels, has_vad=True)
    write_out(out, source, iter(answers), columns)
    return read_rows(out)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
@pytest.mark.parametrize("to", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_form_goes_into_every_other_with_its_cells_as_they_were(tmp_path, ending, to):
    path = write_rows(tmp_path / f"we[i]rd*{ending}", ROWS)
    source = open_source(path, typed=to == ".parquet", chunk=2)
    rows = written(source, tmp_path / f"out{to}", [ANSWER, ANSWER, None])
    assert [{name: row[name] for name in ROWS[0]} for row in rows] == ROWS
    assert [float(row["joy"] or 0) for row in rows] == pytest.approx([0.9, 0.9, 0])
    assert list(rows[0]) == [*ROWS[0], "best", *LABELS, "valence", "arousal", "dominance"]


def test_each_line_of_a_text_file_is_a_row(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"\xef\xbb\xbfone\r\n\ntwo\xe2\x80\xa8still two\n")
    source = open_source(tmp_path / "in.txt")
    assert source.rows == 3
    assert [row["text"] for rows in source.chunks() for row in rows] == [
        "one",
        "",
        "two\u2028still two",
    ]


@pytest.mark.parametrize("start", ["", "\n\r\n"])
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_a_blank_line_of_a_file_of_one_column_is_a_row(tmp_path, ending, start):
    path = tmp_path / f"in{ending}"
    path.write_bytes(f"{start}text\nI am happy\n\nI am sad\n  \n".encode())
    source = open_source(path, chunk=3)
    assert source.rows == 4
    found = [row["text"] for rows in source.chunks() for row in rows]
    assert found == ["I am happy", "", "I am sad", "  "]


@pytest.mark.parametrize("to", [".csv", ".tsv"])
def test_a_carriage_return_splits_no_row(tmp_path, to):
    rows = [{"text": "one\rtwo", "n": "1"}, {"text": "three\r", "n": "2"}]
    source = open_source(write_rows(tmp_path / "in.jsonl", rows))
    found = written(source, tmp_path / f"out{to}", [ANSWER] * 2)
    assert [{name: row[name] for name in rows[0]} for row in found] == rows
    assert b"\r\n" not in (tmp_path / f"out{to}").read_bytes()


def test_what_only_parquet_holds_is_written_without_marks_of_json(tmp_path):
    row = {
        "text": "a",
        "price": Decimal("12.50"),
        "took": datetime.timedelta(seconds=90),
        "raw": b"ab",
        "words": ["b", "c"],
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "in.parquet")
    [found] = written(open_source(tmp_path / "in.parquet"), tmp_path / "out.csv", [ANSWER])
    assert (found["price"], found["took"], found["raw"]) == ("12.50", "0:01:30", "YWI=")
    assert found["words"] == '["b", "c"]'


def test_types_and_class_names_of_parquet_are_kept(tmp_path):
    from datasets import ClassLabel, Dataset, Features, List, Value, load_dataset

    features = Features(
        {
            "text": Value("string"),
            "when": Value("timestamp[ns]"),
            "kind": ClassLabel(names=["good", "bad"]),
            "words": List(Value("string")),
        }
    )
    when = datetime.datetime(2020, 1, 2, 3, 4, 5)
    row = {"text": "a", "when": when, "kind": 1, "words": ["b", "c"]}
    Dataset.from_list([row], features=features).to_parquet(tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet", typed=True)
    written(source, tmp_path / "out.parquet", [ANSWER])
    found = load_dataset(
        "parquet", data_files=str(tmp_path / "out.parquet"), split="train", streaming=True
    )
    assert {name: found.features[name] for name in features} == features
    assert next(iter(found))["kind"] == 1
    assert found.features["joy"] == Value("float32")


def test_json_of_growing_kinds_becomes_parquet(tmp_path):
    rows = [{"text": "a", "n": 1}, {"text": "b", "n": None}, {"text": "c", "n": 1.5, "new": [1]}]
    source = open_source(write_rows(tmp_path / "in.jsonl", rows), typed=True, chunk=1)
    found = written(source, tmp_path / "out.parquet", [ANSWER] * 3)
    assert [(row["n"], row["new"]) for row in found] == [(1.0, None), (None, None), (1.5, [1])]


def test_json_of_contrary_kinds_is_refused_for_parquet_before_anything_is_rated(tmp_path):
    path = write_rows(tmp_path / "in.jsonl", [{"text": "a", "n": 1}, {"text": "b", "n": "two"}])
    for chunk in (1, 2):
        with pytest.raises(DataError, match=r"'n' of .* several kinds.*\.jsonl"):
            open_source(path, typed=True, chunk=chunk)
    assert open_source(path).rows == 2


@pytest.mark.parametrize("empty", [{}, [{}], {"deep": {}}])
def test_objects_without_keys_are_refused_for_parquet_before_anything_is_rated(tmp_path, empty):
    path = write_rows(tmp_path / "in.jsonl", [{"text": "a", "meta": empty}, {"text": "b"}])
    with pytest.raises(DataError, match=r"'meta' of .* without any key.*\.jsonl"):
        open_source(path, typed=True)
    assert open_source(path).rows == 2


def test_a_value_that_parquet_cannot_hold_is_said_and_what_is_rated_stays(tmp_path):
    from emo_hub.predicting import _facts

    # No floating-point number is this whole one.
    rows = [{"text": "a", "n": 2**53 + 1}, {"text": "b", "n": 0.5}]
    job = FileJob(
        file=write_rows(tmp_path / "in.jsonl", rows),
        out=tmp_path / "out.parquet",
        how=HOW,
        chunk=1,
    )
    partial = with_rows(job.out, 2, _facts(job, "text"))
    with pytest.raises(DataError, match=r"cannot hold a value of .*Let --out end in \.jsonl"):
        predict_file(job)
    partial.rename(tmp_path / "out.jsonl.partial")
    assert predict_file(replace(job, out=tmp_path / "out.jsonl")).rated == 0
    assert [row["n"] for row in read_lines(tmp_path / "out.jsonl")] == [2**53 + 1, 0.5]


def test_half_an_emoji_is_read_as_a_mark_of_replacement(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "so \\ud83d"}\n{"text": "\\ud83d\\ude00"}\n')
    [rows] = open_source(tmp_path / "in.jsonl").chunks()
    assert [row["text"] for row in rows] == ["so \ufffd", "😀"]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".txt"])
def test_rows_after_a_skip_are_those_of_the_same_chunks(tmp_path, ending):
    rows = [{"text": f"t{i}"} for i in range(20)]
    path = tmp_path / f"in{ending}"
    write_texts(path, [r["text"] for r in rows]) if ending == ".txt" else write_rows(path, rows)
    found = list(open_source(path, chunk=8).chunks(skip=11))
    assert [[row["text"] for row in some] for some in found] == [
        [f"t{i}" for i in range(11, 16)],
        [f"t{i}" for i in range(16, 20)],
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.docx", b"x", r"ends in '.docx'; what can be read is .txt"),
        ("in.csv", b"", "holds no rows"),
        ("in.csv", b"text,n\n", "holds no rows"),
        ("in.csv", b"text,n\na,1\nb,2,3\n", "cannot be read: .*line 3, saw 3"),
        ("in.csv", b"text,n\na,1,2\n", "2 columns, and 3 cells in its first row"),
        ("in.csv", b"text,text\na,b\n", "names a column twice"),
        ("in.csv", b"text\nSch\xf6n\n", "not in UTF-8"),
        ("in.txt", b"Sch\xf6n\n", "not in UTF-8"),
        ("in.jsonl", b'{"text": "a"}\n{"text": \n', "line 2 is no JSON"),
        ("in.jsonl", b'{"text": "a"}\n5\n', "line 2: 5 is no object"),
        ("in.parquet", b"PAR1", "cannot be read"),
    ],
)
def test_a_damaged_file_is_said_before_anything_is_rated(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((InputError, DataError), match=said):
        open_source(tmp_path / name)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*in\.csv"):
        open_source(tmp_path / "in.csv")


# Columns.


def source_of(tmp_path, rows):
    return open_source(write_rows(tmp_path / "in.csv", rows))


@pytest.mark.parametrize(
    ("row", "named", "found"),
    [
        ({"id": "1", "said": "a b"}, None, "said"),
        ({"who": "me", "comment": "c", "utterance": "u"}, None, "utterance"),
        ({"text": "a", "said": "b"}, "said", "said"),
        ({"text": "a", "id": "5"}, "id", "id"),
    ],
)
def test_the_text_column_is_the_named_the_only_or_the_usual_one(tmp_path, row, named, found):
    assert source_of(tmp_path, [row]).text_column(named) == found


@pytest.mark.parametrize(
    ("row", "named", "said"),
    [
        ({"who": "me", "said": "a"}, None, "several columns of texts.*'who', 'said'"),
        ({"id": "1", "n": "2.5"}, None, "no column of texts.*--column.*'id', 'n'"),
        ({"who": "me", "said": "a"}, "txt", "no column 'txt'.*'who', 'said'"),
    ],
)
def test_a_text_column_that_is_not_clear_is_asked_for_with_a_list(tmp_path, row, named, said):
    with pytest.raises(InputError, match=said):
        source_of(tmp_path, [row]).text_column(named)


def test_a_column_of_numbers_holds_no_texts(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "n": [1]}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match=r"'n' of .* holds no texts"):
        open_source(tmp_path / "in.parquet").text_column("n")


def test_a_column_of_texts_that_parquet_keeps_as_a_dictionary_holds_texts(tmp_path):
    said = pa.array(["a b", "c d", "a b"]).dictionary_encode()
    pq.write_table(pa.table({"said": said, "n": [1, 2, 3]}), tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    assert source.text_column(None) == "said"
    [rows] = source.chunks()
    assert [row["said"] for row in rows] == ["a b", "c d", "a b"]


def test_our_columns_stand_beside_those_of_the_same_name(tmp_path):
    row = {"text": "a", "joy": "mine", "best": "mine", "valence": "mine", "labels": "mine"}
    answer = {**ANSWER, "labels": ["joy"]}
    [found] = written(source_of(tmp_path, [row]), tmp_path / "out.csv", [answer], has_labels=True)
    assert {name: found[name] for name in row} == row
    assert found["joy (score)"] == "0.9"
    assert found["best (label)"] == found["labels (found)"] == "joy"
    assert found["valence (score)"] == "3.0"


def test_a_label_that_is_named_as_a_column_of_ours_gets_its_own(tmp_path):
    columns = Columns.beside(["text"], ["best", "valence"], has_labels=False, has_vad=True)
    assert len(set(columns.names())) == len(columns.names())


@pytest.mark.parametrize("to", [".csv", ".tsv"])
@pytest.mark.parametrize("label", ["=1+1", "+joy", "-joy", "@joy"])
def test_no_cell_of_ours_is_a_formula_and_the_users_stay_as_they_are(tmp_path, to, label):
    answer = {"best": label, "labels": [label, "b"], "scores": [0.9, 0.1]}
    source = source_of(tmp_path, [{"text": "=A1", "n": "-5"}])
    columns = Columns.beside(source.columns, [label, "b"], has_labels=True, has_vad=False)
    write_out(tmp_path / f"out{to}", source, iter([answer]), columns)
    [row] = read_rows(tmp_path / f"out{to}")
    assert (row["text"], row["n"]) == ("=A1", "-5")
    assert (row["best"], row["labels"], row[f"'{label}"]) == (f"'{label}", f"'{label}, b", "0.9")


# The command.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give a text, or a file"),
        (("hello", "--file", "in.txt"), "not both"),
        (("--file", "in.txt"), "--file needs --out"),
        (("--file", "in.txt", "--out", "o.csv", "--json"), "--json belongs to one text"),
        (("hello", "--out", "o.csv"), "--out belongs to --file"),
        (("hello", "--processes", "2"), "--processes belongs to --file"),
        (("--file", "in.txt", "--out", "o.xls"), r"must end in .jsonl, .csv, .tsv, .parquet"),
        (("--file", "in.txt", "--out", "no/o.csv"), "There is no folder no"),
        (("--file", "in.txt", "--out", "o.csv", "--processes", "0"), "whole number from 1; got 0"),
        (("--file", "in.txt", "--out", "o.csv", "--threshold", "2"), "within 0..1"),
        (("hello", "--even"), "--even belongs to --file"),
        (("--file", "in.txt", "--out", "o.csv", "--even"), "give --single with it"),
        (("--file", "in.txt", "--out", "o.csv", "--even", "--single"), "and of 1 it learns too"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    write_texts(tmp_path / "in.txt", ["a"])
    with pytest.raises(InputError, match=said):
        raise run("predict", *arguments, "--labels", "joy").exception


def test_an_output_that_is_there_is_replaced_only_when_asked(tmp_path):
    write_texts(tmp_path / "in.txt", ["I am so happy", ""])
    (tmp_path / "out.csv").write_text("mine")
    asked = ("--file", tmp_path / "in.txt", "--out", tmp_path / "out.csv", "--labels", "joy,fear")
    refused = run("predict", *asked)
    assert "is there already" in str(refused.exception)
    assert (tmp_path / "out.csv").read_text() == "mine"
    done = run("predict", *asked, "--overwrite")
    assert done.exit_code == 0, done.output
    assert read_rows(tmp_path / "out.csv")[0]["best"] == "joy"
    assert "empty answers: 1." in done.output
    assert "out.csv: 2 rows, " in done.output
