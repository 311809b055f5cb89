"""Emoji in texts say something: read as words, half as loud as words are."""

from __future__ import annotations

import numpy as np
import pytest

from emo_hub.errors import InputError
from emo_hub.explaining import explain
from emo_hub.explaining.occlusion import MOST_VARIANTS
from emo_hub.pictographs import has_emoji, read_twice

LABELS = ["love", "anger", "sadness"]


@pytest.mark.parametrize(
    ("text", "bare", "spelled"),
    [
        ("so that was my day 😡", "so that was my day", "so that was my day (anger)"),
        ("😂😂 ok 😂", "ok", "(amusement) ok (amusement)"),
        ("fine👍🏽thanks", "fine thanks", "fine (approval) thanks"),
        ("a ❤️ b", "a b", "a (love) b"),
    ],
)
def test_emoji_are_taken_out_and_spelled_out(text, bare, spelled):
    asked = read_twice([(text, None)], 128)
    assert asked.rows == (0,)
    assert [" ".join(t.split()) for t, _ in asked.pairs] == [bare, spelled]


def test_a_text_of_emoji_alone_is_read_spelled_out_and_once():
    asked = read_twice([("😡 😡!", None)], 128)
    assert (asked.rows, len(asked.pairs)) == ((), 1)
    assert asked.pairs[0][0].split() == ["anger", "!"]


@pytest.mark.parametrize(
    "text",
    [
        "no sign at all",
        "naïve café",
        "♪ la la ♪",
        "→ there",
        "(c) ©",
        "🇩🇪 2️⃣",
        "ho 🏴\u200d☠️",
        "no 🙂\u200d↔️",
    ],
)
def test_other_characters_stay(text):
    assert list(read_twice([(text, "before")], 128).pairs) == [(text, "before")]
    assert not has_emoji(text)


def test_emoji_of_a_context_are_read_too():
    asked = read_twice([("ok", "you left me 💔")], 128)
    assert next(before for _, before in asked.pairs) == "you left me"
    assert "heart" in str(asked.pairs[1][1])


def test_rows_keep_their_places(default_model):
    texts = ["I am home", "late again 😡", "it rains", "late again"]
    together = default_model.encode_texts(texts)
    alone = np.concatenate([default_model.encode_texts([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_a_text_with_emoji_lies_halfway_between_its_readings(default_model):
    found, bare, spelled = default_model.encode_texts(["so 😡", "so", "so (anger)"])
    both = bare + spelled
    assert np.allclose(found, both / np.linalg.norm(both), atol=1e-5)


def test_an_emoji_of_later_unicode_is_a_text(default_model):
    assert default_model.encode_texts(["🩷"]).shape == (1, 384)


def test_what_is_no_text_is_refused_beside_one_with_emoji(default_model):
    for text, context in (([7], ["naïve"]), ([None], ["💔"])):
        with pytest.raises(InputError, match="must be a string"):
            default_model.encode_texts(text, context)
    with pytest.raises(InputError, match="half a character"):
        default_model.encode_texts(["ok"], ["\ud83d"])


def test_a_very_long_text_of_emoji_costs_no_more_than_its_beginning():
    asked = read_twice([("ok " + "😡 x " * 100_000, None)], 128)
    assert max(len(text) for text, _ in asked.pairs) < 128 * 16 * 8


def test_another_emoji_is_another_feeling(default_model):
    scores = default_model.score(["😡", "😍", "well ok 😡", "well ok 😍", "well ok"], LABELS)
    love, anger = scores[:, 0], scores[:, 1]
    assert love[1] > love[0] + 0.5
    assert anger[0] > anger[1] + 0.5
    assert love[3] > love[4] > love[2]
    assert anger[2] > 10 * anger[4]


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
@pytest.mark.parametrize("text", ["well ok 😍", "😍"])
def test_an_explanation_weighs_them(default_model, method, text):
    words = explain(default_model, text, LABELS, method=method).of("love")
    assert words[-1].word == "😍"
    assert words[-1].weight > 0.5


def test_an_explanation_weighs_emoji_of_the_context(default_model):
    found = explain(default_model, "ok then", LABELS, context="💔")
    assert found.of_context("sadness") > 0.1


def test_an_explanation_of_many_emoji_asks_for_a_bounded_number_of_texts(
    default_model, monkeypatch
):
    asked, encode = [], default_model.encode_texts

    def counted(texts, *more, **how):
        asked.append(len(texts))
        return encode(texts, *more, **how)

    monkeypatch.setattr(default_model, "encode_texts", counted)
    found = explain(default_model, "ok 😡 " * 100, ["anger"])
    assert max(asked) <= MOST_VARIANTS + 1
    assert len(found.words) > MOST_VARIANTS
