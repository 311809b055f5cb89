"""A classifier of ours scores texts after their contexts, runs in the pipelines of transformers,
is measured on benchmarks, and refuses what it cannot read."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import emo_hub
from emo_hub.classifier import EmotionClassifier
from emo_hub.classifier_settings import ClassifierSettings
from emo_hub.dataset import read_corpus
from emo_hub.errors import CheckpointError, InputError, NotSuited
from emo_hub.evaluation.own import own_split, with_contexts_judged
from emo_hub.evaluation.run import evaluate_rows
from emo_hub.evaluation.scorers import ModelOptions, Reference, open_model
from emo_hub.measurement import Measurement, measure
from emo_hub.pairs import tokenize_pair
from emo_hub.taxonomy import EKMAN, GOEMOTIONS, GOEMOTIONS_TO_EKMAN, ISEAR
from tests.classifiers import (
    LONGEST,
    SETTINGS,
    bert_tokenizer,
    roberta_tokenizer,
    save_classifier,
    settings_of,
)

TEXTS = (
    "i feel so happy",
    "you never listen!",
    "the concert was fine, and he lied to me, and i feel so sad",
    "fine.",
    "how was the concert?",
)
CONTEXTS = (None, "he lied to me", None, "how was the concert? " * 30, "you never listen")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("encoder") / "model")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """One that was trained without contexts."""
    settings = settings_of(ISEAR.labels, task="isear", uses_context=False, temperature=1.0)
    return save_classifier(tmp_path_factory.mktemp("plain") / "model", settings, seed=1)


@pytest.fixture(scope="module")
def model(folder):
    return EmotionClassifier.load(folder)


@pytest.fixture(scope="module")
def clf(model):
    return emo_hub.pipeline("contextual-emotion", model=model)


def stock_logits(folder, text, context=None):
    """What transformers' own classes make of a text, or of a context and a text."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    stock = AutoModelForSequenceClassification.from_pretrained(folder)
    parts = (text,) if context is None else (context, text)
    with torch.inference_mode():
        return stock(**tokenizer(*parts, return_tensors="pt")).logits[0].numpy()


def edited(folder, tmp_path, **changes):
    """A copy whose configuration says something else; None takes a key away."""
    copy = tmp_path / "edited"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text()) | changes
    config = {key: value for key, value in config.items() if value is not None}
    (copy / "config.json").write_text(json.dumps(config))
    return copy


# Scores


def test_scores_are_the_sigmoid_of_logits_over_temperature(model, folder):
    logits = stock_logits(folder, TEXTS[0])
    wanted = 1 / (1 + np.exp(-logits / 1.7))
    assert model.score([TEXTS[0]])[0] == pytest.approx(wanted, abs=1e-5)
    assert np.ptp(wanted) > 0.2, "scores must differ for the test to see a mix-up"


def test_the_context_comes_first_and_the_text_second(model, folder):
    found = model.logits(["you never listen"], ["he lied to me"])[0]
    assert found == pytest.approx(
        stock_logits(folder, "you never listen", "he lied to me"), abs=1e-5
    )
    turned = stock_logits(folder, "he lied to me", "you never listen")
    assert np.abs(found - turned).max() > 0.01


def test_texts_of_any_length_come_back_in_their_order(model):
    alone = np.vstack([model.score([t], [c]) for t, c in zip(TEXTS, CONTEXTS, strict=True)])
    for size in (1, 2, 64):
        assert model.score(TEXTS, CONTEXTS, batch_size=size) == pytest.approx(alone, abs=1e-5)


def test_texts_of_like_length_share_a_batch(model, monkeypatch):
    shapes = []
    forward = model.forward
    monkeypatch.setattr(
        model, "forward", lambda **i: shapes.append(tuple(i["input_ids"].shape)) or forward(**i)
    )
    model.score(["fine " * 30, "fine", "fine " * 29, "sad"], batch_size=2)
    assert shapes == [(2, 3), (2, 32)]


def test_no_texts_give_no_rows(model):
    assert model.score([]).shape == (0, 28)


def test_thresholds_stand_in_the_order_of_labels(model):
    assert model.thresholds() == pytest.approx([0.3 + 0.01 * i for i in range(28)])
    assert model.thresholds(["neutral", "anger"]) == pytest.approx([0.57, 0.32])
    with pytest.raises(InputError, match="no label bored"):
        model.thresholds(["anger", "bored"])


def test_labels_stand_in_the_order_of_numbers_not_of_strings(model):
    assert model.labels == GOEMOTIONS.labels
    assert model.labels[2] == "anger"


@pytest.mark.parametrize("wrong", ["", "  ", None, 7])
def test_what_is_no_text_is_refused(model, wrong):
    with pytest.raises(InputError, match="A text"):
        model.score(["fine", wrong])


def test_as_many_contexts_as_texts_are_wanted(model):
    with pytest.raises(InputError, match="2 texts and 1 contexts"):
        model.score(["fine", "sad"], ["x"])


def test_a_model_trained_without_contexts_takes_none(plain):
    loaded = EmotionClassifier.load(plain)
    assert loaded.score(["fine"], [" "]) == pytest.approx(loaded.score(["fine"]))
    with pytest.raises(InputError, match="trained without contexts"):
        loaded.score(["fine"], ["he lied to me"])


# Pairs of tokens


@pytest.mark.parametrize("tokenizer", [bert_tokenizer(), roberta_tokenizer()])
def test_a_long_context_loses_its_beginning_and_the_text_stays_whole(tokenizer):
    context = "never " * 40 + "he lied."
    tokens = tokenize_pair(tokenizer, "you listen", context, max_tokens=LONGEST)["input_ids"]
    whole = tokenizer.decode(tokens, skip_special_tokens=True)
    assert len(tokens) <= LONGEST
    assert len(tokens) > LONGEST - 6, "room for more of the context is wasted"
    assert "he lied" in whole.replace(" .", ".")
    assert whole.endswith("you listen")
    end = tokenizer("lied.", add_special_tokens=False)["input_ids"]
    text = tokenizer("you listen", add_special_tokens=False)["input_ids"]
    assert tokens[-1 - len(text) : -1] == text
    separators = tokenizer.num_special_tokens_to_add(pair=True) - 2
    place = len(tokens) - 1 - len(text) - separators
    assert tokens[place - len(end) : place] == end


def test_a_context_cut_within_a_word_still_keeps_its_end():
    tokenizer = bert_tokenizer()
    for letters in range(1, 60):
        context = "concert" * letters + " he lied"
        tokens = tokenize_pair(tokenizer, "fine", context, max_tokens=20)["input_ids"]
        assert tokenizer.decode(tokens).endswith("lied [SEP] fine [SEP]")


def test_letters_of_several_tokens_are_cut_without_end():
    tokens = tokenize_pair(roberta_tokenizer(), "fine", "😀" * 90, max_tokens=LONGEST)
    assert len(tokens["input_ids"]) <= LONGEST


@pytest.mark.parametrize("tokenizer", [bert_tokenizer(), roberta_tokenizer()])
def test_a_text_that_fills_the_input_leaves_no_room_for_a_context(tokenizer):
    long = "fine " * 200
    both = tokenize_pair(tokenizer, long, "he lied", max_tokens=LONGEST)
    assert both == tokenize_pair(tokenizer, long, None, max_tokens=LONGEST)
    assert len(both["input_ids"]) == LONGEST


def test_bert_reads_the_context_as_segment_0_and_the_text_as_segment_1(model):
    tokens = model.tokenize("sad", "so angry")
    assert tokens["token_type_ids"] == [0, 0, 0, 0, 1, 1]
    assert model.tokenize("sad")["token_type_ids"] == [0, 0, 0]


def test_roberta_of_one_segment_is_given_none(tmp_path):
    folder = save_classifier(tmp_path / "r", kind="roberta", type_vocab_size=1)
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["model_input_names"] = ["input_ids", "token_type_ids", "attention_mask"]
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    loaded = EmotionClassifier.load(folder)
    assert "token_type_ids" not in loaded.tokenize("sad", "so angry")
    assert np.isfinite(loaded.score(["sad"], ["so angry"])).all()


def test_roberta_widened_to_two_segments_reads_both(tmp_path):
    loaded = EmotionClassifier.load(
        save_classifier(tmp_path / "r", kind="roberta", type_vocab_size=2)
    )
    tokens = loaded.tokenize("sad", "so")
    assert tokens["token_type_ids"] == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert loaded.tokenize("sad")["token_type_ids"] == [0, 0, 0, 0, 0]
    with torch.no_grad():
        before = loaded.score(["sad"], ["so"])
        # One number added to all would be normalised away.
        loaded.model.roberta.embeddings.token_type_embeddings.weight[1] += torch.arange(16)
    assert np.abs(loaded.score(["sad"], ["so"]) - before).max() > 1e-3


# The folder


def test_what_it_saves_scores_the_same(model, tmp_path):
    model.save(tmp_path / "again")
    again = EmotionClassifier.load(tmp_path / "again")
    assert again.settings == model.settings == SETTINGS
    assert again.score(TEXTS, CONTEXTS) == pytest.approx(model.score(TEXTS, CONTEXTS), abs=1e-6)


def test_a_repository_is_loaded_at_its_revision(folder, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    place = tmp_path / "models--someone--feelings"
    shutil.copytree(folder, place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "v1").write_text(commit)
    cache = {"cache_dir": str(tmp_path), "local_files_only": True}
    loaded = EmotionClassifier.load("someone/feelings", revision="v1", **cache)
    assert loaded.labels == GOEMOTIONS.labels
    with pytest.raises(CheckpointError, match="neither a folder nor a repository"):
        EmotionClassifier.load("someone/feelings", revision="v2", **cache)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architectures": ["BertModel"]}, r"holds BertModel; wanted a model ForSequence"),
        ({"emo_hub_task": None}, "did not make.*text-classification"),
        ({"problem_type": "single_label_classification"}, "did not make"),
        ({"thresholds": None}, "damaged .lacks 'thresholds'"),
        ({"thresholds": {"anger": 0.5}}, "threshold in .0, 1. for each label; admiration"),
        ({"thresholds": [0.5] * 28}, "damaged"),
        ({"thresholds": dict.fromkeys(GOEMOTIONS.labels, 1.5)}, "threshold"),
        ({"calibration_temperature": 0}, "temperature is a number above 0; got .* 0"),
        ({"calibration_temperature": "hot"}, "temperature is a number"),
        ({"calibration_temperature": None}, "lacks 'calibration_temperature'"),
        ({"uses_context": "yes"}, "uses_context is 'yes'"),
        ({"label2id": {"anger": 0}}, "contradict"),
        ({"id2label": {"0": "anger", "2": "joy"}}, "numbers its labels"),
    ],
)
def test_a_configuration_that_is_foreign_or_damaged_is_told(folder, tmp_path, changes, said):
    with pytest.raises(CheckpointError, match=said):
        EmotionClassifier.load(edited(folder, tmp_path, **changes))


def without(name):
    return lambda folder: (folder / name).unlink()


def cut(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:200])


def pickled(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def headless(folder):
    weights = load_file(folder / "model.safetensors")
    rest = {name: value for name, value in weights.items() if "classifier" not in name}
    save_file(rest, folder / "model.safetensors", {"format": "pt"})


def of_another_model(folder):
    tokenizer = bert_tokenizer()
    tokenizer.add_tokens(["lamentably", "ruefully"])
    tokenizer.save_pretrained(folder)


def dual_encoder(folder):
    (folder / "emotion_head.json").write_text("{}")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without("config.json"), "has no config.json, so it is no classifier"),
        (cut("config.json"), "config.json is damaged"),
        (without("model.safetensors"), r"no \*.safetensors: fetch"),
        (cut("model.safetensors"), "does not load"),
        (pickled, "may run code"),
        (headless, "lack classifier.bias, classifier.weight, which chance would fill"),
        (without("tokenizer.json"), "no tokenizer.json"),
        (cut("tokenizer.json"), "does not load"),
        (of_another_model, "belong to different models"),
        (dual_encoder, r"pipeline\('zero-shot-emotion'\)"),
    ],
)
def test_a_folder_that_is_foreign_or_damaged_is_told(folder, tmp_path, damage, said):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(CheckpointError, match=said):
        EmotionClassifier.load(copy)


def test_a_file_is_no_checkpoint(folder):
    with pytest.raises(CheckpointError, match="a checkpoint is a folder"):
        EmotionClassifier.load(folder / "config.json")


def test_labels_that_repeat_are_refused():
    with pytest.raises(CheckpointError, match="all different; got joy, joy"):
        ClassifierSettings(task="mine", labels=("joy", "joy"), thresholds={"joy": 0.5})


# The pipeline of ours


def test_transformers_finds_the_task(folder, model):
    from transformers import pipeline

    found = pipeline("contextual-emotion", model=str(folder), device="cpu")
    assert isinstance(found, emo_hub.ContextualEmotionPipeline)
    answer = found("you never listen", context="he lied to me")
    scores = model.score(["you never listen"], ["he lied to me"])[0]
    assert answer["sequence"] == "you never listen"
    assert answer["scores"] == pytest.approx(sorted(scores, reverse=True), abs=1e-5)
    assert answer["labels"][0] == GOEMOTIONS.labels[scores.argmax()]
    assert sorted(answer["labels"]) == sorted(GOEMOTIONS.labels)


def test_without_a_model_it_says_how_to_get_one():
    from transformers import pipeline

    for make in (pipeline, emo_hub.pipeline):
        with pytest.raises(CheckpointError, match=r"emo-hub train encoder.*repository on the Hub"):
            make("contextual-emotion")


def test_a_model_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match="runs an EmotionClassifier"):
        emo_hub.ContextualEmotionPipeline(model=object())
    with pytest.raises(InputError, match="There is no task 'moods'"):
        emo_hub.pipeline("moods")


def as_rows(answers):
    return [(a["labels"], [round(s, 4) for s in a["scores"]]) for a in answers]


def test_every_way_of_giving_texts_and_contexts_is_the_same(clf):
    from datasets import Dataset
    from transformers.pipelines.pt_utils import KeyDataset

    texts, contexts = list(TEXTS[:3]), ["he lied to me"] * 3
    wanted = as_rows([clf(text, context="he lied to me") for text in texts])
    dicts = [{"text": t, "context": c} for t, c in zip(texts, contexts, strict=True)]
    rows = KeyDataset(Dataset.from_dict({"said": texts}), "said")
    ways = [
        clf(texts, context="he lied to me"),
        clf(texts, context=contexts, batch_size=2),
        clf(tuple(dicts)),
        clf((d for d in dicts), batch_size=3),
        clf((t for t in texts), context=(c for c in contexts)),
        clf(rows, context="he lied to me"),
        clf(Dataset.from_list(dicts)),
        [clf(d) for d in dicts],
        clf([{"text": t} for t in texts], context=contexts),
    ]
    for way in ways:
        assert as_rows(way) == wanted


def test_a_generator_is_read_lazily(clf):
    answers = clf(itertools.repeat("so happy"))
    assert next(iter(answers))["sequence"] == "so happy"


def test_an_empty_list_gives_an_empty_list(clf):
    assert clf([]) == []


def test_a_context_changes_the_scores(clf):
    assert as_rows([clf("fine", context="he lied to me")]) != as_rows([clf("fine")])


def test_top_k_keeps_the_best(clf):
    whole = clf("so happy")
    assert clf("so happy", top_k=3) == {
        "sequence": "so happy",
        "labels": whole["labels"][:3],
        "scores": whole["scores"][:3],
    }


def test_a_threshold_drops_labels_and_says_when_none_is_left(clf):
    whole = clf("so happy")
    half = clf("so happy", threshold=whole["scores"][4])
    assert half["labels"] == whole["labels"][:5]
    assert half["none_of_these"] is False
    assert clf("so happy", threshold=1.0) == {
        "sequence": "so happy",
        "labels": [],
        "scores": [],
        "none_of_these": True,
    }


def test_auto_takes_the_threshold_of_each_label(clf, model):
    scores = model.score(["so happy"])[0]
    passed = {
        label
        for label, score in zip(model.labels, scores, strict=True)
        if score >= SETTINGS.thresholds[label]
    }
    assert 0 < len(passed) < 28
    assert set(clf("so happy", threshold="auto")["labels"]) == passed
    assert passed != set(clf("so happy", threshold=0.5)["labels"])


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", {}, "A text is empty"),
        (None, {}, "must be a string"),
        (["fine", 7], {}, "must be a string"),
        ({"txt": "fine"}, {}, r"must be \{'text'.*got the keys txt"),
        ({"text": "fine", "contxt": "x"}, {}, "got the keys text, contxt"),
        ({"text": "fine", "context": "x"}, {"context": "y"}, "two contexts"),
        ("fine", {"context": 5}, "A context must be a string; got a int"),
        ("fine", {"context": ["x"]}, "A context must be a string; got a list"),
        (["fine"], {"context": 5}, "A context must be a string; got a int"),
        (["fine"], {"context": ["x", "y"]}, "1 texts and 2 contexts"),
        ("fine", {"threshold": 2}, "threshold must be"),
        ("fine", {"threshold": "high"}, "threshold must be"),
        ("fine", {"top_k": 0}, "top_k must be"),
        ("fine", {"candidate_labels": ["joy"]}, "knows no argument candidate_labels.*zero-shot"),
    ],
)
def test_what_does_not_fit_is_a_clear_error(clf, text, arguments, said):
    with pytest.raises(InputError, match=said):
        clf(text, **arguments)


def test_contexts_that_run_out_are_told(clf):
    answers = clf(iter(["fine", "sad", "happy"]), context=iter(["x", "y"]))
    with pytest.raises(InputError, match="Text 3 has no context"):
        list(answers)


def test_a_context_for_a_model_trained_without_is_told(plain):
    clf = emo_hub.pipeline("contextual-emotion", model=plain)
    assert sorted(clf("fine")["labels"]) == sorted(ISEAR.labels)
    with pytest.raises(InputError, match="trained without contexts"):
        clf("fine", context="he lied to me")


def test_what_the_pipeline_saves_is_a_checkpoint(clf, tmp_path):
    clf.save_pretrained(tmp_path / "again")
    again = emo_hub.pipeline("contextual-emotion", model=tmp_path / "again")
    assert as_rows([again("fine")]) == as_rows([clf("fine")])
    assert "Contextual" in repr(clf)


# The stock classes of transformers


def test_the_stock_text_classification_pipeline_runs_it_unchanged(folder, model):
    from transformers import pipeline

    stock = pipeline("text-classification", model=str(folder), top_k=None, device="cpu")
    found = stock({"text": "he lied to me", "text_pair": "you never listen"})
    ours = model.score(["you never listen"], ["he lied to me"])[0]
    logits = model.logits(["you never listen"], ["he lied to me"])[0]
    assert [row["label"] for row in found] == [model.labels[i] for i in np.argsort(-ours)]
    by_label = {row["label"]: row["score"] for row in found}
    # Sigmoids, each label by itself; only the temperature is ours alone.
    wanted = 1 / (1 + np.exp(-logits))
    assert [by_label[label] for label in model.labels] == pytest.approx(wanted, abs=1e-5)
    long = stock([TEXTS[0], "fine " * 500], truncation=True)
    assert [len(rows) for rows in long] == [28, 28]


def test_without_a_temperature_the_stock_pipeline_gives_our_scores(plain):
    from transformers import pipeline

    stock = pipeline("text-classification", model=str(plain), top_k=None, device="cpu")
    answer = emo_hub.pipeline("contextual-emotion", model=plain)("so happy")
    found = stock(["so happy"])[0]
    assert [row["label"] for row in found] == answer["labels"]
    assert [row["score"] for row in found] == pytest.approx(answer["scores"], abs=1e-5)


def test_transformers_can_save_it_again_with_all_that_is_ours(folder, tmp_path):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    AutoModelForSequenceClassification.from_pretrained(folder).save_pretrained(tmp_path / "again")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "again")
    assert EmotionClassifier.load(tmp_path / "again").settings == SETTINGS


# emo-hub evaluate


def test_the_files_tell_that_it_is_an_encoder_of_ours(folder):
    assert Reference(None, str(folder)).detect() == "encoder"
    opened = open_model(f"encoder:{folder}")
    assert opened.facts["kind"] == "encoder"
    assert opened.facts["label_set"] == "goemotions"
    assert opened.fingerprint == open_model(str(folder)).fingerprint


def test_a_scorer_gives_the_scores_and_thresholds_of_the_model(folder, model):
    scorer = open_model(f"encoder:{folder}").scorer
    asked = ("neutral", "anger", "joy")
    columns = [GOEMOTIONS.index(label) for label in asked]
    wanted = model.score(TEXTS, CONTEXTS)[:, columns]
    assert scorer.score(TEXTS, asked, CONTEXTS) == pytest.approx(wanted, abs=1e-5)
    assert scorer.thresholds(asked) == pytest.approx(model.thresholds(asked))


def test_its_labels_are_carried_onto_those_of_a_benchmark(folder, model):
    narrow = open_model(str(folder)).scorer.score(TEXTS, EKMAN.labels)
    wide = model.score(TEXTS)
    for place, members in enumerate(GOEMOTIONS_TO_EKMAN.groups().values()):
        columns = [GOEMOTIONS.index(member) for member in members]
        assert narrow[:, place] == pytest.approx(wide[:, columns].max(axis=1), abs=1e-5)


def test_contexts_are_left_aside_by_a_model_trained_without(plain):
    scorer = open_model(str(plain)).scorer
    asked = ["joy", "anger"]
    assert (scorer.score(TEXTS, asked, CONTEXTS) == scorer.score(TEXTS, asked)).all()


def measured_on(corpus, model, out):
    plan = Measurement(models=(str(model),), corpus=corpus, baselines=False)
    return measure(plan, out, command="measured by a test")[str(model)]


def test_contextual_test_lines_are_read_with_the_right_no_and_anothers_context(
    folder, model, tiny_corpus, tmp_path
):
    (found,) = measured_on(tiny_corpus, folder, tmp_path / "report")
    rows = read_corpus(tiny_corpus).rows("contextual", "test")
    texts = [row["utterance"] for row in rows]
    wanted = [GOEMOTIONS.index(row["primary_emotion"]) for row in rows]
    for name, contexts in (("right", [row["context"] for row in rows]), ("none", None)):
        share = (model.score(texts, contexts).argmax(axis=1) == wanted).mean()
        assert found.metrics[f"context_{name}"] == pytest.approx(share, abs=1e-4)
    assert 0 <= found.metrics["context_swapped"] <= 1
    over = found.intervals["context_right_over_none"]
    assert over.low <= found.metrics["context_right_over_none"] <= over.high
    assert "another story's context" in (tmp_path / "report" / "report.md").read_text()


def test_a_model_that_reads_no_context_is_not_asked_about_it(tiny_corpus, tmp_path):
    settings = settings_of(GOEMOTIONS.labels, uses_context=False)
    deaf = save_classifier(tmp_path / "model", settings)
    contestant = open_model(str(deaf))
    own = evaluate_rows(contestant, own_split(tiny_corpus))
    found = with_contexts_judged(own, contestant, tiny_corpus).result
    assert not [name for name in found.metrics if name.startswith("context_")]


def test_labels_that_it_lacks_get_zero_and_none_at_all_is_said(plain):
    opened = open_model(str(plain))
    assert opened.missing(EKMAN.labels) == ("surprise", "neutral")
    assert not opened.scorer.score(TEXTS, EKMAN.labels)[:, EKMAN.index("surprise")].any()
    with pytest.raises(NotSuited, match="none of the labels"):
        opened.scorer.score(TEXTS, ["trust", "pride"])


def test_what_it_was_trained_for_says_in_which_table_it_stands(folder, plain):
    corpus, isear = open_model(str(folder)), open_model(str(plain))
    assert corpus.role_on("isear") == corpus.role_on("goemotions") == "zero-shot"
    assert isear.role_on("isear") == "fine-tuned"
    assert isear.role_on("goemotions") == "transfer"
    told = open_model(str(folder), ModelOptions(trained_on=("goemotions",)))
    assert told.role_on("goemotions-ekman") == "fine-tuned"
    assert told.role_on("isear") == "transfer"


def test_another_temperature_or_limit_is_another_contestant(folder, tmp_path):
    mark = open_model(str(folder)).fingerprint
    assert open_model(str(folder), ModelOptions(max_tokens=20)).fingerprint != mark
    cooler = edited(folder, tmp_path, calibration_temperature=0.5)
    assert open_model(str(cooler)).fingerprint != mark
    assert open_model(str(folder), ModelOptions(batch_size=1)).fingerprint == mark
