"""Which words carried a label: the right characters, the right words, the same for every order."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from emo_hub.errors import InputError
from emo_hub.explaining import explain
from emo_hub.explaining.occlusion import MOST_VARIANTS, encode
from emo_hub.explaining.words import find_words, read_passage

METHODS = ["occlusion", "gradient"]
HAPPY = "The train was late, the bag was wet, and I am so happy today."
LABELS = ["joy", "anger", "sarcastic contempt"]


def words_of(text):
    return [text[start:end] for start, end in find_words(text)]


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I can't, o\u2019clock!", ["I", "can't", "o\u2019clock", "!"]),
        ("well-known -- \u201cno\u201d.", ["well-known", "no"]),
        ("so... what?! \u2026", ["so", "...", "what", "?!", "\u2026"]),
        ("ok :) fine <3 :-(", ["ok", ":)", "fine", "<3", ":-("]),
        ("a\U0001f600b", ["a", "\U0001f600", "b"]),
        ("👩\u200d👩\u200d👧 x", ["👩\u200d👩\u200d👧", "x"]),
        ("\U0001f44d\U0001f3fd\u2764\ufe0f", ["\U0001f44d\U0001f3fd", "\u2764\ufe0f"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("e\u0301te\u0301 caf\u00e9", ["e\u0301te\u0301", "caf\u00e9"]),
        ("\u05d0\u05e0\u05d9 \u05e9\u05de\u05d7.", ["\u05d0\u05e0\u05d9", "\u05e9\u05de\u05d7"]),
        ("سَعِيد جدا", ["سَعِيد", "جدا"]),
        ("\u6211\u5f88\u9ad8\u5174 ok", ["\u6211", "\u5f88", "\u9ad8", "\u5174", "ok"]),
        (", .", [",", "."]),
        (" \n", []),
    ],
)  # fmt: skip
def test_words_are_what_a_reader_would_point_at(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Happy \U0001f600 happy happy\U0001f600",
        "\u05d0\u05e0\u05d9 \u05e9\u05de\u05d7 \u05d4\u05d9\u05d5\u05dd",
        "\u092e\u0948\u0902 \u092c\u0939\u0941\u0924 \u0916\u0941\u0936 \u0939\u0942\u0901",
        "\u79c1\u306f\u3068\u3066\u3082\u5b09\u3057\u3044",
        "\u0e09\u0e31\u0e19\u0e21\u0e35\u0e04\u0e27\u0e32\u0e21\u0e2a\u0e38\u0e02",
        "  a\x00b \u200b I love it \u2764\ufe0f  ",
        "...",
    ],
    ids=["emoji", "hebrew", "hindi", "japanese", "thai", "control", "dots"],
)
def test_spans_point_at_their_characters_and_never_overlap(default_model, text):
    found = explain(default_model, text, ["joy"], context="Before \U0001f600 it.")
    assert found.words
    assert all(text[word.start : word.end] == word.word for word in found.words)
    ends = [0, *(word.end for word in found.words)]
    assert all(word.start >= end for word, end in zip(found.words, ends, strict=False))


def test_every_token_of_the_text_and_none_of_the_context_belongs_to_a_word(default_model):
    passage = read_passage(default_model, "so unbelievably happy", "he was unbelievably sad")
    pieces = default_model.tokenizer.convert_ids_to_tokens(passage.tokens["input_ids"])
    read = ["".join(pieces[p] for p in word).replace("##", "") for word in passage.places]
    assert read == ["so", "unbelievably", "happy"]
    assert passage.places[-1][-1] == len(pieces) - 2


def test_words_in_one_token_are_one_word(default_model):
    # The encoder's vocabulary has no emoji, and reads what it hangs on to as one unknown token.
    passage = read_passage(default_model, "so happy\U0001f600")
    assert [word.word for word in passage.words] == ["so", "happy\U0001f600"]


def test_words_behind_the_longest_input_are_left_out(default_model):
    found = explain(default_model, "good " * 400, ["joy"], method="gradient")
    assert len(found.words) == default_model.head.max_tokens - 2


def test_wide_gaps_between_words_hide_none_of_them(default_model):
    passage = read_passage(default_model, f"Hello{' ' * 400}I love it")
    assert [word.word for word in passage.words] == ["Hello", "I", "love", "it"]


# Weights


def test_a_weight_is_the_fall_of_the_calibrated_logit_without_the_word(default_model):
    text, without = "I am so happy today.", "I am so today."
    vectors = default_model.encode_texts([text, without])
    logits = default_model.logits(vectors, default_model.encode_labels(LABELS), LABELS)
    found = explain(default_model, text, LABELS)
    assert found.words[3].word == "happy"
    assert found.weights[:, 3] == pytest.approx(logits[0] - logits[1], abs=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_the_word_that_obviously_carries_comes_first(default_model, method):
    found = explain(default_model, HAPPY, ["joy"], method=method)
    heaviest = max(found.of("joy"), key=lambda word: word.weight)
    assert heaviest.word == "happy"
    assert found.carrying("joy")[-1].word in ("happy", "today")


@pytest.mark.parametrize("method", METHODS)
def test_leaving_out_the_heaviest_words_costs_more_than_leaving_out_others(default_model, method):
    texts = [
        HAPPY,
        "He shouted at me in front of everyone and I hate him for it.",
        "Since the funeral I cry whenever the phone rings in the evening.",
        "Thank you for carrying all of these boxes up to the fourth floor.",
        "There is somebody in the garden and I am terrified to look outside.",
    ]
    labels = ["joy", "anger", "grief", "gratitude", "fear"]
    vectors = default_model.encode_labels(labels)
    heavy, other = [], []
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        passage = read_passage(default_model, text)
        weights = explain(default_model, text, [label], method=method).weights[0]
        order = np.argsort(-weights)
        rest = np.random.default_rng(number).permutation(order[2:])
        variants = [passage.tokens, passage.without(order[:2]), passage.without(rest[:2])]
        whole, first, second = default_model.logits(
            encode(default_model, variants), vectors, labels
        )[:, number]
        heavy.append(whole - first)
        other.append(whole - second)
    assert all(a > b for a, b in zip(heavy, other, strict=True))
    assert np.mean(heavy) > 2 * np.mean(other)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("multi_label", [True, False], ids=["alone", "contest"])
def test_the_order_of_labels_changes_no_weight(default_model, method, multi_label):
    how = {"method": method, "multi_label": multi_label, "context": "We won."}
    one = explain(default_model, HAPPY, LABELS, **how)
    two = explain(default_model, HAPPY, LABELS[::-1], **how)
    assert one.weights == pytest.approx(two.weights[::-1], abs=1e-3)
    assert one.context == pytest.approx(two.context[::-1], abs=1e-3)


def test_one_label_explained_alone_weighs_as_among_others(default_model):
    every = explain(default_model, HAPPY, LABELS, multi_label=False)
    one = explain(default_model, HAPPY, LABELS, multi_label=False, only=["anger"])
    assert one.labels == ("anger",)
    assert one.weights[0] == pytest.approx(every.weights[1], abs=1e-3)


def test_in_a_contest_of_two_what_speaks_for_one_speaks_against_the_other(default_model):
    found = explain(default_model, HAPPY, ["joy", "anger"], multi_label=False)
    assert np.abs(found.weights).max() > 0.5
    assert found.weights[0] == pytest.approx(-found.weights[1], abs=1e-2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", ["Furious", "!!!", "\U0001f600", ","])
def test_a_text_of_one_word_has_one_finite_weight(default_model, method, text):
    found = explain(default_model, text, ["anger"], method=method)
    assert found.weights.shape == (1, 1)
    assert np.isfinite(found.weights).all()


def test_repeated_words_have_weights_of_their_own(default_model):
    found = explain(default_model, "Happy, happy, but not happy at all.", ["joy"])
    happy = [word for word in found.of("joy") if word.word.lower() == "happy"]
    assert [word.start for word in happy] == [0, 7, 22]
    assert len({round(word.weight, 3) for word in happy}) == 3


def test_a_long_text_costs_no_more_than_a_bound_and_still_finds_the_word(
    default_model, monkeypatch
):
    seen = []
    forward = default_model.forward
    monkeypatch.setattr(
        default_model, "forward", lambda **x: seen.append(len(x["input_ids"])) or forward(**x)
    )
    text = "the bus goes by the old mill and " * 10 + "I am furious and " + "then it is noon " * 4
    found = explain(default_model, text, ["anger"])
    assert len(found.words) > MOST_VARIANTS
    assert sum(seen) <= MOST_VARIANTS + 10
    assert max(found.of("anger"), key=lambda word: word.weight).word == "furious"


def test_a_context_has_the_weight_by_which_it_moves_the_logit(default_model):
    text, context = "So you kept it all this time.", "She finds every letter she wrote to him."
    found = explain(default_model, text, ["touched"], context=context, method="gradient")
    vectors = default_model.encode_texts([text, text], [context, None])
    after, alone = default_model.logits(
        vectors, default_model.encode_labels(["touched"]), ["touched"]
    )[:, 0]
    assert found.of_context("touched") == pytest.approx(after - alone, abs=1e-3)
    assert found.of_context("touched") > 0.2, "far above the tolerance: the context is read"


def test_without_a_context_there_is_no_weight_of_one(default_model):
    found = explain(default_model, "ok then", ["joy"], context=" \n", method="gradient")
    assert found.of_context("joy") is None


def test_the_slope_is_followed_in_inference_mode_too(default_model):
    expected = explain(default_model, "I am happy", ["joy"], method="gradient").weights
    with torch.inference_mode():
        found = explain(default_model, "I am happy", ["joy"], method="gradient").weights
    assert found == pytest.approx(expected, abs=1e-4)


def test_explaining_leaves_no_gradient_behind(default_model):
    explain(default_model, "I am happy", ["joy"], method="gradient")
    assert all(weight.grad is None for weight in default_model.parameters())


def test_an_encoder_that_cannot_be_followed_is_explained_by_leaving_out(default_model, monkeypatch):
    monkeypatch.setattr(default_model.config, "model_type", "deberta-v2")
    assert explain(default_model, "I am happy", ["joy"], method="gradient").method == "occlusion"


@pytest.mark.parametrize(
    ("text", "labels", "how", "wrong"),
    [
        ("", ["joy"], {}, "empty"),
        (7, ["joy"], {}, "must be a string"),
        ("ok", [], {}, "at least one label"),
        ("ok", "joy", {}, "list of labels"),
        ("ok", ["joy"], {"method": "shap"}, "occlusion, gradient"),
        ("ok", ["joy"], {"only": ["fear"]}, "none of the labels"),
    ],
)
def test_what_cannot_be_explained_is_a_clear_error(default_model, text, labels, how, wrong):
    with pytest.raises(InputError, match=wrong):
        explain(default_model, text, labels, **how)


def test_a_label_that_was_not_explained_is_a_clear_error(default_model):
    found = explain(default_model, "ok", ["joy"], method="gradient")
    with pytest.raises(InputError, match="was not explained"):
        found.of("fear")


# The pipeline


def test_the_pipeline_adds_words_and_changes_nothing_else(clf):
    plain = clf(HAPPY, candidate_labels=LABELS, threshold=0.0)
    told = clf(HAPPY, candidate_labels=LABELS, threshold=0.0, explain=True)
    words = told.pop("words")
    assert told == plain
    assert list(words) == plain["labels"]
    assert [list(word) for word in words["joy"][:1]] == [["word", "start", "end", "weight"]]
    assert max(words["joy"], key=lambda word: word["weight"])["word"] == "happy"
    json.dumps(words)


@pytest.mark.parametrize("named", ["anger", ["anger"]])
def test_the_pipeline_explains_the_label_that_is_named(clf, named):
    answer = clf(HAPPY, candidate_labels=LABELS, explain=named, top_k=1)
    assert list(answer["words"]) == ["anger"]


def test_the_pipeline_explains_each_text_after_its_own_context(clf):
    answers = clf(
        ["Again.", "Again."], candidate_labels=["joy"], context=["We won.", None], explain=True,
        batch_size=2,
    )  # fmt: skip
    assert "context_weights" in answers[0]
    assert "context_weights" not in answers[1]


def test_none_of_these_has_no_words(clf):
    answer = clf(
        "The table is 80 cm wide.", candidate_labels=["grief"], threshold="auto", explain=True
    )
    assert answer["words"] == {}


@pytest.mark.parametrize("wrong", ["fear", 5, ""])
def test_what_the_pipeline_cannot_explain_is_a_clear_error(clf, wrong):
    with pytest.raises(InputError):
        clf(HAPPY, candidate_labels=LABELS, explain=wrong)


# The command line


def run_predict(*arguments, **environment):
    from emo_hub.cli import app

    done = CliRunner().invoke(app, ["predict", *arguments], env=environment)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_line_shows_a_text_as_it_is_and_lists_what_carried_it():
    text = "[red]I am so happy[/red] [bold]:smile: \x1b[31m"
    shown = run_predict(text, "--labels", "joy,fear", "--explain", FORCE_COLOR="")
    assert "[red]I am so happy[/red] [bold]:smile: \ufffd[31m" in shown
    assert "joy: happy +" in shown
    assert "\x1b" not in shown


def test_the_command_line_marks_the_words_on_a_terminal():
    shown = run_predict("I am so happy", "--labels", "joy", "--explain", FORCE_COLOR="1")
    assert "\x1b[1;4mhappy\x1b[0m" in shown


def test_the_command_line_gives_the_words_as_json():
    shown = run_predict("I am so happy", "--labels", "joy,fear", "--explain", "--json")
    answer = json.loads(shown.splitlines()[-1])
    assert sorted(answer["words"]) == ["fear", "joy"]
    assert answer["words"]["joy"][3]["word"] == "happy"
