"""The BTZSC protocol: the rows of its harness, its metric, its table. All texts are our own."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from emo_hub.errors import DataError, EmoHubError, InputError
from emo_hub.evaluation import btzsc
from emo_hub.evaluation.benchmarks import benchmark
from emo_hub.evaluation.btzsc_standings import leaderboard_part, render, stand_in, standings
from emo_hub.evaluation.btzsc_table import PUBLISHED
from emo_hub.evaluation.loading import load, load_for_scoring

DAIR = ("anger", "fear", "joy", "love", "sadness", "surprise")
SAYS = "This example tweet expresses the emotion: "
TWEETS = (
    ("i slammed the drawer because nobody had asked me", "anger"),
    ("i slammed it again an hour later", "anger"),
    ("i keep the hall light on since the knocking", "fear"),
    ("i could dance down the whole street", "joy"),
    ("i still save the last biscuit for her", "love"),
    ("i found his scarf and had to sit down", "sadness"),
    ("i never thought the old car would start", "surprise"),
)
TURNS = (
    ("hit:0_conv:1", 1, "lonely", "Nobody came to my table_comma_ all evening.", 7, "I sat alone."),
    ("hit:0_conv:1", 2, "lonely", "Nobody came to my table_comma_ all evening.", 4, "All evening?"),
    (
        "hit:0_conv:1",
        3,
        "lonely",
        "Nobody came to my table_comma_ all evening.",
        7,
        "Yes_comma_ all.",
    ),
    ("hit:1_conv:3", 1, "proud", "My niece built a bridge of matches.", 2, "She is nine!"),
    ("hit:1_conv:3", 2, "proud", "My niece built a bridge of matches.", 9, "Well done_comma_ her."),
    ("hit:2_conv:5", 1, "proud", "My niece built a bridge of matches.", 2, "She is nine!"),
    ("hit:2_conv:5", 2, "proud", "My niece built a bridge of matches.", 9, "Well done_comma_ her."),
)


def pair_file(folder, rows=TWEETS, says=SAYS, right=1, wrong=0):
    folder.mkdir(parents=True)
    pairs = [
        {
            "text": text,
            "hypothesis": f"{says}{label}",
            "labels": right if label == chosen else wrong,
            "task_name": "emotiondair",
            "label_text": label,
        }
        for text, chosen in rows
        for label in DAIR
    ]
    pq.write_table(pa.Table.from_pylist(pairs), folder / "test-00000-of-00001.parquet")


@pytest.fixture
def emotion(tmp_path):
    pair_file(tmp_path / "emotiondair")
    return load_for_scoring(benchmark("btzsc-emotion"), tmp_path)


class Recording:
    """Scores by a table of words and keeps what it was asked for."""

    name = "recording"

    def __init__(self, best):
        self.best, self.asked, self.multi_label = best, None, None

    def score(self, texts, labels, contexts=None, *, multi_label=True):
        self.asked, self.multi_label = tuple(labels), multi_label
        return np.array(
            [[float(label.endswith(self.best(text))) for label in labels] for text in texts],
            np.float32,
        )

    def thresholds(self, labels):
        return np.full(len(labels), 0.5, np.float32)

    def dimensions(self, texts, contexts=None):
        return None


def letters(texts):
    """A real, if poor, encoder: counts of letters, not of unit length."""
    return np.array(
        [[t.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], "f4"
    )


def outcome(
    benchmark_name="btzsc-emotion", f1=0.6, *, model="ours", rows=None, way=None, split="test"
):
    metrics = dict.fromkeys(("macro_f1", "accuracy", "macro_precision", "macro_recall"), f1)
    count = btzsc.FULL.get(benchmark_name, 5) if rows is None else rows
    return btzsc.Outcome(model, benchmark_name, split, way or btzsc.Way.COSINE, count, metrics)


# the rows


def test_pairs_of_the_harness_give_each_text_once_with_its_right_label(emotion):
    assert emotion.texts == tuple(text for text, _ in TWEETS)
    right = [emotion.labels[i] for i in btzsc.references(emotion)]
    assert right == [label for _, label in TWEETS]
    assert emotion.labels == DAIR
    assert emotion.dropped == 0


def test_the_public_test_split_gives_the_task_of_the_harness(emotion, tmp_path):
    codes = {"sadness": 0, "joy": 1, "love": 2, "anger": 3, "fear": 4, "surprise": 5}
    folder = tmp_path / "public" / "emotion"
    folder.mkdir(parents=True)
    table = [{"text": text, "label": codes[label]} for text, label in TWEETS]
    pq.write_table(pa.Table.from_pylist(table), folder / "test.parquet")
    public = load_for_scoring(benchmark("btzsc-emotion"), tmp_path / "public")
    assert public.texts == emotion.texts
    assert (public.targets == emotion.targets).all()
    assert public.prompts == emotion.prompts


def test_turns_of_the_public_release_become_the_texts_of_the_harness(tmp_path):
    folder = tmp_path / "empathetic_dialogues"
    folder.mkdir()
    with (folder / "test.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = ("conv_id", "utterance_idx", "context", "prompt", "speaker_idx", "utterance")
        writer.writerow((*names, "selfeval", "tags"))
        writer.writerows((*turn, "5|5|5_2|2|5", "") for turn in TURNS)
    rows = load_for_scoring(benchmark("btzsc-empathetic"), tmp_path)
    assert rows.texts == (
        "Context: Nobody came to my table, all evening.\n"
        "Speaker 1: I sat alone.\nSpeaker 2: All evening?\nSpeaker 1: Yes, all.",
        "Context: My niece built a bridge of matches.\n"
        "Speaker 1: She is nine!\nSpeaker 2: Well done, her.",
    )
    assert [rows.labels[i] for i in btzsc.references(rows)] == ["lonely", "proud"]


def test_pairs_with_other_sentences_are_refused(tmp_path):
    pair_file(tmp_path / "emotiondair", says="The emotion is ")
    with pytest.raises((DataError, InputError), match="protocol asks for"):
        load_for_scoring(benchmark("btzsc-emotion"), tmp_path)


def test_pairs_may_say_entailment_in_words(tmp_path, emotion):
    pair_file(tmp_path / "words" / "emotiondair", right="entailment", wrong="not_entailment")
    rows = load_for_scoring(benchmark("btzsc-emotion"), tmp_path / "words")
    assert (rows.targets == emotion.targets).all()


def test_the_sets_are_left_out_unless_they_are_named():
    assert all(benchmark(name).only_by_name for name in (*btzsc.FULL, btzsc.STAND_IN))


def test_the_revision_of_the_hub_copy_is_pinned():
    for name, config in (("btzsc-emotion", "emotiondair"), ("btzsc-empathetic", "empathetic")):
        hub = benchmark(name).hub
        assert (hub.repo, hub.config, len(hub.revision)) == ("btzsc/btzsc", config, 40)


# what a scorer sees and how it is decided


def test_the_sentences_are_what_the_scorer_sees(emotion):
    scorer = Recording(lambda text: "joy")
    btzsc.protocol_score(scorer, emotion)
    assert scorer.asked == tuple(f"{SAYS}{label}" for label in DAIR)
    assert scorer.multi_label is False


def test_the_line_of_a_models_own_labels_sees_the_names(emotion):
    scorer = Recording(lambda text: "joy")
    btzsc.own_labels_score(scorer, emotion)
    assert scorer.asked == DAIR


def test_all_32_sentences_of_the_second_set_are_those_of_the_harness():
    declared = benchmark("btzsc-empathetic")
    assert len(declared.prompts) == 32
    assert declared.prompts[0] == "The main emotion of this example dialogue is: afraid"
    assert list(declared.labels.labels) == sorted(declared.labels.labels)


def test_a_right_scorer_reaches_one(emotion):
    right = dict(TWEETS)
    chosen = btzsc.protocol_score(Recording(right.__getitem__), emotion)
    assert btzsc.outcome("ours", emotion, chosen, btzsc.Way.SCORES).macro_f1 == 1.0


def test_the_order_of_labels_does_not_matter():
    rng = np.random.default_rng(3)
    scores, right = rng.random((200, 6)), rng.integers(0, 6, 200)
    order = rng.permutation(6)
    place = np.argsort(order)
    first = btzsc.measure(right, scores.argmax(axis=1))
    assert btzsc.measure(place[right], scores[:, order].argmax(axis=1)) == pytest.approx(first)


def test_cosine_does_not_depend_on_the_length_of_vectors(emotion):
    sentences = btzsc.sentences_of(emotion)
    plain = btzsc.cosine_scores(letters, emotion.texts, sentences)
    longer = btzsc.cosine_scores(
        lambda texts: letters(texts) * np.arange(1, len(texts) + 1)[:, None],
        emotion.texts,
        sentences,
    )
    assert np.allclose(plain, longer, atol=1e-6)
    assert np.abs(plain).max() <= 1 + 1e-6


def test_texts_and_sentences_get_the_prefixes_of_e5():
    seen = []

    def encode(texts):
        seen.extend(texts)
        return letters(texts)

    btzsc.cosine_scores(
        encode, ["a wet dog"], ["This is joy"], btzsc.prefixes("intfloat/e5-base-v2")
    )
    assert seen == ["query: a wet dog", "passage: This is joy"]


def test_other_encoders_get_the_bare_text():
    assert btzsc.prefixes("BAAI/bge-base-en-v1.5") == ("", "")


def test_rows_without_sentences_are_refused(benchmarks):
    rows = load(benchmark("goemotions"), benchmarks, "dev")
    with pytest.raises(InputError, match="sentence"):
        btzsc.protocol_score(Recording(lambda text: "joy"), rows)


# the metric


@pytest.mark.parametrize("seed", range(6))
def test_metrics_are_those_of_scikit_learn_without_a_label_list(seed):
    rng = np.random.default_rng(seed)
    right = rng.integers(0, 5, 60)
    predicted = rng.integers(1, 9, 60)
    found = btzsc.measure(right, predicted)
    assert found["macro_f1"] == pytest.approx(
        f1_score(right, predicted, average="macro", zero_division=0)
    )
    assert found["accuracy"] == pytest.approx(accuracy_score(right, predicted))
    assert found["macro_precision"] == pytest.approx(
        precision_score(right, predicted, average="macro", zero_division=0)
    )
    assert found["macro_recall"] == pytest.approx(
        recall_score(right, predicted, average="macro", zero_division=0)
    )


def test_a_label_that_stands_nowhere_is_not_counted():
    assert btzsc.measure(np.array([0, 1]), np.array([0, 1]))["macro_f1"] == 1.0


def test_a_label_that_is_only_predicted_counts_as_zero():
    right, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 5])
    assert btzsc.measure(right, predicted)["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)


# the table


def test_the_emotion_group_is_the_plain_mean():
    both = [outcome(f1=0.5), outcome("btzsc-empathetic", 0.3)]
    assert btzsc.emotion_mean(both) == pytest.approx(0.4)


def test_a_mean_over_a_sample_is_refused():
    with pytest.raises(InputError, match="all test rows"):
        btzsc.emotion_mean([outcome(rows=100), outcome("btzsc-empathetic")])


def test_ours_stands_at_its_place_and_every_other_line_is_quoted():
    lines = standings([outcome(f1=0.5), outcome("btzsc-empathetic", 0.48)], {"ours": 22.7})
    means = [line.mean for line in lines]
    assert means == sorted(means, reverse=True)
    assert [line.model for line in lines if line.is_measured] == ["ours"]
    table = render(lines).splitlines()
    assert sum("| quoted: " in row for row in table) == len(PUBLISHED)
    (own,) = [row for row in table if "**ours**" in row]
    assert "measured: " in own
    assert "0.490" in own


def test_two_ways_of_one_model_are_two_lines_that_say_so():
    ways = (btzsc.Way.COSINE, btzsc.Way.OWN_LABELS)
    runs = [outcome(name, way=way) for way in ways for name in btzsc.FULL]
    rows = [row for row in render(standings(runs)).splitlines() if "**ours**" in row]
    assert len(rows) == 2
    assert sum("not the protocol" in row for row in rows) == 1


def test_a_set_that_was_not_scored_leaves_no_mean_and_the_last_place():
    lines = standings([outcome(f1=0.99)])
    assert lines[-1].model == "ours"
    assert lines[-1].mean is None


@pytest.mark.parametrize(
    "wrong",
    [
        outcome(rows=1999),
        outcome("btzsc-empathetic-dev", split="dev"),
        outcome("btzsc-empathetic", split="dev"),
    ],
)
def test_what_is_not_all_test_rows_never_stands_among_published_numbers(wrong):
    with pytest.raises(InputError, match="cannot stand among"):
        standings([wrong])


def test_the_stand_in_has_a_table_of_its_own_that_says_what_it_is():
    table = stand_in([outcome("btzsc-empathetic-dev", split="dev")])
    assert "(dev, stand-in)" in table
    assert "quoted" not in table


def test_published_numbers_are_whole():
    names = [one.model for one in PUBLISHED]
    assert len(names) == len(set(names)) == 39
    assert all(0 <= v <= 1 for one in PUBLISHED for v in (one.emotion, one.empathetic))
    assert max(PUBLISHED, key=lambda one: one.mean if one.kind != "api" else 0).model == (
        "Qwen3-Embedding-8B"
    )


def test_the_part_for_the_leaderboard_has_its_four_metrics_for_both_sets():
    part = leaderboard_part([outcome(f1=0.5), outcome("btzsc-empathetic", 0.3)], "embedding")
    metrics = {"macro_f1", "accuracy", "macro_precision", "macro_recall"}
    assert set(part["results"]["by_task"]["emotion"]) == metrics
    assert set(part["results"]["by_dataset"]) == {"emotiondair", "empathetic"}
    assert part["results"]["by_task"]["emotion"]["macro_f1"] == pytest.approx(0.4)


def test_errors_are_those_of_the_package():
    with pytest.raises(EmoHubError, match="no type of the leaderboard"):
        leaderboard_part([outcome(), outcome("btzsc-empathetic")], "oracle")


# the given data


def test_the_dev_rows_are_a_stand_in_with_the_sentences_of_the_protocol(benchmarks):
    rows = load_for_scoring(benchmark(btzsc.STAND_IN), benchmarks)
    assert rows.split == "dev"
    assert len(rows.texts) == 2770
    assert rows.prompts == benchmark("btzsc-empathetic").prompts
    assert all(text.startswith("Context: ") for text in rows.texts)


def test_the_given_dev_rows_are_not_taken_for_the_test(benchmarks):
    with pytest.raises((DataError, InputError)):
        load_for_scoring(benchmark("btzsc-empathetic"), benchmarks)
