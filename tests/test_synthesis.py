"""Proves that replies become records or counted rejections, and that what ships can be replayed."""

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from emo_hub.errors import ReplyError
from emo_hub.records import (
    Affect,
    Annotation,
    Narrative,
    Provenance,
    Rejection,
    Utterance,
    short_id,
)
from emo_hub.synthesis import choices, descriptors, scenes, utterances, votes
from emo_hub.synthesis.harvest import STAGES
from emo_hub.synthesis.relooks import Relook
from emo_hub.synthesis.screening import Screen
from emo_hub.synthesis.splits import split_of
from emo_hub.synthesis.stage import Refusal, run
from emo_hub.synthesis.statistics import cohen_kappa, pearson
from emo_hub.synthesis.tally import Tally
from emo_hub.taxonomy import GOEMOTIONS, lexicon
from emo_hub.teacher import Reply, read_object

from .samples import AFFECT, REQUEST, SEED, TEXT, moment, slot


def both(**changes):
    return {"utterances": [slot(**changes), slot(2, "review", "I burnt the whole batch myself.")]}


def outcomes(stage, item, value):
    text = value if isinstance(value, str) else json.dumps(value)
    return list(stage.read(item, Reply(text, "t")))


def refusals(found):
    return [(part.index, part.reason) for part in found if isinstance(part, Refusal)]


def story(*moments):
    return {
        "title": "The Pier",
        "narrative": "A boat is late and comes back.",
        "characters": [{"name": "Ada", "description": "A baker."}],
        "utterances": list(moments),
    }


# --- prompts


def test_prompts_define_all_28_labels():
    items = (REQUEST, SEED, Relook("look-0", ()), TEXT)
    # Of the palette one asks for words, not for labels; a panel is told what readers go by.
    stages = [stage for stage in STAGES if stage not in (choices.STAGE, votes.STAGE)]
    for stage, item in zip(stages, items, strict=True):
        system = stage.ask(item).messages[0][1]
        for label in GOEMOTIONS.labels:
            assert f"- {label}: {lexicon()[label].definition}" in system


def test_utterance_prompt_says_of_each_slot_whether_it_may_name_its_emotion():
    content = utterances.ask(REQUEST).messages[1][1]
    assert (
        "1. joy; register: diary; tone: plain; 3-7 words; the emotion may not be named" in content
    )
    assert (
        "2. guilt; register: review; tone: blunt; 8-14 words; the emotion may be named" in content
    )


def test_annotation_prompt_names_the_text_and_does_not_hold_it():
    prompt = descriptors.ask(TEXT)
    assert prompt.references == ("goemotions/train/abc123",)
    assert "{{goemotions/train/abc123}}" in prompt.messages[1][1]


def test_second_look_is_another_sample_of_the_same_question():
    first, second = descriptors.ask(TEXT), descriptors.ask(replace(TEXT, look=2))
    assert first.messages == second.messages
    assert first.key != second.key


# --- reading replies


def test_good_reply_becomes_one_record_per_slot():
    first, second = outcomes(utterances.STAGE, REQUEST, both())
    assert isinstance(first, Utterance)
    assert (first.text, first.register, first.world) == (
        "We sold out by nine.",
        "diary",
        "a bakery",
    )
    assert first.id == short_id("utterances", "q1", 1) != second.id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"emotions": [{"label": "glee", "intensity": 0.5}]}, "unknown_label"),
        ({"emotions": [{"label": "joy", "intensity": 0.2}]}, "out_of_range"),
        ({"emotions": [{"label": "joy", "intensity": float("nan")}]}, "out_of_range"),
        ({"emotions": []}, "no_label"),
        ({"emotions": [{"label": n, "intensity": 1} for n in GOEMOTIONS.labels[:5]]},
         "too_many_labels"),
        ({"emotions": [{"label": "joy", "intensity": 0.5}] * 2}, "repeated_label"),
        ({"emotions": [{"label": n, "intensity": 0.5} for n in ("joy", "neutral")]},
         "neutral_with_others"),
        ({"valence": 5.5}, "out_of_range"),
        ({"arousal": "high"}, "wrong_type"),
        ({"dominance": None}, "wrong_type"),
        ({"descriptors": []}, "no_descriptor"),
        ({"descriptors": ["a phrase of far too many words"]}, "long_descriptor"),
        ({"utterance": ""}, "empty_text"),
        ({"register": "sonnet"}, "wrong_type"),
        ({"register": "review"}, "wrong_register"),
    ],
)  # fmt: skip
def test_one_bad_slot_is_refused_with_its_reason_and_the_other_kept(changes, reason):
    found = outcomes(utterances.STAGE, REQUEST, both(**changes))
    assert refusals(found) == [(1, reason)]
    assert [part.text for part in found if isinstance(part, Utterance)] == [
        "I burnt the whole batch myself."
    ]


def test_slot_without_a_field_is_refused():
    reply = both()
    del reply["utterances"][0]["valence"]
    assert refusals(outcomes(utterances.STAGE, REQUEST, reply)) == [(1, "missing_field")]


def test_missing_repeated_and_unasked_slots_are_refused():
    reply = {"utterances": [slot(1), slot(1), slot(9)]}
    found = refusals(outcomes(utterances.STAGE, REQUEST, reply))
    assert found == [(1, "repeated_slot"), (9, "unasked_slot"), (2, "missing_slot")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I'm sorry, I can't do that.", "not_json"),
        ("", "not_json"),
        ("[" * 100_000, "not_json"),
        ("[1, 2]", "not_an_object"),
        ("{}", "missing_field"),
        ('{"utterances": "none"}', "wrong_type"),
    ],
)
def test_unreadable_reply_is_rejected_whole_with_its_reason(text, reason):
    with pytest.raises(ReplyError) as caught:
        outcomes(utterances.STAGE, REQUEST, text)
    assert caught.value.reason == reason


def test_slots_that_are_no_objects_are_refused_one_by_one():
    found = refusals(outcomes(utterances.STAGE, REQUEST, {"utterances": [None, 3]}))
    assert found == [(1, "wrong_type"), (2, "wrong_type")]


def test_json_in_a_markdown_fence_is_read():
    assert read_object('```json\n{"a": 1}\n```') == {"a": 1}


def test_strongest_label_comes_first_and_equals_keep_their_order():
    emotions = [
        {"label": "joy", "intensity": 0.4},
        {"label": "relief", "intensity": 0.8},
        {"label": "pride", "intensity": 0.4},
    ]
    (found,) = outcomes(descriptors.STAGE, TEXT, AFFECT | {"emotions": emotions})
    assert found.affect.labels == ("relief", "joy", "pride")
    assert found.affect.primary == "relief"


def test_scene_gives_a_narrative_and_both_wordings_of_each_moment():
    narrative, line = outcomes(scenes.STAGE, SEED, story(moment()))
    assert isinstance(narrative, Narrative)
    assert (line.text, line.original) == ("All of them!", moment()["utterance"])
    alone = line.stand_alone()
    assert (alone.text, alone.register, alone.world) == (line.original, "scene", "a harbour town")
    assert alone.group == line.group == narrative.group
    assert alone.id != line.id


def test_moment_of_an_unknown_character_is_refused_and_the_others_kept():
    found = outcomes(scenes.STAGE, SEED, story(moment(character="Bob"), moment()))
    assert refusals(found) == [(0, "unknown_character")]
    assert len(found) == 3


def test_story_without_title_is_rejected_whole():
    reply = story(moment())
    del reply["title"]
    with pytest.raises(ReplyError) as caught:
        outcomes(scenes.STAGE, SEED, reply)
    assert caught.value.reason == "missing_field"


def test_annotation_needs_no_dominance():
    reply = {name: value for name, value in AFFECT.items() if name != "dominance"}
    (found,) = outcomes(descriptors.STAGE, TEXT, reply)
    assert isinstance(found, Annotation)
    assert found.affect.dominance is None


# --- the loop


class Scripted:
    width = 1

    def __init__(self, *replies):
        self.replies = list(replies)

    def answer(self, prompt):
        return Reply(self.replies.pop(0), "scripted")


def test_unreadable_reply_stops_nothing_and_is_kept_as_data():
    items = [REQUEST, replace(REQUEST, request="q2")]
    told = []
    result = run(
        utterances.STAGE,
        items,
        Scripted("no", "still no", json.dumps(both())),
        lambda done, total: told.append((done, total)),
    )
    (rejection,) = result.rejections
    assert (rejection.request_id, rejection.reason, rejection.reply) == (
        "q1",
        "not_json",
        "still no",
    )
    assert len(result.records) == 2
    assert told == [(1, 2), (2, 2)]


# --- screening


def lines(*texts):
    affect = Affect((("joy", 0.9),), ("joy",), 4, 3, 3)
    return [
        Utterance(f"id{n}", text, affect, "diary", "w", Provenance("t", "v", "r"))
        for n, text in enumerate(texts)
    ]


def screened(texts, unnamed=None, screen=None):
    """Give the ids of the lines that stay, and the rejections."""
    screen = screen or Screen("contextless")
    found = [part for n in lines(*texts) for part in screen.add(n, (unnamed or {}).get(n.id))]
    found += screen.rest()
    rejections = [part for part in found if isinstance(part, Rejection)]
    return [part.id for part in found if not isinstance(part, Rejection)], rejections


def reasons(texts, unnamed=None):
    return [rejection.reason for rejection in screened(texts, unnamed)[1]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("...", "empty_text"),
        ("word " * 81, "too_long"),
        ("As an AI, I feel nothing.", "scaffolding"),
        ("Slot 3: we won", "scaffolding"),
        ('{"label": "joy"}', "scaffolding"),
        ("Emotions: joy, relief", "scaffolding"),
    ],
)
def test_screening_names_what_is_wrong_with_a_line(text, reason):
    assert reasons([text]) == [reason]


def test_plain_talk_of_narrators_and_slots_is_kept():
    assert (
        reasons(["The narrator did it.", "No slots left at the vet's.", "Honest emotion, that"])
        == []
    )


def test_repeat_is_rejected_whatever_its_case_and_punctuation():
    kept, (rejection,) = screened(["It's over, then.", "its OVER then"])
    assert kept == ["id0"]
    assert (rejection.record_id, rejection.detail) == ("id1", "of id0")
    assert rejection.reason == "duplicate"


def test_near_repeat_is_rejected_and_a_line_of_the_same_form_is_not():
    long = "he warms my side of the bed first and then moves over and that is thirty years of it"
    assert reasons([long, long.replace("thirty", "forty")]) == ["near_duplicate"]
    assert reasons(["god I could murder a samosa", "god I could murder a bath"]) == []


def test_near_repeats_are_found_exactly_as_by_comparing_all_pairs():
    words = ["we", "and", "the", "dog", "were", "at", "our", "place", "by", "noon"]
    texts = [" ".join(words[:n] + [f"x{n}"] * (n % 2)) for n in range(4, 11)]
    texts += [" ".join(words[n:]) for n in range(1, 4)]

    def features(text):
        w = text.split()
        return set(w) | set(pairwise(w))

    kept, expected = [], []
    for text in texts:
        found = features(text)
        near = any(len(found & o) >= 0.7 * len(found | o) for o in map(features, kept))
        (expected if near else kept).append(text)
    assert expected
    assert [rejection.reply for rejection in screened(texts)[1]] == expected


def test_line_that_names_what_it_may_not_name_is_rejected():
    texts = ["Pure joy, that bread.", "We sold out by nine."]
    assert reasons(texts, {"id0": "joy", "id1": "joy"}) == ["names_its_emotion"]
    assert reasons(texts) == []


def test_line_that_says_its_emotion_in_other_words_is_kept_and_counted():
    screen = Screen("contextless")
    kept, _ = screened(["Still laughing about the plumber."], {"id0": "amusement"}, screen)
    assert kept == ["id0"]
    assert screen.warnings == {"says_its_emotion_in_other_words": 1}


# --- splits and statistics


def test_splits_come_near_80_10_10_and_stay_when_the_corpus_grows():
    groups = [f"group {n}" for n in range(5000)]
    shares = Counter(split_of(group) for group in groups)
    assert abs(shares["train"] / 5000 - 0.8) < 0.02
    assert abs(shares["validation"] / 5000 - 0.1) < 0.02
    assert split_of("group 7") == split_of("group 7")


def test_kappa_and_correlation_agree_with_scikit_learn_and_numpy():
    metrics = pytest.importorskip("sklearn.metrics")
    import numpy as np

    pairs = list(zip("aabbccabca", "aabbcaabcb", strict=True))
    expected = metrics.cohen_kappa_score(*zip(*pairs, strict=True))
    assert cohen_kappa(pairs) == pytest.approx(expected)
    numbers = [(1.0, 2.0), (2.0, 1.5), (3.0, 4.0), (5.0, 4.5)]
    assert pearson(numbers) == pytest.approx(np.corrcoef(np.array(numbers).T)[0, 1])


def test_second_look_compares_only_texts_seen_twice():
    annotation = outcomes(descriptors.STAGE, TEXT, AFFECT)[0]
    other = replace(annotation.affect, emotions=(("grief", 0.4),))
    tally = Tally()
    for found in (
        replace(annotation, source_id="only once"),
        replace(annotation, look=2),
        annotation,
        replace(annotation, source_id="other", look=2, affect=other),
        replace(annotation, source_id="other"),
    ):
        tally.keep(found)
    second_look = tally.facts()["second_look"]
    assert (second_look["texts"], second_look["agreement"]) == (2, 0.5)
