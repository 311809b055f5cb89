"""Proves that a chat server may fail in every way we know of, and no run ends or hangs for it."""

import datetime
import email.utils
import json
import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from emo_hub.errors import ReplyError, SettingsError, TeacherError, Unanswered
from emo_hub.records import Rejection
from emo_hub.synthesis.characters import CharactersReply
from emo_hub.synthesis.lines import LinesReply
from emo_hub.synthesis.looks import ManyLooksReply
from emo_hub.synthesis.stage import Stage, read_list, run
from emo_hub.teacher import Prompt, Recorded, read_object
from emo_hub.teacher.completion import read_completion
from emo_hub.teacher.gate import Breaker, Gate
from emo_hub.teacher.http import HttpSettings, HttpTeacher, probe
from emo_hub.teacher.limiter import Limit, Ticket
from emo_hub.teacher.verdict import asked_to_wait
from emo_hub.teacher.wire import closed, merged
from tests.faulty_server import ANSWERS, PASSING, FaultyServer, mix, storm

KEY = "sk-very/secret-0123456789"
SCHEMA = {"type": "object", "properties": {"words": {"type": "array"}}, "required": ["words"]}
ASKED = Prompt(
    "words",
    "words-1",
    (("system", "You list words."), ("user", "three words, please")),
    request="r1",
    schema=SCHEMA,
    max_tokens=64,
)


def settings_of(server, **changes):
    quick = {
        "timeout_seconds": 5.0,
        "first_wait_seconds": 0.02,
        "longest_wait_seconds": 0.2,
        "patience_seconds": 20.0,
        "most_at_once": 8,
    }
    return HttpSettings(server.url, "tests/faulty", **(quick | changes))


@pytest.fixture
def teach():
    """Makes teachers and hangs up after the test."""
    made = []

    def teach(server, **changes):
        made.append(HttpTeacher(settings_of(server, **changes)))
        return made[-1]

    yield teach
    for teacher in made:
        teacher.close()


def last_body(server):
    return server.requests[-1].body


# What is sent, and what comes back.


def test_reply_is_what_the_server_says_with_its_model_and_cost(teach):
    with FaultyServer(lambda body: "  Héllo, ça va?\n", seconds=lambda n: 0.05) as server:
        reply = teach(server).answer(ASKED)
    assert (reply.text, reply.teacher) == ("  Héllo, ça va?\n", "tests/faulty")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (7, 5)
    assert 0.05 <= reply.usage.seconds < 2


def test_the_cost_of_a_reply_whose_tokens_the_server_does_not_count_is_not_known():
    body = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}
    assert read_completion(json.dumps(body).encode(), "m", 0.5).usage is None
    assert read_completion(json.dumps(body | {"usage": {}}).encode(), "m", 0.5).usage is None


def test_default_decoding_is_greedy_and_what_is_not_set_is_not_sent(teach):
    with FaultyServer() as server:
        teach(server).answer(ASKED)
    body = last_body(server)
    assert body["temperature"] == 0
    assert body["max_tokens"] == 64
    assert not body.keys() & {"top_p", "repetition_penalty", "seed"}


def test_settings_of_the_paper_are_sent(teach):
    paper = {"temperature": 0.8, "top_p": 0.9, "repetition_penalty": 1.05, "extra": {"top_k": 20}}
    with FaultyServer() as server:
        teach(server, **paper).answer(ASKED)
    body = last_body(server)
    assert (body["temperature"], body["top_p"], body["repetition_penalty"]) == (0.8, 0.9, 1.05)
    assert body["top_k"] == 20


def test_samples_of_one_prompt_get_seeds_of_their_own(teach):
    with FaultyServer() as server:
        teacher = teach(server, seed=100)
        for sample in (0, 1, 2):
            teacher.answer(replace(ASKED, sample=sample))
    assert [seen.body["seed"] for seen in server.requests] == [100, 101, 102]


def test_schema_is_sent_strict_under_the_name_of_the_stage(teach):
    with FaultyServer() as server:
        teach(server).answer(ASKED)
    form = last_body(server)["response_format"]
    assert form["type"] == "json_schema"
    sent = {**SCHEMA, "additionalProperties": False}
    assert form["json_schema"] == {"name": "words", "strict": True, "schema": sent}


def parts_of(schema):
    yield schema
    for value in schema.values():
        parts = value if isinstance(value, list) else [value]
        yield from (inner for part in parts if isinstance(part, dict) for inner in parts_of(part))


@pytest.mark.parametrize("reply", [CharactersReply, LinesReply, ManyLooksReply])
def test_every_object_of_a_schema_is_closed_and_all_its_fields_are_required(reply):
    sent = closed(reply.model_json_schema())
    objects = [part for part in parts_of(sent) if part.get("type") == "object"]
    assert objects
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    # Written without what strict servers refuse, a reply of the stage is read as before.
    assert not any("default" in part or "minLength" in part for part in parts_of(sent))


def test_a_field_that_is_called_like_a_keyword_stays():
    schema = {"type": "object", "properties": {"default": {"type": "string", "default": "x"}}}
    assert closed(schema)["properties"] == {"default": {"type": "string"}}


def test_half_a_surrogate_pair_in_a_text_breaks_nothing(teach):
    with FaultyServer() as server:
        teach(server).answer(replace(ASKED, messages=(("user", "broken \ud800 text"),)))
    assert last_body(server)["messages"][0]["content"] == "broken \ud800 text"


@pytest.mark.parametrize("given", ["/v1", "/v1/", "", "/", "/v1/chat/completions"])
def test_url_is_understood_however_it_is_given(given):
    with FaultyServer() as server:
        url = server.url.removesuffix("/v1") + given
        teacher = HttpTeacher(HttpSettings(url, "m"))
        assert teacher.answer(ASKED).text
        teacher.close()


def test_a_path_that_is_given_is_kept():
    assert HttpSettings("https://example.org/api/v3/", "m").root == "https://example.org/api/v3"


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "localhost:8000"},
        {"base_url": "http://host:port"},
        {"base_url": "https://user:word@example.org"},
        {"most_at_once": 0},
        {"attempts": 0},
        {"temperature": -1},
        {"patience_seconds": 0},
        {"structured": "yes"},
        {"extra": {"stream": True}},
        {"model": ""},
    ],
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(SettingsError):
        HttpSettings(**({"base_url": "http://localhost:1", "model": "m"} | changes))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>hm {\n} </think>\n\n{}", "{}"),
        ("so it is then</think>{}", "{}"),
        ('{"a": "</think>"}', '{"a": "</think>"}'),
        ("I said <think>this</think>.", "I said <think>this</think>."),
    ],
)
def test_only_thoughts_before_the_answer_are_left_out(teach, content, text):
    with FaultyServer(lambda body: content) as server:
        assert teach(server).answer(ASKED).text == text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("length", "truncated"),
        ("filtered", "refused_by_server"),
        ("refusal-field", "refused_by_server"),
        ("empty", "empty_reply"),
        ("400", "refused_by_server"),
        ("403-moderated", "refused_by_server"),
    ],
)
def test_answer_of_which_nothing_can_be_made_is_an_error_with_a_reason(teach, fault, reason):
    with FaultyServer(then=lambda body: fault) as server:
        with pytest.raises(ReplyError) as caught:
            teach(server, structured="off", merge_system=True).answer(ASKED)
        assert caught.value.reason == reason
        assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["length", "filtered", "refusal-field", "empty"])
def test_an_answer_of_which_nothing_can_be_made_says_what_it_cost(teach, fault):
    with FaultyServer(then=lambda body: fault) as server, pytest.raises(ReplyError) as caught:
        teach(server).answer(ASKED)
    assert caught.value.cost is not None
    assert caught.value.cost[:2] == (7, 5)


def test_a_request_that_is_refused_unread_costs_nothing(teach):
    with FaultyServer(then=lambda body: "400") as server, pytest.raises(ReplyError) as caught:
        teach(server, structured="off", merge_system=True).answer(ASKED)
    assert caught.value.cost is None


def test_a_text_that_a_gateway_forbids_leaves_the_run_going(teach):
    with FaultyServer(script=["ok", "403", "ok"]) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        with pytest.raises(Unanswered, match="403"):
            teacher.answer(replace(ASKED, sample=1))
        teacher.answer(replace(ASKED, sample=2))
        assert len(server.requests) == 3


def test_thoughts_without_an_answer_are_an_empty_reply(teach):
    server = FaultyServer(lambda body: "<think>on and on")
    with server, pytest.raises(ReplyError, match="empty_reply"):
        teach(server).answer(ASKED)


# What servers do not understand.


@pytest.mark.parametrize(
    ("refuses", "form"),
    [
        ("response_format", None),
        ("json_schema", {"type": "json_object"}),
        ("silently-schema", {"type": "json_object"}),
    ],
)
def test_structured_output_goes_as_far_as_the_server_does(teach, refuses, form):
    with FaultyServer(refuses=frozenset({refuses})) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        before = len(server.requests)
        teacher.answer(ASKED)
        assert last_body(server).get("response_format") == form
        assert len(server.requests) == before + 1, "what worked was not remembered"


def test_a_schema_refused_for_one_stage_is_still_sent_for_others(teach):
    with FaultyServer(script=["400"]) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        teacher.answer(replace(ASKED, stage="others"))
        assert last_body(server)["response_format"]["type"] == "json_schema"


def test_server_without_system_role_gets_it_in_the_first_user_message(teach):
    with FaultyServer(refuses=frozenset({"system"})) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        teacher.answer(replace(ASKED, stage="others"))
    assert last_body(server)["messages"] == [
        {"role": "user", "content": "You list words.\n\nthree words, please"}
    ]
    assert len(server.requests) == 3, "what worked was not remembered"
    assert "response_format" in last_body(server), "more was left out than was refused"


def test_repair_round_stays_an_alternation_without_system_role():
    asked = (("system", "s"), ("user", "u"), ("assistant", "a"), ("user", "again"))
    assert [role for role, _ in merged(asked)] == ["user", "assistant", "user"]


def test_length_limit_is_sent_under_the_name_that_the_server_knows(teach):
    with FaultyServer(refuses=frozenset({"max_tokens", "temperature"})) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        teacher.answer(ASKED)
    body = last_body(server)
    assert body["max_completion_tokens"] == 64
    assert not body.keys() & {"max_tokens", "temperature"}
    assert len(server.requests) == 4


def test_server_that_understands_nothing_is_still_asked(teach, caplog):
    refuses = frozenset({"response_format", "system", "max_tokens", "temperature"})
    with FaultyServer(refuses=refuses) as server, caplog.at_level(logging.WARNING):
        teacher = teach(server)
        with ThreadPoolExecutor(8) as pool:
            assert len(list(pool.map(teacher.answer, [ASKED] * 40))) == 40
        before = len(server.requests)
        teacher.answer(ASKED)
        assert len(server.requests) == before + 1
    assert len(caplog.records) == 1, "said once, not per thread"


def test_server_that_breaks_without_a_word_over_a_system_message_is_asked_without(teach):
    def mute(body):
        return "500" if body["messages"][0]["role"] == "system" else "ok"

    with FaultyServer(then=mute) as server:
        teacher = teach(server)
        teacher.answer(ASKED)
        before = len(server.requests)
        teacher.answer(replace(ASKED, stage="others"))
        assert len(server.requests) == before + 1


def test_prompt_that_leaves_no_room_for_the_limit_is_asked_without_one_alone(teach):
    long = replace(ASKED, max_tokens=9999)
    with FaultyServer(context=1000) as server:
        teacher = teach(server)
        teacher.answer(long)
        assert "max_tokens" not in last_body(server)
        assert "response_format" in last_body(server)
        teacher.answer(ASKED)
        assert last_body(server)["max_tokens"] == 64


def test_insisting_on_a_schema_ends_the_run_where_there_is_none(teach):
    server = FaultyServer(refuses=frozenset({"response_format"}))
    with server, pytest.raises(TeacherError, match="structured = schema"):
        teach(server, structured="schema").answer(ASKED)


# Faults that pass.


@pytest.mark.parametrize("fault", [f for f in PASSING if f != "429-wait"])
def test_fault_that_passes_is_asked_again(teach, fault):
    with FaultyServer(script=[fault, fault], stall_seconds=0.6) as server:
        assert teach(server, timeout_seconds=0.3).answer(ASKED).text
        assert len(server.requests) >= 1


@pytest.mark.parametrize("fault", PASSING)
def test_fault_that_does_not_pass_leaves_the_request_for_later(teach, fault):
    with FaultyServer(then=lambda body: fault, stall_seconds=0.2, retry_after="0.05") as server:
        teacher = teach(server, timeout_seconds=0.1, attempts=3)
        with pytest.raises(Unanswered):
            teacher.answer(ASKED)


def test_attempts_are_counted(teach):
    with FaultyServer(then=lambda body: "500") as server:
        with pytest.raises(Unanswered, match=r"3 attempts.*HTTP 500"):
            teach(server, attempts=3).answer(ASKED)
        assert len(server.requests) == 3


def test_server_that_asks_for_time_gets_it_from_all_threads(teach):
    with FaultyServer(script=["429-wait", "429-wait"], retry_after="1") as server:
        teacher = teach(server, longest_wait_seconds=5)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(teacher.answer, [ASKED] * 8))
    came = sorted(seen.came for seen in server.requests)
    # Two may be under way from the start; nobody else comes before the second is over.
    assert all(moment - came[0] >= 0.95 for moment in came[2:])


def test_time_that_a_server_asks_for_has_an_upper_end(teach):
    with FaultyServer(script=["429-wait"], retry_after="86400") as server:
        began = time.monotonic()
        teach(server, longest_wait_seconds=0.3).answer(ASKED)
        assert time.monotonic() - began < 3


def test_retry_after_is_read_as_seconds_and_as_a_date():
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    assert asked_to_wait("2.5") == 2.5
    assert 27 < asked_to_wait(email.utils.format_datetime(then, usegmt=True)) <= 30
    assert asked_to_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert asked_to_wait("soon") == asked_to_wait("") == asked_to_wait("-3") == 0


# What ends a run.


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("401", "EMO_HUB_API_KEY"),
        ("403", "EMO_HUB_API_KEY"),
        ("404", "base_url"),
        ("no-model", "set model"),
    ],
)
def test_error_that_will_not_pass_says_what_to_set(teach, fault, named):
    with FaultyServer(then=lambda body: fault) as server:
        with pytest.raises(TeacherError, match=named):
            teach(server).answer(ASKED)
        assert len(server.requests) == 1


def test_error_that_ends_the_run_wakes_every_thread(teach):
    with FaultyServer(script=["429-wait"], then=lambda body: "401", retry_after="30") as server:
        teacher = teach(server, longest_wait_seconds=0.5, first_wait_seconds=0.1)
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(teacher.answer, ASKED) for _ in range(8)]
            errors = [future.exception(timeout=10) for future in asked]
    assert all(isinstance(error, TeacherError) for error in errors)
    assert len(server.requests) < 8


def test_silent_server_ends_the_run_after_patience_and_says_how_to_go_on(teach):
    with FaultyServer(then=lambda body: "503") as server:
        teacher = teach(server, patience_seconds=1.0, attempts=50)
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(teacher.answer, replace(ASKED, sample=number)) for number in range(8)
            ]
            errors = [future.exception(timeout=20) for future in asked]
        assert 0.9 < time.monotonic() - began < 6
        told = f"{server.url} has not answered for .*HTTP 503.*run the same command again"
    assert all(isinstance(error, TeacherError) and error.args for error in errors)
    with pytest.raises(TeacherError, match=told):
        raise errors[0]


def test_one_request_that_no_server_can_answer_does_not_end_a_run_of_width_one(teach):
    poison = replace(ASKED, messages=(("user", "poison"),))

    def fault(body):
        return "500" if body["messages"][-1]["content"] == "poison" else "ok"

    with FaultyServer(then=fault) as server:
        teacher = teach(server, most_at_once=1, patience_seconds=0.1, attempts=6)
        with pytest.raises(Unanswered):
            teacher.answer(poison)
        assert teacher.answer(ASKED).text


def test_stop_frees_who_waits_at_once(teach):
    with FaultyServer(then=lambda body: "429-wait", retry_after="60") as server:
        teacher = teach(server, longest_wait_seconds=60)
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(teacher.answer, ASKED) for _ in range(8)]
            time.sleep(0.3)
            began = time.monotonic()
            teacher.stop()
            errors = [future.exception(timeout=10) for future in asked]
    assert time.monotonic() - began < 2
    assert all(isinstance(error, Unanswered) for error in errors)


# The key.


def test_key_is_sent_and_stands_nowhere_else(teach, monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("EMO_HUB_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    with FaultyServer(script=["429", "echo", "ok"], key=KEY) as server:
        teacher = teach(server)
        store = Recorded(tmp_path, teacher)
        replies = [store.answer(replace(ASKED, sample=n)) for n in range(2)]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    with FaultyServer(key="another") as server:
        with pytest.raises(TeacherError) as caught:
            teach(server).answer(ASKED)
        with pytest.raises(TeacherError) as probed:
            probe(settings_of(server))
    assert "[key]" in str(caught.value), "the server did not echo the key after all"
    written = "".join(file.read_text() for file in tmp_path.iterdir())
    shown = [repr(teacher), repr(vars(teacher)), str(caught.value), str(probed.value), caplog.text]
    for text in (*shown, repr(replies), written):
        assert KEY not in text
        assert KEY.replace("/", "\\/") not in text


def test_without_a_key_none_is_sent(teach, monkeypatch):
    monkeypatch.delenv("EMO_HUB_API_KEY", raising=False)
    with FaultyServer() as server:
        teach(server).answer(ASKED)
    assert "authorization" not in server.requests[0].headers


def test_key_that_cannot_be_sent_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("OTHER_KEY", "sk-ünsendable")
    with pytest.raises(TeacherError, match="OTHER_KEY") as caught:
        HttpTeacher(HttpSettings("http://localhost:1", "m", key_env="OTHER_KEY"))
    assert "nsendable" not in str(caught.value)


# Before a run.


def test_probe_finds_a_model_that_is_listed_without_asking_it():
    with FaultyServer() as server:
        assert probe(settings_of(server)).endswith("serves tests/faulty")
        assert server.requests == []


def test_probe_takes_a_server_without_a_list_of_models():
    with FaultyServer(models=None, then=lambda body: "length") as server:
        assert "answers as tests/faulty" in probe(settings_of(server))


def test_probe_takes_a_model_that_is_served_under_another_name():
    with FaultyServer(models=("faulty:latest",)) as server:
        assert "answers" in probe(settings_of(server))


def test_probe_names_the_models_where_the_wanted_one_is_unknown():
    server = FaultyServer(models=("a/one", "b/two"), then=lambda body: "no-model")
    with server, pytest.raises(TeacherError, match=r"set model.*a/one, b/two"):
        probe(settings_of(server))


def test_probe_tells_a_wrong_url_and_a_dead_server():
    with FaultyServer() as server:
        wrong = replace(settings_of(server), base_url=server.url + "/nowhere")
        with pytest.raises(TeacherError, match="set base_url"):
            probe(wrong)
        gone = settings_of(server)
    with pytest.raises(TeacherError, match="start the server, or set base_url"):
        probe(gone)


def test_probe_leaves_a_busy_server_to_the_run():
    with FaultyServer(models=None, then=lambda body: "503") as server:
        assert "for now" in probe(settings_of(server))


# A whole stage.


def ask_words(number):
    messages = (("system", "You list words."), ("user", f"words for item {number}"))
    return replace(ASKED, messages=messages, request=f"r{number}")


def read_words(number, reply):
    for word in read_list(read_object(reply.text), "words"):
        yield number, word


WORDS = Stage("words", "words-1", ask_words, read_words)


def answer_words(body):
    asked = next(m["content"] for m in body["messages"] if "words for item" in m["content"])
    return json.dumps({"words": [f"word {asked.split()[-1]}"]})


def test_every_item_ends_as_record_or_counted_rejection_whatever_the_server_does(teach):
    faults = mix((*PASSING, *ANSWERS), share=0.5, seed=1)
    server = FaultyServer(answer_words, then=faults, stall_seconds=0.4, retry_after="0.05")
    with server:
        teacher = teach(server, timeout_seconds=0.2, attempts=12, first_wait_seconds=0.01)
        done = run(WORDS, range(150), teacher)
    lost = {rejection.request_id for rejection in done.rejections}
    kept = {f"r{number}" for number, _ in done.records}
    assert done.pending == ()
    assert kept | lost == {f"r{number}" for number in range(150)}
    assert not kept & lost
    assert all(word == f"word {number}" for number, word in done.records)
    assert all(
        isinstance(rejection, Rejection) and rejection.reason for rejection in done.rejections
    )
    assert {rejection.reason for rejection in done.rejections} >= {"truncated", "empty_reply"}
    assert set(server.faults()) >= {"ok", *PASSING, *ANSWERS}


def test_storm_costs_no_request_and_concurrency_comes_back(teach):
    server = FaultyServer(answer_words, then=storm(2.0), seconds=lambda n: 0.1)
    with server:
        teacher = teach(server, most_at_once=8)
        done = run(WORDS, range(160), teacher)
        after = [seen.at_once for seen in server.requests[-60:]]
    assert len(done.records) == 160
    assert done.pending == ()
    assert done.rejections == ()
    refused = server.faults().count("429")
    assert refused < 60, f"{refused} requests were thrown into the storm"
    assert teacher.gate.limit.at_once > 4
    assert max(after) > 4


def test_storm_of_stalls_costs_no_request_either(teach):
    server = FaultyServer(answer_words, then=storm(1.0, "stall"), stall_seconds=0.5)
    with server:
        done = run(WORDS, range(60), teach(server, timeout_seconds=0.2, attempts=12))
    assert len(done.records) == 60


def test_width_is_used_where_the_server_bears_it(teach):
    with FaultyServer(answer_words, seconds=lambda n: 0.1) as server:
        teacher = teach(server, most_at_once=8)
        began = time.monotonic()
        run(WORDS, range(96), teacher)
        seconds = time.monotonic() - began
    assert server.most_at_once == 8
    assert seconds < 96 * 0.1 / 3


def test_server_that_only_gets_slower_is_not_flooded(teach):
    """As vLLM behaves beyond its capacity: never a 429, latency in proportion to the load."""
    with FaultyServer(answer_words, seconds=lambda n: 0.03 * n) as server:
        teacher = teach(server, most_at_once=32, timeout_seconds=20)
        done = run(WORDS, range(140), teacher)
    assert len(done.records) == 140
    late = [seen.at_once for seen in server.requests[50:]]
    assert sum(late) / len(late) < 14


# The limiter on its own, on a clock of its own.


def simulate(limit, latency_of, calls, failing=lambda now: False, stage="s", now=0.0):
    """A closed loop: always as many under way as the limit allows. Gives the limits over time."""
    dice = random.Random(0)
    under_way, limits = [], []
    for _ in range(calls):
        while len(under_way) < int(limit.at_once):
            full = len(under_way) + 1 >= int(limit.at_once)
            ticket = Ticket("r", now, full)
            seconds = latency_of(len(under_way) + 1, now) * dice.uniform(0.9, 1.1)
            under_way.append((now + seconds, ticket))
        under_way.sort(key=lambda pair: pair[0])
        now, ticket = under_way.pop(0)
        if failing(ticket.began):
            limit.failed(ticket, now)
        else:
            limit.succeeded(ticket, now, stage, 50)
        limits.append(limit.at_once)
    return limits, now


def test_limit_starts_low_and_climbs_to_the_most_on_a_server_that_bears_it():
    limit = Limit(64)
    assert limit.at_once <= 4
    limits, _ = simulate(limit, lambda n, now: 1 + n / 100, 600)
    assert limits[-1] == 64
    assert max(limits) <= 64


def test_limit_stays_low_where_latency_grows_with_the_load():
    limits, _ = simulate(Limit(256), lambda n, now: 0.1 * n, 3000)
    assert max(limits[500:]) < 24


def test_limit_falls_once_per_round_trip():
    limit = Limit(64)
    limit.at_once = 32.0
    tickets = [Ticket("r", 0.0)] * 32
    for ticket in tickets:
        limit.failed(ticket, 1.0)
    assert limit.at_once == 16
    limit.failed(Ticket("r", 1.5), 2.0)
    assert limit.at_once == 8


def test_limit_never_leaves_its_range():
    limit = Limit(4)
    for moment in range(20):
        limit.failed(Ticket("r", float(moment)), moment + 0.5)
    assert limit.at_once == 1
    simulate(limit, lambda n, now: 1.0, 200, now=100.0)
    assert limit.at_once == 4


def test_limit_recovers_after_a_long_storm():
    limits, _ = simulate(Limit(32), lambda n, now: 1.0, 4000, lambda now: 60 < now < 120)
    assert min(limits) == 1
    assert limits[-1] == 32


def test_limit_recovers_where_the_server_became_slower_for_good():
    """Curator's users saw concurrency decay to 1 and stay there."""
    limits, _ = simulate(Limit(32), lambda n, now: 1.0 if now < 60 else 10.0, 6000)
    assert min(limits[1800:2500]) <= 4
    assert limits[-1] > 16


def test_a_stage_with_longer_answers_is_not_taken_for_a_slower_server():
    limit = Limit(32)
    _, now = simulate(limit, lambda n, now: 1.0, 600, stage="short")
    limits, _ = simulate(limit, lambda n, now: 20.0, 600, stage="long", now=now)
    assert min(limits) == 32


def test_breaker_lets_one_probe_at_a_time_through_at_growing_intervals():
    clock = [0.0]
    gate = Gate("here", 8, Breaker(1.0, 8.0), 1000.0, lambda: clock[0])
    for number in range(5):
        ticket = gate.enter(f"r{number}")
        clock[0] += 0.5
        gate.failed(ticket, "HTTP 503")
    assert gate.breaker.is_open
    gaps = []
    for number in range(6):
        gaps.append(gate.breaker.hold(clock[0]))
        clock[0] += gaps[-1]
        probing = gate.enter(f"p{number}")
        assert probing.probe
        entered = threading.Event()

        def second(entered=entered, number=number):
            gate.answered(gate.enter(f"q{number}"), "s", 1)
            entered.set()

        if number == 5:
            waits = threading.Thread(target=second, daemon=True)
            waits.start()
            assert not entered.wait(0.2), "two probes at once"
            gate.answered(probing, "s", 1)
            assert entered.wait(5), "success did not close the breaker"
        else:
            gate.failed(probing, "HTTP 503")
    assert gaps == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert not gate.breaker.is_open
    assert gate.in_flight == 0
