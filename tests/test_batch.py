"""Proves that requests go out as batch files and that every reply that comes back is recorded."""

import gzip
import json
from dataclasses import replace

import pytest

from emo_hub.errors import DataError, InputError, ReplyError
from emo_hub.synthesis.stage import Stage, run
from emo_hub.teacher import (
    BatchSettings,
    Pending,
    Prompt,
    Recorded,
    Reply,
    Usage,
    import_replies,
    read_index,
    read_object,
    read_replies,
    write_requests,
)

SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
CLOSED = {**SCHEMA, "additionalProperties": False}
ASKED = Prompt(
    "words",
    "words-1",
    (("system", "Answer in JSON."), ("user", "one word")),
    request="w0",
    schema=SCHEMA,
    max_tokens=90,
)


def prompt(number):
    messages = (ASKED.messages[0], ("user", f"word {number}"))
    return replace(ASKED, messages=messages, request=f"w{number}")


PROMPTS = [prompt(number) for number in range(7)]


def lines_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def chat(prompt, text, **changes):
    """What OpenAI's batch API and `vllm run-batch` write for one request."""
    message = {"role": "assistant", "content": text}
    body = {
        "id": "chatcmpl-1",
        "model": "some-model-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }
    response = {"status_code": 200, "request_id": "req-1", "body": {**body, **changes}}
    return {"id": "b-1", "custom_id": prompt.key, "response": response, "error": None}


def claude(prompt, text):
    """What Anthropic's message batches give for one request."""
    message = {
        "model": "claude-x",
        "content": [{"type": "text", "text": text[:3]}, {"type": "text", "text": text[3:]}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 8},
    }
    return {"custom_id": prompt.key, "result": {"type": "succeeded", "message": message}}


@pytest.fixture
def exported(tmp_path):
    write_requests(PROMPTS, tmp_path / "batch", "some-model")
    return tmp_path / "batch"


def write(folder, *entries, name="replies.jsonl"):
    path = folder / name
    path.write_text("".join(e if isinstance(e, str) else json.dumps(e) + "\n" for e in entries))
    return path


def test_a_request_is_one_line_of_the_batch_format(tmp_path):
    [path] = write_requests([ASKED], tmp_path, "some-model")
    assert lines_of(path) == [
        {
            "custom_id": ASKED.key,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {
                "model": "some-model",
                "messages": [
                    {"role": "system", "content": "Answer in JSON."},
                    {"role": "user", "content": "one word"},
                ],
                "temperature": 0.0,
                "max_tokens": 90,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "words", "strict": True, "schema": CLOSED},
                },
            },
        }
    ]


def test_settings_reach_the_body(tmp_path):
    settings = BatchSettings(
        structured="off",
        temperature=0.7,
        seed=5,
        limit="max_completion_tokens",
        extra={"reasoning_effort": "low"},
    )
    [path] = write_requests([replace(ASKED, sample=2)], tmp_path, "m", settings=settings)
    body = lines_of(path)[0]["body"]
    assert "response_format" not in body
    assert (body["temperature"], body["seed"], body["max_completion_tokens"]) == (0.7, 7, 90)
    assert body["reasoning_effort"] == "low"


def test_files_stay_within_the_limits_and_hold_each_prompt_once_in_order(tmp_path):
    settings = BatchSettings(most_requests=3)
    paths = write_requests([*PROMPTS, *PROMPTS], tmp_path, "m", settings=settings)
    assert [path.name for path in paths] == [f"requests-0000{n}.jsonl" for n in (1, 2, 3)]
    assert [len(lines_of(path)) for path in paths] == [3, 3, 1]
    assert [e["custom_id"] for path in paths for e in lines_of(path)] == [p.key for p in PROMPTS]
    size = len(paths[0].read_bytes()) // 3
    small = write_requests(
        PROMPTS, tmp_path / "small", "m", settings=BatchSettings(most_bytes=2 * size + 9)
    )
    assert all(path.stat().st_size <= 2 * size + 9 for path in small)
    assert len(small) == 4


def test_a_request_larger_than_a_file_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"request w0 has .* bytes, and a file may have 100"):
        write_requests([ASKED], tmp_path / "out", "m", settings=BatchSettings(most_bytes=100))
    assert list((tmp_path / "out").iterdir()) == []


def test_exporting_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_requests(PROMPTS, tmp_path / name, "m")
    write_requests(PROMPTS, tmp_path / "a", "m")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["index.jsonl", "requests-00001.jsonl"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_later_export_replaces_the_requests_and_still_knows_the_earlier_ones(tmp_path):
    write_requests(PROMPTS[:5], tmp_path, "m", settings=BatchSettings(most_requests=2))
    [path] = write_requests(PROMPTS[5:], tmp_path, "m")
    assert sorted(p.name for p in tmp_path.glob("requests-*")) == [path.name]
    assert set(read_index(tmp_path)) == {p.key for p in PROMPTS}


def test_requests_do_not_mix_with_recordings(tmp_path):
    with (
        Recorded(tmp_path, inner=Pending()),
        pytest.raises(InputError, match="folder of their own"),
    ):
        write_requests(PROMPTS, tmp_path, "m")


def test_texts_that_prompts_only_name_are_filled_in_and_the_key_stays(tmp_path):
    named = replace(ASKED, messages=(("user", "{{a/b/c}}"),), references=("a/b/c",))
    with pytest.raises(InputError, match="a/b/c"):
        write_requests([named], tmp_path, "m")
    [path] = write_requests([named], tmp_path, "m", text_of={"a/b/c": "the text"}.__getitem__)
    [line] = lines_of(path)
    assert line["body"]["messages"] == [{"role": "user", "content": "the text"}]
    assert line["custom_id"] == named.key


def test_every_known_form_of_reply_is_recorded_with_its_teacher_and_cost(tmp_path, exported):
    files = [
        write(exported, chat(PROMPTS[0], "zero"), claude(PROMPTS[1], "number one")),
        write(
            exported,
            {"key": PROMPTS[2].key, "reply": {"word": "é"}, "teacher": "a person"},
            {"custom_id": PROMPTS[3].key, "reply": "three", "teacher": "a person"},
            name="hand.jsonl",
        ),
    ]
    report = import_replies(files, tmp_path / "store")
    assert report.recorded == 4
    recorded = Recorded(tmp_path / "store")
    assert recorded.answer(PROMPTS[0]) == Reply("zero", "some-model-2026", Usage(11, 7, 0.0))
    assert recorded.answer(PROMPTS[1]) == Reply("number one", "claude-x", Usage(12, 8, 0.0))
    assert recorded.answer(PROMPTS[2]) == Reply('{"word":"é"}', "a person")
    assert recorded.answer(PROMPTS[3]) == Reply("three", "a person")
    assert lines_of(tmp_path / "store" / "words.jsonl")[0]["request"] == "w0"


def test_the_teacher_that_is_named_stands_for_the_name_in_the_lines(tmp_path, exported):
    replies = write(exported, chat(ASKED, "zero"), {"key": PROMPTS[1].key, "reply": "one"})
    write_requests([ASKED, *PROMPTS], exported, "m")
    import_replies([replies], tmp_path / "store", teacher="me")
    assert Recorded(tmp_path / "store").answer(ASKED).teacher == "me"
    assert Recorded(tmp_path / "store").answer(PROMPTS[1]).teacher == "me"


def test_a_reply_by_nobody_is_not_recorded(tmp_path, exported):
    replies = write(exported, {"key": PROMPTS[0].key, "reply": "zero"})
    with pytest.raises(InputError, match="line 1 does not say who wrote the reply"):
        import_replies([replies], tmp_path / "store")


def test_importing_twice_changes_nothing(tmp_path, exported):
    replies = write(exported, *(chat(p, f"reply {p.request}") for p in PROMPTS))
    first = import_replies([replies, replies], tmp_path / "store")
    before = (tmp_path / "store" / "words.jsonl").read_bytes()
    second = import_replies([replies, replies], tmp_path / "store")
    assert (first.recorded, first.already_there) == (7, 7)
    assert (second.recorded, second.already_there) == (0, 14)
    assert (tmp_path / "store" / "words.jsonl").read_bytes() == before


def test_what_failed_at_the_server_is_counted_by_reason_and_stays_pending(tmp_path, exported):
    refused = {"status_code": 429, "body": {"error": {"message": "slow", "code": "rate_limit"}}}
    late = {"code": "batch_expired", "message": "too late"}
    replies = write(
        exported,
        {"custom_id": PROMPTS[0].key, "response": refused, "error": None},
        {"custom_id": PROMPTS[1].key, "response": None, "error": late},
        {"custom_id": PROMPTS[2].key, "response": {"status_code": 500, "body": None}},
        {"custom_id": PROMPTS[3].key, "result": {"type": "expired"}},
        {"custom_id": PROMPTS[4].key, "response": {"status_code": 200, "body": {"choices": []}}},
        {"custom_id": PROMPTS[5].key},
    )
    report = import_replies([replies], tmp_path / "store")
    assert report.recorded == 0
    assert report.failed == {
        "rate_limit": 1,
        "batch_expired": 1,
        "http_500": 1,
        "expired": 1,
        "no_chat_completion": 1,
        "no_response": 1,
    }
    with Recorded(tmp_path / "store", inner=Pending()) as recorded:
        pending = run(STAGE, range(7), recorded).pending
    assert [p.request for p in pending] == [p.request for p in PROMPTS]


def test_an_answer_cut_off_is_counted_and_not_paid_for_again(tmp_path, exported):
    cut = chat(PROMPTS[0], '{"wo')
    cut["response"]["body"]["choices"][0]["finish_reason"] = "length"
    replies = write(exported, cut)
    assert import_replies([replies], tmp_path / "store").failed == {"truncated": 1}
    assert import_replies([replies], tmp_path / "store").already_there == 1
    with pytest.raises(ReplyError, match="truncated"):
        Recorded(tmp_path / "store").answer(PROMPTS[0])
    import_replies([write(exported, chat(PROMPTS[0], "whole"))], tmp_path / "store")
    assert Recorded(tmp_path / "store").answer(PROMPTS[0]).text == "whole"


def test_a_reply_that_follows_a_fault_in_one_file_is_recorded(tmp_path, exported):
    cut = chat(PROMPTS[0], '{"wo')
    cut["response"]["body"]["choices"][0]["finish_reason"] = "length"
    report = import_replies([write(exported, cut, chat(PROMPTS[0], "whole"))], tmp_path / "store")
    assert (report.recorded, report.already_there) == (1, 0)
    assert report.failed == {"truncated": 1}
    assert Recorded(tmp_path / "store").answer(PROMPTS[0]).text == "whole"


def test_unknown_and_damaged_lines_are_listed_and_harm_no_other(tmp_path, exported):
    stranger = replace(ASKED, sample=9)
    path = write(
        exported,
        chat(stranger, "who?"),
        chat(stranger, "who?"),
        '{"custom_id": "half\n',
        "\n",
        "[]\n",
        '{"reply": "of what?"}\n',
        chat(PROMPTS[0], "fine"),
    )
    report = import_replies([path], tmp_path / "store")
    assert report.recorded == 1
    assert report.unknown == (stranger.key,)
    assert [line.split(": ")[0] for line in report.damaged] == [
        "replies.jsonl, line 3",
        "replies.jsonl, line 5",
        "replies.jsonl, line 6",
    ]
    assert report.damaged[2].endswith("neither custom_id nor key")


def test_compressed_replies_are_read_up_to_where_they_break(tmp_path, exported):
    whole = "".join(json.dumps(chat(p, "x" * 5000)) + "\n" for p in PROMPTS).encode()
    (exported / "good.jsonl.gz").write_bytes(gzip.compress(whole))
    (exported / "bad.jsonl.gz").write_bytes(gzip.compress(whole)[:-20])
    read = list(read_replies([exported / "good.jsonl.gz"], read_index(exported)))
    assert [line.reply.text for line in read] == ["x" * 5000] * 7
    report = import_replies([exported / "bad.jsonl.gz"], tmp_path / "store")
    assert len(report.damaged) == 1
    assert "ends or breaks here" in report.damaged[0]


def test_a_missing_or_damaged_index_says_what_to_do(tmp_path):
    replies = write(tmp_path, chat(ASKED, "x"))
    with pytest.raises(InputError, match=r"No index\.jsonl stands beside the replies"):
        import_replies([replies], tmp_path / "store")
    (tmp_path / "index.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="export the requests again"):
        import_replies([replies], tmp_path / "store")
    with pytest.raises(InputError, match="is no file"):
        list(read_replies([tmp_path / "nowhere.jsonl"], {}))


def read_word(item, reply):
    value = read_object(reply.text)
    if "word" not in value:
        raise ReplyError("missing_field", "word")
    yield f"{item}: {value['word']}"


STAGE = Stage("words", "words-1", prompt, read_word)


def test_export_import_and_run_go_round_until_nothing_is_pending(tmp_path):
    store, batch = tmp_path / "store", tmp_path / "batch"
    with Recorded(store, inner=Pending()) as recorded:
        first = run(STAGE, range(7), recorded)
    assert (len(first.pending), first.records) == (7, ())
    write_requests(first.pending, batch, "m")
    answers = [chat(p, "no json" if i == 3 else '{"word": "w"}') for i, p in enumerate(PROMPTS)]
    import_replies([write(batch, *answers)], store)
    with Recorded(store, inner=Pending()) as recorded:
        second = run(STAGE, range(7), recorded)
    assert len(second.records) == 6
    [repair] = second.pending
    assert repair.messages[:2] == PROMPTS[3].messages
    write_requests(second.pending, batch, "m")
    import_replies([write(batch, chat(repair, '{"word": "now"}'))], store)
    final = run(STAGE, range(7), Recorded(store))
    assert final.pending == ()
    assert final.records[3] == "3: now"
    assert len(final.records) == 7
