"""Averaging runs: the mean of what each adds to the base, calibrated anew, and nothing else."""

import json
import re
import shutil

import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from emo_hub.checkpoint import read_head
from emo_hub.cli import app
from emo_hub.errors import CheckpointError, InputError
from emo_hub.modeling import EmotionModel
from emo_hub.training.averaging import average_runs
from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive


@pytest.fixture(scope="module")
def trained(tiny_corpus, tiny_settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")

    def train(name, **changes):
        recipe = ContrastiveRecipe(**{**tiny_settings, "use_comments": False, **changes})
        return train_contrastive(tiny_corpus, folder / name, recipe).path

    return {
        "one": train("one", adapter_rank=4, adapter_alpha=8),
        "two": train("two", adapter_rank=2, adapter_alpha=2, seed=5),
        "whole": train("whole", adapter_rank=0),
    }


@pytest.fixture(scope="module")
def mean(trained, tiny_corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("mean") / "mean"
    return average_runs([trained["one"], trained["two"]], tiny_corpus, out).path


def weights(path):
    return EmotionModel.load(path).backbone.state_dict()


def test_each_weight_is_the_mean_of_the_runs(trained, mean):
    one, two, found = weights(trained["one"]), weights(trained["two"]), weights(mean)
    for name, value in found.items():
        assert torch.allclose(value, (one[name] + two[name]) / 2, atol=1e-6), name


def test_the_adapter_has_the_ranks_of_all_and_gives_the_same_weights(mean):
    head = read_head(mean / "adapter")
    assert head.adapter.rank == 6
    whole, merged = weights(mean), weights(mean / "adapter")
    for name, value in whole.items():
        assert torch.allclose(value, merged[name], atol=2e-3), name


def test_the_mean_is_calibrated_anew(trained, mean):
    own, first = read_head(mean), read_head(trained["one"])
    assert own.calibration != first.calibration
    assert set(own.thresholds) == set(first.thresholds)


def test_it_says_which_runs_it_is_the_mean_of(trained, mean):
    told = json.loads((mean / "training.json").read_text())
    runs = [json.loads((trained[n] / "training.json").read_text()) for n in ("one", "two")]
    assert [part["run"] for part in told["averaged"]] == [run["run"] for run in runs]
    assert told["steps"] == sum(run["steps"] for run in runs)
    assert told["run"] not in {run["run"] for run in runs}


def test_the_same_average_is_reused(trained, mean, tiny_corpus):
    again = average_runs([trained["one"], trained["two"]], tiny_corpus, mean)
    assert again.reused


def test_a_run_without_low_rank_updates_is_refused(trained, tiny_corpus, tmp_path):
    with pytest.raises(CheckpointError, match="adapter_rank above 0"):
        average_runs([trained["one"], trained["whole"]], tiny_corpus, tmp_path / "m")


def test_a_run_on_an_earlier_version_of_the_corpus_is_averaged_too(
    trained, mean, tiny_corpus, tmp_path
):
    earlier, heard = shutil.copytree(trained["two"], tmp_path / "two"), []
    told = json.loads((earlier / "training.json").read_text())
    version = {"corpus_version": "0.1.0", "corpus_content": "x"}
    (earlier / "training.json").write_text(json.dumps({**told, **version}))
    runs = [earlier, trained["one"]]
    made = average_runs(runs, tiny_corpus, tmp_path / "m", say=heard.append).path
    for name, value in weights(made).items():
        assert torch.allclose(value, weights(mean)[name], atol=1e-6), name
    found = json.loads((made / "training.json").read_text())
    assert [part["corpus_version"] for part in found["averaged"]] == [
        "0.1.0",
        told["corpus_version"],
    ]
    assert found["corpus_version"] == told["corpus_version"] != "0.1.0"
    assert "Not all runs were trained on" in heard[0]


def test_it_says_that_it_reads_all_texts_before_the_minutes_that_takes(
    trained, tiny_corpus, tmp_path
):
    heard = []
    average_runs([trained["one"], trained["two"]], tiny_corpus, tmp_path / "m", say=heard.append)
    assert re.fullmatch(r"Reads [\d,]+ texts once more, for what scores mean\.", heard[0])


def other_corpus(tiny_corpus, place, **changes):
    shutil.copytree(tiny_corpus, place)
    manifest = json.loads((place / "corpus.json").read_text())
    (place / "corpus.json").write_text(json.dumps({**manifest, **changes}))
    return place


def test_data_that_the_runs_were_not_trained_on_is_refused(trained, tiny_corpus, tmp_path):
    data = other_corpus(tiny_corpus, tmp_path / "corpus", content="another")
    with pytest.raises(CheckpointError, match="None of the runs was trained on"):
        average_runs([trained["one"], trained["two"]], data, tmp_path / "m")


def test_an_average_judged_by_other_rows_is_not_reused(trained, mean, tiny_corpus, tmp_path):
    data, out = other_corpus(tiny_corpus, tmp_path / "corpus"), tmp_path / "m"
    for file in data.rglob("*.parquet"):
        pq.write_table(pq.read_table(file).slice(0, 50), file)
    shutil.copytree(mean, out)
    assert not average_runs([trained["one"], trained["two"]], data, out).reused


def test_one_run_alone_is_refused(trained, tiny_corpus, tmp_path):
    with pytest.raises(InputError, match="at least two"):
        average_runs([trained["one"]], tiny_corpus, tmp_path / "m")


def test_the_command_averages(trained, tiny_corpus, tmp_path):
    runs = [str(trained["one"]), str(trained["two"])]
    done = CliRunner().invoke(
        app,
        ["train", "average", *runs, "--data", str(tiny_corpus), "--out", str(tmp_path / "m")],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    scale = EmotionModel.load(tmp_path / "m").head.logit_scale
    heads = [read_head(trained[name]) for name in ("one", "two")]
    product = heads[0].logit_scale * heads[1].logit_scale
    assert scale == pytest.approx(product**0.5, rel=1e-5)
