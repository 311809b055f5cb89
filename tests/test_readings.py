"""What typed labels are read as, and what that does to scores."""

from __future__ import annotations

import tomllib
from importlib import resources

import numpy as np
import pytest

from emo_hub.checkpoint import Head
from emo_hub.errors import InputError
from emo_hub.evaluation.scorers.contestant import ModelOptions
from emo_hub.evaluation.scorers.deciding import Thresholds
from emo_hub.evaluation.scorers.ours import OurScorer
from emo_hub.modeling import EmotionModel
from emo_hub.phrasebook import find_word
from emo_hub.readings import LabelReader, read_label
from emo_hub.taxonomy import LABEL_SETS, lexicon, normalise

TEXTS = [
    "I cannot believe they lied to my face again.",
    "Thank you so much for staying with me last night!",
    "The bus leaves at nine from the stop by the school.",
    "I keep hearing steps outside and I dare not look.",
]


def table(name):
    return tomllib.loads(resources.files("emo_hub").joinpath(name).read_text(encoding="utf-8"))


def meaning(label):
    found = read_label(label)
    return ("not " if found.negated else "") + found.name


# Words that are there already.


@pytest.mark.parametrize("name", [n for s in LABEL_SETS.values() for n in s.labels])
def test_labels_of_the_known_sets_are_read_as_themselves(name):
    found = read_label(name)
    assert (found.name, found.phrases, found.negated) == (normalise(name), (), False)


def test_ways_that_the_lexicon_lists_are_never_taken_for_negations():
    ways = {way for emotion in lexicon().values() for way in emotion.ways}
    assert not [way for way in ways if read_label(way).negated]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("angrily", "angry"),
        ("saddened", "sad"),
        ("jealousy", "jealous"),
        ("feeling jealous", "jealous"),
        ("being proud", "proud"),
        ("I am sad", "sad"),
        ("I\u2019m sad", "sad"),
        ("She feels sad", "sad"),
        ("a deep sense of shame", "shame"),
        ("the emotion of wistfulness", "wistfulness"),
        ("emotion: zorp", "zorp"),
        ("this text expresses wild joy", "wild joy"),
        ("sad feeling", "sad"),
        ("  JOY!! ", "joy"),
        ("#joy", "joy"),
        ("'joy'", "joy"),
        ("feeling zorp", "zorp"),
        ("no emotion", "neutral"),
    ],
)
def test_forms_and_carriers_find_their_entry(typed, name):
    assert meaning(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "feeling blue",
        "a sense of humour",
        "feeling like crying",
        "zorp",
        "rage",
        "the calm before the storm that nobody in town saw coming that year",
    ],
)
def test_what_carriers_belong_to_stays_whole(typed):
    assert meaning(typed) == typed


# Negation.


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("not angry", "angry"),
        ("NOT ANGRY", "angry"),
        ("not_angry", "angry"),
        ("no fear", "fear"),
        ("without joy", "joy"),
        ("isn't sad", "sad"),
        ("isnt sad", "sad"),
        ("I don\u2019t feel sad", "sad"),
        ("the writer does not feel sad", "sad"),
        ("this text does not express anger", "anger"),
        ("unafraid", "afraid"),
        ("lack of trust", "trust"),
        ("no longer angry", "angry"),
        ("not very happy", "happy"),
        ("not angry at all", "angry"),
        ("not wistful", "wistful"),
        ("non-angry", "angry"),
        ("not Wut", "anger"),
        ("not 😡", "anger"),
    ],
)
def test_negations_are_read_as_what_they_deny(typed, name):
    assert meaning(typed) == f"not {name}"


@pytest.mark.parametrize(
    "typed",
    [
        "not giving a damn",
        "no worries",
        "nothing to lose",
        "not only sad",
        "not just angry",
        "sad but not angry",
        "no hope",
        "not understanding",
        "unhappy",
        "no way",
        "not okay",
        "not belonging",
        "notable",
        "nonplussed",
        "not",
    ],
)
def test_what_only_looks_like_a_negation_is_read_as_it_stands(typed):
    assert meaning(typed) == typed


def test_two_negations_are_none():
    assert meaning("not unafraid") == "afraid"


# Emoji.


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("😡", "anger"),
        ("👍🏽", "approval"),
        ("❤️", "love"),
        ("❤", "love"),
        ("🤷🏽\u200d♀️", "indifferent"),
        ("❤️\u200d🔥", "desire"),
        ("😡 angry", "angry"),
        ("gratitude 🙏", "gratitude"),
        ("feeling 😡", "anger"),
        (":)", "happy"),
        (":D", "joy"),
        ("T_T", "sad"),
    ],
)
def test_emoji_are_read_by_what_they_say(typed, name):
    assert meaning(typed) == name


def test_several_emoji_bring_the_phrases_of_each():
    assert {"anger", "sad"} <= {read_label("😡😢").name, *read_label("😡😢").phrases}


def test_an_emoji_without_an_entry_is_read_by_its_unicode_name():
    assert meaning("🦔") == "hedgehog"


def test_every_emoji_and_face_of_the_table_is_found():
    entries = table("emoji.toml")
    faces = entries.pop("emoticons")
    assert len(entries) >= 150
    for sign, phrases in {**entries, **faces}.items():
        assert (read_label(sign).name, read_label(sign).source) == (phrases[0], "emoji"), sign


# Other languages.


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("tristeza", "sadness"),
        ("alegría", "joy"),
        ("alegri\u0301a", "joy"),
        ("alegria", "joy"),
        ("Wut", "anger"),
        ("WÜTEND", "angry"),
        ("wuetend", "angry"),
        ("wutend", "angry"),
        ("colere", "anger"),
        ("öfke", "anger"),
        ("k\u0131zg\u0131nl\u0131k", "anger"),
        ("ureshii", "happy"),
        ("düh", "anger"),
        ("duh", "duh"),
        ("gêne", "embarrassment"),
        ("gene", "gene"),
        ("ånger", "remorse"),
    ],
)
def test_other_languages_words_are_read_with_and_without_accents(typed, name):
    assert meaning(typed) == name


@pytest.mark.parametrize("typed", ["wabi-sabi", "wabi sabi", "Wabisabi", "wabi_sabi"])
def test_hyphens_do_not_hide_a_word(typed):
    assert meaning(typed) == "beauty in imperfection"


def test_a_loanword_counts_only_as_the_whole_label():
    assert meaning("wut tut gut") == "wut tut gut"


def test_every_loanword_is_found_and_none_hides_an_english_entry():
    entries = table("loanwords.toml")
    glosses = entries.pop("glosses")
    ways = {way for emotion in lexicon().values() for way in emotion.ways}
    foreign = dict.fromkeys(glosses)
    languages = set()
    for name, lines in entries.items():
        if isinstance(lines, dict):
            assert name in lexicon() or lines["phrases"], name
            languages |= lines.keys() - {"english", "phrases"}
            for line in (w for k, w in lines.items() if k not in ("english", "phrases")):
                foreign.update(dict.fromkeys((w.strip() for w in line.split(",")), name))
    assert len(languages) >= 25
    for word, name in foreign.items():
        found = find_word(normalise(word))
        assert word not in lexicon(), word
        assert word not in ways, word
        assert found, word
        assert found.name == (name or glosses[word][0]), word


def test_no_spelling_stands_for_two_feelings():
    from emo_hub.phrasebook import _loanwords, _spellings

    exact, _ = _loanwords()
    kept = {word.strip() for word in table("loanwords.toml")["keep_english"].split(",")}
    meant = {}
    for word, found in exact.items():
        for spelling in set(_spellings(word)) - kept:
            assert meant.setdefault(spelling, found.name) == found.name, (word, spelling)


# What cannot be read, and what is read as it stands.


@pytest.mark.parametrize("label", ["", "  ", "_", "!!!", "...", "\u200f", "?", "-"])
def test_a_label_without_letters_is_refused_in_a_sentence(default_model, clf, label):
    with pytest.raises(InputError, match="letter"):
        default_model.encode_labels(["joy", label])
    with pytest.raises(InputError, match="label"):
        clf("Hello there.", candidate_labels=["joy", label])


@pytest.mark.parametrize("label", ["غضب", "\u200fעצב\u200f", "悲しみ", "5", "very " * 400])
def test_any_script_and_any_length_is_a_label(default_model, label):
    scores = default_model.score(TEXTS[:1], [label, "joy"])
    assert ((scores > 0) & (scores < 1)).all()


# Scores.

MIXED = ["anger", "not angry", "Freude", "😢", "zorp", "guilty", "lack of trust", "not 😱", "hygge"]


@pytest.fixture(scope="module")
def vectors(default_model):
    return default_model.encode_texts(TEXTS)


def scores_of(model, vectors, labels, descriptions=None):
    from emo_hub.calibration import sigmoid

    return sigmoid(model.logits(vectors, model.encode_labels(labels, descriptions), labels))


@pytest.mark.parametrize("multi_label", [True, False])
def test_the_order_of_labels_never_changes_a_score(default_model, multi_label):
    scores = default_model.score(TEXTS, MIXED, multi_label=multi_label)
    default_model.run_on("torch", "float32")  # forgets what it kept
    order = np.random.default_rng(0).permutation(len(MIXED))
    again = default_model.score(TEXTS, [MIXED[i] for i in order], multi_label=multi_label)
    np.testing.assert_allclose(again, scores[:, order], atol=1e-5)


def test_a_synonym_more_changes_no_other_labels_score(default_model, vectors):
    some = scores_of(default_model, vectors, ["anger", "joy"])
    more = scores_of(default_model, vectors, ["anger", "fury", "mad", "Wut", "😡", "joy"])
    np.testing.assert_allclose(more[:, [0, 5]], some, atol=1e-6)


def test_a_word_of_the_palette_is_read_in_both_forms():
    reader = LabelReader(("{}",), ("joy",))
    assert reader.ways("homesick", None, competing=False) == ["homesick", "homesickness"]
    assert reader.ways("homesickness", None, competing=False) == ["homesickness", "homesick"]
    assert reader.ways("joy", None, competing=False) == ["joy"]


@pytest.mark.parametrize("same", ["Wut", "😡", "I feel anger", "ANGER!", "the emotion of anger"])
def test_ways_to_type_a_label_score_alike(default_model, vectors, same):
    scores = scores_of(default_model, vectors, ["anger", same])
    # Two columns of one product may differ in the last bit.
    np.testing.assert_allclose(scores[:, 0], scores[:, 1], atol=1e-6)
    assert len(set(default_model.thresholds(["anger", same]))) == 1


@pytest.mark.parametrize("label", ["anger", "angry", "wistful", "fear"])
def test_a_negated_label_scores_one_minus_what_it_denies(default_model, vectors, label):
    scores = scores_of(default_model, vectors, [label, f"not {label}"])
    np.testing.assert_allclose(scores[:, 1], 1 - scores[:, 0], atol=1e-6)
    cuts = default_model.thresholds([label, f"not {label}"])
    assert cuts[1] == pytest.approx(1 - cuts[0])


def test_in_a_contest_a_negated_label_stands_out_as_far_as_the_other_does_not(
    default_model, vectors
):
    labels = ["anger", "not anger", "joy"]
    logits = default_model.competing_logits(
        vectors, default_model.encode_labels(labels, competing=True), labels
    )
    np.testing.assert_allclose(logits[:, 1], -logits[:, 0], atol=1e-5)
    assert np.ptp(logits[:, 0]) > 0.5


def test_the_description_of_a_negated_label_tells_what_it_is(default_model):
    calm = "Everything is peaceful and I am perfectly calm and at ease."
    vectors = default_model.encode_texts([calm])
    plain = scores_of(default_model, vectors, ["not angry"])
    told = scores_of(default_model, vectors, ["not angry"], {"not angry": calm})
    assert told > plain


def test_a_label_of_training_stands_for_itself_however_it_reads():
    reader = LabelReader(("{}",), ("not angry", "wut"))
    assert not reader.read("not angry").negated
    assert reader.ways("Wut", None, competing=False) == ["wut"]


def test_the_scorer_reads_labels_as_the_model_does(default_model):
    thresholds = Thresholds(ModelOptions(), own=default_model.thresholds)
    scorer = OurScorer(default_model, thresholds, batch_size=8, name="ours")
    for multi_label in (True, False):
        np.testing.assert_allclose(
            scorer.score(TEXTS, MIXED, multi_label=multi_label),
            default_model.score(TEXTS, MIXED, multi_label=multi_label),
            atol=1e-6,
        )


# The pipeline.


def test_one_label_is_enough(clf):
    alone = clf(TEXTS[0], candidate_labels=["angry"])["scores"]
    among = clf(TEXTS[0], candidate_labels=["angry", "joy"])
    assert alone[0] == pytest.approx(among["scores"][among["labels"].index("angry")], abs=1e-6)


def test_labels_that_differ_in_case_or_spaces_alone_are_one(clf):
    got = clf(TEXTS[0], candidate_labels=["Joy", "joy", " joy", "JOY", "not_sad", "not sad"])
    assert sorted(got["labels"]) == ["Joy", "not_sad"]
    rival = clf(TEXTS[0], candidate_labels=["Joy", "joy", "fear"], multi_label=False)
    assert sum(rival["scores"]) == pytest.approx(1.0, abs=1e-5)


def test_each_text_may_have_labels_of_its_own(clf):
    got = clf(TEXTS[:2], candidate_labels=[["not angry", "Wut"], {"🙏": "being thankful"}])
    assert [set(answer["labels"]) for answer in got] == [{"not angry", "Wut"}, {"🙏"}]


@pytest.fixture
def tiny_model(tiny_base):
    from transformers import AutoModel, AutoTokenizer

    head = Head(
        logit_scale=10.0,
        logit_bias=-5.0,
        templates=("{}", "feeling {}"),
        trained_labels=("joy",),
        max_tokens=48,
        thresholds={},
        default_threshold=0.5,
        calibration=None,
        trained_calibration=None,
        base="tiny",
    )
    backbone = AutoModel.from_pretrained(tiny_base)
    return EmotionModel(backbone, AutoTokenizer.from_pretrained(tiny_base), head, None, None)


def test_a_thousand_labels_get_a_thousand_scores_in_any_order(tiny_model):
    labels = [f"{kind} {n}" for kind in ("joy", "not fear", "lack of", "zorp") for n in range(250)]
    scores = tiny_model.score(TEXTS[:1], labels)
    tiny_model.run_on("torch", "float32")  # forgets what it kept
    backwards = tiny_model.score(TEXTS[:1], labels[::-1])
    assert scores.shape == (1, 1000)
    assert np.unique(scores.round(4)).size > 100
    np.testing.assert_allclose(backwards[:, ::-1], scores, atol=1e-5)
