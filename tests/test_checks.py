"""What a teacher should not have written is told from what people say, and contexts from plots."""

from __future__ import annotations

import pytest

from emo_hub.synthesis.checks import context_problem, foreign_language, problem
from emo_hub.synthesis.wording import named_emotion

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I\u2019m sorry, but I can\u2019t assist with that.",
    "I'm sorry, but I cannot fulfill this request.",
    "I cannot create content that depicts violence.",
    "As an AI language model, I do not have feelings.",
    "I apologize, but I cannot rewrite this line as it contains harmful content.",
    "Unfortunately, I cannot provide a rewritten version of this line.",
    "I must decline to write this utterance.",
    "I don't have enough context to rewrite it.",
    "Please provide the story so that I can write the lines.",
]
META_TALK = [
    'Here is the rewritten line: "Fine."',
    "Sure! Here's the utterance: Fine, keep it.",
    "Certainly! Here is a more ambiguous version: He came.",
    "He came home.\n\nNote: I removed the emotion words.",
    "He came home. (Note: this keeps the tone neutral.)",
    "The rewritten line conveys a sense of dread.",
    "The utterance expresses anger.",
    "In this line, the character expresses anger.",
]
LABEL_TAGS = [
    "(Neutral) The train leaves at nine.",
    "[joy] We won!",
    "Joy: We won the cup!",
    "We won the cup! [excitement, 0.8]",
    "Emotion: anger",
    "Rewritten utterance: I never asked.",
    "Inner thought: he knows.",
]
MARKUP = [
    "**I never asked.**",
    "```json",
    '{"text": "hello"}',
    "<|assistant|> hello",
    "<think>a line is wanted</think> Fine.",
    "[insert name] came by.",
    "It is cold.\\nVery.",
]
LOOPS = [
    "I want to, I want to, I want to, I want to, I want to, I want to go",
    "the " * 14,
    "so sad so sad so sad so sad so sad",
    "he said it and said it he it said and he said it it said he and it said he it said and he",
]
FOREIGN = [
    "Ich habe dir doch gesagt, dass du nicht allein gehen sollst.",
    "Je ne sais pas pourquoi tu es venu ici ce soir avec elle.",
    "No puedo creer que hayas hecho esto sin decirme nada antes.",
    "Non so perché sei venuto qui stasera senza dirmi niente.",
    "Aku tidak tahu kenapa kamu datang ke sini malam ini bersama dia.",
    "\u6211\u4e0d\u77e5\u9053\u4f60\u4e3a\u4ec0\u4e48\u8fd9\u6837\u505a\u3002",
    "\u042f \u043d\u0435 \u0437\u043d\u0430\u044e.",
]
PEOPLE = [
    "I'm sorry, but I can't help you move on Sunday.",
    "I can't help with that, love. Ask your father.",
    "I'm sorry, I can't do this any more.",
    "I will not continue this conversation.",
    "I can't provide for five children on this.",
    "Sure! Come round at eight.",
    "Here's the key, and here are the letters.",
    "Here's your line, Mum: you were right.",
    "Note to self: never again.",
    "Note: the shop shuts at five.",
    "(laughs) You again?",
    "*sighs* Fine.",
    "Line 4 is down again, so I walked.",
    "Anger management, they call it.",
    "no no no no no no no",
    "ha ha ha ha ha ha ha ha ha ha",
    "Wha' d'ye mean ye cannae find it, it wis on the table yestreen",
    "im so dun wiv dis m8 srsly wtf bruh lmao",
    "Mi nuh know weh yuh a talk bout, star, mi jus deh yah",
    "Bonjour tristesse, as they say in the books, eh?",
    "The speaker was broken, so nobody heard the bride.",
    "In this line of work you cry or you drink.",
    "Could you please provide the text of the will?",
    "\U0001f62d\U0001f62d\U0001f62d",
]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (reason, text)
        for reason, texts in (
            ("refusal", REFUSALS),
            ("meta_talk", META_TALK),
            ("label_tag", LABEL_TAGS),
            ("markup", MARKUP),
            ("repetitive", LOOPS),
            ("wrong_language", FOREIGN),
            ("control_characters", ["a\x00b", "half a \ufffd letter", "turned \u202e around"]),
        )
        for text in texts
    ],
)
def test_what_no_person_says_is_named_with_its_reason(reason, text):
    found = problem(text)
    assert found is not None
    assert found[0] == reason


@pytest.mark.parametrize("text", PEOPLE)
def test_what_people_say_passes(text):
    assert problem(text) is None


# A millisecond each; all of them take ten seconds.
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_no_line_or_context_of_the_packaged_corpus_is_refused(corpus, every):
    from emo_hub.dataset import read_corpus
    from emo_hub.synthesis.stored import read_lines

    texts = {
        text
        for line in read_lines(read_corpus(corpus))
        for text in (line.text, line.context, line.original)
        if text
    }
    assert len(texts) > 9000
    read = sorted(texts)[::every]
    assert [(text, problem(text)) for text in read if problem(text)] == []


def test_language_is_never_judged_by_a_few_words():
    assert foreign_language("Ich liebe dich so sehr.") is None


BEFORE = (
    "Old Berit keeps a ferry on the fjord. One evening a stranger in a green coat asks to be "
    "rowed across, and pays with a copper ring. Halfway over, the stranger begins to hum."
)
AFTER = (
    "Then a whale rose beside the boat and took the oars in its jaws. Berit threw her lantern "
    "at it, and the stranger, who was the smith Torvald, forged new oars out of the ring."
)
LINE = "You hum well for somebody in a hurry."


def test_a_context_that_keeps_to_the_past_passes():
    told = "Berit rows a stranger over the fjord by night. He gave a copper ring as fare and hums."
    assert context_problem(told, AFTER, before=BEFORE, line=LINE) is None


def test_a_context_that_tells_what_comes_is_told_by_its_words():
    told = "Berit rows a stranger who will forge new oars after a whale has broken the lantern."
    reason, detail = context_problem(told, AFTER, before=BEFORE, line=LINE)
    assert reason == "tells_later_events"
    assert "whale" in detail


def test_a_sentence_copied_from_later_is_found_even_of_common_words():
    told = "Berit rows and then the stranger took the oars in its jaws."
    assert context_problem(told, AFTER, before=BEFORE) is not None


def test_one_word_in_common_with_the_rest_is_no_evidence():
    told = "Berit lights a lantern and rows the man in the green coat over the fjord."
    assert context_problem(told, AFTER, before=BEFORE, line=LINE) is None


def test_a_name_that_appears_only_later_counts_however_common_it_is():
    after = "May came. Will took the ring."
    told = "The stranger is waiting in the boat for May and for Will."
    assert context_problem(told, after, before=BEFORE) is None
    assert context_problem(told, after, before=BEFORE, names={"May", "Will"}) is not None


def test_a_common_word_is_not_taken_for_the_name_that_sounds_like_it():
    told = "The stranger may pay in copper, and Berit will row."
    assert context_problem(told, "May came. Will sang.", before="", names={"May", "Will"}) is None


def test_what_the_line_itself_says_is_no_secret():
    told = "Berit rows towards the whale with a lantern."
    assert context_problem(told, AFTER, before=BEFORE, line="A whale! Where is my lantern?") is None


def test_words_of_furniture_and_weather_name_no_emotion():
    assert (
        named_emotion("The stool was moved. Is the tea ready? He touched the crushed tin.") is None
    )
    assert named_emotion("He gets up, and she watches him wistfully.") == "wistfully"
