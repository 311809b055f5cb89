"""Words of the palette: a closed list, chosen without sight of the labels, kept with their row."""

import gzip
import json

import pytest

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError
from emo_hub.palette import palette, palette_names
from emo_hub.records import Affect, Provenance, Utterance, short_id
from emo_hub.synthesis import choices
from emo_hub.synthesis.build import build_corpus
from emo_hub.synthesis.ingest import record_replies
from emo_hub.synthesis.origin import TEACHER
from emo_hub.synthesis.stage import Refusal
from emo_hub.teacher import PACKAGED_RECORDINGS, Recorded, Reply
from tests.test_relooks import SECOND, campaign, row

ITEM = choices.Choice("choose-0", (choices.Asked("a", "I won."), choices.Asked("b", "So what.")))


def reply(*told):
    return Reply(json.dumps({"choices": list(told)}), "t")


def with_choices(folder, *chosen, looks=()):
    source = campaign(folder, looks=looks)
    lines = [{"request": "choose-0", "row": at, "words": words} for at, words in chosen]
    (source / "choices.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return source


def rows_of(recordings, out):
    corpus = read_corpus(build_corpus(out, recordings).path)
    found = [r for split in ("train", "validation", "test")
             for r in corpus.rows("contextless", split)]  # fmt: skip
    return {r["id"]: r for r in found}


def test_no_word_stands_twice_on_the_palette_in_any_form():
    names = [*palette_names(), *(word.noun for word in palette() if word.noun != word.adjective)]
    assert len(set(names)) == len(names) > 300


def test_chosen_words_reach_the_row_in_their_order(tmp_path):
    source = with_choices(tmp_path / "s", (row(2), ["bored", "neutral"]), (row(1), ["happy"]))
    record_replies([source], tmp_path / "r", teacher=TEACHER)
    found = rows_of(tmp_path / "r", tmp_path / "corpus")
    assert found[row(2)]["words"] == ["bored", "neutral"]
    assert found[row(3)]["words"] == []


def test_words_and_a_second_look_stand_beside_each_other(tmp_path):
    source = with_choices(tmp_path / "s", (row(2), ["bored"]), looks=SECOND)
    record_replies([source], tmp_path / "r", teacher=TEACHER)
    found = rows_of(tmp_path / "r", tmp_path / "corpus")[row(2)]
    assert (found["words"], len(found["looks"])) == (["bored"], 2)


def test_a_comment_is_asked_about_by_its_place_and_its_text_is_never_recorded(tmp_path):
    source = with_choices(tmp_path / "s", ("goemotions/train/abc", ["amused", "joking"]))
    said = {"emotions": [{"label": "amusement", "intensity": 0.7}], "descriptors": ["amused"],
            "valence": 4.0, "arousal": 3.0}  # fmt: skip
    line = {"source": "goemotions", "split": "train", "id": "abc", **said}
    (source / "descriptors_goemotions.jsonl").write_text(json.dumps(line) + "\n")
    record_replies([source], tmp_path / "r", teacher=TEACHER)
    corpus = read_corpus(build_corpus(tmp_path / "corpus", tmp_path / "r").path)
    rows = [r for split in ("train", "validation", "test")
            for r in corpus.rows("descriptors", split)]  # fmt: skip
    assert [r["words"] for r in rows] == [["amused", "joking"]]
    assert choices.about_comment("goemotions/train/abc").id == rows[0]["id"]


def test_a_word_outside_the_palette_is_refused_and_the_others_stay():
    told = list(choices.read(ITEM, reply({"text": 1, "words": ["glad-ish"]},
                                         {"text": 2, "words": ["bored"]})))  # fmt: skip
    refused = [part.reason for part in told if isinstance(part, Refusal)]
    assert refused == ["unknown_word", "no_choice"]
    assert [part.words for part in told if isinstance(part, choices.Chosen)] == [("bored",)]


def test_a_text_is_answered_once():
    told = list(choices.read(ITEM, reply(*[{"text": 2, "words": ["bored"]}] * 2)))
    assert [part.reason for part in told if isinstance(part, Refusal)] == [
        "unasked_text",
        "no_choice",
    ]


def test_more_words_than_were_asked_for_are_refused():
    many = list(palette_names()[: choices.MOST_WORDS + 1])
    told = list(choices.read(ITEM, reply({"text": 1, "words": many})))
    assert isinstance(told[0], Refusal)
    assert told[0].reason == "too_many_items"


def test_whoever_chooses_sees_the_text_and_the_list_and_no_label():
    affect = Affect((("grief", 0.9),), ("gloom",), 1.5, 3.0, 2.0)
    line = Utterance("x", "I could weep.", affect, "diary", "w", Provenance("t", "v", "r"))
    (_, system), (_, asked) = choices.ask(choices.Choice("c", (choices.about_line(line),))).messages
    assert asked == "The texts:\n1. I could weep."
    assert all(name in system for name in palette_names())


def test_a_choice_for_a_row_that_was_not_written_is_rejected_and_counted(tmp_path):
    record_replies(
        [with_choices(tmp_path / "s", (row(1), ["happy"]))], tmp_path / "r", teacher=TEACHER
    )
    path = tmp_path / "r" / "plan.json.gz"
    plan = json.loads(gzip.decompress(path.read_bytes()))
    plan["choices"][0]["rows"] = ["nowhere"]
    path.write_bytes(gzip.compress(json.dumps(plan).encode()))
    with pytest.raises(DataError, match="1 row_not_there"):
        build_corpus(tmp_path / "corpus", tmp_path / "r")


def test_a_choice_for_a_row_that_nobody_wrote_is_not_recorded(tmp_path):
    source = with_choices(tmp_path / "s", (short_id("utterances", "q9", 1), ["happy"]))
    with pytest.raises(DataError, match="1 rows are asked about that nobody wrote"):
        record_replies([source], tmp_path / "r", teacher=TEACHER)


def test_recorded_choices_answer_the_questions_of_the_plan(tmp_path):
    record_replies(
        [with_choices(tmp_path / "s", (row(1), ["happy"]))], tmp_path / "r", teacher=TEACHER
    )
    text = gzip.decompress((tmp_path / "r" / "choices.jsonl.gz").read_bytes()).decode()
    assert json.loads(json.loads(text)["reply"]) == {"choices": [{"text": 1, "words": ["happy"]}]}


@pytest.mark.skipif(
    not (PACKAGED_RECORDINGS / "choices.jsonl.gz").exists(), reason="no choices are recorded yet"
)
def test_what_ships_has_words_for_utterances_and_comments():
    from emo_hub.synthesis.plan import read_plan

    plan = read_plan(PACKAGED_RECORDINGS)
    rows = [row for group in plan.choices for row in group.ids]
    assert len(rows) > 10_000
    assert Recorded(PACKAGED_RECORDINGS)
