"""What is asked by a slip is done as it is meant, or refused in a sentence: never ignored."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModel

from emo_hub.classifier import EmotionClassifier
from emo_hub.errors import DataError, InputError
from emo_hub.explaining import explain
from emo_hub.learnt import LearntLabels
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines import ContextualEmotionPipeline, ZeroShotEmotionPipeline, pipeline
from emo_hub.predicting.reading import open_source
from tests.classifiers import save_classifier

LABELS = ["joy", "anger", "fear"]
TASKS = ["zero-shot-emotion", "contextual-emotion"]


@pytest.fixture(scope="module")
def folders(untrained, tmp_path_factory):
    """A checkpoint for each task."""
    place = tmp_path_factory.mktemp("misuse")
    untrained.save(place / "dual")
    return {TASKS[0]: place / "dual", TASKS[1]: save_classifier(place / "classifier")}


@pytest.fixture(scope="module")
def classifier(folders):
    return EmotionClassifier.load(folders["contextual-emotion"])


@pytest.fixture(scope="module")
def tiny(untrained):
    return pipeline(model=untrained)


# Making a pipeline


@pytest.mark.parametrize("task", TASKS)
def test_transformers_may_be_told_to_ask_no_server(task, folders):
    made = transformers.pipeline(task, model=str(folders[task]), local_files_only=True)
    assert isinstance(made, ZeroShotEmotionPipeline | ContextualEmotionPipeline)


@pytest.mark.parametrize("name", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, "bfloat16"])
def test_dtype_is_the_precision_of_the_encoder(folders, name, dtype):
    made = pipeline(model=folders["zero-shot-emotion"], backend="torch", **{name: dtype})
    assert made.model.runs_on.startswith("torch bfloat16")


def test_dtype_reaches_a_model_that_is_loaded_already(folders):
    model = EmotionModel.load(folders["zero-shot-emotion"])
    assert pipeline(model=model, dtype=torch.bfloat16).model.runs_on.startswith("torch bfloat16")


def test_dtype_auto_is_the_precision_auto(folders):
    made = pipeline(model=folders["zero-shot-emotion"], dtype="auto", precision="float32")
    assert "float32" in made.model.runs_on


def test_dtype_is_that_of_the_weights_of_a_classifier(folders):
    made = pipeline("contextual-emotion", folders["contextual-emotion"], dtype="bfloat16")
    assert made.model.dtype == torch.bfloat16
    assert len(made("fine")["labels"]) == len(made.model.labels)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("dtype", ["int8", "nonsense", 16])
def test_a_dtype_that_is_none_is_refused(task, folders, dtype):
    with pytest.raises(InputError, match="dtype must be"):
        pipeline(task, folders[task], dtype=dtype)


def test_a_dtype_that_no_runtime_has_is_refused(folders):
    with pytest.raises(InputError, match="Got 'float16'; there are"):
        pipeline(model=folders["zero-shot-emotion"], dtype=torch.float16)


def test_dtype_and_another_precision_are_refused(folders):
    with pytest.raises(InputError, match="dtype bfloat16 and precision float32"):
        pipeline(model=folders["zero-shot-emotion"], dtype="bfloat16", precision="float32")


def test_a_dtype_for_a_classifier_that_is_loaded_already_is_refused(classifier):
    with pytest.raises(InputError, match=r"give model\.to\(torch\.bfloat16\)"):
        pipeline("contextual-emotion", classifier, dtype="bfloat16")


@pytest.mark.parametrize("task", TASKS)
def test_a_model_object_of_another_kind_is_refused(task, untrained, classifier):
    other = untrained if task == "contextual-emotion" else classifier
    for wrong in (other, object(), 7):
        with pytest.raises(InputError, match="The pipeline runs an Emotion"):
            pipeline(task, model=wrong)


def test_an_encoder_that_transformers_loaded_is_taken(folders, tiny):
    encoder = AutoModel.from_pretrained(folders["zero-shot-emotion"])
    made = pipeline(model=encoder, precision="float32")
    scores = made("so happy", candidate_labels=LABELS)["scores"]
    assert scores == pytest.approx(tiny("so happy", candidate_labels=LABELS)["scores"], abs=1e-5)


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "nonsense"])
def test_a_nano_model_refuses_a_precision_that_it_has_not(measured_table, precision):
    with pytest.raises(InputError, match=rf"always in float32; got .*precision {precision}"):
        EmotionModel.load(measured_table, precision=precision)


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_a_nano_model_takes_its_own_precision(measured_table, precision):
    assert EmotionModel.load(measured_table, precision=precision).runs_on == "nano float32"


# Saving


@pytest.mark.parametrize("task", TASKS)
def test_saving_refuses_to_push(task, folders, tmp_path):
    made = pipeline(task, folders[task])
    with pytest.raises(InputError, match=r"pushes nothing: call push_to_hub\(.*emo-hub publish"):
        made.save_pretrained(tmp_path / "x", push_to_hub=True, repo_id="me/x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("task", TASKS)
def test_saving_refuses_what_it_does_not_know(task, folders, tmp_path):
    with pytest.raises(InputError, match="knows no argument repo_id, variant"):
        pipeline(task, folders[task]).save_pretrained(tmp_path, repo_id="me/x", variant="b")


@pytest.mark.parametrize("task", TASKS)
def test_saving_takes_what_pushing_gives_it(task, folders, tmp_path):
    made = pipeline(task, folders[task])
    made.save_pretrained(tmp_path / "x", max_shard_size="50GB", push_to_hub=False)
    assert (tmp_path / "x" / "config.json").is_file()


# Contexts, where models are called by themselves


def as_series(values):
    return pytest.importorskip("pandas").Series(values, dtype=object)


@pytest.mark.parametrize("holder", [tuple, lambda c: np.array(c, object), as_series])
def test_contexts_may_be_in_whatever_holds_them(untrained, classifier, holder):
    texts, contexts = ["i feel", "so sad"], ["my fear", None]
    for score in (
        lambda c: untrained.score(texts, LABELS, c),
        lambda c: classifier.score(texts, c),
    ):
        assert np.allclose(score(holder(contexts)), score(contexts), atol=1e-6)


@pytest.mark.parametrize(
    ("contexts", "said"),
    [
        ("my fear", "a list of contexts, one for each text; got one string"),
        ("ab", "a list of contexts, one for each text; got one string"),
        ([float("nan"), "x"], "A context must be a string; got a float. Give None"),
        ([3, None], "A context must be a string; got a int"),
        (5, "A context must be a string; got a int"),
        ({"x": 1, "y": 2}, "A context must be a string; got a dict"),
        (["x"], "Got 2 texts and 1 contexts"),
        (["\ud83d", None], "half a character"),
    ],
)
def test_contexts_that_are_none_are_refused(untrained, classifier, contexts, said):
    texts = ["i feel", "so sad"]
    with pytest.raises(InputError, match=said):
        untrained.encode_texts(texts, contexts)
    with pytest.raises(InputError, match=said):
        untrained.score(texts, LABELS, contexts)
    with pytest.raises(InputError, match=said):
        classifier.logits(texts, contexts)


# Calling a pipeline


def test_thresholds_of_a_string_are_those_of_its_labels(tiny):
    assert tiny.thresholds("joy") == tiny.thresholds(["joy"])
    assert tiny.thresholds("joy, fear") == tiny.thresholds(["joy", "fear"])


@pytest.mark.parametrize("labels", [[], None, [3], 5])
def test_thresholds_of_no_labels_are_refused(tiny, labels):
    with pytest.raises(InputError, match="label"):
        tiny.thresholds(labels)


@pytest.mark.parametrize("name", ["multi_label", "exhaustive", "candidate_labels"])
def test_none_is_what_nobody_asked_for(folders, name):
    model = EmotionModel.load(folders["zero-shot-emotion"])
    model.learnt = competing_labels(model)
    clf = pipeline(model=model)
    assert clf("so sad", **{name: None}) == clf("so sad")
    assert pipeline(model=model, **{name: None})("so sad") == clf("so sad")
    assert sum(clf("so sad")["scores"]) == pytest.approx(1.0)


def competing_labels(model):
    """What a model is left with that learnt labels from examples of one label each."""
    chance = np.random.default_rng(0)
    weight = chance.normal(size=(3, model.config.hidden_size)).astype(np.float32)
    zeros = np.zeros(3, np.float32)
    return LearntLabels(
        labels=tuple(LABELS),
        latest=3,
        competing=True,
        rating_weight=weight,
        rating_bias=zeros,
        contest_weight=weight,
        contest_bias=zeros,
        thresholds=zeros + 0.5,
    )


def test_labels_that_are_none_are_still_missed_where_nothing_was_learnt(tiny):
    with pytest.raises(InputError, match="No candidate labels"):
        tiny("so sad", candidate_labels=None)


def test_an_unknown_argument_is_refused_also_where_it_is_none(tiny):
    with pytest.raises(InputError, match="knows no argument colour"):
        tiny("so sad", candidate_labels=LABELS, colour=None)


# Explaining


def test_a_model_reads_no_string_as_labels_of_one_letter(default_model):
    with pytest.raises(InputError, match="got the string 'joy'"):
        default_model.thresholds("joy")
    with pytest.raises(InputError, match="at least one label; got 'joy'"):
        default_model.score(["so happy"], "joy")


def test_a_string_is_the_one_label_to_explain(tiny):
    assert tiny.explain("so sad", LABELS, only="joy").labels == ("joy",)


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
@pytest.mark.parametrize("text", ["\ufffd\ufffd", "\ue000"])
def test_a_text_that_leaves_no_tokens_has_no_words(default_model, method, text):
    found = explain(default_model, text, ["joy", "fear"], method=method)
    assert found.weights.shape == (2, 0)
    assert found.of("joy") == ()


# Reading a file


@pytest.mark.parametrize(
    ("name", "sign", "said"),
    [
        ("in.csv", ";", r"as one column, 'id;text;mood'.* ';' seems to: save it with ','\.$"),
        ("in.csv", "\t", r"'\\t' seems to: save it with ',', or let its name end in \.tsv\.$"),
        ("in.tsv", ",", r"',' seems to: save it with '\\t', or let its name end in \.csv\.$"),
        ("in.tsv", ";", r"';' seems to: save it with '\\t'\.$"),
    ],
)
def test_a_file_of_another_separator_is_refused(tmp_path, name, sign, said):
    rows = [["id", "text", "mood"], ["1", "well, well, so it is", "joy"]]
    (tmp_path / name).write_text("".join(f"{sign.join(row)}\n" for row in rows))
    with pytest.raises(DataError, match=said):
        open_source(tmp_path / name)


@pytest.mark.parametrize(("name", "header"), [("in.csv", '"text, or so"'), ("in.tsv", "text")])
def test_a_file_of_one_column_may_hold_any_sign_in_its_cells(tmp_path, name, header):
    (tmp_path / name).write_text(f'{header}\n"so; it is, I say"\n')
    assert open_source(tmp_path / name).rows == 1
