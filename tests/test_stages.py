"""The stages of the narrative plans: what is asked, what is read, and what is refused with why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from emo_hub.errors import ReplyError
from emo_hub.records import Look
from emo_hub.synthesis import characters, contexts, feelings, lines, looks, moments, rewriting
from emo_hub.synthesis.chain import NarrativePlan, drafts
from emo_hub.synthesis.characters import Cast
from emo_hub.synthesis.drafts import EMOTIONAL, SLOTS, Draft, Speaker
from emo_hub.synthesis.estimate import Forecast, narrative_calls
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.looks import LookAt, LookAtAll
from emo_hub.synthesis.stage import Refusal, stream
from emo_hub.teacher import Reply
from tests.stories import Novelist, novel_reply, passage, some_words

STAGED = NarrativePlan("staged", characters=2, looks=1)
FUSED = NarrativePlan("fused", characters=2, looks=1)
TOLD = f"Mara about amusement, {some_words('Mara1', 9)}"


def outcomes(stage, item, reply):
    text = reply if isinstance(reply, str) else json.dumps(reply)
    return list(stage.read(item, Reply(text, "t")))


def speaker(index=1) -> Speaker:
    return outcomes(
        characters.STAGE,
        Cast(passage(), 4),
        {"characters": [{"name": "Mara", "description": "She runs the boat over the water."}]},
    )[index - 1]


def draft(**changes) -> Draft:
    item = speaker()
    found = outcomes(lines.STAGE, item, novel_reply("lines", lines.ask(item).messages[1][1]))
    return replace(found[0], **changes)


def lines_reply(**changes):
    reply = novel_reply("lines", lines.ask(speaker()).messages[1][1])
    reply["lines"][0].update(changes)
    return reply


def refusals(found):
    return [outcome.reason for outcome in found if isinstance(outcome, Refusal)]


# --- characters


def test_a_person_who_is_not_in_the_passage_is_refused():
    reply = {"characters": [{"name": "Gustav", "description": "He sells fish at the market."}]}
    assert refusals(outcomes(characters.STAGE, Cast(passage(), 4), reply)) == ["unknown_character"]


def test_a_description_that_copies_the_story_is_refused():
    copied = "In the night the wind turned and the ferry drifted onto the rocks."
    reply = {"characters": [{"name": "Mara", "description": copied}]}
    assert refusals(outcomes(characters.STAGE, Cast(passage(), 4), reply)) == ["copies_the_story"]


def test_no_more_characters_than_wanted_are_read():
    reply = novel_reply("characters", "Mara and Tom ")
    assert len(outcomes(characters.STAGE, Cast(passage(), 1), reply)) == 1


# --- lines


def test_ten_lines_hold_eight_emotions_and_two_neutrals():
    item = speaker()
    found = outcomes(lines.STAGE, item, novel_reply("lines", lines.ask(item).messages[1][1]))
    targets = [line.target for line in found]
    assert len(set(targets[:EMOTIONAL])) == EMOTIONAL
    assert targets[EMOTIONAL:] == ["neutral", "neutral"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"slot": 11}, "unasked_slot"),
        ({"emotion": "neutral"}, "wrong_emotion"),
        ({"after": 99}, "no_such_sentence"),
        ({"after": 0}, "no_such_sentence"),
        ({"line": "In the night the wind turned and the ferry moved"}, "copies_the_story"),
        ({"line": "so " * 80}, "wrong_length"),
        ({"line": ""}, "empty_text"),
        ({"after": "three"}, "wrong_type"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_alone(changes, reason):
    found = outcomes(lines.STAGE, speaker(), lines_reply(**changes))
    assert refusals(found) == [reason]
    assert len(found) == SLOTS


def test_the_same_emotion_twice_is_refused_once():
    reply = lines_reply()
    reply["lines"][1]["emotion"] = reply["lines"][0]["emotion"]
    assert refusals(outcomes(lines.STAGE, speaker(), reply)) == ["repeated_emotion"]


def test_wishes_of_two_speakers_differ_and_stay_the_same():
    first, other = speaker(), replace(speaker(), index=2)
    assert first.wishes == speaker().wishes
    assert first.wishes != other.wishes


# --- looks


def test_who_looks_sees_neither_story_nor_target():
    asked = looks.ask(LookAt(draft(target="grief"))).messages[1][1]
    assert "rocks" not in asked
    assert "grief" not in asked


def test_an_emotion_outside_the_list_is_kept_in_its_own_words():
    reply = {"emotions": [{"label": "Homesickness", "intensity": 0.7}]}
    (found,) = outcomes(looks.STAGE, LookAt(draft()), reply)
    assert found.looks == (Look("t", (), (("homesickness", 0.7),)),)


def test_neutral_alone_counts_in_full_whatever_number_stands_there():
    reply = {"emotions": [{"label": "neutral", "intensity": 0.3}]}
    (found,) = outcomes(looks.STAGE, LookAt(draft()), reply)
    assert found.looks[0].emotions == (("neutral", 1.0),)


def test_neutral_beside_an_emotion_is_no_reading():
    both = [{"label": "joy", "intensity": 0.5}, {"label": "neutral", "intensity": 0.5}]
    with pytest.raises(ReplyError, match="neutral_with_others"):
        outcomes(looks.STAGE, LookAt(draft()), {"emotions": both})


def test_lines_read_together_get_each_their_own_reading():
    item = speaker()
    written = outcomes(lines.STAGE, item, novel_reply("lines", lines.ask(item).messages[1][1]))
    asked = LookAtAll(tuple(written))
    found = outcomes(
        looks.MANY_STAGE, asked, novel_reply("second_looks", looks.ask_all(asked).messages[1][1])
    )
    assert {line.target: line.looks[0].emotions[0][0] for line in found} == {
        line.target: line.target for line in written
    }


def test_a_line_left_out_of_the_second_look_is_refused_by_name():
    asked = LookAtAll((draft(),))
    assert refusals(outcomes(looks.MANY_STAGE, asked, {"readings": []})) == ["no_second_look"]


# --- contexts, cleaning, rewriting


def test_the_context_is_asked_with_the_story_only_up_to_its_moment():
    asked = contexts.ask(draft(after=3)).messages[1][1]
    assert "drifted onto the rocks" in asked
    assert "found it at dawn" not in asked


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Mara waits.", "wrong_length"),
        ("Late, and one evening her brother Tom left the mooring line loose.", "copies_the"),
        (
            "Mara says that " + TOLD + " and so on.",
            "tells_the_line",
        ),
    ],
)
def test_a_context_that_copies_or_tells_too_much_is_refused(text, reason):
    with pytest.raises(ReplyError, match=reason):
        outcomes(contexts.STAGE, draft(), {"context": text})


def test_a_cleaned_context_that_still_names_an_emotion_is_refused():
    sad = "Mara stands on the quay and is sad because the ferry lies on the rocks."
    with pytest.raises(ReplyError, match="context_names_emotion"):
        outcomes(contexts.CLEANING_STAGE, draft(context=sad), {"context": sad})


def test_a_cleaned_context_must_be_the_one_that_was_given():
    given = "Mara stands on the quay because the ferry lies on the rocks since midnight."
    other = "Berta carries dough along the street to her neighbours before the fair begins."
    with pytest.raises(ReplyError, match="another_context"):
        outcomes(contexts.CLEANING_STAGE, draft(context=given), {"context": other})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I tied it as always, I did.", "copies_original"),
        ("I am so angry about it.", "rewrite_names_emotion"),
    ],
)
def test_a_rewrite_must_differ_and_name_nothing(text, reason):
    with pytest.raises(ReplyError, match=reason):
        outcomes(rewriting.STAGE, draft(text="I tied it, as always I did."), {"rewritten": text})


def test_a_context_that_shows_an_emotion_on_a_face_is_refused():
    shown = "Mara stands on the quay, trembling, while the ferry lies on the rocks."
    assert contexts.gives_away(shown) == ("context_shows_emotion", "'trembling'")


def test_a_context_that_tells_what_comes_later_is_refused():
    later = "By midsummer Tom no longer has a motorbike, and the yard has its money."
    with pytest.raises(ReplyError, match="tells_later_events"):
        outcomes(contexts.STAGE, draft(after=3), {"context": later})
    assert outcomes(contexts.STAGE, draft(after=8), {"context": later})


def test_a_formula_of_letters_names_no_emotion():
    hello = {"rewritten": "I hope you are well, it is cold here."}
    assert outcomes(rewriting.STAGE, draft(text="They took everything."), hello)


def test_descriptors_are_brought_to_one_form():
    reply = {"descriptors": ["Dread.", "dread", "cold feet"], "valence": 2, "arousal": 4}
    (found,) = outcomes(feelings.STAGE, draft(), {**reply, "dominance": 2})
    assert found.descriptors == ("dread", "cold feet")


# --- the fused stage


def fused_reply(**changes):
    reply = novel_reply("moments", moments.ask(speaker()).messages[1][1])
    reply["moments"][0].update(changes)
    return reply


def test_a_moment_with_a_bad_context_keeps_its_line():
    named = "Mara is angry because of the rope that was left lying in the yard."
    found = outcomes(moments.STAGE, speaker(), fused_reply(context=named))
    kept = [outcome for outcome in found if isinstance(outcome, Draft)]
    assert refusals(found) == ["context_names_emotion"]
    assert len(kept) == SLOTS
    assert kept[0].context == kept[0].rewritten == ""


# --- the chain


@pytest.mark.parametrize("width", [1, 8])
@pytest.mark.parametrize("plan", [STAGED, FUSED], ids=["staged", "fused"])
def test_every_line_comes_out_finished_and_in_order(plan, width):
    ledger = Ledger()
    found = list(drafts([passage(0), passage(1)], plan, Novelist(width=width), ledger))
    assert [d.request for d in found] == sorted((d.request for d in found), key=_place)
    assert len(found) == 2 * 2 * SLOTS
    assert all(d.looks and d.context and d.rewritten and d.degrees for d in found)
    assert not ledger.rejections


def _place(request):
    story, person, slot = request.rsplit("/", 2)
    return story, int(person), int(slot)


def test_fused_asks_about_twenty_times_less_than_staged():
    asked = {}
    for plan in (STAGED, FUSED):
        teacher = Novelist()
        list(drafts([passage()], plan, teacher, Ledger()))
        asked[plan.style] = len(teacher.asked)
    assert asked["staged"] / asked["fused"] > 20


def test_the_estimate_counts_the_calls_that_are_made():
    for plan in (STAGED, FUSED):
        teacher = Novelist()
        list(drafts([passage()], plan, teacher, Ledger()))
        made = dict.fromkeys(plan.versions, 0)
        for prompt in teacher.asked:
            made[prompt.stage] += 1
        guessed = Forecast()
        narrative_calls(passage(), plan, guessed)
        assert {name: stage.calls for name, stage in guessed.stages.items()} == made


class Stubborn(Novelist):
    """Gives prose first, and the answer when it is asked again."""

    def answer(self, prompt):
        if len(prompt.messages) == 2:
            return Reply("I would rather talk about the weather.", self.name)
        return super().answer(prompt)


def test_an_unreadable_reply_is_asked_for_once_more():
    (answered,) = stream(characters.STAGE, [Cast(passage(), 2)], Stubborn())
    assert [person.character.name for person in answered.records] == ["Mara", "Tom"]
    assert len(answered.replies) == 2


def test_a_context_that_fails_leaves_the_line_standing_alone():
    class NoContext(Novelist):
        def answer(self, prompt):
            if prompt.stage == "contexts":
                return Reply("{}", self.name)
            return super().answer(prompt)

    ledger = Ledger()
    found = list(drafts([passage()], STAGED, NoContext(), ledger))
    assert len(found) == 2 * SLOTS
    assert not any(d.context or d.rewritten for d in found)
    assert {r.reason for r in ledger.rejections} == {"missing_field"}
    assert "cleaning" not in ledger.stages
