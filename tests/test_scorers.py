"""Every kind of model is opened as a contestant, gives the scores of its own library, and says
what it covers, where its thresholds come from and how it stands to each benchmark."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emo_hub.checkpoint import PACKAGED_BASE, base_folder
from emo_hub.errors import CheckpointError, DataError, InputError, NotSuited
from emo_hub.evaluation.loading import FittingRows, LoadedBenchmark
from emo_hub.evaluation.scorers import ModelOptions, Reference, open_model
from emo_hub.evaluation.scorers.fingerprints import OUR_CODE
from emo_hub.evaluation.scorers.label_names import SAME, match
from emo_hub.evaluation.scorers.memory import VectorMemory
from emo_hub.taxonomy import (
    EKMAN,
    EMOCONTEXT,
    EMPATHETIC,
    GOEMOTIONS,
    GOEMOTIONS_TO_EKMAN,
    GOEMOTIONS_TO_EMOCONTEXT,
    GOEMOTIONS_TO_ISEAR,
    ISEAR,
    LABEL_SETS,
)

TEXTS = (
    "They gave my dog back to me and I cried with joy.",
    "You never listen!",
    "I left the stove on, and now I cannot think of anything else all evening long.",
    "Fine.",
)
CONTEXTS = (None, "I said I was sorry.", None, "How was the concert?")
LABELS = ("joy", "anger", "fear", "a quiet kind of pride")
ROWS = FittingRows(
    ["I am so happy!", "I hate this.", "I am afraid of him.", "What a joy to see you."],
    np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], np.int8),
    ["joy", "anger", "fear"],
    "synthetic",
)


def tiny_config(names, **settings):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.4,  # with small weights all texts look alike
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
        **settings,
    )


def save_tokenizer(folder, longest=64):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder(PACKAGED_BASE))
    tokenizer.model_max_length = longest
    tokenizer.save_pretrained(folder)


def save_classifier(folder, names, seed=0, **settings):
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    config = tiny_config(names, **settings)
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    save_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    return save_classifier(folder, ["sadness", "Happiness", "angry", "scared", "boredom"])


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    return save_classifier(
        folder, GOEMOTIONS.labels, seed=1, problem_type="multi_label_classification"
    )


@pytest.fixture(scope="module")
def entailing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("entailing")
    return save_classifier(folder, ["contradiction", "neutral", "entailment"], seed=2)


@pytest.fixture(scope="module")
def ours():
    return open_model("default")


@pytest.fixture(scope="module")
def minilm():
    return open_model(PACKAGED_BASE)


def edited(folder, tmp_path, **changes):
    """A copy of a model with other words in its configuration."""
    copy = tmp_path / "edited"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | changes))
    return copy


def benchmark_rows(labels=ISEAR.labels, **changes):
    targets = np.eye(len(labels), dtype=np.int8)[np.arange(len(TEXTS)) % len(labels)]
    rows = LoadedBenchmark(
        "isear",
        "all",
        "single_label",
        "macro_f1",
        TEXTS,
        CONTEXTS,
        targets,
        tuple(labels),
        ids=("a", "b", "007", "d"),
    )
    return replace(rows, **changes)


# What is typed


@pytest.mark.parametrize(
    ("typed", "kind", "source", "revision"),
    [
        ("default", None, "default", None),
        ("owner/name", None, "owner/name", None),
        ("owner/name@v1", None, "owner/name", "v1"),
        ("sentences:owner/name@abc", "sentences", "owner/name", "abc"),
        ("llm:qwen3:8b@x", "llm", "qwen3:8b@x", None),
    ],
)
def test_a_reference_is_taken_apart(typed, kind, source, revision):
    assert Reference.parse(typed) == Reference(kind, source, revision)


def test_a_revision_in_the_reference_wins_over_that_of_the_options():
    assert Reference.parse("owner/name@v1", "v2").revision == "v1"
    assert Reference.parse("owner/name", "v2").revision == "v2"


def test_a_folder_with_signs_in_its_name_is_a_folder(tmp_path):
    folder = tmp_path / "a:b@c"
    folder.mkdir()
    assert Reference.parse(str(folder)) == Reference(None, str(folder), None)


@pytest.mark.parametrize("typed", ["classifer:x", "ours:", ""])
def test_an_unknown_prefix_or_no_model_is_refused(typed):
    with pytest.raises(InputError, match="names no"):
        open_model(typed)


def test_files_tell_the_kind(single, several, entailing, tmp_path):
    assert Reference(None, "default").detect() == "ours"
    assert Reference(None, str(single)).detect() == "classifier"
    assert Reference(None, str(several)).detect() == "classifier"
    assert Reference(None, str(entailing)).detect() == "entailment"
    assert Reference(None, PACKAGED_BASE).detect() == "sentences"
    (tmp_path / "x.csv").write_text("joy\n1\n")
    assert Reference(None, str(tmp_path / "x.csv")).detect() == "predictions"
    (tmp_path / "config.json").write_text('{"model_type": "GLiClass"}')
    assert Reference(None, str(tmp_path)).detect() == "gliclass"


def test_an_encoder_without_a_head_is_refused_and_the_prefixes_are_named(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(CheckpointError, match=r"encoder without a head.*classifier:.*sentences:"):
        open_model(str(tmp_path))


def test_a_prefix_wins_over_what_the_files_tell(entailing):
    assert open_model(f"classifier:{entailing}").facts["kind"] == "classifier"


def test_a_repository_is_told_by_its_small_files_and_opened_at_its_revision(
    single, tmp_path, monkeypatch
):
    commit = "0123456789abcdef0123456789abcdef01234567"
    place = tmp_path / "models--someone--feelings"
    shutil.copytree(single, place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "v1").write_text(commit)
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    opened = open_model("someone/feelings@v1")
    assert opened.facts["kind"] == "classifier"
    assert opened.facts["revision"] == commit
    assert opened.fingerprint == open_model(str(single)).fingerprint
    with pytest.raises(CheckpointError, match="can be reached at revision v2"):
        open_model("someone/feelings@v2")


def test_pickled_weights_are_refused(single, tmp_path):
    copy = edited(single, tmp_path)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="safetensors"):
        open_model(str(copy))


def test_a_pickled_part_of_a_sentence_encoder_is_refused(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(base_folder(PACKAGED_BASE), copy)
    (copy / "2_Dense").mkdir()
    (copy / "2_Dense" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="2_Dense has no weights as safetensors"):
        open_model(str(copy))


def test_code_of_a_model_is_never_run(single, tmp_path):
    copy = edited(single, tmp_path, auto_map={"AutoModelForSequenceClassification": "evil.Model"})
    (copy / "evil.py").write_text("raise SystemExit('run')\n")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"model_type": "evil"}))
    with pytest.raises(CheckpointError, match="does not load"):
        open_model(str(copy))


@pytest.mark.parametrize(
    "wrong",
    [
        {"thresholds": 1.5},
        {"thresholds": "dev"},
        {"thresholds": "synthetic"},
        {"templates": ("no place for a label",)},
        {"templates": ()},
        {"hypothesis_template": "This is so."},
        {"standing": "best"},
        {"activation": "tanh"},
        {"batch_size": 0},
    ],
)
def test_options_outside_their_range_are_refused(wrong):
    with pytest.raises(InputError):
        ModelOptions(**wrong)


def test_thresholds_are_not_fitted_on_the_dev_rows_of_a_benchmark():
    with pytest.raises(InputError, match="synthetic rows"):
        ModelOptions(fitting=replace(ROWS, split="dev"))


# Ours


@pytest.mark.parametrize("multi_label", [True, False])
def test_ours_gives_the_scores_of_the_model_itself(ours, default_model, multi_label):
    for labels in (GOEMOTIONS.labels, LABELS):
        found = ours.scorer.score(TEXTS, labels, CONTEXTS, multi_label=multi_label)
        wanted = default_model.score(TEXTS, labels, CONTEXTS, multi_label=multi_label)
        assert found == pytest.approx(wanted, abs=1e-6)


def test_ours_gives_the_dimensions_and_thresholds_of_the_model_itself(ours, default_model):
    wanted = default_model.dimensions(TEXTS, CONTEXTS)
    assert ours.scorer.dimensions(TEXTS, CONTEXTS) == pytest.approx(wanted, abs=1e-5)
    assert (ours.scorer.thresholds(LABELS) == default_model.thresholds(LABELS)).all()


def test_ours_reads_valence_off_the_vectors_of_labels(ours, default_model):
    found = ours.label_dimensions(["joy", "grief"])
    wanted = default_model.read_vad(default_model.encode_labels(["joy", "grief"]))
    assert found == pytest.approx(wanted)
    assert found[0, 0] > found[1, 0]


def counted(scorer, monkeypatch):
    """Count the texts that reach the encoder of a model of ours."""
    asked = []
    encode = scorer.model.encode_texts

    def counting(texts, contexts=None, **settings):
        asked.extend(texts)
        return encode(texts, contexts, **settings)

    monkeypatch.setattr(scorer.model, "encode_texts", counting)
    return asked


def test_ours_encodes_a_text_once_for_all_benchmarks_that_share_it(monkeypatch):
    scorer = open_model("default").scorer
    asked = counted(scorer, monkeypatch)
    scorer.score(TEXTS, GOEMOTIONS.labels)
    scorer.score(TEXTS, EKMAN.labels)
    scorer.score([*TEXTS, TEXTS[0]], EMPATHETIC.labels, multi_label=False)
    scorer.dimensions(TEXTS)
    assert [text for text in asked if text in TEXTS] == list(TEXTS)


def test_ours_encodes_a_text_again_after_another_context(monkeypatch):
    scorer = open_model("default").scorer
    asked = counted(scorer, monkeypatch)
    alone = scorer.score(["Fine."], ["joy"])
    after = scorer.score(["Fine."], ["joy"], ["They burned the house down."])
    assert asked.count("Fine.") == 2
    assert alone != after


def test_a_checkpoint_of_ours_is_opened_from_its_folder(tiny_checkpoint):
    opened = open_model(str(tiny_checkpoint))
    from emo_hub.modeling import EmotionModel

    wanted = EmotionModel.load(tiny_checkpoint).score(TEXTS, LABELS)
    assert opened.scorer.score(TEXTS, LABELS) == pytest.approx(wanted, abs=1e-6)
    assert opened.standing == "zero-shot"


def test_shorter_texts_are_another_contestant(ours):
    cut = open_model("default", ModelOptions(max_tokens=4))
    assert cut.fingerprint != ours.fingerprint
    assert cut.scorer.score(TEXTS[2:3], LABELS) != pytest.approx(
        ours.scorer.score(TEXTS[2:3], LABELS), abs=1e-3
    )


# The memory


def test_a_threshold_that_is_given_holds_for_every_label(ours, single):
    for reference in ("default", str(single), PACKAGED_BASE):
        opened = open_model(reference, ModelOptions(thresholds=0.3, fitting=ROWS))
        assert opened.scorer.thresholds(["joy", "fear"]) == pytest.approx([0.3, 0.3])
        assert "0.3" in opened.facts["thresholds"]


def test_one_threshold_on_synthetic_rows_takes_the_place_of_those_of_the_model(ours):
    from emo_hub.metrics import global_threshold

    opened = open_model("default", ModelOptions(thresholds="synthetic", fitting=ROWS))
    scores = ours.scorer.score(ROWS.texts, ROWS.labels)
    wanted = global_threshold(np.asarray(ROWS.targets), scores)
    assert opened.scorer.thresholds(["joy", "grief"]) == pytest.approx([wanted] * 2, abs=1e-5)


def test_the_memory_asks_once_for_each_text_and_keeps_their_order():
    asked = []

    def encode(texts, contexts):
        asked.append(list(texts))
        return np.array([[len(text)] for text in texts], np.float32)

    memory = VectorMemory(encode)
    assert memory(["aa", "b", "aa"]).tolist() == [[2], [1], [2]]
    assert memory(["ccc", "b"]).tolist() == [[3], [1]]
    assert asked == [["aa", "b"], ["ccc"]]


def test_the_memory_is_bounded_and_still_answers_a_call_larger_than_itself():
    memory = VectorMemory(lambda texts, _: np.array([[len(t)] for t in texts], np.float32), limit=2)
    assert memory(["a", "bb", "ccc", "dddd"]).tolist() == [[1], [2], [3], [4]]
    assert len(memory) == 2
    assert memory(["dddd", "a"]).tolist() == [[4], [1]]


@pytest.mark.parametrize("texts", [[""], [3], "one string"])
def test_the_memory_refuses_what_is_no_text(texts):
    with pytest.raises(InputError):
        VectorMemory(lambda _, __: np.zeros((1, 1), np.float32))(texts)


# Label names


def test_no_word_stands_for_two_feelings():
    words = [word for group in SAME for word in group]
    assert len(set(words)) == len(words)


def test_no_label_set_has_two_labels_that_the_table_holds_to_be_the_same():
    groups = [set(group) for group in SAME]
    for label_set in LABEL_SETS.values():
        for group in groups:
            assert len(group & set(label_set.labels)) <= 1, label_set.name


def test_labels_match_by_name_then_by_inflection_then_by_the_lexicon():
    own = ["Sad", "happiness", "ANGER", "frightened", "others", "frustrated"]
    found = match(own, ["sadness", "joy", "angry", "fear", "neutral", "annoyance"])
    assert found == {
        "sadness": (0,),
        "joy": (1,),
        "angry": (2,),
        "fear": (3,),
        "neutral": (4,),
        "annoyance": (5,),
    }


def test_a_label_of_the_model_answers_for_one_label_alone():
    assert match(["anger"], ["furious", "angry"]) == {"angry": (0,)}
    assert match(["fear"], ["afraid", "scared"]) == {"afraid": (0,)}


def test_a_label_of_the_same_name_is_taken_before_a_synonym():
    assert match(["happy", "joy"], ["joy"]) == {"joy": (1,)}


def test_a_whole_label_set_uses_the_declared_projection():
    shuffled = tuple(reversed(GOEMOTIONS.labels))
    found = match(shuffled, ISEAR.labels)
    for label, members in GOEMOTIONS_TO_ISEAR.groups().items():
        assert {shuffled[column] for column in found[label]} == set(members)


def test_a_label_set_matches_itself_one_to_one():
    for label_set in LABEL_SETS.values():
        found = match(label_set.labels, label_set.labels)
        assert found == {label: (i,) for i, label in enumerate(label_set.labels)}


def test_the_prompt_of_a_benchmark_is_known_as_its_label():
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    declared = next(b for b in BENCHMARKS.values() if b.prompts and "joy" in b.asked_labels)
    prompt = declared.prompts[declared.asked_labels.index("joy")]
    assert match(["happy"], [prompt]) == {prompt: (0,)}


# Classifiers


def logits_of(folder, texts, pairs=None):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    found = []
    for i, text in enumerate(texts):
        first, second = (pairs[i], text) if pairs and pairs[i] else (text, None)
        with torch.inference_mode():
            batch = tokenizer(first, second, return_tensors="pt")
            found.append(model(**batch).logits[0].numpy())
    return np.array(found)


def test_a_classifier_of_one_label_gives_its_softmax(single):
    asked = ["joy", "sadness", "anger", "fear"]
    found = open_model(str(single)).scorer.score(TEXTS, asked)
    wanted = torch.softmax(torch.tensor(logits_of(single, TEXTS)), -1).numpy()
    assert found == pytest.approx(wanted[:, [1, 0, 2, 3]], abs=1e-5)
    assert wanted.std(axis=0).min() > 0.01, "scores must differ for the test to see a mix-up"


def test_a_classifier_of_several_labels_gives_its_sigmoid(several):
    found = open_model(str(several)).scorer.score(TEXTS, GOEMOTIONS.labels)
    wanted = torch.sigmoid(torch.tensor(logits_of(several, TEXTS))).numpy()
    assert found == pytest.approx(wanted, abs=1e-5)


def test_the_activation_of_a_classifier_can_be_said(single):
    opened = open_model(str(single), ModelOptions(activation="sigmoid"))
    wanted = torch.sigmoid(torch.tensor(logits_of(single, TEXTS))).numpy()
    assert opened.scorer.score(TEXTS, ["joy"])[:, 0] == pytest.approx(wanted[:, 1], abs=1e-5)
    assert opened.fingerprint != open_model(str(single)).fingerprint


def test_a_classifier_is_carried_onto_a_narrower_set_by_the_largest_of_a_group(several):
    scorer = open_model(str(several)).scorer
    wide = scorer.score(TEXTS, GOEMOTIONS.labels)
    narrow = scorer.score(TEXTS, EKMAN.labels)
    for i, members in enumerate(GOEMOTIONS_TO_EKMAN.groups().values()):
        columns = [GOEMOTIONS.index(member) for member in members]
        assert (narrow[:, i] == wide[:, columns].max(axis=1)).all()


def test_labels_that_a_classifier_lacks_get_zero_and_are_said(single):
    opened = open_model(str(single))
    scores = opened.scorer.score(TEXTS, ISEAR.labels)
    lacking = [ISEAR.index(label) for label in ("disgust", "guilt", "shame")]
    assert not scores[:, lacking].any()
    assert opened.missing(ISEAR.labels) == ("disgust", "guilt", "shame")
    said = opened.facts["coverage"]["isear"]
    assert said == "covers 4 of 7 labels of isear; disgust, guilt, shame get 0"


def test_a_classifier_without_any_of_the_labels_says_so(single):
    with pytest.raises(NotSuited, match=r"none of the labels.*trust.*its own are: sadness"):
        open_model(str(single)).scorer.score(TEXTS, ["trust", "pride"])


def test_a_classifier_reads_the_text_alone_unless_told_otherwise(single):
    asked, columns = ["joy", "sadness"], [1, 0]
    alone = open_model(str(single)).scorer
    paired = open_model(str(single), ModelOptions(with_context=True)).scorer
    assert (alone.score(TEXTS, asked, CONTEXTS) == alone.score(TEXTS, asked)).all()
    wanted = torch.softmax(torch.tensor(logits_of(single, TEXTS, CONTEXTS)), -1).numpy()
    assert paired.score(TEXTS, asked, CONTEXTS) == pytest.approx(wanted[:, columns], abs=1e-5)


def test_a_classifier_runs_a_text_once_for_all_benchmarks_that_share_it(single):
    scorer = open_model(str(single)).scorer
    rows = []
    scorer.encoder.model.register_forward_hook(lambda _m, _i, out: rows.append(len(out.logits)))
    for labels in (ISEAR.labels, EKMAN.labels, EMOCONTEXT.labels):
        scorer.score(TEXTS, labels)
    assert sum(rows) == len(TEXTS)


def test_a_text_longer_than_the_model_is_cut(single):
    scores = open_model(str(single)).scorer.score(["word " * 500], ["joy"])
    assert np.isfinite(scores).all()


def test_a_classifier_without_names_is_refused(tmp_path):
    save_classifier(tmp_path, ["LABEL_0", "LABEL_1", "LABEL_2"])
    with pytest.raises(CheckpointError, match=r"LABEL_0.*id2label"):
        open_model(str(tmp_path))


@pytest.mark.parametrize(
    "written",
    [
        {"thresholds": [0.1, 0.2, 0.3, 0.4, 0.5]},
        {"emo_hub": {"thresholds": [0.1, 0.2, 0.3, 0.4, 0.5]}},
        {
            "thresholds": {
                "sadness": 0.1,
                "happiness": 0.2,
                "Angry": 0.3,
                "scared": 0.4,
                "boredom": 0.5,
            }
        },
    ],
)
def test_a_classifier_brings_thresholds_in_its_configuration(single, tmp_path, written):
    opened = open_model(str(edited(single, tmp_path, **written)))
    found = opened.scorer.thresholds(["joy", "sadness", "fear", "shame"])
    assert found == pytest.approx([0.2, 0.1, 0.4, 0.5])
    assert "configuration" in opened.facts["thresholds"]


def test_a_classifier_without_thresholds_is_cut_at_one_half(single):
    opened = open_model(str(single), ModelOptions(fitting=ROWS))
    assert opened.scorer.thresholds(["joy", "anger"]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("wrong", [[0.1, 0.2], [0.1, 0.2, 0.3, 0.4, 5], {"joy": 0.5}, ["x"] * 5])
def test_damaged_thresholds_are_refused(single, tmp_path, wrong):
    with pytest.raises(CheckpointError, match="one number"):
        open_model(str(edited(single, tmp_path, thresholds=wrong)))


def test_a_group_of_labels_is_decided_at_the_mean_of_their_thresholds(several, tmp_path):
    numbers = dict.fromkeys(GOEMOTIONS.labels, 0.5) | {"fear": 0.2, "nervousness": 0.4}
    opened = open_model(str(edited(several, tmp_path, thresholds=numbers)))
    assert opened.scorer.thresholds(["fear", "nervousness"]) == pytest.approx([0.2, 0.4])
    assert opened.scorer.thresholds(EKMAN.labels)[EKMAN.index("fear")] == pytest.approx(0.3)


# Standing


def test_a_card_says_on_which_benchmarks_a_classifier_was_trained(single, tmp_path):
    copy = edited(single, tmp_path)
    (copy / "README.md").write_text(
        "---\ndatasets:\n- google-research-datasets/go_emotions\n- someone/else\n---\n# A model\n"
    )
    opened = open_model(str(copy))
    assert {"goemotions", "goemotions-ekman"} <= opened.trained_on
    assert opened.role_on("goemotions-ekman") == "fine-tuned"
    assert opened.role_on("isear") == "transfer"


def test_options_say_on_which_benchmarks_a_classifier_was_trained(single):
    opened = open_model(str(single), ModelOptions(trained_on=("isear",)))
    assert opened.role_on("isear") == "fine-tuned"


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("dair-ai/emotion", "dair-emotion"),
        ("emotion", "dair-emotion"),
        ("facebook/empathetic_dialogues", "empathetic-dialogues"),
        ("cardiffnlp/tweet_eval", "semeval2018-ec"),
        ("SemEvalWorkshop/sem_eval_2018_task_1", "semeval2018-ec"),
        ("li2017dailydialog/daily_dialog", "dailydialog"),
    ],
)
def test_names_of_data_sets_on_the_hub_are_known(dataset, name):
    from emo_hub.evaluation.scorers.provenance import benchmarks_of

    assert name in benchmarks_of([dataset])


def test_a_zero_shot_model_that_saw_labels_of_emotion_transfers(entailing):
    opened = open_model(str(entailing))
    assert opened.role_on("isear") == "zero-shot"
    saw = open_model(str(entailing), ModelOptions(trained_on=("go_emotions",)))
    assert saw.role_on("goemotions") == "fine-tuned"
    assert saw.role_on("isear") == "transfer"


def test_a_damaged_card_is_named(single, tmp_path):
    copy = edited(single, tmp_path)
    (copy / "README.md").write_text("---\ndatasets: [a, b\n---\n")
    with pytest.raises(CheckpointError, match="front matter"):
        open_model(str(copy))


# Sentence encoders


def test_minilm_gives_the_scores_of_the_baseline(minilm):
    from emo_hub.evaluation.scorers.baselines import SentenceEncoderScorer

    wanted = SentenceEncoderScorer().score(TEXTS, GOEMOTIONS.labels)
    assert minilm.scorer.score(TEXTS, GOEMOTIONS.labels) == pytest.approx(wanted, abs=1e-5)
    assert minilm.standing == "zero-shot"


def test_a_sentence_encoder_cuts_at_a_threshold_fitted_as_the_baseline_does():
    from emo_hub.evaluation.scorers.baselines import SentenceEncoderScorer

    opened = open_model(PACKAGED_BASE, ModelOptions(fitting=ROWS))
    wanted = SentenceEncoderScorer.fitted(ROWS).thresholds(["joy"])
    assert opened.scorer.thresholds(["joy"]) == pytest.approx(wanted, abs=1e-5)
    assert "4 synthetic rows" in opened.facts["thresholds"]


def test_templates_are_averaged():
    opened = open_model(PACKAGED_BASE, ModelOptions(templates=("I feel {}.", "{}!")))
    model = opened.scorer.model
    ways = model.encode(["I feel joy.", "joy!"], normalize_embeddings=True).mean(axis=0)
    text = model.encode([TEXTS[0]], normalize_embeddings=True)[0]
    wanted = (1 + text @ ways / np.linalg.norm(ways)) / 2
    assert opened.scorer.score(TEXTS[:1], ["joy"])[0, 0] == pytest.approx(wanted, abs=1e-5)


def test_a_sentence_encoder_encodes_a_text_once_for_all_benchmarks_that_share_it(monkeypatch):
    scorer = open_model(PACKAGED_BASE).scorer
    asked = []
    encode = scorer.model.encode
    monkeypatch.setattr(
        scorer.model, "encode", lambda texts, **kw: (asked.extend(texts), encode(texts, **kw))[1]
    )
    scorer.score(TEXTS, EKMAN.labels, CONTEXTS)
    scorer.score(TEXTS, ISEAR.labels, multi_label=False)
    assert [text for text in asked if text in TEXTS] == list(TEXTS)


def test_a_sentence_encoder_reads_the_context_when_told():
    opened = open_model(PACKAGED_BASE, ModelOptions(with_context=True))
    joined = [f"{c}\n{t}" if c else t for t, c in zip(TEXTS, CONTEXTS, strict=True)]
    found = opened.scorer.score(TEXTS, LABELS, CONTEXTS)
    assert found == pytest.approx(opened.scorer.score(joined, LABELS), abs=1e-5)


def test_the_prompt_of_a_benchmark_is_taken_as_it_is(minilm):
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    prompt = next(b.prompts[0] for b in BENCHMARKS.values() if b.prompts)
    templated = open_model(PACKAGED_BASE, ModelOptions(templates=("I feel {}.",)))
    found = templated.scorer.score(TEXTS, [prompt])
    assert found == pytest.approx(minilm.scorer.score(TEXTS, [prompt]), abs=1e-5)


# Entailment


@pytest.mark.parametrize("multi_label", [True, False])
@pytest.mark.parametrize("template", ["This person feels {}.", "It is about {}"])
def test_entailment_gives_the_scores_of_the_pipeline(entailing, multi_label, template):
    from transformers import pipeline

    pipe = pipeline("zero-shot-classification", model=str(entailing), device="cpu")
    answers = pipe(
        list(TEXTS),
        candidate_labels=list(LABELS),
        hypothesis_template=template,
        multi_label=multi_label,
    )
    wanted = [
        [dict(zip(a["labels"], a["scores"], strict=True))[k] for k in LABELS] for a in answers
    ]
    options = ModelOptions(hypothesis_template=template, batch_size=3)
    found = open_model(str(entailing), options).scorer.score(TEXTS, LABELS, multi_label=multi_label)
    assert found == pytest.approx(np.array(wanted), abs=1e-5)
    assert np.std(wanted, axis=0).min() > 0.005, "scores must differ for the test to see a mix-up"


def test_a_model_of_two_classes_entails_against_the_other(tmp_path):
    from transformers import pipeline

    save_classifier(tmp_path, ["entailment", "not_entailment"], seed=3)
    pipe = pipeline("zero-shot-classification", model=str(tmp_path), device="cpu")
    options = ModelOptions(hypothesis_template="This example is {}.")
    found = open_model(str(tmp_path), options).scorer.score(TEXTS[:1], ["joy", "anger"])
    wanted = pipe(TEXTS[0], candidate_labels=["joy", "anger"], multi_label=True)
    by_label = dict(zip(wanted["labels"], wanted["scores"], strict=True))
    assert found[0] == pytest.approx([by_label["joy"], by_label["anger"]], abs=1e-5)


def test_a_long_text_loses_its_end_and_never_the_hypothesis(entailing):
    scorer = open_model(str(entailing)).scorer
    scores = scorer.score(["word " * 300], ["joy", "a feeling of having been let down by all"])
    assert scores[0, 0] != pytest.approx(scores[0, 1], abs=1e-6)


def test_entailment_runs_each_pair_once(entailing):
    scorer = open_model(str(entailing)).scorer
    rows = []
    scorer.encoder.model.register_forward_hook(lambda _m, _i, out: rows.append(len(out.logits)))
    scorer.score(TEXTS, EKMAN.labels)
    scorer.score(TEXTS, ISEAR.labels, multi_label=False)
    both = set(EKMAN.labels) | set(ISEAR.labels)
    assert sum(rows) == len(TEXTS) * len(both)


def test_expensive_models_fit_their_threshold_on_a_sample(entailing):
    many = FittingRows(
        [f"Row {i} is a text." for i in range(300)],
        np.tile(np.eye(2, dtype=np.int8), (150, 1)),
        ["joy", "anger"],
        "synthetic",
    )
    opened = open_model(str(entailing), ModelOptions(fitting=many))
    rows = []
    encoder = opened.scorer.encoder
    encoder.model.register_forward_hook(lambda _m, _i, out: rows.append(len(out.logits)))
    first = opened.scorer.thresholds(["joy", "fear"])
    assert sum(rows) == 400
    assert (opened.scorer.thresholds(["joy", "fear"]) == first).all()
    assert sum(rows) == 400, "a threshold is fitted once"
    assert "200 synthetic rows" in opened.facts["thresholds"]


def test_entailment_without_its_label_is_refused(single):
    with pytest.raises(CheckpointError, match="'entail'"):
        open_model(f"entailment:{single}")


# GLiClass


def gliclass_model(folder):
    gliclass = pytest.importorskip(
        "gliclass", reason="NO GLICLASS: pip install gliclass to test it"
    )
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder(PACKAGED_BASE))
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]}
    )
    encoder = tiny_config(["a", "b"]).to_dict() | {"vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    config = gliclass.GLiClassModelConfig(
        encoder_config=encoder,
        encoder_model="tiny",
        class_token_index=tokenizer.convert_tokens_to_ids("<<LABEL>>"),
        text_token_index=tokenizer.convert_tokens_to_ids("<<SEP>>"),
        architecture_type="uni-encoder",
        max_num_classes=3,
        initializer_range=0.4,
    )
    model = gliclass.GLiClassModel(config)
    config.architectures = ["GLiClassModel"]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return gliclass, model.eval(), tokenizer


@pytest.mark.parametrize("multi_label", [True, False])
def test_gliclass_gives_the_scores_of_its_own_logits(tmp_path, multi_label):
    _, model, tokenizer = gliclass_model(tmp_path)
    found = open_model(str(tmp_path)).scorer.score(TEXTS, LABELS, multi_label=multi_label)
    asked = "".join(f"<<LABEL>>{label}" for label in LABELS) + "<<SEP>>"
    wanted = []
    for text in TEXTS:
        batch = tokenizer([text + asked], return_tensors="pt")
        with torch.inference_mode():
            logits = model(**batch, max_num_classes=len(LABELS)).logits[0]
        wanted.append((torch.sigmoid(logits) if multi_label else logits.softmax(-1)).numpy())
    assert found == pytest.approx(np.array(wanted), abs=1e-5)
    assert np.std(wanted, axis=0).max() > 0.05, "scores must differ for the test to see a mix-up"


def test_gliclass_takes_more_labels_than_its_configuration_has_room_for(tmp_path):
    gliclass_model(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"max_labels_alloc": "fixed"}))
    scores = open_model(str(tmp_path)).scorer.score(TEXTS, GOEMOTIONS.labels)
    assert scores.shape == (len(TEXTS), 28)
    assert scores.min() > 0


def test_a_long_text_never_costs_gliclass_a_label(tmp_path):
    gliclass_model(tmp_path)
    scorer = open_model(str(tmp_path), ModelOptions(max_tokens=40)).scorer
    long = scorer.score(["word " * 300], ["joy", "anger"])
    assert long == pytest.approx(scorer.score(["word " * 33], ["joy", "anger"]), abs=1e-5)
    assert long != pytest.approx(scorer.score(["word " * 32], ["joy", "anger"]), abs=1e-5)
    with pytest.raises(InputError, match="labels fill"):
        scorer.score(TEXTS, GOEMOTIONS.labels)


def test_gliclass_is_not_opened_where_its_package_would_run_code():
    from emo_hub.evaluation.scorers.gliclass import refuse_unknown_parts

    refuse_unknown_parts({"encoder_config": {"model_type": "bert"}}, "x/y")
    with pytest.raises(CheckpointError, match="fetch code"):
        refuse_unknown_parts({"encoder_config": {"model_type": "strange"}}, "x/y")


def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch):
    import sys

    (tmp_path / "config.json").write_text('{"model_type": "GLiClass"}')
    monkeypatch.setitem(sys.modules, "gliclass", None)
    with pytest.raises(ImportError, match=r"emo-hub\[gliclass\]"):
        open_model(str(tmp_path))


# Files of predictions

SCORES = {
    "anger": [0.1, 0.9, 0.2, 0.3],
    "disgust": [0.0, 0.1, 0.0, 0.0],
    "fear": [0.1, 0.0, 0.9, 0.0],
    "guilt": [0.0, 0.0, 0.8, 0.0],
    "joy": [0.8, 0.0, 0.0, 0.4],
    "sadness": [0.2, 0.1, 0.1, 0.3],
    "shame": [0.0, 0.0, 0.1, 0.0],
}
WANTED = np.array([SCORES[label] for label in ISEAR.labels], np.float32).T
IDS = {"id": ["a", "b", "007", "d"]}


def write(path, columns):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(columns))
            writer.writeheader()
            writer.writerows(rows)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table(columns), path)
    return str(path)


def read_back(path, rows=None, options=None):
    rows = benchmark_rows() if rows is None else rows
    scorer = open_model(path, options).scorer_for(rows)
    return scorer.score(rows.texts, rows.asked_labels, rows.contexts)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_predictions_are_matched_by_id_in_any_order(tmp_path, form):
    columns = {k: list(reversed(v)) for k, v in (IDS | SCORES).items()}
    found = read_back(write(tmp_path / f"x.{form}", columns))
    assert found == pytest.approx(WANTED)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_predictions_are_matched_by_text_in_any_order(tmp_path, form):
    columns = {k: list(reversed(v)) for k, v in ({"text": TEXTS} | SCORES).items()}
    found = read_back(write(tmp_path / f"x.{form}", columns))
    assert found == pytest.approx(WANTED)


def test_an_id_that_looks_like_a_number_stays_as_it_is_written(tmp_path):
    path = write(tmp_path / "x.csv", {"id": ["7", "007", "07", "70"]} | SCORES)
    found = read_back(path, benchmark_rows(ids=("007", "7", "07", "70")))
    assert found == pytest.approx(WANTED[[1, 0, 2, 3]])


def test_predictions_are_matched_by_text_and_context(tmp_path):
    columns = {
        "text": ["Fine.", "Fine."],
        "context": ["How was it?", "We lost."],
        "joy": [0.9, 0.1],
    }
    scorer = open_model(write(tmp_path / "x.parquet", columns)).scorer
    found = scorer.score(["Fine.", "Fine."], ["joy"], ["We lost.", "How was it?"])
    assert found[:, 0] == pytest.approx([0.1, 0.9])


def test_predictions_without_any_key_are_matched_by_order(tmp_path):
    assert read_back(write(tmp_path / "x.csv", SCORES)) == pytest.approx(WANTED)


def test_as_many_predictions_as_rows_are_wanted_where_the_order_counts(tmp_path):
    path = write(tmp_path / "x.csv", {k: v[:3] for k, v in SCORES.items()})
    with pytest.raises(DataError, match="has 3 rows and 4 are asked for"):
        read_back(path)


def test_missing_rows_are_counted_and_named(tmp_path):
    path = write(tmp_path / "x.parquet", {k: v[:2] for k, v in (IDS | SCORES).items()})
    with pytest.raises(DataError, match=r"lacks 2 of 4 rows; there is no id '007', 'd'"):
        read_back(path)


def test_a_row_that_stands_twice_with_other_scores_is_refused(tmp_path):
    columns = {"text": [*TEXTS, TEXTS[0]]} | {k: [*v, 0.5] for k, v in SCORES.items()}
    with pytest.raises(DataError, match="two rows with other scores"):
        read_back(write(tmp_path / "x.parquet", columns))


def test_a_row_that_stands_twice_with_the_same_scores_is_one(tmp_path):
    columns = {"text": [*TEXTS, TEXTS[0]]} | {k: [*v, v[0]] for k, v in SCORES.items()}
    assert read_back(write(tmp_path / "x.parquet", columns)) == pytest.approx(WANTED)


@pytest.mark.parametrize("wrong", [1.2, -0.1, None, float("nan")])
def test_numbers_outside_their_range_are_refused(tmp_path, wrong):
    columns = IDS | SCORES | {"joy": [0.8, wrong, 0.0, 0.4]}
    with pytest.raises(DataError, match=r"for 'joy' of 'You never.*\[0, 1\]"):
        read_back(write(tmp_path / "x.parquet", columns))


def test_columns_that_are_no_labels_are_named(tmp_path):
    path = write(tmp_path / "x.parquet", IDS | SCORES | {"bliss": [0.0] * 4})
    with pytest.raises(DataError, match="no labels of isear: bliss"):
        read_back(path)


def test_labels_without_a_column_get_zero_and_are_said(tmp_path):
    kept = {k: v for k, v in SCORES.items() if k not in ("guilt", "shame")}
    opened = open_model(write(tmp_path / "x.parquet", IDS | kept))
    rows = benchmark_rows()
    found = opened.scorer_for(rows).score(rows.texts, rows.asked_labels)
    assert not found[:, [ISEAR.index("guilt"), ISEAR.index("shame")]].any()
    assert opened.missing(ISEAR.labels) == ("guilt", "shame")
    assert "5 of 7 labels of isear; guilt, shame get 0" in opened.facts["coverage"]["isear"]


def test_predictions_without_any_label_of_a_benchmark_do_not_suit_it(tmp_path):
    path = write(tmp_path / "x.parquet", IDS | {"trust": [0.5] * 4})
    with pytest.raises(NotSuited, match="no column for any"):
        read_back(path)


def test_one_file_serves_several_benchmarks_and_splits(tmp_path):
    columns = {
        "benchmark": ["isear", "isear", "emocontext", "isear", "isear", "isear"],
        "split": ["all", "all", "dev", "all", "all", "dev"],
        "id": ["a", "b", "a", "007", "d", "a"],
    }
    for label, scores in SCORES.items():
        columns[label] = [scores[0], scores[1], None, scores[2], scores[3], 0.99]
    columns["happy"] = [None, None, 0.7, None, None, None]
    path = write(tmp_path / "x.parquet", columns)
    assert read_back(path) == pytest.approx(WANTED)
    other = benchmark_rows(
        EMOCONTEXT.labels,
        name="emocontext",
        split="dev",
        texts=TEXTS[:1],
        contexts=(None,),
        ids=("a",),
        targets=np.eye(4, dtype=np.int8)[:1],
    )
    assert read_back(path, other)[0, 0] == pytest.approx(0.7)
    with pytest.raises(NotSuited, match="holds no rows of xed"):
        read_back(path, benchmark_rows(name="xed"))


def test_decisions_of_zero_and_one_are_scores(tmp_path):
    decisions = {k: [value > 0.5 for value in v] for k, v in SCORES.items()}
    found = read_back(write(tmp_path / "x.jsonl", IDS | decisions))
    assert (found == (WANTED > 0.5)).all()


def test_predictions_of_dimensions_are_read(tmp_path):
    values = {"valence": [4.0, 1.5, 2.0, 3.0], "arousal": [3.0] * 4, "dominance": [2.5] * 4}
    path = write(tmp_path / "x.parquet", IDS | values)
    rows = benchmark_rows(("valence", "arousal", "dominance"), name="emobank", kind="regression")
    found = open_model(path).scorer_for(rows).dimensions(rows.texts)
    assert found[:, 0] == pytest.approx(values["valence"])
    bad = write(tmp_path / "y.parquet", IDS | values | {"arousal": [0.2] * 4})
    with pytest.raises(DataError, match=r"\[1, 5\]"):
        open_model(bad).scorer_for(rows).dimensions(rows.texts)


def test_a_file_without_dimensions_gives_none(tmp_path):
    assert open_model(write(tmp_path / "x.csv", SCORES)).scorer.dimensions(TEXTS) is None


def test_a_sidecar_says_thresholds_name_and_role(tmp_path):
    path = write(tmp_path / "x.parquet", IDS | SCORES)
    told = {
        "model": "theirs",
        "role": "zero-shot",
        "thresholds": {"joy": 0.3},
        "trained_on": ["go_emotions"],
    }
    (tmp_path / "x.parquet.json").write_text(json.dumps(told))
    opened = open_model(path, ModelOptions(name="x.parquet"))
    assert opened.scorer.name == "theirs"
    assert opened.standing == "zero-shot"
    assert opened.role_on("goemotions") == "fine-tuned"
    assert opened.scorer.thresholds(["joy", "fear"]) == pytest.approx([0.3, 0.5])


def test_a_file_that_does_not_say_how_it_stands_makes_the_smaller_claim(tmp_path):
    path = write(tmp_path / "x.parquet", IDS | SCORES)
    opened = open_model(path)
    assert opened.standing == "transfer"
    assert not opened.facts["standing_stated"]
    assert open_model(path, ModelOptions(standing="zero-shot")).standing == "zero-shot"


def test_a_fine_tuned_model_has_to_say_on_what(tmp_path):
    path = write(tmp_path / "x.parquet", IDS | SCORES)
    (tmp_path / "x.json").write_text(json.dumps({"role": "fine-tuned"}))
    with pytest.raises(DataError, match="nothing says on what"):
        open_model(path)
    (tmp_path / "x.json").write_text(json.dumps({"role": "fine-tuned", "trained_on": ["isear"]}))
    assert open_model(path).role_on("isear") == "fine-tuned"
    assert open_model(path).role_on("xed") == "transfer"


@pytest.mark.parametrize("wrong", [{"joy": 3}, "high", -1])
def test_thresholds_of_a_sidecar_are_checked(tmp_path, wrong):
    path = write(tmp_path / "x.parquet", IDS | SCORES)
    (tmp_path / "x.json").write_text(json.dumps({"thresholds": wrong}))
    with pytest.raises(DataError, match="thresholds"):
        open_model(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.parquet", "no parquet", "not a readable Parquet"),
        ("x.jsonl", '{"joy": 1}\n{"joy"', "Line 2"),
        ("x.jsonl", "[1]", "wanted an object"),
        ("x.csv", "text,kind\na,b\n", "no column of scores"),
        ("x.txt", "joy\n1\n", "wanted .parquet, .csv, .jsonl"),
    ],
)
def test_files_that_are_no_predictions_are_refused(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said):
        open_model(f"predictions:{tmp_path / name}")


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match="no file of predictions"):
        open_model("nowhere.parquet")


@pytest.mark.parametrize("projected", [False, True])
def test_the_record_of_an_evaluation_gives_its_result_again(tmp_path, ours, projected):
    from emo_hub.evaluation.run import evaluate_rows
    from emo_hub.evaluation.scored import write_scored

    # No label of the narrow set is called like one of the wide set that is asked for.
    projection = GOEMOTIONS_TO_EMOCONTEXT if projected else None
    label_set = EMOCONTEXT if projected else GOEMOTIONS
    targets = np.eye(len(label_set), dtype=np.int8)[:4]
    rows = benchmark_rows(
        label_set.labels,
        name="goemotions",
        split="test",
        kind="multi_label",
        targets=targets,
        projection=projection,
        neutral=label_set.neutral,
    )
    scored = evaluate_rows(ours.scorer, rows)
    (path,) = write_scored([scored], tmp_path)
    opened = open_model(str(path))
    assert opened.scorer.name == ours.scorer.name
    assert opened.standing == "zero-shot"
    again = evaluate_rows(opened.scorer_for(rows), rows)
    assert again.scores == pytest.approx(scored.scores, abs=1e-6)
    if not projected:
        assert (again.predicted == scored.predicted).all()


# Fingerprints


def test_the_same_files_and_settings_are_the_same_contestant(single):
    assert open_model(str(single)).fingerprint == open_model(str(single)).fingerprint


def test_changed_weights_are_another_contestant(single, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = edited(single, tmp_path)
    tensors = load_file(copy / "model.safetensors")
    tensors["classifier.bias"] += 1e-3
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    assert open_model(str(copy)).fingerprint != open_model(str(single)).fingerprint


def test_all_code_that_turns_a_text_into_scores_decides_the_fingerprint():
    code = """
import sys
from pathlib import Path
import emo_hub
from emo_hub.modeling import EmotionModel
texts, labels = ["so happy \U0001f621", "so sad"], ["joy", "not angry", "wabi sabi"]
EmotionModel.load("default").score(texts, labels, ["Then.", None])
root = Path(emo_hub.__file__).parent
found = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "emo_hub" and m.__file__]
print(*sorted(Path(file).relative_to(root).as_posix() for file in found))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    # What finds, names and opens things; none of it touches a number.
    around = {
        "__init__.py", "errors.py", "loading.py", "registration.py", "version.py",
        "runtimes/__init__.py", "runtimes/choosing.py", "runtimes/files.py",
    }  # fmt: skip
    assert set(done.stdout.split()) - around <= set(OUR_CODE)


def test_results_and_cards_beside_the_weights_change_no_fingerprint(single, tmp_path):
    copy = edited(single, tmp_path)
    before = open_model(str(copy)).fingerprint
    (copy / "results.json").write_text("{}")
    (copy / "README.md").write_text("# A model\n")
    assert open_model(str(copy)).fingerprint == before


@pytest.mark.parametrize(
    "changes",
    [
        {"hypothesis_template": "It is {}."},
        {"max_tokens": 16},
        {"with_context": True},
        {"thresholds": 0.3},
        {"fitting": ROWS},
    ],
)
def test_settings_that_decide_scores_change_the_fingerprint(entailing, changes):
    plain = open_model(str(entailing)).fingerprint
    assert open_model(str(entailing), ModelOptions(**changes)).fingerprint != plain


def test_the_size_of_a_batch_changes_no_fingerprint(entailing):
    plain = open_model(str(entailing)).fingerprint
    assert open_model(str(entailing), ModelOptions(batch_size=7)).fingerprint == plain


def test_changed_code_of_ours_is_another_contestant(ours, monkeypatch):
    from emo_hub.evaluation.scorers import ours as module

    code = dict(module.digest_of_code())
    assert {"modeling.py", "calibration.py", "lexicon.toml", "taxonomy.py"} <= code.keys()
    monkeypatch.setattr(module, "digest_of_code", lambda: code | {"modeling.py": "other"})
    assert open_model("default").fingerprint != ours.fingerprint


def test_a_file_that_changed_under_the_same_name_is_hashed_anew(tmp_path):
    from emo_hub.evaluation.scorers.fingerprints import digest_of_folder

    path = tmp_path / "config.json"
    path.write_text('{"a": 1}')
    before = digest_of_folder(tmp_path)
    path.write_text('{"a": 2}')
    os.utime(path, ns=(1, 1))
    assert digest_of_folder(tmp_path) != before


def test_no_texts_give_no_scores(single, entailing, ours, minilm):
    for opened in (open_model(str(single)), open_model(str(entailing)), ours, minilm):
        assert opened.scorer.score([], ["joy", "anger"]).shape == (0, 2)


def test_facts_are_plain_values(single, entailing, ours, minilm):
    for opened in (open_model(str(single)), open_model(str(entailing)), ours, minilm):
        facts = json.loads(json.dumps(dict(opened.facts)))
        assert facts["parameters"] > 0
        assert facts["thresholds"]


# Baselines


def test_baselines_are_contestants():
    from emo_hub.evaluation.scorers.baselines import baselines

    encoder, majority = baselines(ROWS)
    assert majority.scorer.score(["x"], ["joy", "anger", "fear"]).tolist() == [[1, 0, 0]]
    assert encoder.scorer.thresholds(["joy"])[0] > 0.5
    assert encoder.fingerprint != majority.fingerprint


def test_the_majority_has_no_say_on_labels_that_it_was_not_chosen_for():
    from emo_hub.evaluation.scorers.baselines import baselines

    with pytest.raises(NotSuited, match="no choice"):
        baselines(ROWS)[1].scorer.score(["x"], ["joy"])


def test_the_room_of_scorers_imports_no_kind_before_it_is_asked_for():
    import subprocess
    import sys

    code = (
        "import sys, emo_hub.evaluation.scorers as s; "
        "print({'transformers', 'sentence_transformers', 'gliclass', 'httpx'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
