"""Labels of training lie where comments say, and nothing else moves."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from emo_hub.calibration import LabelOffsets
from emo_hub.cli import app
from emo_hub.errors import CheckpointError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.tensors import OFFSETS_FILE, read_offsets, write_vad
from emo_hub.training.label_offsets import Named, fit_offsets

TEXTS = ["He hung up on me again.", "thank you so much", "ok"]
JOY = GOEMOTIONS.index("joy")


@pytest.fixture
def moved(untrained):
    """The same model with another vector for joy."""
    weight = np.zeros((len(GOEMOTIONS.labels), 32), np.float32)
    weight[JOY] = np.random.default_rng(0).normal(size=32)
    bias = np.zeros(len(weight), np.float32)
    bias[JOY] = 0.5
    kept = untrained.offsets
    untrained.offsets = LabelOffsets(weight, bias)
    yield untrained
    untrained.offsets = kept


def rows(count=400, *, trust=1.0, noise=0.0, seed=0):
    """Texts of which the second label follows another direction than its name's."""
    chance = np.random.default_rng(seed)
    texts = chance.normal(size=(count, 8))
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    truth = np.stack([texts[:, 0] > 0.3, texts[:, 1] + noise * chance.normal(size=count) > 0.3], 1)
    return Named(
        texts.astype(np.float32),
        truth.astype(np.float32),
        np.full(count, trust, np.float32),
    )


NAMES = 5 * np.eye(8, dtype=np.float32)[[0, 2]]  # the second name lies elsewhere than its label
BIAS = np.full(2, -1.0, np.float32)


def rated(named, offsets):
    return named.texts @ (NAMES + offsets.weight).T + BIAS + offsets.bias


def agreement(named, logits):
    return ((logits > 0) == (named.targets > 0)).mean(axis=0)


def test_a_label_moves_to_where_its_texts_are():
    named, other = rows(), rows(seed=1)
    before = agreement(other, other.texts @ NAMES.T + BIAS)
    after = agreement(other, rated(other, fit_offsets(named, NAMES, BIAS, 1e-3)))
    assert before[1] < 0.8
    assert after[1] > 0.95


def test_a_strong_anchor_keeps_the_names():
    weak, strong = (fit_offsets(rows(), NAMES, BIAS, anchor) for anchor in (1e-4, 1e3))
    assert np.abs(strong.weight).max() < 1e-3 < np.abs(weak.weight).max()


def test_a_row_without_trust_teaches_nothing():
    trusted, doubted = rows(), rows(seed=3, noise=9.0, trust=0.0)
    fields = ("texts", "targets", "trust")
    both = Named(*(np.concatenate([getattr(p, f) for p in (trusted, doubted)]) for f in fields))
    alone, mixed = (fit_offsets(named, NAMES, BIAS, 1e-3) for named in (trusted, both))
    assert np.allclose(alone.weight, mixed.weight, atol=1e-2)


def test_an_offset_moves_its_label_in_ratings_alone(moved):
    labels = ["joy", "fear", "wistful", "not joy"]
    texts = moved.encode_texts(TEXTS)
    after, contest = moved.scorer(labels), moved.scorer(labels, competing=True)
    offsets, moved.offsets = moved.offsets, None
    before, calm = moved.scorer(labels), moved.scorer(labels, competing=True)
    learnt = texts @ offsets.weight[JOY] + offsets.bias[JOY]
    change = after.logits(texts) - before.logits(texts)
    raw = moved.head.trained_calibration.raw
    assert np.allclose(change[:, 0], raw * learnt, atol=1e-4)
    assert np.allclose(change[:, 1:3], 0)
    assert np.allclose(change[:, 3], -change[:, 0], atol=1e-4)
    assert np.array_equal(contest.weight, calm.weight)


def test_offsets_survive_saving(moved, tmp_path):
    moved.save(tmp_path)
    again = EmotionModel.load(tmp_path)
    assert np.array_equal(again.offsets.weight, moved.offsets.weight)
    assert np.allclose(again.score(TEXTS, ["joy"]), moved.score(TEXTS, ["joy"]), atol=1e-6)


def test_transformers_own_loading_finds_them(moved, tmp_path):
    from transformers import pipeline

    moved.save(tmp_path)
    found = pipeline("zero-shot-emotion", model=str(tmp_path))(TEXTS[0], candidate_labels=["joy"])
    wanted = float(moved.score(TEXTS[:1], ["joy"])[0, 0])
    assert found["scores"][0] == pytest.approx(wanted, abs=5e-3)


def test_offsets_of_other_labels_are_refused(moved, tmp_path):
    moved.save(tmp_path)
    tensors = {name: value[:-1] for name, value in load_file(tmp_path / OFFSETS_FILE).items()}
    save_file(tensors, tmp_path / OFFSETS_FILE)
    with pytest.raises(CheckpointError, match="is of 27 labels"):
        EmotionModel.load(tmp_path)


@pytest.fixture(scope="module")
def tiny_texts(tiny_corpus, tmp_path_factory):
    """A folder that has a text for each annotated comment of the small corpus."""
    import pandas as pd

    from emo_hub.dataset import read_corpus

    corpus = read_corpus(tiny_corpus)
    ids = {r["source_id"] for s in ("train", "validation") for r in corpus.rows("descriptors", s)}
    folder = tmp_path_factory.mktemp("texts")
    texts = [f"what i said of {name}" for name in sorted(ids)]
    pd.DataFrame({"id": sorted(ids), "text": texts}).to_parquet(folder / "train.parquet")
    return folder


@pytest.fixture(scope="module")
def run(tiny_corpus, tiny_settings, tiny_texts, tmp_path_factory):
    """A run that learnt no offsets, and the same calibrated with them through the command."""
    from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive

    folder = tmp_path_factory.mktemp("runs")
    recipe = ContrastiveRecipe(**{**tiny_settings, "anchor": 0.0})
    plain = train_contrastive(tiny_corpus, folder / "plain", recipe, texts=str(tiny_texts)).path
    settings = {k: v for k, v in tiny_settings.items() if k not in ("base",)}
    arguments = ["train", "calibrate", str(plain), "--data", str(tiny_corpus)]
    arguments += ["--texts", str(tiny_texts), "--out", str(folder / "moved")]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={json.dumps(value)}"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    return plain, folder / "moved", arguments


def test_calibrating_learns_offsets_and_leaves_the_encoder(run):
    plain, calibrated, _ = run
    assert read_offsets(plain, GOEMOTIONS.labels) is None
    assert read_offsets(calibrated, GOEMOTIONS.labels) is not None
    for part in ("", "adapter"):
        before, after = (EmotionModel.load(path / part) for path in (plain, calibrated))
        assert np.allclose(before.encode_texts(TEXTS), after.encode_texts(TEXTS), atol=1e-6)
    assert read_offsets(calibrated / "adapter", GOEMOTIONS.labels) is not None


def test_calibrating_says_what_it_started_from(run):
    plain, calibrated, _ = run
    told = [json.loads((path / "training.json").read_text()) for path in (plain, calibrated)]
    assert told[1]["calibrated"]["run"] == told[0]["run"] != told[1]["run"]
    assert told[1]["command"].startswith("emo-hub train calibrate plain")


def test_calibrating_again_still_names_the_training_and_its_settings(run, tmp_path):
    plain, calibrated, arguments = run
    again = list(arguments)
    again[2], again[again.index("--out") + 1] = str(calibrated), str(tmp_path / "again")
    assert CliRunner().invoke(app, again).exit_code == 0
    first, last = (
        json.loads((path / "training.json").read_text()) for path in (plain, tmp_path / "again")
    )
    assert last["calibrated"]["run"] == first["run"]
    assert last["recipe"] == first["recipe"]


def test_the_same_calibration_is_reused(run):
    found = CliRunner().invoke(app, run[2])
    assert "reused" in found.output


def test_texts_that_were_forgotten_at_first_make_another_calibration(run, tmp_path):
    given = list(run[2])
    given[given.index("--out") + 1] = str(tmp_path / "out")
    place = given.index("--texts")
    for arguments in (given[:place] + given[place + 2 :], given):
        found = CliRunner().invoke(app, arguments)
        assert found.exit_code == 0, found.output
        assert "out: calibrated." in found.output
    assert read_offsets(tmp_path / "out", GOEMOTIONS.labels) is not None


def test_calibrating_fits_the_dimensions_of_finished_vectors(run, tmp_path):
    plain, _, arguments = run
    spoilt = tmp_path / "spoilt"
    shutil.copytree(plain, spoilt)
    model = EmotionModel.load(plain)
    for folder in (spoilt, spoilt / "adapter"):
        write_vad(torch.zeros(3, 32), torch.full((3,), 3.0), folder)
    changed = [str(spoilt) if argument == str(plain) else argument for argument in arguments]
    changed[changed.index("--out") + 1] = str(tmp_path / "out")
    assert CliRunner().invoke(app, changed).exit_code == 0
    again = EmotionModel.load(tmp_path / "out")
    assert torch.allclose(again.vad_weight[:2], model.vad_weight[:2], atol=1e-4)
    assert float(model.vad_weight[:2].abs().max()) > 1e-3


def test_what_is_no_run_is_refused(run, tmp_path):
    plain, _, arguments = run
    copy = tmp_path / "copy"
    shutil.copytree(plain, copy)
    (copy / "training.json").unlink()
    changed = [str(copy) if argument == str(plain) else argument for argument in arguments]
    changed[changed.index("--out") + 1] = str(tmp_path / "out")
    found = CliRunner().invoke(app, changed)
    assert found.exit_code != 0
    assert "is no run of train contrastive" in str(found.exception) + found.output


def test_without_comments_names_stay_as_they_are(tiny_checkpoint):
    assert read_offsets(tiny_checkpoint, GOEMOTIONS.labels) is None


@pytest.mark.parametrize("kind", ["contrastive.ContrastiveRecipe", "nano.NanoRecipe"])
def test_an_anchor_below_zero_is_refused(kind):
    import importlib

    module, name = kind.split(".")
    recipe = getattr(importlib.import_module(f"emo_hub.training.{module}"), name)
    with pytest.raises(SettingsError, match="anchor must be at least 0; got -1"):
        recipe(anchor=-1)
