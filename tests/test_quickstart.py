"""The main job end to end, small: corpus, model, report, card; a second run reuses and says so."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys

import pytest

from emo_hub.dataset import read_corpus
from emo_hub.errors import CardError, DataError
from emo_hub.evaluation.table import BEGIN, END, render_table, update
from emo_hub.quickstart import CORPUS, MODEL, REPORT, find_benchmarks, quickstart
from emo_hub.synthesis.plan import FILE, Plan, plan_to_json, read_plan
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.teacher import PACKAGED_RECORDINGS

from .commands import emo_hub
from .conftest import REPOSITORY


@pytest.fixture(scope="module")
def overrides(tiny_settings):
    return [f"{key}={json.dumps(value)}" for key, value in tiny_settings.items()]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Recordings of the package with a short plan, whose corpus is built and scored in seconds."""
    folder = tmp_path_factory.mktemp("recordings")
    for name in ("utterances.jsonl.gz", "scenes.jsonl.gz", "descriptors.jsonl.gz"):
        (folder / name).symlink_to(PACKAGED_RECORDINGS / name)
    (folder / "provenance.json").symlink_to(PACKAGED_RECORDINGS / "provenance.json")
    whole = read_plan(PACKAGED_RECORDINGS)
    plan = Plan(whole.utterances[::12], whole.scenes[::6], whole.descriptors[::60])
    (folder / FILE).write_bytes(gzip.compress(json.dumps(plan_to_json(plan)).encode()))
    return folder


def run_twice(folder, overrides):
    """Run the quickstart two times without any benchmark, and give what it said."""
    said: list[str] = []
    again: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMO_HUB_BENCHMARKS", str(folder / "nowhere"))
        for lines in (said, again):
            quickstart(folder, overrides=overrides, say=lines.append)
    return said, again


@pytest.fixture(scope="module")
def made(tmp_path_factory, overrides, recordings):
    """A folder after one quickstart without any benchmark, and what it said."""
    folder = tmp_path_factory.mktemp("quick")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_hub.synthesis.build.PACKAGED_RECORDINGS", recordings)
        return folder, *run_twice(folder, overrides)


def test_it_makes_corpus_model_and_report(made):
    folder, _, _ = made
    assert (folder / CORPUS / "README.md").exists()
    assert (folder / MODEL / "model.safetensors").exists()
    for name in ("report.json", "report.md", "report.html"):
        assert (folder / REPORT / name).stat().st_size > 500


def test_it_says_what_was_left_out(made):
    _, said, _ = made
    assert any("No folder of public benchmarks was found" in line for line in said)


def test_a_second_run_reuses_all_three_and_says_so(made):
    _, _, again = made
    assert sum("reused" in line for line in again) == 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_of_the_shipped_recordings_goes_the_same_way(tmp_path, overrides):
    _, again = run_twice(tmp_path, overrides)
    counts = read_corpus(tmp_path / CORPUS).counts
    assert sum(sum(splits.values()) for splits in counts.values()) > 60_000
    assert sum("reused" in line for line in again) == 3
    assert (tmp_path / REPORT / "report.html").stat().st_size > 500


def test_report_holds_the_model_and_both_baselines(made):
    folder, _, _ = made
    report = json.loads((folder / REPORT / "report.json").read_text())
    names = list(report["models"])
    assert names[0].endswith(MODEL)
    assert names[1:] == ["all-MiniLM-L6-v2 as it is", "majority label"]


def test_card_holds_the_measured_numbers(made):
    folder, _, _ = made
    card = (folder / MODEL / "README.md").read_text()
    results = json.loads((folder / MODEL / "results.json").read_text())
    assert all(f"{r['value']:.3f}" in card for r in results["measured"])
    assert "emo-hub quickstart" in card


def test_card_without_measurements_is_refused(tiny_checkpoint, tmp_path):
    import shutil

    from emo_hub.model_card import write_card

    folder = shutil.copytree(tiny_checkpoint, tmp_path / "m")
    with pytest.raises(CardError, match="has no facts"):
        write_card(folder, name="m")


def test_three_lines_of_python_use_what_was_made(made):
    folder, _, _ = made
    code = (
        "import emo_hub\nfrom transformers import pipeline\n"
        f"clf = pipeline('zero-shot-emotion', model='{MODEL}')\n"
        "print(clf('So you kept it.', candidate_labels=['touched', 'angry'])['labels'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert "touched" in done.stdout, done.stderr[-1500:]


def test_benchmarks_are_found_by_the_environment(tmp_path, monkeypatch):
    (tmp_path / "goemotions").mkdir()
    monkeypatch.setenv("EMO_HUB_BENCHMARKS", str(tmp_path))
    assert find_benchmarks() == tmp_path


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["train", "contrastive", "--data", "nowhere", "--out", "m"], "nowhere holds no corpus"),
        (["quickstart", "--set", "epoch=1"], "did you mean 'epochs'"),
        (["evaluate", "nowhere"], "neither a folder nor a repository"),
        (["corpus", "stats", "nowhere"], "nowhere holds no corpus"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, arguments, wrong):
    done = emo_hub(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert wrong in done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_every_verb(tmp_path):
    # In a process of its own, so that `python -m emo_hub` is seen to start.
    done = subprocess.run(
        [sys.executable, "-m", "emo_hub", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    for verb in ("quickstart", "predict", "corpus", "train", "evaluate", "demo"):
        assert verb in done.stdout


def test_corpus_stats_count_every_label(made):
    folder, _, _ = made
    done = emo_hub("corpus", "stats", CORPUS, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert all(f"| {label} |" in done.stdout for label in GOEMOTIONS.labels)


def test_readme_table_is_the_one_that_was_measured():
    files = [REPOSITORY / "model_cards" / f"{name}.json" for name in ("results", "protocols")]
    readme = (REPOSITORY / "README.md").read_text()
    rendered = render_table([json.loads(file.read_text()) for file in files])
    assert update(readme, rendered) == readme


def test_of_a_model_in_two_reports_the_first_counts():
    def report(value, *names):
        row = {"benchmark": "xed", "split": "all", "rows": 9, "metrics": {"macro_f1": value}}
        return {"models": {name: [row] for name in names}}

    table = render_table(
        [report(0.5, "emo_hub default"), report(0.25, "synthetic", "emo_hub default")]
    )
    assert "| XED, 8 labels, macro-F1 | all, 9 | 0.250 | 0.500 |" in table


def test_readme_shows_both_commands_and_stays_short():
    readme = (REPOSITORY / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
    assert len(readme.splitlines()) < 230


def test_readme_without_markers_is_refused():
    with pytest.raises(DataError, match="put them"):
        update("no table here", "| a |")
    assert update(f"x{BEGIN}old{END}y", "new") == f"x{BEGIN}\nnew\n{END}y"


def test_card_of_the_embedded_default_states_what_was_measured():
    from emo_hub.registration import default_model_folder

    folder = default_model_folder()
    card = (folder / "README.md").read_text()
    results = json.loads((folder / "results.json").read_text())
    names = {r["benchmark"] for r in results["measured"]}
    assert {"goemotions", "isear", "empathetic-dialogues", "edos", "xed", "emobank"} <= names
    assert all(f"{r['value']:.3f}" in card for r in results["measured"])
