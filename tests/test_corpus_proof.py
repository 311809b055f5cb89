"""The proof of a corpus finds what is planted in rows of our own writing, and invents nothing."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.dataset import MANIFEST, parquet_name, read_corpus, table
from emo_hub.errors import DataError
from emo_hub.records import SPLITS, Look, short_id
from emo_hub.synthesis import leaks
from emo_hub.synthesis.balance import balance_facts, names_itself, tones_of
from emo_hub.synthesis.families import families, table_of, vocabulary_facts
from emo_hub.synthesis.human_labels import human_facts
from emo_hub.synthesis.plainness import plainness, signs
from emo_hub.synthesis.plan import Plan
from emo_hub.synthesis.proof import counted_proof
from emo_hub.synthesis.proof_tables import counted_tables, proof_tables, sentences
from emo_hub.synthesis.reference import Comparison, comparisons, measured, reference_texts
from emo_hub.synthesis.second_looks import Pair, compare, pairs_of_comments, pairs_of_lines
from emo_hub.synthesis.stored import StoredLine
from emo_hub.synthesis.utterances import Slot, UtteranceRequest
from emo_hub.taxonomy import GOEMOTIONS

JOY, ANGER, NEUTRAL = (GOEMOTIONS.index(name) for name in ("joy", "anger", "neutral"))


def line(text="A line.", **changes) -> StoredLine:
    values = {
        "config": "contextless", "split": "train", "id": text, "text": text, "labels": (JOY,),
        "intensities": (0.8,), "primary": JOY, "descriptors": (), "register": "diary",
        "world": "", "story": "s", "voice": "v", "context": "", "original": "", "looks": (),
    }  # fmt: skip
    return StoredLine(**(values | changes))


def look(*emotions, **scales) -> Look:
    return Look("somebody", emotions, **scales)


def look_row(labels, intensities, valence=None, **further):
    return {
        "teacher": "t", "labels": labels, "intensities": intensities, "outside": [],
        "descriptors": [], "valence": valence, "arousal": None, "dominance": None, **further,
    }  # fmt: skip


_ORIGIN = {"teacher": "t", "prompt_version": "1", "request_id": "r"}


def utterance_row(number, looks=(), descriptors=("joy",), register="diary"):
    return {
        "id": f"u{number}", "utterance": f"Line {number} about my kettle.", "labels": [JOY],
        "intensities": [0.8], "primary_emotion": JOY, "descriptors": list(descriptors),
        "valence": 4.0, "arousal": 3.0, "dominance": 3.0, "looks": list(looks), "agreement": None,
        "register": register, "world": "w", "narrative_id": "", "provenance": _ORIGIN, "words": [],
    }  # fmt: skip


def comment_row(source_id, look, labels, valence=3.0, descriptors=("joy",)):
    return {
        "id": f"{source_id}{look}", "source": "goemotions", "source_split": "train",
        "source_id": source_id, "look": look, "descriptors": list(descriptors), "labels": labels,
        "intensities": [0.6] * len(labels), "valence": valence, "arousal": 2.0,
        "provenance": _ORIGIN, "words": [], "voted": [], "votes": [],
    }  # fmt: skip


def corpus_of(folder, **rows):
    """Write rows by config as train of a corpus whose other splits are empty."""
    counts = {}
    for config in ("contextless", "contextual", "descriptors", "narratives"):
        (folder / config).mkdir(parents=True)
        given = {"train": rows.get(config, ())}
        counts[config] = {split: len(given.get(split, ())) for split in SPLITS}
        for split in SPLITS:
            name = folder / parquet_name(config, split)
            pq.write_table(table(config, list(given.get(split, ()))), name)
    manifest = {"counts": counts, "version": "0", "fingerprint": "", "content": ""}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return read_corpus(folder)


def told(phrase):
    return [family.name for family, _ in families().told(phrase)]


# Vocabulary.


def test_noun_adjective_and_synonym_are_one_family():
    assert told("shame") == told("ashamed") == told("feeling ashamed") == ["shame"]
    assert told("scorn") == told("contemptuous") == ["contempt"]


def test_a_modifier_leaves_the_emotion_and_mock_takes_it_away():
    assert told("deep nostalgia") == ["nostalgia"]
    assert told("mock indignation") == told("lack of trust") == told("no hope") == []


def test_the_longest_form_wins():
    assert told("broken trust") == ["betrayal"]
    assert told("self-respect") == ["self-respect"]
    assert told("trust") == ["trust"]


def test_two_emotions_in_one_phrase_both_count():
    assert told("wistful longing") == ["wistfulness", "longing"]


def test_words_of_the_labels_are_no_emotion_outside_them():
    for label in GOEMOTIONS.labels:
        assert [family.group for family, _ in families().told(label)] == ["labels"], label


def test_every_emotion_that_the_corpus_asks_for_has_a_family():
    named = (
        "shame guilt envy contempt nostalgia awe loneliness trust boredom anticipation hope "
        "betrayal pity"
    )
    found = {family.name for family in families().families if family.group == "outside"}
    assert set(named.split()) <= found
    assert len(found) >= 150


def test_a_row_counts_once_for_a_family_whatever_it_repeats():
    rows = [["shame", "deep shame", "ashamed"]] * 40 + [["envy"]] * 39 + [["fury"]] * 50
    found = vocabulary_facts(rows)
    counts = {entry["name"]: entry["rows"] for entry in found["families"]}
    assert (counts["shame"], counts["envy"], counts["fury"]) == (40, 39, 50)
    assert (found["reached"], found["reached_with_shades"], found["near"]) == (1, 2, ["envy"])


def test_descriptors_of_no_family_are_shown():
    assert vocabulary_facts([["quux feeling"], ["shame"]])["unknown"] == {"quux feeling": 1}


def test_a_form_in_two_families_is_refused():
    with pytest.raises(DataError, match="two families"):
        table_of({"outside": {"one": ["sullen"], "two": ["sullen"]}})


def test_a_shade_of_no_label_is_refused():
    with pytest.raises(DataError, match="no label"):
        table_of({"shades": {"hunger": {"craving": ["craving"]}}})


def test_second_looks_at_comments_do_not_swell_the_vocabulary(tmp_path):
    rows = [comment_row("a", 1, [JOY], descriptors=["envy"])]
    rows.append(comment_row("a", 2, [JOY], descriptors=["envy"]))
    stored = corpus_of(tmp_path / "c", descriptors=rows)
    counts = {e["name"]: e["rows"] for e in counted_proof(stored)["vocabulary"]["families"]}
    assert counts["envy"] == 1


# Balance.


def test_leads_are_counted_against_the_wish():
    lines = [line(f"line {n}") for n in range(3)]
    lines += [line("flat", primary=NEUTRAL), *(line(f"a{n}", primary=ANGER) for n in range(200))]
    found = balance_facts(lines)["contextless"]
    assert (found["leads"]["joy"], found["short"]["joy"]) == (3, 197)
    assert found["short"]["neutral"] == 699
    assert "anger" not in found["short"]


def test_a_form_of_the_label_makes_a_line_explicit_and_a_part_of_a_word_does_not():
    assert names_itself("I was so HAPPY all day", JOY)
    assert not names_itself("The gladiators marched past", JOY)
    assert not names_itself("I was so happy all day", ANGER)


def test_the_explicit_share_leaves_neutral_lines_out():
    lines = [line("I am glad."), line("Dancing on the table!"), line("a", primary=NEUTRAL)]
    found = balance_facts(lines)["contextless"]
    assert (found["explicit"], found["explicit_by_label"]) == (0.5, {"joy": 0.5})


def test_tones_are_found_by_the_id_of_the_row():
    slot = Slot(7, "joy", "diary", "blunt", "3-7 words", may_name_it=False)
    tones = tones_of(Plan(utterances=(UtteranceRequest("r1", "w", (slot,)),)))
    known = line(id=short_id("utterances", "r1", 7))
    found = balance_facts([known, line("Another.")], tones)["contextless"]
    assert found["tones"] == {"blunt": 1}


def test_length_quantiles_are_those_of_the_words():
    lines = [line(" ".join(["word"] * n)) for n in range(1, 102)]
    found = balance_facts(lines)["contextless"]["length_quantiles"]
    assert found == {"0.05": 6.0, "0.25": 26.0, "0.5": 51.0, "0.75": 76.0, "0.95": 96.0}


def test_signs_of_plain_writing_are_seen_and_tidy_lines_have_none():
    assert signs("im not going, it was definately shut") == {
        "lower_case", "no_end_mark", "dropped_apostrophe", "misspelt", "any_slip",
    }  # fmt: skip
    assert signs("Noooo, pls stop.") == {"stretched", "shorthand", "any_slip"}
    assert signs("I'm ill. She lets nobody in?") == frozenset()
    assert signs("Ji-u waited.") == frozenset()
    assert signs("The bus left at nine.") == frozenset()
    assert plainness(["the bus left", "The bus left."])["lower_case"] == 0.5


# Repeats.


def test_repeats_are_a_share_of_each_config():
    said = "Five geese crossed the yard and the dog pretended to sleep."
    lines = [line(said), line(said, id="2"), line("Soup again.", id="3"), line("No.", id="4")]
    lines.append(line(said, id="5", config="contextual"))
    found = leaks.repeats_within(lines)
    assert (found["contextless"]["share"], found["contextual"]["share"]) == (0.25, 0.0)


# Reference texts.


def axis_vectors(texts):
    """Texts that begin with the same word get the same vector."""
    firsts = sorted({text.split()[0] for text in texts})
    return np.eye(max(len(firsts), 2), dtype=np.float32)[
        [firsts.index(text.split()[0]) for text in texts]
    ]


def test_pools_give_equal_numbers_of_equally_long_texts():
    pools = {
        "one": [f"w{n} b c d e" for n in range(300)],
        "two": [f"w{n} b c" for n in range(250)] + [f"x{n} b" for n in range(400)],
        "few": ["a b c"] * 900,
    }
    found = measured(Comparison("lines", 3, pools), axis_vectors)
    assert found["texts"] == 250
    assert list(found["pools"]) == ["one", "two"]
    # 250 texts of three words: w0 ... w249 and b, c; pairs "wN b" and "b c".
    assert found["pools"]["one"]["distinct_1"] == round(252 / 750, 4)
    assert found["pools"]["one"]["distinct_2"] == round(251 / 500, 4)


def test_self_similarity_is_that_of_all_pairs():
    pools = {"halves": [f"{'left' if n % 2 else 'right'} n{n}" for n in range(200)]}
    found = measured(Comparison("lines", 2, pools), axis_vectors)["pools"]["halves"]
    assert found["similarity"] == pytest.approx(2 * 100 * 99 / (200 * 199), abs=1e-4)
    assert found["nearest"] == 1.0


def test_texts_of_people_are_read_without_their_non_answers(tmp_path):
    (tmp_path / "isear").mkdir()
    rows = {"SIT_clean": ["My cat came home.", "No response."], "non_response": [False, True]}
    pq.write_table(pa.table(rows), tmp_path / "isear" / "all.parquet")
    assert reference_texts(tmp_path) == {"ISEAR": ["My cat came home."]}
    assert reference_texts(None) == {}


def test_kinds_of_lines_are_compared_apart():
    lines = [
        line("When it rained, I laughed.", register="self_report"),
        line("The bus is blue.", primary=NEUTRAL),
        line("There it is.", config="contextual", context="They look for the dog."),
    ]
    found = {c.title: c.pools for c in comparisons(lines, {"people": ["Hi."]})}
    assert found["utterances"]["accounts"] == ["When it rained, I laughed."]
    assert found["utterances"]["contexts"] == ["They look for the dog."]
    assert found["neutral utterances"]["neutral"] == ["The bus is blue."]
    assert all(pools["people"] == ["Hi."] for pools in found.values())


# Independent looks.


def test_agreement_is_what_a_hand_computes():
    same = Pair(look(("joy", 0.8), valence=4.0), look(("joy", 0.4), valence=5.0), "diary")
    other = Pair(look(("anger", 0.4), valence=1.0), look(("joy", 0.4), valence=3.0), "chat")
    found = compare([same, same, other, Pair(look(("anger", 1.0)), look(("anger", 1.0)))])
    assert (found["pairs"], found["same_top"], found["share_a_label"]) == (4, 0.75, 0.75)
    assert found["overlap"] == pytest.approx((0.5 + 0.5 + 0 + 1) / 4)
    # Observed 0.75; by chance joy 2/4 * 3/4 and anger 2/4 * 1/4 make 0.5.
    assert found["kappa"] == 0.5
    assert found["valence_r"] == 1.0
    assert found["dominance_r"] is None
    assert found["by_label"]["joy"] == {
        "first": 2, "second": 3, "both": 2, "agreement": 0.8, "led": 2, "top_kept": 1.0,
    }  # fmt: skip
    assert found["by_register"]["chat"] == {"pairs": 1, "same_top": 0.0, "overlap": 0.0}
    assert {low: part["pairs"] for low, part in found["by_intensity"].items()} == {
        "0.3": 1, "0.7": 2, "0.9": 1,
    }  # fmt: skip


def test_an_intensity_that_32_bits_make_smaller_stays_in_its_bin():
    lowered = float(np.float32(0.7))
    assert lowered < 0.7
    found = compare([Pair(look(("joy", lowered)), look(("joy", lowered)))])
    assert list(found["by_intensity"]) == ["0.7"]


def test_lines_are_compared_by_their_first_two_looks(tmp_path):
    joy, anger = look_row([JOY], [0.8], 4.0), look_row([ANGER], [0.5], 2.0)
    rows = [utterance_row(1), utterance_row(2, [joy]), utterance_row(3, [joy, anger, joy])]
    stored = corpus_of(tmp_path / "c", contextless=rows)
    (pair,) = pairs_of_lines(stored, "contextless")
    assert (pair.first.emotions[0][0], pair.second.emotions[0][0]) == ("joy", "anger")
    assert (pair.first.valence, pair.second.dominance, pair.register) == (4.0, None, "diary")


def test_comments_are_matched_by_their_place(tmp_path):
    rows = [
        comment_row("b", 2, [ANGER]), comment_row("a", 1, [JOY]), comment_row("b", 1, [JOY]),
        comment_row("c", 2, [JOY]),
    ]  # fmt: skip
    stored = corpus_of(tmp_path / "c", descriptors=rows)
    (pair,) = pairs_of_comments(stored)
    assert (pair.first.emotions[0][0], pair.second.emotions[0][0]) == ("joy", "anger")


def test_a_corpus_without_second_looks_says_so_and_fails_nowhere(tmp_path):
    stored = corpus_of(tmp_path / "c", contextless=[utterance_row(1)])
    facts = counted_proof(stored)
    assert {kind: found["pairs"] for kind, found in facts["second_looks"].items()} == {
        "utterances": 0, "contextual": 0, "comments": 0,
    }  # fmt: skip
    assert facts["second_looks"]["utterances"]["kappa"] is None
    tables = {found.title: found for found in counted_tables(facts)}
    assert tables["Agreement of two independent looks"].rows == (("texts looked at twice", "0"),)
    for found in proof_tables(facts):
        assert "nan" not in found.markdown()


# People's labels.


def goemotions(folder, ids, labels):
    (folder / "goemotions").mkdir(parents=True)
    rows = {"id": ids, "label_ids": labels, "text": ["not read"] * len(ids)}
    pq.write_table(pa.table(rows), folder / "goemotions" / "train.parquet")
    return folder


def test_peoples_labels_are_joined_by_id_and_second_looks_do_not_count(tmp_path):
    rows = [
        comment_row("a", 1, [JOY]), comment_row("a", 2, [ANGER]), comment_row("b", 1, [ANGER]),
        comment_row("unknown", 1, [ANGER]),
    ]  # fmt: skip
    stored = corpus_of(tmp_path / "c", descriptors=rows)
    people = goemotions(tmp_path / "b", ["b", "a"], [f"{JOY},{ANGER}", f"{JOY}"])
    found = human_facts(stored, people)
    assert (found["comments"], found["single"], found["top_among_theirs"]) == (2, 1, 1.0)
    # Two hits and one label that only people gave.
    assert found["micro_f1"] == 0.8
    assert found["f1_by_label"]["anger"] == 1.0
    assert found["f1_by_label"]["joy"] == pytest.approx(2 / 3, abs=1e-4)


def test_without_such_files_or_comments_there_is_no_figure(tmp_path):
    stored = corpus_of(tmp_path / "c", descriptors=[comment_row("a", 1, [JOY])])
    assert human_facts(stored, tmp_path / "nothing") is None
    assert human_facts(stored, goemotions(tmp_path / "b", ["z"], ["3"])) is None


def test_a_file_of_peoples_labels_that_cannot_be_read_is_named(tmp_path):
    stored = corpus_of(tmp_path / "c", descriptors=[comment_row("a", 1, [JOY])])
    broken = goemotions(tmp_path / "b", ["a"], ["joy"])
    with pytest.raises(DataError, match=r"train\.parquet"):
        human_facts(stored, broken)


# The whole.


def test_tables_and_sentences_tell_what_was_measured(tmp_path):
    joy = look_row([JOY], [0.8], 4.0)
    stored = corpus_of(
        tmp_path / "c",
        contextless=[utterance_row(n, [joy, joy], ["envy"]) for n in range(45)],
        descriptors=[comment_row("a", 1, [JOY])],
    )
    people = goemotions(tmp_path / "b", ["a"], [f"{JOY}"])
    facts = counted_proof(stored) | {"human": human_facts(stored, people)}
    page = "\n".join(f"{found.title}\n{found.markdown()}" for found in proof_tables(facts))
    assert "| envy |  | 45 | envy |" in page
    assert "1 occur in at least 40 rows" in page
    assert "| joy | 45 | 200 | 155 |" in page
    assert "| both looks have the same top label | 100.0% |" in page
    assert "| joy | 100.0% | 100.0% |" in page
    assert any("1 emotions outside" in sentence for sentence in sentences(facts))
    assert any("micro F1 1.000" in sentence for sentence in sentences(facts))
