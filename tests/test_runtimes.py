"""Which backend runs a checkpoint, and what stands in the way of one, in a sentence."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from emo_hub.errors import CheckpointError, InputError
from emo_hub.exporting.proof import TOLERANCES, proof_texts, prove
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines import pipeline
from emo_hub.runtimes.choosing import Look, choose
from emo_hub.runtimes.files import ONNX, ONNX_INT8, OPENVINO

HERE = Path("checkpoint")
ALL = frozenset((ONNX, ONNX_INT8, OPENVINO))
BOTH = frozenset(("onnx", "openvino"))


def look(*, device="cpu", fast=True, installed=BOTH, files=ALL):
    return Look(device, fast, "the processor has AMX", installed, files)


def chosen(backend="auto", precision="auto", **there):
    found = choose(backend, precision, look(**there), HERE)
    return found.backend, found.precision


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({}, ("openvino", "bfloat16")),
        ({"fast": False}, ("openvino", "float32")),
        ({"files": frozenset((ONNX,))}, ("torch", "bfloat16")),
        ({"files": frozenset((ONNX,)), "fast": False}, ("onnx", "float32")),
        ({"files": frozenset()}, ("torch", "bfloat16")),
        ({"files": frozenset(), "fast": False}, ("torch", "float32")),
        ({"installed": frozenset()}, ("torch", "bfloat16")),
        ({"device": "cuda"}, ("torch", "bfloat16")),
    ],
)
def test_auto_takes_the_fastest_that_is_there(there, wanted, monkeypatch):
    monkeypatch.setattr("emo_hub.runtimes.choosing.require", lambda *_: None)
    assert chosen(**there) == wanted


def test_a_precision_that_is_asked_for_wins_over_the_look():
    assert chosen("torch", "float32") == ("torch", "float32")
    assert chosen("torch", "bfloat16", fast=False) == ("torch", "bfloat16")


def test_int8_is_taken_only_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr("emo_hub.runtimes.choosing.require", lambda *_: None)
    assert chosen("auto", "int8") == ("onnx", "int8")
    with pytest.raises(InputError, match="torch runs float32 or bfloat16; got 'int8'"):
        chosen("torch", "int8")


@pytest.mark.parametrize(("backend", "precision"), [("tensorrt", "auto"), ("torch", "float8")])
def test_what_there_is_not_is_refused_with_what_there_is(backend, precision):
    with pytest.raises(InputError, match="there are auto"):
        chosen(backend, precision)


def test_a_backend_that_is_not_installed_names_its_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ImportError, match=r"emo-hub\[openvino\]"):
        chosen("openvino")


def test_a_checkpoint_without_the_file_says_how_it_is_made(tiny_checkpoint, monkeypatch):
    monkeypatch.setattr("emo_hub.runtimes.choosing.require", lambda *_: None)
    with pytest.raises(CheckpointError, match="emo-hub export"):
        EmotionModel.load(tiny_checkpoint, backend="onnx")


def test_a_checkpoint_without_a_nano_model_says_how_it_is_made(tiny_checkpoint):
    with pytest.raises(CheckpointError, match="emo-hub train nano"):
        EmotionModel.load(tiny_checkpoint, backend="nano")


def test_the_choice_is_said_in_the_log(tiny_checkpoint, caplog):
    with caplog.at_level(logging.INFO, logger="emo_hub.modeling"):
        model = EmotionModel.load(tiny_checkpoint, backend="torch", precision="bfloat16")
    assert "torch bfloat16" in caplog.text
    assert model.runs_on.startswith("torch bfloat16")


def test_one_setting_reaches_the_model_through_both_pipelines(tiny_checkpoint):
    import transformers

    ours = pipeline(model=tiny_checkpoint, backend="torch", precision="bfloat16")
    theirs = transformers.pipeline(
        "zero-shot-emotion", model=str(tiny_checkpoint), backend="torch", precision="bfloat16"
    )
    assert ours.model.runs_on == theirs.model.runs_on == "torch bfloat16 (as asked)"


def test_reduced_numbers_leave_the_weights_exact(default_model, tmp_path):
    model = EmotionModel.load(backend="torch", precision="bfloat16")
    assert model.dtype == torch.float32
    model.save(tmp_path / "saved")
    again = EmotionModel.load(tmp_path / "saved")
    texts = ["I waited two hours."]
    assert np.allclose(again.encode_texts(texts), default_model.encode_texts(texts), atol=1e-5)


def test_bfloat16_gives_the_vectors_and_labels_of_float32(default_model):
    model = EmotionModel.load(backend="torch", precision="bfloat16")
    proof = prove(default_model, model, "bfloat16", "torch bfloat16")
    assert proof.least_cosine >= TOLERANCES["bfloat16"].cosine
    assert proof.same_decisions > 0.99


def test_proof_texts_are_of_many_lengths_and_some_have_contexts():
    texts, contexts = proof_texts()
    assert len(texts) > 150
    assert len(set(texts)) == len(texts)
    assert sum(context is not None for context in contexts) > 30
    assert min(map(len, texts)) < 6 < 250 < max(map(len, texts))


def test_a_model_of_other_weights_is_not_proven(default_model):
    other = EmotionModel.load()
    with torch.no_grad():
        for weight in other.backbone.parameters():
            weight.add_(0.05 * torch.randn_like(weight) * weight.std(correction=0))
    with pytest.raises(CheckpointError, match="is not the encoder it was made from"):
        prove(default_model, other, "bfloat16", "other")
