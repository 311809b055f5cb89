"""A report on a language model whose scores were kept says that nothing was counted of them."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.measurement import Measurement, measure
from tests.faulty_server import FaultyServer

RATED = ("The kettle sang.", "Day 7 was lost.", "They took the house.")
SITUATIONS = (("My dog came home.", "joy"), ("I broke her cup.", "guilt"))
SAID = {
    "llm-dimensions": {"valence": 2.5, "arousal": 3.9, "dominance": 3},
    "llm-one": {"label": "joy", "runner_up": None},
}
TALLY = ("texts", "unanswered", "unanswered_reasons", "replies", "prompt_tokens")
FROM_KEPT = "not known: from kept scores"


def says(body):
    return json.dumps(SAID[body["response_format"]["json_schema"]["name"]])


def refuses(body):
    return "refusal-field" if "Day 7" in body["messages"][1]["content"] else "ok"


@pytest.fixture
def told(tmp_path, tiny_corpus):
    """Make reports as a user does who keeps scores, and read what they say of the model."""
    rated = [{"id": str(n), "V": 3.0 + n, "A": 2.0, "D": 3.0, "text": text}
             for n, text in enumerate(RATED)]  # fmt: skip
    felt = [{"SIT": text, "SIT_clean": text, "non_response": False, "EMOT": "1", "label": label}
            for text, label in SITUATIONS]  # fmt: skip
    for name, rows in (("emobank/dev", rated), ("isear/all", felt)):
        path = tmp_path / "data" / f"{name}.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), path)

    def report(*only):
        with FaultyServer(answer=says, then=refuses) as server:
            llm = {"store": str(tmp_path / "replies"), "first_wait_seconds": 0.01, "attempts": 2}
            plan = Measurement(
                models=("llm:tests/faulty",),
                corpus=tiny_corpus,
                benchmarks=tmp_path / "data",
                only=only,
                baselines=False,
                options={"base_url": server.url, "llm": llm},
                keep=tmp_path / "kept",
            )
            measure(plan, tmp_path / "out", command="")
        facts = json.loads((tmp_path / "out" / "report.json").read_text())["facts"]
        return facts["contestants"]["tests/faulty"]

    return report


def test_a_report_from_kept_scores_does_not_say_that_all_was_answered(told):
    first = told("emobank")
    assert (first["texts"], first["unanswered"]) == (3, 1)
    again = told("emobank")
    assert {again[name] for name in TALLY} == {FROM_KEPT}
    assert again["from_kept_scores"] == ["emobank"]


def test_the_first_report_counts_all_and_speaks_of_no_kept_scores(told):
    first = told("emobank", "isear")
    assert first["texts"] == 5
    assert "from_kept_scores" not in first


def test_a_report_of_which_some_scores_were_kept_names_what_it_does_not_count(told):
    told("emobank")
    mixed = told("emobank", "isear")
    assert (mixed["texts"], mixed["unanswered"]) == (2, 0)
    assert mixed["from_kept_scores"] == ["emobank"]
    assert "The scores of emobank were kept by an earlier run" in mixed["notes"][-1]
