"""What lands in which table: files of predictions, rows that dev shares, and the majority label."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.errors import DataError
from emo_hub.evaluation import FittingRows, evaluate
from emo_hub.evaluation.run import Terms
from emo_hub.evaluation.scored import write_scored
from emo_hub.evaluation.scorers import ModelOptions, open_model
from emo_hub.evaluation.scorers.baselines import baselines
from emo_hub.taxonomy import GOEMOTIONS, PLUTCHIK

DEV_ROLE = "zero-shot, thresholds from dev"


def put(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.fixture
def goemotions(tmp_path):
    """A few comments; one text stands both in dev and, spelt a little differently, in test."""
    root = tmp_path / "benchmarks"
    dev = [("Platform four, then.", "27"), ("You did it, well done!", "17"), ("So late.", "3")]
    test = [("PLATFORM four then", "27"), ("Get lost, all of you.", "2"), ("Lunch is on.", "27")]
    for split, rows in (("dev", dev), ("test", test)):
        told = [{"text": t, "label_ids": n, "id": f"{split}{t[:3]}"} for t, n in rows]
        put(root / "goemotions" / f"{split}.parquet", told)
    return root


class Lengths:
    """Scores texts by their length, so that every text has scores of its own."""

    name = "lengths"

    def score(self, texts, labels, contexts=None, *, multi_label=True):
        return np.array([[len(text) / 99] * len(labels) for text in texts], np.float32)

    def thresholds(self, labels):
        return np.full(len(labels), 0.5, np.float32)

    def dimensions(self, texts, contexts=None):
        return None


# Files of predictions.


def predictions(tmp_path, facts):
    path = tmp_path / "x.csv"
    path.write_text("id,joy,anger\na,0.1,0.2\n")
    (tmp_path / "x.json").write_text(json.dumps(facts))
    return str(path)


def test_a_record_with_thresholds_from_dev_stays_in_their_table(goemotions, tmp_path):
    (scored,) = evaluate(Lengths(), goemotions, ["goemotions"], terms=Terms(thresholds="dev"))
    (path,) = write_scored([scored], tmp_path)
    (again,) = evaluate(open_model(str(path)), goemotions, ["goemotions"])
    assert (scored.result.role, again.result.role) == (DEV_ROLE, DEV_ROLE)
    assert (again.predicted == scored.predicted).all()


def test_a_record_with_thresholds_of_its_own_stays_in_the_plain_table(goemotions, tmp_path):
    (path,) = write_scored(evaluate(Lengths(), goemotions, ["goemotions"]), tmp_path)
    (again,) = evaluate(open_model(str(path)), goemotions, ["goemotions"])
    assert again.result.role == "zero-shot"


def test_a_threshold_that_is_given_takes_the_place_of_those_from_dev(goemotions, tmp_path):
    scored = evaluate(Lengths(), goemotions, ["goemotions"], terms=Terms(thresholds="dev"))
    (path,) = write_scored(scored, tmp_path)
    opened = open_model(str(path), ModelOptions(thresholds=0.4))
    (again,) = evaluate(opened, goemotions, ["goemotions"])
    assert again.result.role == "zero-shot"


def test_one_data_set_may_be_named_without_a_list(tmp_path):
    opened = open_model(predictions(tmp_path, {"trained_on": "goemotions"}))
    assert opened.role_on("goemotions-ekman") == "fine-tuned"
    assert opened.trained_on >= {"goemotions"}
    assert "g" not in opened.trained_on


@pytest.mark.parametrize("wrong", [None, 7, True, {"isear": 1}, ["isear", 3]])
def test_names_of_data_sets_that_are_none_are_refused(tmp_path, wrong):
    with pytest.raises(DataError, match=r"name of a data set, or a list of names.*Write \[\]"):
        open_model(predictions(tmp_path, {"trained_on": wrong}))


# Rows that thresholds have seen.


def test_rows_that_stand_in_dev_are_counted_where_thresholds_come_from_there(goemotions):
    (own,) = evaluate(Lengths(), goemotions, ["goemotions"])
    (dev,) = evaluate(Lengths(), goemotions, ["goemotions"], terms=Terms(thresholds="dev"))
    assert own.result.seen == {}
    assert dev.result.seen == {"dev split": 1, "dev split, 6 words and more": 0}


def test_rows_that_stand_in_dev_are_dropped_where_thresholds_come_from_there(goemotions):
    terms = Terms(thresholds="dev", drop_seen=True)
    (found,) = evaluate(Lengths(), goemotions, ["goemotions"], terms=terms)
    assert (found.result.rows, found.result.available) == (2, 2)


# The majority label.


@pytest.fixture
def plutchik(tmp_path):
    """Two sets of one label set: in XED most texts are joyful, in SSEC most are angry."""
    root = tmp_path / "benchmarks"
    xed = [{"text": f"Well {n} .", "labels_raw": "5", "labels": "joy"} for n in range(3)]
    put(root / "xed_en" / "annotated.parquet", xed)
    for split in ("train", "test"):
        rows = [
            {"text": f"{split} {n}", **{label: int(label == "anger") for label in PLUTCHIK.labels}}
            for n in range(3)
        ]
        put(root / "ssec" / f"{split}.parquet", rows)
    return root


def fitting(labels, column):
    targets = np.zeros((2, len(labels)), np.int8)
    targets[:, column] = 1
    return FittingRows(["Hm.", "Ah."], targets, list(labels), "synthetic")


def test_each_benchmark_gets_its_own_majority_label(plutchik):
    _, majority = baselines(fitting(["joy", "fear"], 1), plutchik)
    found = {one.rows.name: one for one in evaluate(majority, plutchik)}
    for name, label in (("xed", "joy"), ("ssec", "anger")):
        counts = found[name].predicted.sum(axis=0)
        assert dict(zip(found[name].rows.labels, counts, strict=True))[label] == 3
        assert counts.sum() == 3


def test_rows_of_the_corpus_keep_their_majority_beside_a_benchmark_of_the_same_labels(goemotions):
    _, majority = baselines(fitting(GOEMOTIONS.labels, 0), goemotions)
    assert majority.scorer.score(["x"], GOEMOTIONS.labels).argmax() == 0
    (found,) = evaluate(majority, goemotions, ["goemotions"])
    assert found.predicted.argmax(axis=1).tolist() != [0, 0, 0]
