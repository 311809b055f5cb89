"""Proves what the page asks, computes and draws, without a server: text stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markupsafe import escape

pytest.importorskip("gradio", reason="the Space needs emo-hub[space]")

from emo_hub.errors import InputError
from emo_hub.explaining import WeighedWord
from emo_hub.registration import default_model_folder
from emo_hub.space import Classify
from emo_hub.space.about_tab import read_card, read_measured
from emo_hub.space.answer import mark_words, name_mood, pair_up, render_reading, spread_labels
from emo_hub.space.atlas import Atlas
from emo_hub.space.batch import (
    MAX_FILE_BYTES,
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    Line,
    choose_column,
    gather,
    parse_sheet,
    read_sheet,
    write_csv,
)
from emo_hub.space.batch_picture import render_batch, tally
from emo_hub.space.plane import Box, Point, place_names
from emo_hub.space.presets import EXAMPLES, PRESETS
from emo_hub.space.reading import Bar, Grounds, Place, Reader, Reading, Scores, take_reading
from emo_hub.space.request import (
    MAX_LABEL_CHARACTERS,
    MAX_LABELS,
    MAX_TEXT_CHARACTERS,
    RefusalError,
    read_labels,
    read_request,
    split_labels,
)
from emo_hub.space.shelf import open_shelf
from emo_hub.space.texts import languages, say
from tests.visits import IMAGE

from .small_corpora import line, write_small


@pytest.fixture(scope="module")
def classify() -> Classify:
    from transformers import pipeline

    return pipeline("zero-shot-emotion", model=str(default_model_folder()))


def scores(*bars: Bar, valence: float = 3.0, arousal: float = 3.0) -> Scores:
    return Scores(bars, valence, arousal, 3.0)


def reading(*bars: Bar, valence: float = 3.0, arousal: float = 3.0) -> Reading:
    return Reading(scores(*bars, valence=valence, arousal=arousal))


def drawn_in_english(answer: Reading) -> str:
    return render_reading(answer, "en")


def grounded(text: str, *carrying: str, label: str = "joy") -> Reading:
    """An answer whose first-named word weighs most."""
    words = [
        WeighedWord(word, text.index(word), text.index(word) + len(word), 2.0 / (1 + 2 * place))
        for place, word in enumerate(carrying)
    ]
    ordered = tuple(sorted(words, key=lambda word: word.start))
    return Reading(scores(Bar(label, 0.9, 0.5)), Grounds(label, text, ordered))


# What may be asked


def test_commas_split_one_entry_into_labels():
    typed = ["gratitude, anger, sarcastic  contempt", "Anger", " "]
    assert split_labels(typed) == ("gratitude", "anger", "sarcastic contempt")


def test_labels_that_are_one_to_the_model_are_taken_once():
    assert split_labels("let down, let_down, LET  down, _let down") == ("let down",)


@pytest.mark.parametrize(
    ("text", "context", "labels", "said"),
    [
        ("", None, ["joy"], "no text yet"),
        (" \n ", None, ["joy"], "no text yet"),
        (None, None, ["joy"], "no text yet"),
        (7, None, ["joy"], "has to be a string"),
        (float("nan"), None, ["joy"], "has to be a string"),
        ("Q" * (MAX_TEXT_CHARACTERS + 1), None, ["joy"], "2,001 characters and 2,000"),
        ("Q" * 1_000_000, None, ["joy"], "1,000,000 characters"),
        ("fine", "Q" * (MAX_TEXT_CHARACTERS + 1), ["joy"], "The context has 2,001"),
        ("fine", ["Q"], ["joy"], "context has to be a string"),
        ("fine", None, [], "no labels yet"),
        ("fine", None, " , ,", "no labels yet"),
        ("fine", None, None, "no labels yet"),
        ("fine", None, [f"Q{i}" for i in range(5_000)], "5,000 labels"),
        ("fine", None, ["Q" * (MAX_LABEL_CHARACTERS + 1)], "61 characters"),
        ("fine", None, ["joy", 3], "Labels come as words"),
        ("fine", None, {"Q": 1}, "Labels come as words"),
    ],
)
def test_unusable_question_is_refused_in_a_sentence_that_quotes_nothing(
    text, context, labels, said
):
    with pytest.raises(InputError, match=said) as refusal:
        read_request(text, context, labels)
    assert "Q" not in str(refusal.value)


def test_question_at_every_limit_is_accepted():
    labels = [f"{i:0{MAX_LABEL_CHARACTERS}d}" for i in range(MAX_LABELS)]
    request = read_request("x" * MAX_TEXT_CHARACTERS, "y" * MAX_TEXT_CHARACTERS, labels)
    assert len(request.labels) == MAX_LABELS


@pytest.mark.parametrize("labels", [set_ for set_ in PRESETS.values() if set_])
def test_preset_can_be_asked(labels):
    assert read_request("fine", None, labels).labels == labels


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_example_can_be_asked(example):
    assert read_request(example.text, example.context, example.labels).labels == example.labels


# What is answered, and how it is drawn


def test_reading_marks_the_labels_that_the_model_itself_keeps(classify: Classify):
    request = read_request(EXAMPLES[2].text, None, EXAMPLES[2].labels)
    answer = take_reading(classify, request)
    limits = dict(zip(request.labels, classify.thresholds(request.labels), strict=True))
    kept = {bar.label for bar in answer.scores.bars if bar.score >= limits[bar.label]}
    assert {bar.label for bar in answer.scores.fitting} == kept


def test_reading_is_sorted_by_falling_score(classify: Classify):
    answer = take_reading(classify, read_request("I lost my keys.", None, PRESETS["shades"]))
    scores = [bar.score for bar in answer.scores.bars]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("label", [IMAGE, "<script>1</script>", '"><u>', "&lt;i&gt;"])
def test_label_is_drawn_as_the_characters_it_consists_of(label):
    drawn = drawn_in_english(reading(Bar(label, 0.9, 0.5), Bar(label + "2", 0.1, 0.5)))
    assert drawn.count(str(escape(label))) == 3
    assert label not in drawn.replace(str(escape(label)), "")


@pytest.mark.parametrize("text", [IMAGE, "<b>so</b> happy", "&lt;i&gt; {{ 1 }}", '"><u>'])
def test_text_is_drawn_as_the_characters_it_consists_of(text):
    word = re.search(r"\w+", text)[0]
    drawn = drawn_in_english(grounded(text, word, label=text))
    passage = re.search(r'<p class="passage" dir="auto">(.*?)</p>', drawn, re.DOTALL)[1]
    assert re.sub(r'</?mark(?: class="strong")?>', "", passage) == str(escape(text))
    assert text not in drawn


def test_words_that_carried_the_label_are_marked_by_their_weight():
    drawn = drawn_in_english(grounded("a so\n happy \U0001f600 day", "happy", "\U0001f600"))
    passage = re.search(r'<p class="passage" dir="auto">(.*?)</p>', drawn, re.DOTALL)[1]
    assert passage == (
        'a so\n <mark class="strong">happy</mark> <mark class="some">\U0001f600</mark> day'
    )


def test_words_that_carried_the_label_are_said_to_a_screen_reader_the_strongest_first():
    drawn = drawn_in_english(grounded("so happy", "happy", "so"))
    said = re.sub(r"<[^>]+>", "", drawn)
    assert "Words that spoke for joy, the strongest first: “happy”, “so”." in said


def test_text_without_a_carrying_word_says_so():
    drawn = drawn_in_english(grounded("so happy"))
    assert "No single word stands out for" in drawn
    assert "<mark class=" not in drawn


@pytest.mark.parametrize("text", ["so happy", "happy so", "x happy y", "happy"])
def test_marked_and_unmarked_stretches_are_the_text_again(text):
    pieces = list(mark_words(grounded(text, "happy").grounds))
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.mark] == ["happy"]


def test_reading_is_grounded_in_words_of_the_text_for_the_best_label_that_fits(classify: Classify):
    text = "  Thank you so much!  "
    answer = take_reading(classify, read_request(text, None, ["boredom", "gratitude"]))
    assert answer.grounds.label == answer.scores.fitting[0].label == "gratitude"
    words = answer.as_json()["words"]["gratitude"]
    assert all(text.strip()[word["start"] : word["end"]] == word["word"] for word in words)


def test_reading_without_a_label_that_fits_has_no_grounds(classify: Classify):
    answer = take_reading(classify, read_request("The table is 80 cm wide.", None, ["grief"]))
    assert answer.scores.fitting == ()
    assert answer.grounds is None
    assert answer.as_json()["words"] == {}


def test_none_of_these_names_the_closest_label_and_what_it_lacks():
    drawn = drawn_in_english(reading(Bar("joy", 0.3, 0.5), Bar("fear", 0.1, 0.5)))
    assert "None of these" in drawn
    assert re.search(r"joy</strong> with 30 %; it would need 50 %", drawn)


def test_label_that_fits_is_never_folded_away():
    bars = [Bar(f"label {i}", 0.9, 0.5) for i in range(20)] + [Bar("rest", 0.1, 0.5)]
    above, below = drawn_in_english(reading(*bars)).split("<details>")
    assert "label 19" in above
    assert "rest" in below


@pytest.mark.parametrize(
    ("valence", "arousal", "mood"),
    [
        (1.5, 4.5, ("unpleasant", "stirred")),
        (4.5, 4.5, ("pleasant", "stirred")),
        (1.5, 1.5, ("unpleasant", "calm")),
        (4.5, 1.5, ("pleasant", "calm")),
        (1.5, 3.1, ("unpleasant",)),
        (3.1, 2.9, ("neutral",)),
    ],
)
def test_mood_names_the_quadrant(valence, arousal, mood):
    assert name_mood(valence, arousal) == mood


def test_point_lies_right_of_the_middle_and_above_it_for_pleasant_and_stirred():
    drawn = drawn_in_english(reading(Bar("joy", 0.9, 0.5), valence=4.0, arousal=5.0))
    assert 'class="dot" cx="268.0" cy="6.0"' in drawn


def test_labels_lie_where_the_model_reads_them(classify: Classify):
    answer = take_reading(classify, read_request("I won!", None, ["joy", "grief"]))
    places = {place.label: place for place in answer.places}
    assert places["joy"].valence > 3 > places["grief"].valence


def test_every_label_is_a_point_of_the_plane_and_those_that_fit_are_marked():
    answer = Reading(
        scores(Bar("joy", 0.9, 0.5), Bar("fear", 0.1, 0.5)),
        places=(Place("joy", 4.2, 3.4), Place("fear", 2.0, 3.9)),
    )
    spots = {spot.point.name: spot.point.kind for spot in spread_labels(answer)}
    assert spots == {"joy": "fits", "fear": ""}


def test_names_on_a_picture_never_cover_each_other():
    points = [Point(f"name {i}", 100 + i % 5, 100 + i // 5) for i in range(25)]
    frame = Box(0, 0, 200, 200)
    spots = [spot for spot in place_names(points, frame, 10) if spot.said]
    assert 2 <= len(spots) < 25
    widths = {"start": 0.0, "middle": 0.5, "end": 1.0}
    boxes = []
    for spot in spots:
        left = spot.x - 30 * widths[spot.anchor]
        boxes.append(Box(left, spot.y - 7, left + 30, spot.y))
    assert not any(one.meets(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_context_is_compared_with_its_absence_on_the_same_labels(classify: Classify):
    example = next(example for example in EXAMPLES if example.context)
    request = read_request(example.text, example.context, example.labels)
    answer = take_reading(classify, request)
    alone = take_reading(classify, read_request(example.text, None, example.labels))
    assert answer.alone is not None
    without = {bar.label: bar.score for bar in answer.alone.bars}
    # Texts that share a batch are rounded together where the processor computes in bfloat16.
    assert without == pytest.approx({b.label: b.score for b in alone.scores.bars}, abs=5e-3)
    assert without != pytest.approx({b.label: b.score for b in answer.scores.bars}, abs=1e-2)
    assert answer.as_json()["without_context"] == without


def test_answer_without_a_context_shows_no_comparison(classify: Classify):
    answer = take_reading(classify, read_request("Fine.", None, ["joy"]))
    assert answer.alone is None
    assert "contrast" not in drawn_in_english(answer)


def test_comparison_shows_a_label_that_only_the_missing_context_brings():
    after = scores(*(Bar(f"l{i}", 0.5 - i / 20, 0.2) for i in range(8)))
    alone = scores(*(Bar(f"l{i}", 0.9 if i == 7 else 0.01, 0.2) for i in range(8)))
    pairs = {pair.after.label: pair.change for pair in pair_up(after, alone)}
    assert pairs["l7"] == 15 - 90


# Many texts


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_column_with_a_usual_name_is_chosen(mark):
    sheet = parse_sheet(mark.join(["id", "Text", "note"]) + "\n" + mark.join("1ab"), "f")
    assert choose_column(sheet) == "Text"
    assert sheet.columns["Text"] == ("a",)


def test_column_with_the_longest_cells_is_chosen_where_no_name_is_usual():
    sheet = parse_sheet('a,b\n1,"two\nlines, long"\n22,more', "f")
    assert choose_column(sheet) == "b"
    assert sheet.columns["b"] == ("two\nlines, long", "more")


def test_ragged_rows_and_repeated_names_lose_no_column():
    sheet = parse_sheet("a,a,\n1\n1,2,3,4", "f")
    assert list(sheet.columns) == ["a", "a (2)", "column 3"]
    assert sheet.columns["column 3"] == ("", "3")


@pytest.mark.parametrize("text", ["", "\n", "a,b", "a,b\n,\n", "a\0b\n1", '"' + "x" * 200_000])
def test_file_that_is_no_table_is_refused(text):
    with pytest.raises(RefusalError):
        parse_sheet(text, "f")


@pytest.mark.parametrize(
    "text",
    ["," * 300 + "\nx", "," * 150 + "\n" + "x\n" * 10_000],
    ids=["columns", "cells"],
)
def test_table_of_commas_is_refused_before_its_cells_are_made(text):
    with pytest.raises(RefusalError, match="at most 200 columns"):
        parse_sheet(text, "f")


def test_table_without_a_line_of_names_is_refused():
    with pytest.raises(RefusalError):
        parse_sheet("\rtext\rhello", "f")


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "cp1252"])
def test_file_is_read_in_usual_codings_and_deleted(tmp_path: Path, coding):
    path = tmp_path / "a.csv"
    path.write_bytes("text\ncafé".encode(coding))
    assert read_sheet(path, "a.csv").columns == {"text": ("café",)}
    assert not path.exists()


def test_file_beyond_the_limit_is_refused_and_deleted(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(RefusalError, match="larger than 1 MB"):
        read_sheet(path, "a.csv")
    assert not path.exists()


def test_file_that_was_read_by_another_visitor_is_asked_for_again(tmp_path: Path):
    with pytest.raises(RefusalError, match="choose it again"):
        read_sheet(tmp_path / "gone.csv", "gone.csv")


def test_batch_keeps_to_its_limits_and_says_what_it_left_out():
    batch = gather([" ", "x" * (MAX_LINE_CHARACTERS + 1), *["fine"] * MAX_LINES])
    assert len(batch.texts) == MAX_LINES
    assert max(map(len, batch.texts)) == MAX_LINE_CHARACTERS
    drawn = render_batch(batch, [Line("fine", scores(Bar("joy", 0.9, 0.5)))], "en")
    assert f"{MAX_LINES + 1} texts were given; the first {MAX_LINES} were read" in drawn
    assert "1 text was longer" in drawn


def test_labels_are_counted_over_the_texts_that_they_fit():
    lines = [
        Line("a", scores(Bar("joy", 0.9, 0.5), Bar("fear", 0.1, 0.5))),
        Line("b", scores(Bar("fear", 0.3, 0.5), Bar("joy", 0.2, 0.5))),
    ]
    shares, none = tally(lines)
    assert [(share.label, share.count) for share in shares] == [("joy", 1), ("fear", 0)]
    assert none.count == 1


def test_download_has_every_score_and_no_formula():
    answer = scores(Bar("joy", 0.9, 0.5), Bar("=cmd", 0.6, 0.5))
    rows = write_csv([Line("=1+1", answer)], ["=cmd", "joy"]).splitlines()
    assert rows[0].endswith("text,fits,valence,arousal,dominance,'=cmd,joy")
    assert rows[1] == "'=1+1,joy; =cmd,3.00,3.00,3.00,0.6000,0.9000"


def test_batch_of_a_label_spelt_two_ways_is_written_whole(classify: Classify):
    labels = read_labels("let down, let_down, joy")
    texts = ["They forgot my birthday.", "We won!"]
    found = Reader(classify).score(texts, labels)
    lines = [Line(text, one) for text, one in zip(texts, found, strict=True)]
    rows = write_csv(lines, labels).splitlines()
    assert rows[0].endswith("dominance,let down,joy")
    assert len(rows) == 1 + len(texts)


def test_batch_draws_text_as_the_characters_it_consists_of():
    lines = [Line(IMAGE, scores(Bar(IMAGE, 0.9, 0.5)))]
    drawn = render_batch(gather([IMAGE]), lines, "en")
    assert IMAGE not in drawn
    assert drawn.count(str(escape(IMAGE))) == 3


# The map and the corpus


@pytest.fixture(scope="module")
def atlas(classify: Classify) -> Atlas:
    return Atlas(Reader(classify))


def test_map_has_pleasant_words_on_the_right(atlas: Atlas):
    at = {spot.point.name: spot.point for spot in atlas.draw().spots}
    for pleasant, unpleasant in (("joyful", "sad"), ("proud", "ashamed"), ("calm", "panicked")):
        assert at[pleasant].x > at[unpleasant].x


def test_own_word_is_named_on_the_map_beside_its_neighbours(atlas: Atlas):
    drawn = atlas.draw(["furious"])
    [own] = [spot for spot in drawn.spots if spot.point.kind == "own"]
    assert own.said == "furious"
    assert "angry" in drawn.neighbours[0].words or "enraged" in drawn.neighbours[0].words


def test_shelf_finds_lines_by_emotion_kind_and_story(tmp_path: Path):
    shelf = open_shelf(str(write_small(tmp_path / "c", "1.0.0", [line(i) for i in range(40)])))
    assert shelf.find("joy", "diary", "")
    assert not shelf.find("grief", "", "")
    told = shelf.find("", "", "T")
    assert told
    assert all(entry.original and entry.context for entry in told)
    assert dict(told[0].feelings) == pytest.approx({"joy": 0.9, "pride": 0.4})


# What is said


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_sentence_takes_the_same_facts_in_every_language(language):
    names = {
        key: set(re.findall(r"{(\w+)", sentence)) for key, sentence in languages()["en"].items()
    }
    for key, sentence in languages()[language].items():
        assert set(re.findall(r"{(\w+)", sentence)) == names[key], key


def test_translation_is_complete_but_for_what_needs_none():
    same = {k for k, v in languages()["de"].items() if v == languages()["en"][k]}
    assert not {key for key in same if len(languages()["en"][key].split()) > 3}


def test_refusal_is_said_in_the_language_of_the_visitor():
    with pytest.raises(RefusalError) as refusal:
        read_request("", None, ["joy"])
    assert refusal.value.said_in("de") == say("de", "refusal_no_text") != str(refusal.value)


def test_card_is_shown_without_the_facts_at_its_top():
    card = read_card(default_model_folder())
    assert card.lstrip().startswith("# ")
    assert "license:" not in card


def test_numbers_are_those_that_were_measured():
    stored = json.loads((default_model_folder() / "results.json").read_text())["measured"]
    shown = {one.benchmark: one.value for one in read_measured(default_model_folder())}
    assert shown == {one["benchmark"]: one["value"] for one in stored}


def test_a_model_that_learnt_labels_offers_them_first(classify: Classify):
    from emo_hub.fewshot import Examples, teach
    from emo_hub.pipelines import pipeline
    from emo_hub.space import build_app

    said = {"billing": ["I was charged twice."], "praise": ["You are the best!"]}
    taught = pipeline(model=teach(classify.model, Examples.of(said)))
    page = build_app(taught).get_config_file()
    laid = {c["props"].get("elem_id"): c["props"] for c in page["components"]}
    for name in ("presets", "batch-presets"):
        assert [key for _, key in laid[name]["choices"]] == ["learnt", *PRESETS]
    assert laid["batch-labels"]["value"] == ["billing", "praise"]
    usual = build_app(classify).get_config_file()
    laid = {c["props"].get("elem_id"): c["props"] for c in usual["components"]}
    assert [key for _, key in laid["presets"]["choices"]] == list(PRESETS)
