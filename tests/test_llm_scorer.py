"""A language model as a scorer: asked over real HTTP, once per text, and nothing is passed over."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.errors import InputError, NotRecordedError, SettingsError, TeacherError
from emo_hub.evaluation.scorers.contestant import ModelOptions
from emo_hub.evaluation.scorers.llm import open_llm
from tests.faulty_server import FaultyServer

LABELS = ("anger", "joy", "sadness", "neutral")
TEXTS = tuple(f"On day {n} the ferry was late and somebody sang." for n in range(12))
KEY = "sk-of-a-test-0123456789"
SAID = {
    "llm-several": {"emotions": [{"label": "joy", "intensity": 0.6}]},
    "llm-one": {"label": "sadness", "runner_up": "anger"},
    "llm-several-all": {"scores": {"anger": 0.1, "joy": 0.7, "sadness": 0.0, "neutral": 0.2}},
    "llm-one-all": {"scores": {"anger": 0.2, "joy": 0.4, "sadness": 0.2, "neutral": 0.0}},
    "llm-dimensions": {"valence": 2.5, "arousal": 3.9, "dominance": 3},
}
REPOSITORY = Path(__file__).parent.parent


def stage_of(body):
    return body["response_format"]["json_schema"]["name"]


def says(body):
    """The usual answer to what is asked."""
    return json.dumps(SAID[stage_of(body)])


def always(reply):
    return lambda body: reply if isinstance(reply, str) else json.dumps(reply)


def about(word, fault):
    """A fault of every request that asks about a text with this word."""
    return lambda body: fault if word in body["messages"][1]["content"] else "ok"


def options(server=None, *, store="", **llm):
    quick = {"first_wait_seconds": 0.01, "attempts": 2, "at_once": 4}
    url = server.url if server is not None else None
    return ModelOptions(base_url=url, llm={**quick, "store": str(store), **llm})


def opened(server=None, *, store="", **llm):
    return open_llm("tests/faulty", options(server, store=store, **llm))


def scored(server, texts=TEXTS, labels=LABELS, *, multi_label=True, contexts=None, **llm):
    contestant = opened(server, **llm)
    scores = contestant.scorer.score(texts, labels, contexts, multi_label=multi_label)
    contestant.scorer.close()
    return scores, contestant


def row_of(reply, *, multi_label=True, **llm):
    with FaultyServer(answer=always(reply)) as server:
        scores, contestant = scored(server, TEXTS[:1], multi_label=multi_label, **llm)
    return scores[0].tolist(), contestant


def test_named_labels_count_and_no_others():
    named = [{"label": "Joy", "intensity": 0.9}, {"label": "anger", "intensity": 0.1}]
    row, contestant = row_of({"emotions": [*named, {"label": "neutral", "intensity": 0}]})
    assert row == pytest.approx([0.55, 0.95, 0.0, 0.0])
    counts = np.array(row) >= contestant.scorer.thresholds(LABELS)
    assert counts.tolist() == [True, True, False, False]


def test_one_label_wins_over_the_second_choice():
    row, _ = row_of({"label": "sadness", "runner_up": "joy"}, multi_label=False)
    assert row == [0.0, 0.5, 1.0, 0.0]


def test_one_label_without_a_second_choice_stands_alone():
    row, _ = row_of({"label": "anger", "runner_up": None}, multi_label=False)
    assert row == [1.0, 0.0, 0.0, 0.0]


def test_probabilities_of_several_labels_are_taken_as_given():
    row, _ = row_of(SAID["llm-several-all"], style="all")
    assert row == pytest.approx([0.1, 0.7, 0.0, 0.2], abs=1e-5)


def test_probabilities_of_one_label_add_up_to_one():
    row, _ = row_of(SAID["llm-one-all"], style="all", multi_label=False)
    assert row == pytest.approx([0.25, 0.5, 0.25, 0.0], abs=1e-5)


def test_answer_that_finds_nothing_is_told_from_no_answer():
    row, contestant = row_of({"scores": dict.fromkeys(LABELS, 0)}, style="all")
    assert 0 < max(row) < 1e-3
    assert contestant.facts["unanswered"] == 0


def test_dimensions_are_those_of_the_answer():
    with FaultyServer(answer=says) as server:
        values = opened(server).scorer.dimensions(TEXTS[:2])
    assert values == pytest.approx(np.array([[2.5, 3.9, 3.0]] * 2))


def test_dimensions_of_a_text_without_answer_are_the_middle():
    with FaultyServer(answer=says, then=about("day 3 ", "filtered")) as server:
        contestant = opened(server)
        values = contestant.scorer.dimensions(TEXTS[:5])
    assert values[3].tolist() == [3.0, 3.0, 3.0]
    assert values[4].tolist() == pytest.approx([2.5, 3.9, 3.0])
    assert contestant.facts["unanswered"] == 1


def test_each_text_is_one_greedy_call_with_all_labels_and_its_context():
    with FaultyServer(answer=says) as server:
        scored(server, TEXTS[:3], contexts=["They had waited long.", None, None])
        bodies = [seen.body for seen in server.requests]
    assert len(bodies) == 3
    for body in bodies:
        assert body["temperature"] == 0
        assert all(f"- {label}" in body["messages"][0]["content"] for label in LABELS)
        schema = body["response_format"]["json_schema"]["schema"]
        named = schema["properties"]["emotions"]["items"]["properties"]["label"]
        assert named["enum"] == list(LABELS)
    asked = sorted(body["messages"][1]["content"] for body in bodies)
    assert [text in content for text, content in zip(TEXTS, asked, strict=False)] == [True] * 3
    assert ["They had waited long." in content for content in asked] == [True, False, False]


def test_label_with_braces_reaches_the_model_as_it_is():
    with FaultyServer(answer=always({"label": "{odd} {0}", "runner_up": None})) as server:
        scores, _ = scored(server, TEXTS[:1], ("{odd} {0}", "other"), multi_label=False)
        assert "- {odd} {0}\n" in server.requests[0].body["messages"][0]["content"]
    assert scores.tolist() == [[1.0, 0.0]]


def test_definitions_stand_in_the_prompt_only_when_wanted():
    with FaultyServer(answer=says) as server:
        scored(server, TEXTS[:1])
        scored(server, TEXTS[:1], definitions=True)
        plain, explained = (seen.body["messages"][0]["content"] for seen in server.requests)
    assert "- joy\n" in plain
    assert "- joy: " in explained


@pytest.mark.parametrize("fault", ["wrong-schema", "language", "refusal-text"])
def test_unusable_answer_is_asked_for_once_more(fault):
    with FaultyServer(answer=says, script=[fault]) as server:
        scores, contestant = scored(server, TEXTS[:1])
        first, second = (seen.body["messages"] for seen in server.requests)
    assert scores[0].tolist() == pytest.approx([0.0, 0.8, 0.0, 0.0])
    assert second[: len(first)] == first
    assert [message["role"] for message in second[len(first) :]] == ["assistant", "user"]
    assert contestant.facts["repaired"] == 1
    assert contestant.facts["replies"] == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("no JSON", "not_json"),
        ('{"emotions": [}', "not_json"),
        ({"labels": []}, "missing_field"),
        ({"emotions": "joy"}, "wrong_type"),
        ({"emotions": []}, "no_label"),
        ({"emotions": [{"label": "joy", "intensity": 0}]}, "no_label"),
        ({"emotions": [{"label": "glee", "intensity": 0.5}]}, "unknown_label"),
        ({"emotions": [{"label": "joy", "intensity": 1.5}]}, "out_of_range"),
        ({"emotions": [{"label": "joy", "intensity": True}]}, "wrong_type"),
        ('{"emotions": [{"label": "joy", "intensity": NaN}]}', "out_of_range"),
        ({"emotions": [{"label": "joy", "intensity": 0.5}] * 2}, "repeated_label"),
    ],
)
def test_answer_of_another_form_gives_zeros_and_a_reason(reply, reason):
    row, contestant = row_of(reply)
    assert row == [0.0] * 4
    assert contestant.facts["unanswered_reasons"] == {reason: 1}
    assert contestant.facts["replies"] == 2, "it is asked for twice, and not more often"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"scores": {"joy": 1.0}}, "missing_field"),
        ({"scores": {**SAID["llm-one-all"]["scores"], "glee": 0.1}}, "unknown_label"),
        ({"scores": dict.fromkeys(LABELS, 0)}, "no_label"),
        ({"scores": [0.1, 0.2]}, "wrong_type"),
    ],
)
def test_probabilities_of_another_form_give_a_reason(reply, reason):
    row, contestant = row_of(reply, style="all", multi_label=False)
    assert row == [0.0] * 4
    assert contestant.facts["unanswered_reasons"] == {reason: 1}


def test_refusals_are_rows_of_zeros_counted_in_a_sentence():
    with FaultyServer(answer=says, then=about("day 7 ", "refusal-field")) as server:
        scores, contestant = scored(server, (*TEXTS, TEXTS[7]))
    empty = ~scores.any(axis=1)
    assert np.flatnonzero(empty).tolist() == [7, 12]
    assert contestant.facts["unanswered"] == 2
    assert any(
        "2 of 13 texts were not answered (refused_by_server 2)" in note
        for note in contestant.facts["notes"]
    )
    assert contestant.facts["scorings"][0]["unanswered"] == 2


def test_equal_texts_are_asked_about_once():
    with FaultyServer(answer=says) as server:
        scores, contestant = scored(server, (TEXTS[0],) * 5)
        assert len(server.requests) == 1
    assert (scores == scores[0]).all()
    assert contestant.facts["texts"] == 5


def test_second_run_asks_nothing_and_gives_the_same(tmp_path):
    with FaultyServer(answer=says, then=about("day 7 ", "refusal-field")) as server:
        first, one = scored(server, store=tmp_path)
        before = len(server.requests)
        second, two = scored(server, store=tmp_path)
        assert len(server.requests) == before
    assert (first == second).all()
    assert (one.facts["calls_now"], two.facts["calls_now"]) == (12, 0)
    same = ("prompt_tokens", "completion_tokens", "unanswered_reasons", "reply_seconds")
    assert [one.facts[name] for name in same] == [two.facts[name] for name in same]
    assert one.facts["prompt_tokens"] == 12 * 7, "the server says 7 for each, the refused one too"


def test_what_a_server_failed_at_is_asked_again_and_nothing_else(tmp_path):
    with FaultyServer(answer=says, then=about("day 7 ", "500")) as server:
        scores, contestant = scored(server, store=tmp_path)
    assert np.flatnonzero(~scores.any(axis=1)).tolist() == [7]
    assert not contestant.scorer.is_complete
    assert contestant.facts["unanswered_reasons"] == {"not_answered_for_now": 1}
    with FaultyServer(answer=says) as server:
        scores, contestant = scored(server, store=tmp_path)
        asked = [seen.body["messages"][-1]["content"] for seen in server.requests]
    assert scores.any(axis=1).all()
    assert contestant.scorer.is_complete
    assert [TEXTS[7] in content for content in asked] == [True]


def test_server_that_gives_up_midway_ends_the_run_and_keeps_what_it_said(tmp_path):
    with FaultyServer(answer=says, script=["ok"] * 5, then=lambda body: "401") as server:
        with pytest.raises(TeacherError, match="EMO_HUB_API_KEY"):
            scored(server, store=tmp_path, at_once=1)
        good = server.faults().count("ok")
    with FaultyServer(answer=says) as server:
        _, contestant = scored(server, store=tmp_path)
        assert len(server.requests) == len(TEXTS) - good == 7
    assert contestant.facts["unanswered"] == 0


RUN = textwrap.dedent("""
    import sys
    from emo_hub.evaluation.scorers.contestant import ModelOptions
    from emo_hub.evaluation.scorers.llm import open_llm

    url, store = sys.argv[1:]
    texts = [f"On day {n} the ferry was late and somebody sang." for n in range(60)]
    options = ModelOptions(base_url=url, llm={"store": store, "at_once": 2})
    labels = ("anger", "joy", "sadness", "neutral")
    open_llm("tests/faulty", options).scorer.score(texts, labels)
    """)


def test_killed_run_asks_only_what_is_missing(tmp_path):
    texts = [f"On day {n} the ferry was late and somebody sang." for n in range(60)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1"}
    with FaultyServer(answer=says, seconds=lambda at_once: 0.02) as server:
        command = [sys.executable, "-c", RUN, server.url, str(tmp_path)]
        process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 60
        while len(server.requests) < 15 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        before = len(server.requests)
        scores, _ = scored(server, texts, store=tmp_path)
        after = len(server.requests)
    assert before < len(texts), "it was killed midway"
    assert scores.any(axis=1).all()
    # What was under way when the run was killed, two at most, is paid twice.
    assert len(texts) <= after <= len(texts) + 2


def test_recorded_replies_need_no_server(tmp_path):
    with FaultyServer(answer=says) as server:
        first, live = scored(server, store=tmp_path)
    again = opened(store=tmp_path)
    assert (again.scorer.score(TEXTS, LABELS) == first).all()
    assert again.fingerprint == live.fingerprint
    with pytest.raises(NotRecordedError):
        again.scorer.score(["What nobody asked yet."], LABELS)


def test_server_that_is_gone_is_no_matter_while_all_is_recorded(tmp_path):
    with FaultyServer(answer=says) as server:
        first, _ = scored(server, store=tmp_path)
    contestant = opened(server, store=tmp_path)
    assert (contestant.scorer.score(TEXTS, LABELS) == first).all()
    with pytest.raises(TeacherError, match="start the server"):
        contestant.scorer.score(["What nobody asked yet."], LABELS)


def test_two_ways_of_sampling_share_no_replies(tmp_path):
    with FaultyServer(answer=says) as server:
        scored(server, TEXTS[:2], store=tmp_path)
        scored(server, TEXTS[:2], store=tmp_path, temperature=0.7)
        open_llm("another/model", options(server, store=tmp_path)).scorer.score(TEXTS[:2], LABELS)
        probes = sum("Say yes." in str(seen.body["messages"]) for seen in server.requests)
        assert len(server.requests) - probes == 6


def test_forecast_counts_the_calls_that_are_then_made(tmp_path):
    texts = (*TEXTS, TEXTS[0])
    with FaultyServer(answer=says) as server:
        scorer = opened(server, store=tmp_path).scorer
        forecast = scorer.forecast(texts, LABELS)
        assert server.requests == [], "a forecast asks nobody"
        scorer.score(texts, LABELS)
        letters = sum(
            len(message["content"]) for seen in server.requests for message in seen.body["messages"]
        )
        assert forecast.calls == len(server.requests) == 12
        rest = scorer.forecast((*texts, "One more."), LABELS)
    assert forecast.prompt_tokens == pytest.approx(letters / 4, abs=1)
    assert 12 * 10 < forecast.completion_tokens < 12 * 60
    assert (rest.calls, rest.recorded) == (1, 12)
    assert scorer.forecast(texts, None).calls == 12, "the dimensions are another question"


def test_key_is_sent_and_stands_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_HUB_API_KEY", KEY)
    with FaultyServer(answer=says, script=["echo"], key=KEY) as server:
        _, contestant = scored(server, store=tmp_path)
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.stat().st_size for path in written)
    assert not any(KEY.encode() in path.read_bytes() for path in written)
    assert KEY not in json.dumps(dict(contestant.facts))


def test_store_holds_no_text_of_a_benchmark(tmp_path):
    with FaultyServer(answer=says) as server:
        scored(server, TEXTS[:2], store=tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"joy" in written
    assert b"ferry" not in written


def test_fingerprint_depends_on_what_decides_replies_alone(monkeypatch):
    monkeypatch.setenv("EMO_HUB_API_KEY", KEY)
    with FaultyServer() as one, FaultyServer() as other:
        first = opened(one)
        assert opened(other, attempts=3, at_once=9).fingerprint == first.fingerprint
        monkeypatch.setenv("EMO_HUB_API_KEY", "another")
        assert opened(one).fingerprint == first.fingerprint
        changes = ({"style": "all"}, {"definitions": True}, {"max_tokens": 99}, {"seed": 3})
        changed = {opened(one, **change).fingerprint for change in changes}
        changed.add(open_llm("another/model", options(one)).fingerprint)
        changed.add(open_llm("tests/faulty", replace(options(one), thresholds=0.7)).fingerprint)
    assert len(changed | {first.fingerprint}) == 7


def test_language_model_stands_as_zero_shot_and_its_training_is_called_unknown():
    with FaultyServer() as server:
        contestant = opened(server)
        named = open_llm("tests/faulty", replace(options(server), trained_on=("isear",)))
    assert contestant.role_on("isear") == "zero-shot"
    assert named.role_on("isear") == "fine-tuned"
    assert "not known" in contestant.facts["notes"][0]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda url: opened(), InputError, "give the address"),
        (lambda url: open_llm("m", ModelOptions(base_url=url, llm={"stile": "all"})),
         SettingsError, "stile"),
        (lambda url: open_llm("m", ModelOptions(base_url=url, llm={"style": "loud"})),
         SettingsError, "named"),
        (lambda url: open_llm("m", ModelOptions(base_url="http://127.0.0.1:9/v1")),
         TeacherError, "start the server"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_at_the_start(make, error, said):
    with FaultyServer() as server, pytest.raises(error, match=said):
        make(server.url)


@pytest.mark.parametrize("labels", [(), ("joy", "Joy"), ("two_words", "two words"), ("joy", " ")])
def test_labels_that_cannot_be_told_apart_are_refused(labels):
    with FaultyServer() as server:
        scorer = opened(server).scorer
        with pytest.raises(InputError, match="labels that differ"):
            scorer.score(TEXTS, labels)
        assert server.requests == []


STORIES = (
    ("My cousin missed the last boat and I wept.", "sadness"),
    ("Somebody wrote on my door.", "anger"),
    ("I found my ring behind the stove.", "joy"),
    ("My neighbour did not greet me.", "anger"),
)


@pytest.fixture
def isear(tmp_path):
    rows = [
        {"SIT": text, "SIT_clean": text, "non_response": False, "EMOT": "0", "label": label}
        for text, label in STORIES
    ]
    (tmp_path / "isear").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "isear" / "all.parquet")
    return tmp_path


def test_language_model_goes_through_an_evaluation(isear):
    from emo_hub.evaluation import evaluate
    from emo_hub.evaluation.scorers import open_model

    def answer(body):
        word = "sadness" if "wept" in body["messages"][-1]["content"] else "joy"
        return json.dumps({"label": word, "runner_up": "fear"})

    with FaultyServer(answer=answer) as server:
        contestant = open_model("llm:tests/faulty", options(server, store=isear / "replies"))
        (found,) = evaluate(contestant.scorer, isear, ["isear"])
    assert found.result.model == "tests/faulty"
    assert found.result.metrics["accuracy"] == pytest.approx(0.5)
    assert found.result.per_label["sadness"].f1 == 1.0


def test_text_without_answer_counts_as_wrong_whatever_its_label(isear):
    from emo_hub.evaluation import evaluate

    with FaultyServer(then=lambda body: "refusal-field") as server:
        (found,) = evaluate(opened(server).scorer, isear, ["isear"])
    assert found.result.metrics["accuracy"] == 0.0
    assert not found.predicted.any()


def test_threshold_that_was_given_replaces_the_models_own_decisions():
    with FaultyServer() as server:
        own = opened(server)
        given = open_llm("tests/faulty", replace(options(server), thresholds=0.7))
    assert own.scorer.thresholds(LABELS).tolist() == [0.5] * 4
    assert given.scorer.thresholds(LABELS) == pytest.approx([0.7] * 4)
    assert given.facts["thresholds"] == "0.7 for every label, as given"


def test_progress_is_told_in_sentences():
    told = []
    with FaultyServer(answer=says) as server:
        contestant = open_llm("tests/faulty", options(server), told.append)
        contestant.scorer.score(TEXTS, LABELS)
    assert told == ["tests/faulty: 12 of 12 texts."]


@pytest.mark.slow
def test_garbage_of_a_real_server_is_counted(tmp_path):
    pytest.importorskip("openai", reason="NO REAL SERVER: transformers serve needs openai")
    from tests.test_real_server import make_model, wait_until_healthy

    make_model(tmp_path / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [Path(sys.executable).parent / "transformers", "serve", tmp_path / "model"]
    command += ["--host", "127.0.0.1", "--port", port, "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process, log)
            llm = {"store": str(tmp_path / "replies"), "at_once": 2, "max_tokens": 40}
            asked = ModelOptions(base_url=f"http://127.0.0.1:{port}", llm=llm)
            contestant = open_llm(str(tmp_path / "model"), asked)
            scores = contestant.scorer.score(TEXTS[:4], LABELS)
        finally:
            process.terminate()
            process.wait(20)
    assert not scores.any()
    assert contestant.facts["unanswered"] == 4
    assert set(contestant.facts["unanswered_reasons"]) <= {"not_json", "truncated", "empty_reply"}
    assert contestant.facts["calls_now"] >= 4
