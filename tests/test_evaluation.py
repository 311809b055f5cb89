"""Benchmarks are read in their true format, roles hold, and reports say what was measured.

The rows here are of our own writing, in the columns of each public release.
"""

import ast
import dataclasses
import json
import os
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import emo_hub
from emo_hub import metrics
from emo_hub.errors import DataError, InputError
from emo_hub.evaluation import BENCHMARKS, FittingRows, benchmark, evaluate, evaluate_rows, load
from emo_hub.evaluation.baselines import MajorityScorer, SentenceEncoderScorer, majority_for
from emo_hub.evaluation.loading import LoadedBenchmark, load_for_scoring
from emo_hub.evaluation.published import PUBLISHED
from emo_hub.evaluation.report import write_report
from emo_hub.taxonomy import EKMAN, GOEMOTIONS

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


@pytest.mark.parametrize("name", EXPECTED)
def test_labels_are_read_in_the_format_of_the_release(folder, name):
    rows = load_for_scoring(BENCHMARKS[name], folder)
    wanted, dropped = EXPECTED[name]
    found = [" ".join(np.array(rows.labels)[target.astype(bool)]) for target in rows.targets]
    assert (found, rows.dropped) == (wanted, dropped)


def test_every_declared_benchmark_has_a_layout_test():
    assert set(EXPECTED) | {"emobank"} == set(BENCHMARKS)


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


def test_only_evaluate_reads_the_split_that_is_reported():
    package = Path(emo_hub.__path__[0])
    users = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = {getattr(node, "id", None), getattr(node, "attr", None)}
            if "load_for_scoring" in names:
                users.add(path.relative_to(package).as_posix())
    assert users == {"evaluation/run.py"}


@pytest.mark.parametrize("split", ["test", "all", "holdout"])
def test_nothing_can_be_fitted_on_a_split_of_another_role(split):
    with pytest.raises(InputError, match="fitted"):
        FittingRows(["Hello."], np.ones((1, 1)), ["joy"], split)


@pytest.mark.parametrize("name", ["empathetic-dialogues", "emocontext"])
def test_a_dev_split_that_is_reported_cannot_be_fitted_on(folder, name):
    with pytest.raises(InputError, match="reported"):
        load(BENCHMARKS[name], folder, "dev").for_fitting()


def test_a_dev_split_beside_a_test_split_can_be_fitted_on(folder):
    rows = load(BENCHMARKS["goemotions"], folder, "dev").for_fitting()
    assert (rows.split, rows.targets.shape) == ("dev", (3, 28))


def test_a_missing_file_is_told_with_where_such_data_comes_from(folder):
    (folder / "xed_en" / "annotated.parquet").unlink()
    with pytest.raises(DataError, match=r"github\.com/Helsinki-NLP/XED"):
        evaluate(KeywordScorer(), folder, only=["xed"])


def test_a_missing_column_is_named(folder):
    path = folder / "xed_en" / "annotated.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["labels"]), path)
    with pytest.raises(DataError, match="no column 'labels'"):
        load(BENCHMARKS["xed"], folder, "all")


@pytest.mark.parametrize("ids", ["28", "-1", "joy", ""])
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


def test_a_file_that_is_no_parquet_is_a_data_error(folder):
    (folder / "isear" / "all.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(DataError, match="not a readable Parquet"):
        load(BENCHMARKS["isear"], folder, "all")


def test_an_empty_folder_says_which_subfolders_are_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"goemotions.*emobank"):
        evaluate(KeywordScorer(), tmp_path)


def test_an_unknown_benchmark_lists_those_that_exist():
    with pytest.raises(InputError, match="goemotions-ekman"):
        benchmark("goemotion")


def test_multi_label_rows_are_decided_at_the_threshold(folder):
    (result,) = evaluate(KeywordScorer(), folder, only=["goemotions"])
    # "anger" and "gratitude" and "neutral" right; annoyance and surprise missed: 3 of 5 found.
    assert result.metrics["micro_f1"] == pytest.approx(2 * 3 / (3 + 5))
    assert result.metrics["macro_f1"] == pytest.approx(3 / 28)
    assert result.per_label["anger"].f1 == 1.0
    assert result.per_label["annoyance"].support == 1
    assert result.metrics["rows_below_thresholds"] == 0


def test_rows_below_every_threshold_are_counted(folder):
    (result,) = evaluate(KeywordScorer(), folder, only=["xed"])
    assert result.metrics["rows_below_thresholds"] == 2


def test_ekman_asks_for_the_28_labels_once_and_projects_what_is_predicted(folder):
    scorer = KeywordScorer()
    results = evaluate(scorer, folder, only=["goemotions", "goemotions-ekman"])
    assert scorer.calls == [GOEMOTIONS.labels]
    assert set(results[1].per_label) == set(EKMAN.labels)
    assert results[1].per_label["joy"].f1 == 1.0  # "gratitude" was predicted
    assert results[1].metrics["macro_f1"] == pytest.approx(3 / 7)


def test_single_label_rows_take_the_best_score_and_see_the_context(folder):
    (result,) = evaluate(KeywordScorer(), folder, only=["emocontext"])
    assert result.per_label["sad"].f1 == 1.0  # the cue stands in the context alone
    assert result.metrics["accuracy"] == 0.5


def test_micro_f1_without_neutral_ignores_the_neutral_column(folder):
    (result,) = evaluate(KeywordScorer(), folder, only=["emocontext"])
    # sad right; the other row, truly "others", is taken for the first label, "happy".
    assert result.metrics["micro_f1_without_neutral"] == pytest.approx(2 * 1 / (2 + 1))


def test_valence_is_correlated_with_what_people_rated(folder):
    (result,) = evaluate(KeywordScorer(), folder, only=["emobank"])
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

    result = evaluate_rows(Noisy(), rows)
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
    (result,) = evaluate(KeywordScorer(), folder, only=["goemotions"], limit=2)
    assert (result.rows, result.available) == (2, 3)


def test_progress_says_one_sentence_per_benchmark(folder):
    told = []
    evaluate(majority_for(folder), folder, progress=told.append)
    assert len(told) == len(BENCHMARKS)
    assert "left out" in told[-1]


def test_majority_comes_from_dev_where_dev_is_not_reported(folder):
    scorer = majority_for(folder, only=["goemotions-ekman"])
    assert scorer.choices == {GOEMOTIONS.labels: "neutral"}
    (result,) = evaluate(scorer, folder, only=["goemotions-ekman"])
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


def _report(folder, tmp_path, only):
    keyword, majority = KeywordScorer(), majority_for(folder, only)
    results = {s.name: evaluate(s, folder, only=only) for s in (keyword, majority)}
    return results, write_report(results, {"recipe": "tiny"}, tmp_path / "report").parent


def test_report_holds_every_number_and_reads_back(folder, tmp_path):
    results, out = _report(folder, tmp_path, list(BENCHMARKS))
    kept = json.loads((out / "report.json").read_text())
    assert kept["facts"] == {"recipe": "tiny"}
    for model, found in results.items():
        assert kept["models"][model] == [json.loads(json.dumps(r.to_json())) for r in found]


def test_report_marks_quoted_numbers_and_oracles(folder, tmp_path):
    _, out = _report(folder, tmp_path, ["goemotions", "isear"])
    page = (out / "report.md").read_text()
    assert "| goemotions | zero-shot | GPT-4 | macro-F1 | 0.309 |" in page
    assert "quoted value" in page
    assert "an oracle: isear." in page


def test_report_picture_is_an_image_of_readable_size(folder, tmp_path):
    _, out = _report(folder, tmp_path, list(BENCHMARKS))
    with Image.open(out / "report.png") as image:
        assert image.width > 1500
        assert len(image.convert("L").getcolors()) > 20


@pytest.mark.parametrize("only", [["emobank"], ["isear"], ["xed", "emobank"]])
def test_report_works_with_a_subset(folder, tmp_path, only):
    results = {"keywords": evaluate(KeywordScorer(), folder, only=only)}
    page = write_report(results, {}, tmp_path / "out").read_text()
    assert all(f"### {name} (" in page for name in only)


def test_report_works_with_the_own_test_split_alone(tmp_path):
    rows = LoadedBenchmark(
        "emo-pillars", "test", "multi_label", "macro_f1", ("lost", "thanks, thank you"),
        (None, None), np.eye(28, dtype=np.int8)[[2, 15]], GOEMOTIONS.labels,
    )  # fmt: skip
    result = evaluate_rows(KeywordScorer(), rows, role="own test split")
    page = write_report({"keywords": [result]}, {}, tmp_path / "out").read_text()
    assert "## Own test split" in page
    assert "### emo-pillars (test)" in page
    assert "Quoted" not in page


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="no result"):
        write_report({"keywords": []}, {}, tmp_path / "out")


def test_tables_do_not_mix_roles(folder, tmp_path):
    (result,) = evaluate(KeywordScorer(), folder, only=["isear"])
    tuned = dataclasses.replace(result, model="tuned", role="fine-tuned")
    page = write_report({"keywords": [result], "tuned": [tuned]}, {}, tmp_path / "o").read_text()
    zero_shot = page.split("## Zero-shot")[1].split("## Fine-tuned")[0]
    assert "| keywords |" in zero_shot
    assert "| tuned |" not in zero_shot


def test_quoted_numbers_name_their_source_and_a_declared_benchmark():
    assert all(p.source and p.benchmark in BENCHMARKS for p in PUBLISHED)


REAL_SIZES = {
    "goemotions": 5427,
    "isear": 7451,
    "empathetic-dialogues": 2770,
    "edos": 8910,
    "xed": 17528,
    "emocontext": 2755,
    "emobank": 1000,
}


@pytest.mark.benchmarks_data
@pytest.mark.parametrize("name", REAL_SIZES)
def test_the_public_release_is_read_whole(name):
    here = Path(__file__).resolve().parents[1].parent / "shared" / "benchmarks"
    root = Path(os.environ.get("EMO_HUB_BENCHMARKS", here))
    if not (root / BENCHMARKS[name].folder).is_dir():
        pytest.skip(f"no {BENCHMARKS[name].folder} in {root}: set EMO_HUB_BENCHMARKS")
    assert len(load_for_scoring(BENCHMARKS[name], root).texts) == REAL_SIZES[name]
