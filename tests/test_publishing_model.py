"""A checkpoint becomes a version on the Hub, which stock libraries load without code of ours."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, constants

from emo_hub.errors import CardError, CheckpointError, DataError, InputError, PublishError
from emo_hub.modeling import EmotionModel
from emo_hub.publishing.model import publish_model
from tests.commands import emo_hub

REPO = "emo/small-model"
COMMIT, TAG, UPLOAD = "POST .*/commit/", "POST .*/tag/", "PUT /_lfs/"


@pytest.fixture
def checkpoint(measured_checkpoint, tmp_path):
    return shutil.copytree(measured_checkpoint, tmp_path / "checkpoint")


def card_of(hub, tag="v1.0.0"):
    return hub.contents("model", REPO, tag)["README.md"].decode()


def test_a_dual_encoder_becomes_a_commit_with_an_annotated_tag(hub, owner, checkpoint):
    publish_model(REPO, checkpoint, api=owner)
    repository, there = hub.repository("model", REPO), hub.contents("model", REPO, "v1.0.0")
    assert repository.oid("v1.0.0") == repository.oid("main")
    assert repository.tags["v1.0.0"].message == "small-model v1.0.0"
    own = {p.relative_to(checkpoint).as_posix() for p in checkpoint.rglob("*") if p.is_file()}
    assert there.keys() - {".gitattributes"} == own | {"README.md", "zero_shot_emotion.py"}
    assert there["model.safetensors"] == (checkpoint / "model.safetensors").read_bytes()
    assert not (checkpoint / "zero_shot_emotion.py").exists()


def test_the_card_has_what_the_hub_and_its_readers_need(hub, owner, checkpoint):
    publish_model(REPO, checkpoint, api=owner)
    text = card_of(hub)
    card = ModelCard(text)
    assert (card.data.license, card.data.library_name) == ("apache-2.0", "sentence-transformers")
    assert card.data.datasets == ["emo-hub/emo-pillars"]
    [result] = card.data.eval_results
    assert isinstance(result, EvalResult)
    assert (result.dataset_type, result.metric_value) == ("goemotions", 0.4567)
    assert "| goemotions | test | 10 | macro_f1 | 0.457 | 0.400 to 0.500 |" in text
    training = json.loads((checkpoint / "training.json").read_text())
    for said in (training["recipe_hash"], f"emo-pillars {training['corpus_version']}", "## Limits"):
        assert said in text
    thresholds = EmotionModel.load(checkpoint).head.thresholds
    assert f"admiration {thresholds['admiration']:.3f}" in text
    assert f'pipeline("zero-shot-emotion", model="{REPO}", trust_remote_code=True)' in text


def test_measured_results_stand_where_the_hub_looks_for_them(hub, owner, checkpoint):
    publish_model(REPO, checkpoint, api=owner)
    text = hub.contents("model", REPO)[".eval_results/goemotions.yaml"]
    [entry] = yaml.safe_load(text)
    assert entry["value"] == 0.4567


def test_a_base_encoder_on_this_machine_is_not_named(hub, owner, checkpoint, tiny_base):
    publish_model(REPO, checkpoint, api=owner)
    assert str(tiny_base) not in card_of(hub)
    assert ModelCard(card_of(hub)).data.base_model is None


def test_publishing_the_same_again_sends_nothing(hub, owner, checkpoint):
    publish_model(REPO, checkpoint, api=owner)
    before = len(hub.faults.seen)
    assert publish_model(REPO, checkpoint, api=owner).tagged
    assert all(seen.request.startswith("GET ") for seen in hub.faults.seen[before:])


def test_a_new_version_sends_what_changed_and_no_tag_is_moved(hub, owner, checkpoint):
    publish_model(REPO, checkpoint, api=owner)
    uploads = hub.faults.count(UPLOAD)
    (checkpoint / "onnx").mkdir()
    (checkpoint / "onnx" / "model.onnx").write_bytes(b"\x08\x07" * 600)
    with pytest.raises(PublishError, match="never moved"):
        publish_model(REPO, checkpoint, api=owner)
    plan = publish_model(REPO, checkpoint, tag="v1.1.0", api=owner)
    assert (plan.added, plan.changed) == (("onnx/model.onnx",), ())
    assert hub.faults.count(UPLOAD) == uploads + 1
    assert "onnx/model.onnx" not in hub.contents("model", REPO, "v1.0.0")


def test_a_dry_run_says_all_and_changes_nothing(hub, owner, checkpoint):
    said: list[str] = []
    publish_model(REPO, checkpoint, how="dry-run", api=owner, say=said.append)
    assert said[0] == f"make model {REPO}"
    assert any(line.startswith("+ zero_shot_emotion.py (") for line in said)
    assert said[-1] == "tag v1.0.0"
    assert all(seen.request.startswith("GET ") for seen in hub.faults.seen)


# Refused before anything is asked


@pytest.mark.parametrize(("name", "tag"), [("small-model", "v1.0.0"), (REPO, "1.0")])
def test_an_invalid_name_or_tag_is_refused_unasked(hub, owner, checkpoint, name, tag):
    with pytest.raises(InputError):
        publish_model(name, checkpoint, tag=tag, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    "file", ["model_head.pkl", "optimizer.pt", "pytorch_model.bin", "old/head.joblib"]
)
def test_a_pickle_in_the_folder_is_refused_unasked(hub, owner, checkpoint, file):
    (checkpoint / file).parent.mkdir(exist_ok=True)
    (checkpoint / file).write_bytes(b"\x80\x04\x95\x00.")
    with pytest.raises(DataError, match="is a pickle"):
        publish_model(REPO, checkpoint, api=owner)
    assert not hub.faults.seen


def test_numbers_of_openvino_are_no_pickle(hub, owner, checkpoint):
    (checkpoint / "openvino").mkdir()
    (checkpoint / "openvino" / "openvino_model.bin").write_bytes(np.ones(9, "f4").tobytes())
    publish_model(REPO, checkpoint, how="dry-run", api=owner)


@pytest.mark.parametrize(
    "secret", ["hf_" + "a1B2" * 9, "sk-" + "proj-Ab12" * 3, "-----BEGIN RSA " + "PRIVATE KEY-----"]
)
def test_a_secret_in_a_file_is_refused_unasked_and_not_repeated(hub, owner, checkpoint, secret):
    (checkpoint / "notes.md").write_text(f"the key: {secret}\n")
    with pytest.raises(DataError, match=r"notes\.md") as refused:
        publish_model(REPO, checkpoint, api=owner)
    assert secret not in str(refused.value)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    "harm", ["no weights", "cut weights", "other weights", "cut head", "no tokenizer", "partial"]
)
def test_a_folder_that_is_half_written_is_refused_unasked(hub, owner, checkpoint, harm):
    weights = checkpoint / "model.safetensors"
    if harm == "no weights":
        weights.unlink()
    elif harm == "cut weights":
        weights.write_bytes(weights.read_bytes()[:-10])
    elif harm == "other weights":
        from safetensors.torch import load_file, save_file

        held = load_file(weights)
        held.pop("encoder.layer.1.output.dense.weight")
        save_file(held, weights, metadata={"format": "pt"})
    elif harm == "cut head":
        head = checkpoint / "emotion_head.json"
        head.write_text(head.read_text()[:-40])
    elif harm == "no tokenizer":
        (checkpoint / "tokenizer.json").unlink()
        (checkpoint / "tokenizer_config.json").unlink()
    else:
        (checkpoint / "model-2.safetensors.tmp").write_bytes(b"")
    with pytest.raises((CheckpointError, DataError)):
        publish_model(REPO, checkpoint, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("results.json", None),
        ("training.json", None),
        ("training.json", {"corpus_version": None}),
        ("results.json", {"measured": []}),
    ],
)
def test_a_card_with_missing_facts_is_refused_unasked(hub, owner, checkpoint, file, change):
    path = checkpoint / file
    facts = json.loads(path.read_text())
    path.unlink()
    if change is not None:
        facts.update(change)
        path.write_text(json.dumps({k: v for k, v in facts.items() if v is not None}))
    with pytest.raises(CardError):
        publish_model(REPO, checkpoint, api=owner)
    assert not hub.faults.seen


def test_a_missing_fact_is_named_where_the_caller_keeps_the_model(hub, owner, checkpoint):
    (checkpoint / "results.json").unlink()
    with pytest.raises(CardError, match=re.escape(str(checkpoint / "results.json"))):
        publish_model(REPO, checkpoint, api=owner)


@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_what_is_no_checkpoint_is_refused_unasked(hub, owner, tmp_path, where):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError):
        publish_model(REPO, tmp_path / where, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    ("who", "sentence"), [("reader", "may only read"), ("stranger", "does not write to 'emo'")]
)
def test_a_token_that_may_not_write_is_refused_before_anything_is_made(
    request, hub, checkpoint, who, sentence
):
    with pytest.raises(PublishError, match=sentence):
        publish_model(REPO, checkpoint, api=request.getfixturevalue(who))
    assert hub.was_left_alone("model", REPO)


def test_an_expired_token_is_said_to_be_one(hub, owner, checkpoint):
    hub.accounts.expire(hub.write)
    with pytest.raises(PublishError, match="log in again"):
        publish_model(REPO, checkpoint, api=owner)
    assert hub.was_left_alone("model", REPO)


# What goes wrong on the way


def test_a_commit_cut_in_the_middle_is_sent_again(hub, owner, checkpoint, patient):
    hub.faults.cut_upload(COMMIT, times=1, after_bytes=100)
    publish_model(REPO, checkpoint, api=owner)
    assert hub.repository("model", REPO).oid("v1.0.0") == hub.repository("model", REPO).oid("main")


def test_a_commit_that_cannot_be_tagged_is_taken_back(hub, owner, checkpoint, patient):
    hub.faults.answer(503, on=TAG, times=100)
    with pytest.raises(PublishError, match="main holds what it held before"):
        publish_model(REPO, checkpoint, api=owner)
    assert hub.was_left_alone("model", REPO)


def test_a_commit_of_somebody_else_in_between_stops_it(hub, owner, checkpoint, patient):
    owner.create_repo(REPO)
    hub.faults.first(COMMIT, lambda: hub.commit("model", REPO, {"theirs.txt": b"x"}))
    with pytest.raises(PublishError, match="Somebody else committed"):
        publish_model(REPO, checkpoint, api=owner)
    assert set(hub.contents("model", REPO)) == {".gitattributes", "theirs.txt"}


# Every kind of model, loaded by the real libraries


def test_every_kind_is_loaded_unchanged_by_stock_libraries(
    hub, owner, checkpoint, measured_table, measured_encoder, client
):
    """One process for all of them: importing the libraries takes longer than all the rest."""
    for name, folder in (("dual", checkpoint), ("table", measured_table),
                         ("encoder", measured_encoder)):  # fmt: skip
        publish_model(f"emo/{name}", folder, api=owner)
    found = client(
        """
        import sys
        from sentence_transformers import SentenceTransformer
        from setfit import SetFitModel
        from transformers import AutoModel, AutoModelForSequenceClassification, pipeline
        texts = ["i feel so happy", "it was not my joy"]
        answer = {
            "dual": SentenceTransformer("emo/dual", revision="v1.0.0").encode(texts).tolist(),
            "table": SentenceTransformer("emo/table").encode(texts).tolist(),
            "setfit": SetFitModel.from_pretrained("emo/dual").model_body.encode(texts).tolist(),
            "auto": type(AutoModel.from_pretrained("emo/dual")).__name__,
        }
        classify = pipeline("text-classification", "emo/encoder", top_k=None,
                            function_to_apply="sigmoid")
        answer["encoder"] = [
            {found["label"]: found["score"] for found in each} for each in classify(texts)
        ]
        assert not [name for name in sys.modules if name.startswith("transformers_modules")]
        assert "emo_hub" not in sys.modules
        """
    )
    from emo_hub.calibration import sigmoid
    from emo_hub.classifier import EmotionClassifier

    texts = ["i feel so happy", "it was not my joy"]
    dual = EmotionModel.load(checkpoint).encode_texts(texts)
    np.testing.assert_allclose(found["dual"], dual, atol=1e-5)
    np.testing.assert_allclose(found["setfit"], dual, atol=1e-5)
    table = EmotionModel.load(measured_table).encode_texts(texts)
    np.testing.assert_allclose(found["table"], table, atol=1e-5)
    assert found["auto"] == "BertModel"
    classifier = EmotionClassifier.load(measured_encoder)
    scores = sigmoid(classifier.logits(texts))
    for row, each in zip(scores, found["encoder"], strict=True):
        assert each == pytest.approx(dict(zip(classifier.labels, row, strict=True)), abs=1e-5)


def test_the_default_is_published_whole(hub, owner, default_model):
    plan = publish_model(REPO, "default", how="dry-run", api=owner)
    assert plan.sizes["model.safetensors"] > 80_000_000
    assert {"modules.json", "README.md", ".eval_results/goemotions.yaml"} <= plan.sizes.keys()
    assert "adapter.safetensors" not in plan.sizes


@pytest.mark.parametrize("kind", ["measured_table", "measured_encoder"])
def test_every_kind_has_a_card_that_the_hub_takes(request, hub, owner, kind):
    publish_model(REPO, request.getfixturevalue(kind), api=owner)
    card = ModelCard(card_of(hub))
    assert card.data.eval_results
    assert REPO in card.text


def test_the_command_publishes(hub, checkpoint, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", hub.write)
    done = emo_hub("publish", "model", REPO, checkpoint, "--tag", "v0.2.0")
    assert done.returncode == 0, done.stderr
    assert hub.repository("model", REPO).oid("v0.2.0") == hub.repository("model", REPO).oid("main")
