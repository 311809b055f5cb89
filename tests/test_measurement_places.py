"""Where on this machine a model lies goes into no report and no card."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.measurement import Measurement, measure, retold
from tests.commands import emo_hub

ROWS = [
    {"SIT": text, "SIT_clean": text, "non_response": False, "EMOT": "1", "label": label}
    for text, label in (("My dog came home.", "joy"), ("I broke her cup.", "guilt"))
]
PRIVATE = b"acme"


def files_that_tell(folder):
    """Name the files that hold the private part of a path, or have it in their name."""
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and PRIVATE in path.read_bytes()
    ]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data" / "isear" / "all.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    return tmp_path / "data"


@pytest.fixture
def client(tmp_path, measured_checkpoint):
    """A model in the folder of somebody whom no reader should know of."""
    return shutil.copytree(measured_checkpoint, tmp_path / "clients" / "acme" / "my-model")


def test_neither_report_nor_card_tell_where_the_model_lies(client, data, tiny_corpus, tmp_path):
    run = emo_hub(
        "evaluate", client, "--benchmarks", data, "--only", "isear", "--data", tiny_corpus,
        "--no-baselines", "--card", "--out", tmp_path / "out", EMO_HUB_CACHE=str(tmp_path / "kept"),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert files_that_tell(tmp_path / "out") == []
    assert files_that_tell(client) == []
    facts = json.loads((tmp_path / "out" / "report.json").read_text())["facts"]
    assert facts["command"].startswith("emo-hub evaluate my-model --benchmarks DIR")
    assert facts["contestants"]["my-model"]["source"] == "my-model"
    assert json.loads((client / "results.json").read_text())["command"] == facts["command"]


def test_a_comparison_does_not_tell_where_the_reports_lie(client, data, tiny_corpus, tmp_path):
    out = tmp_path / "acme" / "report"
    plan = Measurement(
        models=(str(client),), corpus=tiny_corpus, benchmarks=data, only=("isear",), baselines=False
    )
    measure(plan, out, command="")
    run = emo_hub("evaluate", "--compare", out, f"{out}#my-model", "--out", tmp_path / "compared")
    assert run.returncode == 0, run.stderr
    assert files_that_tell(tmp_path / "compared") == []
    told = json.loads((tmp_path / "compared" / "comparison.json").read_text())
    assert told["facts"]["command"] == "emo-hub evaluate --compare report report#my-model"


def test_models_of_one_name_are_told_apart_without_their_folders(
    client, data, tiny_corpus, tmp_path
):
    other = shutil.copytree(client, tmp_path / "acme" / "second" / "my-model")
    both = (str(client), f"ours:{other}")
    plan = Measurement(
        models=both, corpus=tiny_corpus, benchmarks=data, only=("isear",), baselines=False
    )
    found = measure(plan, tmp_path / "out", command="")
    assert [found[typed][0].model for typed in both] == ["my-model", "my-model (2)"]
    assert files_that_tell(tmp_path / "out") == []


def test_a_file_of_predictions_is_retold_by_its_name(tmp_path, tiny_corpus, data):
    path = tmp_path / "acme" / "theirs.csv"
    path.parent.mkdir()
    path.write_text("text,joy,guilt\nMy dog came home.,0.9,0.1\nI broke her cup.,0.2,0.7\n")
    plan = Measurement(
        models=(f"predictions:{path}",), corpus=tiny_corpus, benchmarks=data, only=("isear",),
        baselines=False,
    )  # fmt: skip
    measure(plan, tmp_path / "out", command="")
    assert files_that_tell(tmp_path / "out") == []


@pytest.mark.parametrize("typed", ["org/model", "org/model@main", "llm:org/model", "default"])
def test_what_names_no_place_here_is_retold_as_it_is(typed):
    assert retold(typed) == typed


@pytest.mark.parametrize("form", ["{}", "{}/", "ours:{}", "ours:{}/."])
def test_a_folder_is_retold_by_its_last_part_behind_its_prefix(form, tmp_path):
    (tmp_path / "mine").mkdir()
    prefix = "ours:" if form.startswith("ours:") else ""
    assert retold(form.format(tmp_path / "mine")) == f"{prefix}mine"
