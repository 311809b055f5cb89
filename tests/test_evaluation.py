"""Benchmarks are read in their true format, roles hold, and reports say what was measured.

The rows here are of our own writing, in the columns of each public release.
"""

import dataclasses
import json
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub import metrics
from emo_hub.calibration import softmax
from emo_hub.errors import DataError, InputError, NotSuited
from emo_hub.evaluation import BENCHMARKS, FittingRows, benchmark, evaluate, evaluate_rows, load
from emo_hub.evaluation.compare import choose, compare
from emo_hub.evaluation.loading import LoadedBenchmark, load_for_scoring
from emo_hub.evaluation.own import own_split
from emo_hub.evaluation.published import PUBLISHED
from emo_hub.evaluation.report import titles
from emo_hub.evaluation.results import decide, measure_decisions
from emo_hub.evaluation.run import Terms
from emo_hub.evaluation.scored import read_scored, write_scored
from emo_hub.evaluation.scorers import Contestant
from emo_hub.evaluation.scorers.baselines import (
    MajorityScorer,
    SentenceEncoderScorer,
    majority_for,
)
from emo_hub.evaluation.seen import TrainingTexts
from emo_hub.evaluation.store import LOG, ScoreStore
from emo_hub.measurement import Measurement, measure
from emo_hub.taxonomy import EKMAN, GOEMOTIONS, PLUTCHIK

from .commands import emo_hub

ROWS = {
    "goemotions/dev.parquet": [
        {"text": "The bus is at nine.", "label_ids": "27", "id": "a1"},
        {"text": "Platform four, then.", "label_ids": "27", "id": "a2"},
        {"text": "You did it, well done!", "label_ids": "0,17", "id": "a3"},
    ],
    "goemotions/test.parquet": [
        {"text": "Get lost, all of you.", "label_ids": "2,3", "id": "b1"},
        {"text": "Lunch is in the kitchen.", "label_ids": "27", "id": "b2"},
        {"text": "  ", "label_ids": "27", "id": "b3"},
        {"text": "Oh! I had no idea, thank you.", "label_ids": "15,26", "id": "b4"},
    ],
    "isear/all.parquet": [
        {"SIT": "My dog á came home.", "SIT_clean": "My dog came home.", "non_response": False,
         "EMOT": "1", "label": "joy"},
        {"SIT": "[ Never. ]", "SIT_clean": "[ Never. ]", "non_response": True, "EMOT": "7",
         "label": "guilt"},
        {"SIT": "I broke her cup and said nothing.",
         "SIT_clean": "I broke her cup and said nothing.", "non_response": False, "EMOT": "7",
         "label": "guilt"},
        {"SIT": " ", "SIT_clean": " ", "non_response": False, "EMOT": "3", "label": "anger"},
    ],
    "empathetic_dialogues/dev.parquet": [
        {"label_id": "6", "situation": "Nobody came to my party.", "emotion": "sad"},
        {"label_id": "4", "situation": "My son can swim now.", "emotion": "proud"},
    ],
    "edos_mturk/mturk_9k.parquet": [
        {"Dialog": "Where is he ?\nGone .\nThen all is lost .",
         "Agreed emotion (2/3 vote)": "Devastated"},
        {"Dialog": "Leave me alone !", "Agreed emotion (2/3 vote)": "Angry"},
        {"Dialog": "Well .\nWell what ?", "Agreed emotion (2/3 vote)": "-"},
        {"Dialog": "No , no .\nI see it differently .",
         "Agreed emotion (2/3 vote)": "Disagreeing (Other)"},
    ],
    "xed_en/annotated.parquet": [
        {"text": "What is that thing ?", "labels_raw": "4, 7", "labels": "fear,surprise"},
        {"text": "I knew you would come .", "labels_raw": "8, 5", "labels": "trust,joy"},
    ],
    "emocontext2019/dev.parquet": [
        {"id": "0", "turn1": "i lost my key", "turn2": "oh no", "turn3": "i could cry",
         "label": "sad"},
        {"id": "1", "turn1": "hi", "turn2": "hello there", "turn3": "what is new",
         "label": "others"},
    ],
    "emobank/dev.parquet": [
        {"id": "x_0_5", "V": 3.9, "A": 3.4, "D": 3.2, "text": "What a day to be alive."},
        {"id": "x_6_9", "V": 2.1, "A": 3.3, "D": 2.6, "text": "They took the house."},
        {"id": "x_10_19", "V": 3.0, "A": 2.5, "D": 3.0, "text": "The form has two pages."},
    ],
}  # fmt: skip
EXPECTED = {
    "goemotions": (["anger annoyance", "neutral", "gratitude surprise"], 1),
    "goemotions-ekman": (["anger", "neutral", "joy surprise"], 1),
    "goemotions-sentiment": (["negative", "neutral", "positive ambiguous"], 1),
    "isear": (["joy", "guilt"], 2),
    "empathetic-dialogues": (["sad", "proud"], 0),
    "edos": (["devastated", "angry"], 2),
    "xed": (["fear surprise", "joy trust"], 0),
    "emocontext": (["sad", "others"], 0),
}


@pytest.fixture
def folder(tmp_path):
    for name, rows in ROWS.items():
        path = tmp_path / "benchmarks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
    return tmp_path / "benchmarks"


class KeywordScorer:
    """Scores 0.9 where a cue of the label stands in text or context, else 0.1; counts its calls."""

    name = "keywords"
    cues: ClassVar = {
        "anger": "lost",
        "gratitude": "thank",
        "neutral": "lunch",
        "sad": "key",
        "guilt": "cup",
    }

    def __init__(self):
        self.calls = []

    def score(self, texts, labels, contexts=None, *, multi_label=True):
        self.calls.append(tuple(labels))
        pairs = zip(contexts or [""] * len(texts), texts, strict=True)
        whole = [f"{context or ''} {text}".lower() for context, text in pairs]
        cues = [self.cues.get(label, "\0") for label in labels]
        return np.array([[0.9 if q in w else 0.1 for q in cues] for w in whole], dtype=np.float32)

    def thresholds(self, labels):
        return np.full(len(labels), 0.5, dtype=np.float32)

    def dimensions(self, texts, contexts=None):
        return np.array([[3 + len(t) / 30, 3, 3] for t in texts], dtype=np.float32)


def results(*args, **kwargs):
    return [one.result for one in evaluate(*args, **kwargs)]


@pytest.mark.parametrize("name", EXPECTED)
def test_labels_are_read_in_the_format_of_the_release(folder, name):
    rows = load_for_scoring(BENCHMARKS[name], folder)
    wanted, dropped = EXPECTED[name]
    found = [" ".join(np.array(rows.labels)[target.astype(bool)]) for target in rows.targets]
    assert (found, rows.dropped) == (wanted, dropped)


def test_emobank_gives_valence_arousal_dominance(folder):
    rows = load(BENCHMARKS["emobank"], folder, "dev")
    assert rows.targets == pytest.approx(np.array([[3.9, 3.4, 3.2], [2.1, 3.3, 2.6], [3, 2.5, 3]]))


def test_film_dialogue_is_its_last_turn_with_the_turns_before_as_context(folder):
    rows = load(BENCHMARKS["edos"], folder, "all")
    assert rows.texts == ("Then all is lost .", "Leave me alone !")
    assert rows.contexts == ("Where is he ?\nGone .", None)


def test_chat_is_its_third_turn_with_two_turns_of_context(folder):
    rows = load(BENCHMARKS["emocontext"], folder, "dev")
    assert (rows.texts[0], rows.contexts[0]) == ("i could cry", "i lost my key\noh no")


def test_isear_takes_the_cleaned_text(folder):
    assert load(BENCHMARKS["isear"], folder, "all").texts[0] == "My dog came home."


def test_a_test_split_is_not_handed_out_by_load(folder):
    with pytest.raises(InputError, match="evaluate"):
        load(BENCHMARKS["goemotions"], folder, "test")


@pytest.mark.parametrize("split", ["test", "all", "holdout"])
def test_nothing_can_be_fitted_on_a_split_of_another_role(split):
    with pytest.raises(InputError, match="fitted"):
        FittingRows(["Hello."], np.ones((1, 1)), ["joy"], split)


@pytest.mark.parametrize("name", ["empathetic-dialogues", "emocontext"])
def test_a_dev_split_that_is_reported_cannot_be_fitted_on(folder, name):
    with pytest.raises(InputError, match="reported"):
        load(BENCHMARKS[name], folder, "dev").for_fitting()


def test_a_missing_file_is_told_with_where_such_data_comes_from(folder):
    (folder / "xed_en" / "annotated.parquet").unlink()
    with pytest.raises(DataError, match=r"github\.com/Helsinki-NLP/XED"):
        evaluate(KeywordScorer(), folder, only=["xed"])


@pytest.mark.parametrize("ids", ["28", "-1", "hunger", ""])
def test_a_label_outside_the_set_names_the_row(folder, ids):
    path = folder / "goemotions" / "dev.parquet"
    pq.write_table(pa.Table.from_pylist([{"text": "Hm.", "label_ids": ids}]), path)
    with pytest.raises(DataError, match="Row 1 of"):
        load(BENCHMARKS["goemotions"], folder, "dev")


def test_an_unknown_emotion_word_names_the_row(folder):
    path = folder / "edos_mturk" / "mturk_9k.parquet"
    row = {"Dialog": "Hm .", "Agreed emotion (2/3 vote)": "Hungry"}
    pq.write_table(pa.Table.from_pylist([row]), path)
    with pytest.raises(DataError, match=r"Row 1 of .*hungry"):
        load(BENCHMARKS["edos"], folder, "all")


def test_an_empty_folder_says_which_subfolders_are_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"goemotions.*emobank"):
        evaluate(KeywordScorer(), tmp_path)


def test_an_unknown_benchmark_lists_those_that_exist():
    with pytest.raises(InputError, match="goemotions-ekman"):
        benchmark("goemotion")


def test_multi_label_rows_are_decided_at_the_threshold(folder):
    (result,) = results(KeywordScorer(), folder, only=["goemotions"])
    # "anger" and "gratitude" and "neutral" right; annoyance and surprise missed: 3 of 5 found.
    assert result.metrics["micro_f1"] == pytest.approx(2 * 3 / (3 + 5))
    assert result.metrics["macro_f1"] == pytest.approx(3 / 28)
    assert result.per_label["anger"].f1 == 1.0
    assert result.per_label["annoyance"].support == 1
    assert result.metrics["rows_below_thresholds"] == 0


def test_rows_below_every_threshold_are_counted(folder):
    (result,) = results(KeywordScorer(), folder, only=["xed"])
    assert result.metrics["rows_below_thresholds"] == 2


def test_a_scorer_is_told_where_every_text_carries_a_label_and_only_there(folder):
    class Told(KeywordScorer):
        def score_exhaustive(self, texts, labels, contexts=None):
            self.told = [*getattr(self, "told", []), tuple(labels)]
            return self.score(texts, labels, contexts) / 2 + 0.5

    scorer = Told()
    xed, plain = results(scorer, folder, only=["xed", "isear"])
    assert scorer.told == [PLUTCHIK.labels]
    assert xed.metrics["rows_below_thresholds"] == 0
    assert plain.benchmark == "isear"


def test_a_set_where_a_text_may_carry_nothing_is_not_exhaustive():
    assert not benchmark("semeval2018-ec").is_exhaustive
    assert not benchmark("brighter-en").is_exhaustive
    assert benchmark("xed").is_exhaustive


def test_ekman_asks_for_the_28_labels_once_and_projects_what_is_predicted(folder):
    scorer = KeywordScorer()
    found = results(scorer, folder, only=["goemotions", "goemotions-ekman"])
    assert scorer.calls == [GOEMOTIONS.labels]
    assert set(found[1].per_label) == set(EKMAN.labels)
    assert found[1].per_label["joy"].f1 == 1.0  # "gratitude" was predicted
    assert found[1].metrics["macro_f1"] == pytest.approx(3 / 7)


def test_single_label_rows_take_the_best_score_and_see_the_context(folder):
    (result,) = results(KeywordScorer(), folder, only=["emocontext"])
    assert result.per_label["sad"].f1 == 1.0  # the cue stands in the context alone
    assert result.metrics["accuracy"] == 0.5


def test_micro_f1_without_neutral_ignores_the_neutral_column(folder):
    (result,) = results(KeywordScorer(), folder, only=["emocontext"])
    # sad right; the other row, truly "others", is taken for the first label, "happy".
    assert result.metrics["micro_f1_without_neutral"] == pytest.approx(2 * 1 / (2 + 1))


def test_valence_is_correlated_with_what_people_rated(folder):
    (result,) = results(KeywordScorer(), folder, only=["emobank"])
    texts = [row["text"] for row in ROWS["emobank/dev.parquet"]]
    wanted = np.corrcoef([3.9, 2.1, 3.0], [len(t) for t in texts])[0, 1]
    assert result.value == pytest.approx(wanted, abs=1e-5)
    assert result.metrics["arousal_pearson"] == 0.0


def test_the_headline_lies_in_its_interval_on_real_sized_data():
    generator = np.random.default_rng(0)
    targets = np.eye(7, dtype=np.int8)[generator.integers(0, 7, 400)]
    rows = LoadedBenchmark(
        "emo-pillars", "test", "single_label", "macro_f1",
        tuple(f"row {i}" for i in range(400)), (None,) * 400, targets, EKMAN.labels,
    )  # fmt: skip
    scores = np.clip(targets * 0.4 + generator.random(targets.shape) * 0.6, 0, 1)

    class Noisy(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return scores

    result = evaluate_rows(Noisy(), rows).result
    assert result.interval.low < result.value < result.interval.high
    assert result.value == metrics.macro_f1(targets, metrics.predict_best(scores))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((3, 5)), "shape"),
        (np.full((3, 28), np.nan), "finite"),
        (np.full((3, 28), 1.5), r"\[0, 1\]"),
    ],
)
def test_scores_of_wrong_shape_or_range_are_refused(folder, wrong, words):
    class Wrong(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return wrong

    with pytest.raises(InputError, match=words):
        evaluate(Wrong(), folder, only=["goemotions"])


def test_a_limit_scores_a_sample_and_says_so(folder):
    (result,) = results(KeywordScorer(), folder, only=["goemotions"], terms=Terms(limit=2))
    assert (result.rows, result.available) == (2, 3)


def test_progress_says_one_sentence_per_benchmark(folder):
    told = []
    evaluate(majority_for(folder), folder, progress=told.append)
    assert [line.split(":")[0] for line in told] == [*EXPECTED, "emobank"]
    assert "left out" in told[-1]


def test_majority_comes_from_dev_where_dev_is_not_reported(folder):
    scorer = majority_for(folder, only=["goemotions-ekman"])
    assert scorer.by_benchmark == {"goemotions-ekman": {GOEMOTIONS.labels: "neutral"}}
    (result,) = results(scorer, folder, only=["goemotions-ekman"])
    assert result.per_label["neutral"].predicted == 3


def test_majority_refuses_labels_it_was_not_fitted_for():
    rows = FittingRows(["Hm.", "Ah."], np.array([[0, 1], [0, 1]]), ["joy", "fear"], "synthetic")
    scorer = MajorityScorer.fitted(rows)
    assert scorer.score(["x"], ["joy", "fear"]).tolist() == [[0.0, 1.0]]
    with pytest.raises(InputError, match="no choice"):
        scorer.score(["x"], ["joy"])


@pytest.fixture(scope="module")
def encoder():
    rows = FittingRows(
        ["I am so happy today!", "I hate you, get out!", "Thank you so much for your help."],
        np.eye(3, dtype=np.int8),
        ["joy", "anger", "gratitude"],
        "synthetic",
    )
    return SentenceEncoderScorer.fitted(rows)


def test_sentence_encoder_prefers_the_label_that_the_text_is_about(encoder):
    scores = encoder.score(["This fills me with joy.", "Pure anger."], ["joy", "anger"])
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]
    assert 0 <= scores.min() <= scores.max() <= 1


def test_sentence_encoder_score_does_not_depend_on_its_batch(encoder):
    texts = ["Short.", "A much longer sentence that pads every other row of its batch.", "No."]
    together = encoder.score(texts, ["joy", "anger"])
    alone = np.concatenate([encoder.score([t], ["joy", "anger"]) for t in texts])
    assert together == pytest.approx(alone, abs=1e-5)


def test_sentence_encoder_equals_sentence_transformers(encoder):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from emo_hub.checkpoint import PACKAGED_BASE, base_folder

    model = sentence_transformers.SentenceTransformer(str(base_folder(PACKAGED_BASE)), device="cpu")
    texts, labels = ["They took the house.", "What a day!"], ["sadness", "joy"]
    cosines = model.encode(texts, normalize_embeddings=True) @ (
        model.encode(labels, normalize_embeddings=True).T
    )
    assert encoder.score(texts, labels) == pytest.approx((1 + cosines) / 2, abs=1e-5)


def test_sentence_encoder_threshold_is_fitted_on_the_rows_that_it_got(encoder):
    (threshold,) = set(encoder.thresholds(["joy", "anger"]).tolist())
    assert 0.5 < threshold < 1.0


def test_quoted_numbers_name_their_source_and_a_declared_benchmark():
    assert all(p.source and p.benchmark in BENCHMARKS for p in PUBLISHED)


def test_a_score_of_nothing_is_wrong_and_counted(folder):
    class Silent(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return np.zeros((len(texts), len(labels)), np.float32)

    for result in results(Silent(), folder, only=["goemotions", "emocontext"]):
        assert result.metrics["accuracy"] == 0.0
        assert result.metrics["rows_without_answer"] == result.rows


def test_a_benchmark_that_a_model_cannot_answer_is_left_out_aloud(folder):
    class Narrow(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            if "guilt" in labels:
                raise NotSuited("No label of isear is known.")
            return super().score(texts, labels, contexts, multi_label=multi_label)

    told = []
    found = results(Narrow(), folder, ["isear", "xed"], told.append)
    assert [r.benchmark for r in found] == ["xed"]
    assert told[0] == "isear: left out. No label of isear is known."


def sure_of_annotated(folder):
    path = folder / "edos_mturk" / "mturk_9k.parquet"
    row = {"Dialog": "I lost it .", "Agreed emotion (2/3 vote)": "Angry",
           "Worker 1 answer": "Angry", "Worker 2 answer": "Angry",
           "Worker 3 answer": "Sad"}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row]), path)

    class Sure(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return np.array([[float(label == "angry") for label in labels]], np.float32)

    (result,) = results(Sure(), folder, only=["edos"])
    return result


def test_agreement_with_annotators_is_measured_where_they_are_known(folder):
    found = sure_of_annotated(folder).metrics
    assert found["annotator_agreement"] == pytest.approx(2 / 3)


def test_a_distance_from_annotators_is_best_at_its_least_and_their_ceiling_is_nobodys(folder):
    assert {"annotator_distance", "annotator_ceiling"} <= sure_of_annotated(folder).metrics.keys()
    assert titles.best("annotator_distance", [0.9, 0.7]) == 0.7
    assert titles.best("annotator_ceiling", [0.9, 0.7]) is None


def fitted(scores, dev, name="fitted"):
    """A scorer that gives the dev rows other scores than the rest."""

    class Fitted(KeywordScorer):
        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return dev if len(texts) == len(dev) else scores

    Fitted.name = name
    return Fitted()


def test_thresholds_from_dev_are_fitted_there_and_make_another_table(folder):
    neutral, anger = GOEMOTIONS.index("neutral"), GOEMOTIONS.index("anger")
    dev = np.full((3, 28), 0.1, np.float32)
    dev[:, neutral] = [0.3, 0.3, 0.2]  # what dev calls neutral starts at 0.3
    path = folder / "goemotions" / "test.parquet"
    pq.write_table(pq.read_table(path).slice(0, 2), path)
    scores = np.full((2, 28), 0.1, np.float32)
    scores[0, anger], scores[1, neutral] = 0.9, 0.29
    (own,) = results(fitted(scores, dev), folder, ["goemotions"])
    (tuned,) = results(fitted(scores, dev), folder, ["goemotions"], terms=Terms(thresholds="dev"))
    assert (own.role, tuned.role) == ("zero-shot", "zero-shot, thresholds from dev")
    assert (own.thresholds_from, tuned.thresholds_from) == (
        "the model's own",
        "thresholds from dev",
    )
    assert tuned.metrics["rows_below_thresholds"] < own.metrics["rows_below_thresholds"]


def test_a_set_without_dev_keeps_the_models_thresholds_and_its_table(folder):
    (result,) = results(KeywordScorer(), folder, ["xed"], terms=Terms(thresholds="dev"))
    assert (result.role, result.thresholds_from) == ("zero-shot", "the model's own")


@pytest.fixture
def leaky(folder):
    """GoEmotions with a train split that holds one scored text, spelt a little differently."""
    rows = [
        {"text": "GET lost... all of you", "label_ids": "2", "id": "t1"},
        {"text": "Nothing to see.", "label_ids": "27", "id": "t2"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "goemotions" / "train.parquet")
    return folder


def test_rows_that_stand_in_the_train_split_are_counted(leaky):
    (result,) = results(KeywordScorer(), leaky, ["goemotions"])
    assert result.seen == {"train split": 1, "train split, 6 words and more": 0}
    assert result.rows == 3


def test_rows_that_stand_in_training_can_be_dropped(leaky):
    corpus = TrainingTexts.of("mine", ["Lunch is in the kitchen!", "Elsewhere."])
    terms = Terms(sources=(corpus,), drop_seen=True)
    (result,) = results(KeywordScorer(), leaky, ["goemotions"], terms=terms)
    assert result.seen["mine"] == 1
    assert (result.rows, result.available) == (1, 1)


def test_nothing_left_after_dropping_is_an_error(leaky):
    path = leaky / "goemotions" / "test.parquet"
    pq.write_table(pq.read_table(path).slice(0, 1), path)
    with pytest.raises(InputError, match="nothing is left"):
        evaluate(KeywordScorer(), leaky, ["goemotions"], terms=Terms(drop_seen=True))


def contestant(scorer, fingerprint="f" * 64, trained_on=()):
    return Contestant(scorer, fingerprint, "zero-shot", frozenset(trained_on), {})


@pytest.fixture
def terms(tmp_path):
    return Terms(store=ScoreStore(tmp_path / "kept"))


def test_a_split_is_scored_once_per_model(folder, terms):
    scorer = KeywordScorer()
    (first,) = evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    (second,) = evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    assert len(scorer.calls) == 1
    assert second.result == first.result
    assert np.array_equal(second.scores, first.scores)


def test_another_model_and_other_rows_are_scored_anew(folder, terms):
    scorer = KeywordScorer()
    evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    evaluate(contestant(scorer, "e" * 64), folder, ["isear"], terms=terms)
    path = folder / "isear" / "all.parquet"
    pq.write_table(pq.read_table(path).slice(0, 1), path)
    evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    assert len(scorer.calls) == 3


def test_scoring_again_takes_a_reason_and_both_stand_in_the_log(folder, terms):
    scorer = KeywordScorer()
    evaluate(contestant(scorer), folder, ["goemotions"], terms=terms)
    again = dataclasses.replace(terms, score_again="a bug in the tokeniser")
    (result,) = results(contestant(scorer), folder, ["goemotions"], terms=again)
    lines = [json.loads(line) for line in (terms.store.folder / LOG).read_text().splitlines()]
    assert [(line["times"], line["reason"]) for line in lines] == [
        (1, ""),
        (2, "a bug in the tokeniser"),
    ]
    assert (result.times_scored, len(scorer.calls)) == (2, 2)
    assert not any(row["text"] in json.dumps(lines) for row in ROWS["goemotions/test.parquet"][:2])


def test_answers_of_a_dead_server_are_not_kept(folder, terms):
    scorer = KeywordScorer()
    scorer.is_complete = False
    evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    evaluate(contestant(scorer), folder, ["isear"], terms=terms)
    assert len(scorer.calls) == 2


def test_damaged_scores_say_what_to_do(folder, terms):
    evaluate(contestant(KeywordScorer()), folder, ["isear"], terms=terms)
    (kept,) = terms.store.folder.rglob("*.npz")
    whole = kept.read_bytes()
    for damaged in (b"no scores", whole[: len(whole) // 2], b""):
        kept.write_bytes(damaged)
        with pytest.raises(InputError, match="remove it"):
            evaluate(contestant(KeywordScorer()), folder, ["isear"], terms=terms)


def test_a_model_trained_on_a_benchmark_is_fine_tuned_there_alone(folder):
    model = contestant(KeywordScorer(), trained_on=["isear"])
    found = results(model, folder, ["isear", "xed"])
    assert {r.benchmark: r.role for r in found} == {"isear": "fine-tuned", "xed": "zero-shot"}


def test_records_of_an_earlier_report_do_not_stay_beside_those_of_a_new_one(folder, tmp_path):
    write_scored(evaluate(KeywordScorer(), folder, ["goemotions", "edos"]), tmp_path)
    write_scored(evaluate(KeywordScorer(), folder, ["edos"]), tmp_path)
    assert [one.rows.name for one in read_scored(tmp_path)] == ["edos"]


def test_a_record_reads_back_whole_and_holds_no_text(folder, tmp_path):
    scored = evaluate(KeywordScorer(), folder, ["goemotions", "edos", "emobank"])
    paths = write_scored(scored, tmp_path)
    back = {one.rows.name: one for one in read_scored(tmp_path)}
    for one in scored:
        found = back[one.rows.name]
        assert found.result == one.result
        assert np.array_equal(found.scores, one.scores)
        assert np.array_equal(found.rows.targets, one.rows.targets)
        assert found.row_ids == one.row_ids
    assert not any(b"Get lost" in path.read_bytes() for path in paths)


def test_a_record_of_nothing_or_damage_is_an_error(tmp_path):
    with pytest.raises(DataError, match="evaluate"):
        read_scored(tmp_path)
    (tmp_path / "scores" / "m").mkdir(parents=True)
    (tmp_path / "scores" / "m" / "isear.parquet").write_bytes(b"nothing")
    with pytest.raises(DataError, match="score the model again"):
        read_scored(tmp_path)


def drawn(seed, right, rows=300):
    """A model on drawn rows: its best label is the right one for a share `right` of them."""
    generator = np.random.default_rng(0)
    targets = np.eye(7, dtype=np.int8)[generator.integers(0, 7, rows)]
    loaded = LoadedBenchmark(
        "isear", "all", "single_label", "macro_f1",
        tuple(f"row {i}" for i in range(rows)), (None,) * rows, targets,
        ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame"),
    )  # fmt: skip
    noise = np.random.default_rng(seed)
    scores = noise.random((rows, 7)) * 0.5
    hit = noise.random(rows) < right
    scores[hit] += 0.5 * targets[hit]

    class Drawn(KeywordScorer):
        name = f"model {seed}"

        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return scores.astype(np.float32)

    return evaluate_rows(Drawn(), loaded)


def test_labels_that_are_favoured_are_matched_to_the_texts_beside_what_is_judged_text_by_text():
    rng = np.random.default_rng(0)
    targets = np.eye(7, dtype=np.int8)[np.arange(700) % 7]
    rows = LoadedBenchmark(
        "isear", "all", "single_label", "macro_f1",
        tuple(f"row {i}" for i in range(700)), (None,) * 700, targets,
        ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame"),
    )  # fmt: skip
    logits = rng.normal(size=(700, 7)) + 2.0 * targets + np.array([2, 0, 0, 0, 0, 0, -2.0])
    scores = softmax(logits.astype(np.float32))

    def measured(rows, scores):
        return measure_decisions("m", rows, decide(rows, scores, None), 0.0).metrics

    found = measured(rows, scores)
    assert found["macro_f1_matched"] > found["macro_f1"] + 0.05
    fair = measured(rows, softmax((logits - [2, 0, 0, 0, 0, 0, -2.0]).astype(np.float32)))
    assert found["macro_f1_matched"] == pytest.approx(fair["macro_f1"], abs=0.02)
    # Answers of yes and no are no odds that could be moved.
    assert "macro_f1_matched" not in measured(rows, targets.astype(np.float32))


def test_a_clear_gain_is_better_and_its_mirror_worse():
    weak, strong = drawn(1, 0.4), drawn(2, 0.7)
    (gain,), (loss,) = compare([weak], [strong]).changes, compare([strong], [weak]).changes
    assert (gain.verdict, loss.verdict) == ("better", "worse")
    assert gain.difference == pytest.approx(strong.result.value - weak.result.value)
    assert gain.low < gain.difference < gain.high
    assert (gain.fixed, gain.broken) == (loss.broken, loss.fixed)
    assert gain.difference == pytest.approx(-loss.difference)


def test_equally_good_models_differ_by_no_more_than_noise():
    assert compare([drawn(1, 0.5)], [drawn(2, 0.5)]).changes[0].verdict == "no more than noise"


def test_rows_are_paired_by_what_they_are_and_not_by_their_place():
    weak, strong = drawn(1, 0.4), drawn(2, 0.7)
    order = np.random.default_rng(3).permutation(len(strong.row_ids))[:250]
    mixed = dataclasses.replace(
        strong,
        scores=strong.scores[order],
        predicted=strong.predicted[order],
        row_ids=tuple(strong.row_ids[i] for i in order),
        rows=dataclasses.replace(strong.rows, targets=strong.rows.targets[order]),
    )
    (change,) = compare([weak], [mixed]).changes
    kept = np.sort(order)
    wanted = metrics.macro_f1(strong.rows.targets[kept], strong.predicted[kept])
    assert (change.rows, change.left_out) == (250, 50)
    assert change.second == pytest.approx(wanted)


def test_other_annotations_or_no_common_row_cannot_be_compared():
    one, other = drawn(1, 0.5), drawn(2, 0.5)
    turned = dataclasses.replace(other.rows, targets=other.rows.targets[:, ::-1])
    with pytest.raises(DataError, match="other annotations"):
        compare([one], [dataclasses.replace(other, rows=turned)])
    strange = dataclasses.replace(other, row_ids=tuple(f"x{i}" for i in range(300)))
    with pytest.raises(DataError, match="share no row"):
        compare([one], [strange])


def test_models_without_a_common_benchmark_are_refused(folder):
    with pytest.raises(InputError, match="no benchmark in common"):
        compare(
            evaluate(KeywordScorer(), folder, ["isear"]), evaluate(KeywordScorer(), folder, ["xed"])
        )


def test_a_model_is_taken_out_of_a_report_by_name():
    both = [drawn(1, 0.5), drawn(2, 0.5)]
    assert [one.model for one in choose(both)] == ["model 1"]
    assert [one.model for one in choose(both, "model 2")] == ["model 2"]
    with pytest.raises(InputError, match="model 1, model 2"):
        choose(both, "model 3")


@pytest.fixture(scope="module")
def report(tiny_corpus, tmp_path_factory):
    """What a user gets who runs the command on folders of her own."""
    place = tmp_path_factory.mktemp("cli")
    for name in ("isear/all.parquet", "emobank/dev.parquet"):
        path = place / "data" / name
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(ROWS[name]), path)
    (place / "corpus").symlink_to(tiny_corpus)
    where = ("--benchmarks", place / "data", "--data", place / "corpus")
    run = emo_hub("evaluate", "default", *where, "--out", place / "out")
    assert run.returncode == 0, run.stderr
    return place, run.stdout


def test_a_limit_holds_for_the_corpuss_own_rows_and_those_that_fit_a_threshold(
    tiny_corpus, tmp_path
):
    plan = Measurement(models=(), corpus=tiny_corpus, limit=20)
    measure(plan, tmp_path, command="made by hand")
    told = json.loads((tmp_path / "report.json").read_text())
    name = "all-MiniLM-L6-v2 as it is"
    (own,) = told["models"][name]
    assert own["rows"] == 20 < own["available"] == len(own_split(tiny_corpus).texts)
    assert "on 20 synthetic rows" in told["facts"]["contestants"][name]["thresholds"]


def test_the_command_writes_a_report_with_pictures_and_records(report):
    place, said = report
    out = place / "out"
    kept = json.loads((out / "report.json").read_text())
    assert set(kept["models"]) == {"emo_hub default", "all-MiniLM-L6-v2 as it is", "majority label"}
    assert {r["benchmark"] for r in kept["models"]["emo_hub default"]} == {
        "emo-pillars",
        "isear",
        "emobank",
    }
    assert (out / "report.html").exists()
    assert (out / "report.md").exists()
    assert list((out / "pictures").glob("*.png"))
    assert "isear: 2 rows" in said


def test_the_report_names_the_command_that_makes_it_again(report):
    place, _ = report
    kept = json.loads((place / "out" / "report.json").read_text())
    assert kept["facts"]["command"] == "emo-hub evaluate default --benchmarks DIR --data CORPUS"


@pytest.mark.slow
def test_only_may_name_the_corpus_beside_public_sets(report):
    place, _ = report
    out = place / "some"
    which = ("--only", "emo-pillars,isear", "--no-baselines", "--out", out)
    where = ("--benchmarks", place / "data", "--data", place / "corpus")
    run = emo_hub("evaluate", "default", *where, *which)
    assert run.returncode == 0, run.stderr
    kept = json.loads((out / "report.json").read_text())
    measured = {row["benchmark"] for row in kept["models"]["emo_hub default"]}
    assert measured == {"emo-pillars", "isear"}


@pytest.mark.slow
def test_only_the_corpus_needs_no_folder_of_benchmarks(report, tmp_path):
    place, _ = report
    which = ("--only", "emo-pillars", "--no-baselines", "--data", place / "corpus")
    run = emo_hub("evaluate", "default", *which, "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    kept = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [row["benchmark"] for row in kept["models"]["emo_hub default"]] == ["emo-pillars"]


def test_two_files_of_predictions_that_name_one_model_are_refused(tmp_path, tiny_corpus):
    from emo_hub.measurement import Measurement, measure

    for name in ("one", "other"):
        (tmp_path / f"{name}.csv").write_text("text,joy\nhello,0.5\n")
        (tmp_path / f"{name}.json").write_text('{"model": "theirs"}')
    both = tuple(f"predictions:{tmp_path / name}.csv" for name in ("one", "other"))
    plan = Measurement(models=both, corpus=tiny_corpus, baselines=False)
    with pytest.raises(InputError, match="called 'theirs'"):
        measure(plan, tmp_path / "out", command="")


def test_the_command_compares_two_models_of_a_report(report):
    place, _ = report
    baseline = f"{place / 'out'}#all-MiniLM-L6-v2 as it is"
    run = emo_hub("evaluate", "--compare", baseline, place / "out", "--out", place / "compared")
    assert run.returncode == 0, run.stderr
    assert "all-MiniLM-L6-v2 as it is -> emo_hub default" in run.stdout
    kept = json.loads((place / "compared" / "comparison.json").read_text())
    assert {c["benchmark"] for c in kept["changes"]} == {"emo-pillars", "isear"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--compare", "one"], "two models"),
        (["default", "--only", "isear"], "--benchmarks"),
        (["default", "--only", "isear,emo-pillars"], "--benchmarks"),
        (["default", "--thresholds", "high"], "--thresholds"),
        (["no/such/model"], "no/such/model"),
    ],
)
def test_the_command_refuses_with_a_sentence(arguments, words):
    run = emo_hub("evaluate", *arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_rows_of_a_dialogue_are_drawn_together():
    loose = drawn(1, 0.5)
    rows = dataclasses.replace(loose.rows, groups=tuple(f"{i // 30}" for i in range(300)))

    class Same(KeywordScorer):
        name = "same"

        def score(self, texts, labels, contexts=None, *, multi_label=True):
            return loose.scores

    tied = evaluate_rows(Same(), rows)
    assert tied.result.value == loose.result.value
    assert tied.result.interval != loose.result.interval


def test_groups_survive_the_record(tmp_path):
    loose = drawn(1, 0.5)
    rows = dataclasses.replace(loose.rows, groups=tuple(f"{i // 30}" for i in range(300)))
    write_scored([dataclasses.replace(loose, rows=rows)], tmp_path)
    (back,) = read_scored(tmp_path)
    assert back.rows.groups == rows.groups


def test_folders_are_named_by_their_last_part_and_a_number_where_others_share_it(tmp_path):
    from emo_hub.measurement import _names

    one, other = tmp_path / "a" / "model", tmp_path / "b" / "model"
    for folder in (one, other):
        folder.mkdir(parents=True)
    assert _names([str(one), "default"]) == ["model", ""]
    assert _names([f"ours:{one}", "org/model"]) == ["model", ""]
    assert _names([str(one), str(other)]) == ["model", "model (2)"]
    assert _names([str(one), str(one)]) == ["model", "model"]
