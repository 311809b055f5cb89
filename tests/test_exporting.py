"""`emo-hub export`: files for other runtimes that give what torch gives, or are not kept."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from emo_hub.calibration import LabelOffsets
from emo_hub.errors import CheckpointError, InputError
from emo_hub.exporting import export_encoder
from emo_hub.exporting.comparing import difference
from emo_hub.exporting.proof import TOLERANCES, proof_texts
from emo_hub.fewshot import Examples, teach
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines import pipeline
from emo_hub.runtimes.files import ONNX, ONNX_INT8, OPENVINO, read_facts

pytest.importorskip("onnxscript", reason="NO ONNX: pip install 'emo-hub[onnx,openvino]'")
pytest.importorskip("onnxruntime", reason="NO ONNX RUNTIME: pip install 'emo-hub[onnx]'")
pytest.importorskip("openvino", reason="NO OPENVINO: pip install 'emo-hub[openvino]'")

LABELS = ["joy", "anger", "missing somebody", "not calm"]
FILES = {"float32": ONNX, "int8": ONNX_INT8, "bfloat16": OPENVINO}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The embedded default, exported for ONNX Runtime, and what was said of it."""
    folder, said = tmp_path_factory.mktemp("exported") / "model", []
    export_encoder(None, folder, "onnx", int8=True, say=said.append)
    return folder, said


@pytest.fixture(scope="module")
def small(tiny_checkpoint, tmp_path_factory):
    """A small checkpoint, exported for OpenVINO, and what was said of it."""
    folder, said = tmp_path_factory.mktemp("small") / "model", []
    export_encoder(str(tiny_checkpoint), folder, "openvino", say=said.append)
    return folder, said


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The embedded default, exported for OpenVINO: minutes where nothing computes in bfloat16."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    export_encoder(None, folder, "openvino")
    return folder


def least_cosine(found, wanted):
    texts, contexts = proof_texts()
    vectors = (model.encode_texts(texts, contexts) for model in (found, wanted))
    return float(np.multiply(*vectors).sum(axis=1).min())


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_an_exported_file_gives_the_vectors_of_torch(exported, default_model, precision):
    found = EmotionModel.load(exported[0], backend="onnx", precision=precision)
    assert least_cosine(found, default_model) >= TOLERANCES[precision].cosine
    assert found.runs_on == f"onnx {precision} (as asked)"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_small_model_gives_the_vectors_of_torch_on_openvino(small, tiny_checkpoint, precision):
    found = EmotionModel.load(small[0], backend="openvino", precision=precision)
    wanted = EmotionModel.load(tiny_checkpoint)
    assert least_cosine(found, wanted) >= TOLERANCES[precision].cosine
    assert found.runs_on == f"openvino {precision} (as asked)"


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_default_gives_the_vectors_of_torch_on_openvino(whole, default_model, precision):
    found = EmotionModel.load(whole, backend="openvino", precision=precision)
    assert least_cosine(found, default_model) >= TOLERANCES[precision].cosine


def test_the_pipeline_answers_alike_on_an_exported_file(exported, clf):
    folder, _ = exported
    texts = list(proof_texts()[0][:6])
    found = pipeline(model=folder, backend="onnx")(texts, candidate_labels=LABELS)
    for one, other in zip(found, clf(texts, candidate_labels=LABELS), strict=True):
        assert one["labels"] == other["labels"]
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-3)


def test_int8_takes_less_than_thirty_megabytes(exported):
    assert (exported[0] / ONNX_INT8.path).stat().st_size < 30e6


@pytest.mark.parametrize("precision", FILES)
def test_facts_beside_a_file_say_how_it_was_proven(exported, small, precision):
    folder = (small if precision == "bfloat16" else exported)[0]
    facts = read_facts(folder, FILES[precision])
    proof = next(one for one in facts["proof"] if one["precision"] == precision)
    assert proof["texts"] == len(proof_texts()[0])
    assert proof["least_cosine"] >= proof["tolerance"]["cosine"]
    assert proof["changed_decisions"] == 0
    assert set(facts["sha256"]) == set(FILES[precision].parts)


def test_each_proof_is_said(exported, small):
    assert len(exported[1]) == len(small[1]) == 2
    assert all("least cosine" in line for line in (*exported[1], *small[1]))


def test_a_file_that_has_other_vectors_is_not_kept(exported, tmp_path, monkeypatch):
    from emo_hub import exporting

    other = exported[0] / ONNX_INT8.path
    monkeypatch.setattr(exporting, "write_onnx", lambda model, path: shutil.copyfile(other, path))
    with pytest.raises(CheckpointError, match="is not the encoder it was made from"):
        export_encoder(None, tmp_path / "model", "onnx")
    assert not (tmp_path / "model" / "onnx").exists()


def everything(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def interrupted(*_):
    raise KeyboardInterrupt


def test_an_interrupted_proof_leaves_no_file(tiny_checkpoint, tmp_path, monkeypatch):
    from emo_hub import exporting

    monkeypatch.setattr(exporting, "prove", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_encoder(str(tiny_checkpoint), tmp_path / "model", "onnx")
    assert not (tmp_path / "model" / "onnx").exists()
    assert EmotionModel.load(tmp_path / "model", backend="auto").runs_on.startswith("torch")


def test_an_interrupted_proof_leaves_an_older_export_as_it_was(
    small, tiny_checkpoint, tmp_path, monkeypatch
):
    from emo_hub import exporting

    folder = shutil.copytree(small[0], tmp_path / "model")
    monkeypatch.setattr(exporting, "prove", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_encoder(str(tiny_checkpoint), folder, "openvino")
    assert everything(folder) == everything(small[0])


def test_an_interrupted_copy_leaves_an_older_export_as_it_was(
    small, tiny_checkpoint, tmp_path, monkeypatch
):
    folder = shutil.copytree(small[0], tmp_path / "model")
    copy = shutil.copyfile

    def stopped_half_way(source, place, **how):
        found = copy(source, place, **how)
        if folder in place.parents:
            place.write_bytes(place.read_bytes()[:100])
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(shutil, "copyfile", stopped_half_way)
    with pytest.raises(KeyboardInterrupt):
        export_encoder(str(tiny_checkpoint), folder, "openvino")
    assert everything(folder) == everything(small[0])


def test_an_export_keeps_what_else_its_folder_holds(small, tiny_checkpoint, tmp_path):
    folder = shutil.copytree(small[0], tmp_path / "model")
    (folder / "openvino" / "notes.txt").write_text("mine")
    export_encoder(str(tiny_checkpoint), folder, "openvino")
    assert (folder / "openvino" / "notes.txt").read_text() == "mine"
    assert set(everything(folder)) == {*everything(small[0]), Path("openvino/notes.txt")}


def test_a_file_without_a_proof_is_not_used(small, tmp_path):
    folder = shutil.copytree(small[0], tmp_path / "model")
    facts = json.loads((folder / OPENVINO.facts_path).read_text())
    del facts["proof"]
    (folder / OPENVINO.facts_path).write_text(json.dumps(facts))
    with pytest.raises(CheckpointError, match="was never proven"):
        EmotionModel.load(folder, backend="openvino")
    assert EmotionModel.load(folder, backend="auto").runs_on.startswith("torch")


def test_a_file_of_older_weights_is_refused(exported, tmp_path):
    folder = shutil.copytree(exported[0], tmp_path / "model")
    facts = json.loads((folder / ONNX.facts_path).read_text())
    (folder / ONNX.facts_path).write_text(json.dumps({**facts, "weights_sha256": "0" * 64}))
    with pytest.raises(CheckpointError, match="exported from other weights"):
        EmotionModel.load(folder, backend="onnx")


def test_a_damaged_file_is_refused(exported, tmp_path):
    folder = shutil.copytree(exported[0], tmp_path / "model")
    with (folder / ONNX_INT8.path).open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\0" * 64)
    with pytest.raises(CheckpointError, match="is damaged"):
        EmotionModel.load(folder, backend="onnx", precision="int8")


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="something else than a checkpoint"):
        export_encoder(None, tmp_path, "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_another_checkpoint_is_not_mixed_with(exported, tiny_checkpoint):
    with pytest.raises(CheckpointError, match="another checkpoint"):
        export_encoder(str(tiny_checkpoint), exported[0], "onnx")


def test_a_checkpoint_with_another_head_is_not_mixed_with(small, tiny_checkpoint, tmp_path):
    folder = shutil.copytree(small[0], tmp_path / "model")
    other = shutil.copytree(tiny_checkpoint, tmp_path / "calibrated")
    head = json.loads((other / "emotion_head.json").read_text())
    head["thresholds"]["joy"] = 0.123
    (other / "emotion_head.json").write_text(json.dumps(head))
    with pytest.raises(
        CheckpointError, match=r"another checkpoint.* with another head; name a new"
    ):
        export_encoder(str(other), folder, "openvino")
    assert everything(folder) == everything(small[0])


def test_a_checkpoint_is_the_same_as_itself_saved(small, tiny_checkpoint):
    assert not difference(EmotionModel.load(tiny_checkpoint), EmotionModel.load(small[0]))


@pytest.mark.parametrize(
    "part", ["calibration", "set of offsets", "set of learnt labels", "head of dimensions"]
)
def test_checkpoints_with_other_tensors_are_told_apart(tiny_checkpoint, part):
    one, other = EmotionModel.load(tiny_checkpoint), EmotionModel.load(tiny_checkpoint)
    size = one.config.hidden_size
    if part == "calibration":
        other.moments = dataclasses.replace(one.moments, mean=one.moments.mean + 1)
    elif part == "set of offsets":
        other.offsets = LabelOffsets(np.ones((28, size), np.float32), np.ones(28, np.float32))
    elif part == "set of learnt labels":
        said = {"billing": ["i was charged"], "praise": ["so kind of you"]}
        one, other = (teach(m, Examples.of(said)) for m in (one, other))
        other.learnt = dataclasses.replace(other.learnt, thresholds=other.learnt.thresholds / 2)
    else:
        other.vad_bias += 1
    assert difference(one, other) == part


def test_int8_goes_with_onnx_alone(tmp_path):
    with pytest.raises(InputError, match="--int8 goes with --format onnx"):
        export_encoder(None, tmp_path / "new", "openvino", int8=True)


def test_sentence_transformers_would_find_both_outputs(exported):
    import onnxruntime

    session = onnxruntime.InferenceSession(exported[0] / ONNX.path)
    assert [one.name for one in session.get_outputs()] == [
        "last_hidden_state",
        "sentence_embedding",
    ]
    assert {one.name for one in session.get_inputs()} >= {"input_ids", "attention_mask"}


def test_an_exported_file_reads_one_text_and_the_longest(exported, default_model):
    found = EmotionModel.load(exported[0], backend="onnx")
    for texts in (["ok"], ["word " * 400], ["ok"] * 70):
        assert np.allclose(found.encode_texts(texts), default_model.encode_texts(texts), atol=1e-4)
