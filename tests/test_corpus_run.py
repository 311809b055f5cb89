"""`emo-hub corpus build` against a real server: kept, resumed, the same whatever happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from datasets import load_dataset

from emo_hub.cli.corpus_run import account
from emo_hub.synthesis.ledger import StageCost
from emo_hub.synthesis.teachers import TeacherChoice, make
from emo_hub.synthesis.write import CARD
from emo_hub.teacher import Prompt, Recorded
from tests.commands import emo_hub
from tests.conftest import REPOSITORY
from tests.faulty_server import FaultyServer
from tests.stories import STORIES, novel_reply

STAGES = {
    "who in it could be heard": "characters",
    "let one of its characters\nspeak": "lines",
    "let one of its characters speak": "moments",
    "You read one line": "labels",
    "You read lines": "second_looks",
    "write\ndown what somebody must know": "contexts",
    "Take out every word": "cleaning",
    "Rewrite the line": "rewriting",
    "say what whoever says it feels": "feelings",
}


def stage_of(system: str) -> str:
    flat = " ".join(system.split())
    return next(stage for words, stage in STAGES.items() if " ".join(words.split()) in flat)


def answer(body: dict) -> str:
    if len(body["messages"]) == 1:
        return "yes"
    system, user = (message["content"] for message in body["messages"][:2])
    stage = stage_of(system)
    if "one of its characters speak" in " ".join(system.split()):
        stage = "moments" if "rewritten" in system else "lines"
    return json.dumps(novel_reply(stage, user))


@pytest.fixture(scope="module")
def stories(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("given") / "stories"
    folder.mkdir()
    for story in STORIES:
        (folder / f"{story.title}.txt").write_text(story.text)
    return folder


def command(*words: object, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "emo_hub", "corpus", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
    )


def apart(*words: object) -> subprocess.CompletedProcess:
    """Run a command to its end in a process of its own."""
    process = command(*words)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def done(*words: object, **environment: str) -> subprocess.CompletedProcess:
    """Run a command in this process, which has all imports behind it."""
    return emo_hub("corpus", *words, **environment)


def build(stories: Path, out: Path, server: FaultyServer, *more: object) -> tuple[object, ...]:
    return (
        "build", "--narratives", stories, "--out", out, "--teacher", "http", "--model",
        "tests/faulty", "--base-url", server.url, "--characters", 2, *more,
    )  # fmt: skip


def files_of(corpus: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(corpus)): path.read_bytes()
        for path in sorted(corpus.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(stories, tmp_path_factory) -> dict[str, Path]:
    made = {}
    with FaultyServer(answer=answer) as server:
        for plan in ("staged", "fused"):
            out = tmp_path_factory.mktemp("undisturbed") / plan
            ended = done(*build(stories, out, server, "--plan", plan))
            assert ended.returncode == 0, ended.stderr
            made[plan] = out
    return made


def test_a_corpus_from_a_server_loads_with_all_its_columns(undisturbed):
    for out in undisturbed.values():
        rows = load_dataset(str(out), "contextual")
        (row, *_) = [row for split in rows.values() for row in split]
        assert row["utterance"] != row["utterance_original"]
        assert row["context"]
        assert row["provenance"]["teacher"] == "tests/faulty"
        assert sum(len(split) for split in rows.values()) == 40


def test_the_card_accounts_for_every_stage(undisturbed):
    card = (undisturbed["staged"] / CARD).read_text()
    for stage in ("characters", "lines", "labels", "contexts", "cleaning", "rewriting", "feelings"):
        assert f"| {stage} |" in card


# Each kill costs the imports of a process.
@pytest.mark.parametrize("kills", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_killed_at_any_moment_nothing_is_asked_twice_and_the_corpus_is_the_same(
    stories, tmp_path, undisturbed, kills
):
    out, store = tmp_path / "corpus", tmp_path / "corpus-replies"
    moments = random.Random(4)
    asked_again = []
    with FaultyServer(answer=answer, seconds=lambda at_once: 0.05) as server:
        line = build(stories, out, server, "--plan", "staged", "--set", "most_at_once=4")
        for kill in range(kills + 1):
            durable = set(Recorded(store).keys()) if any(store.glob("*.jsonl")) else set()
            before = len(server.requests)
            if kill < kills:
                process = command(*line)
                _wait_for_requests(server, before + moments.randint(3, 25), process)
                process.send_signal(signal.SIGKILL)
                _, err = process.communicate(timeout=120)
                assert process.returncode == -signal.SIGKILL, err
            else:
                ended = done(*line)
                assert ended.returncode == 0, ended.stderr
            asked_again += [
                seen for seen in server.requests[before:] if _key(seen.body, store) in durable
            ]
    assert asked_again == []
    assert files_of(out) == files_of(undisturbed["staged"])


def _wait_for_requests(server: FaultyServer, count: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while len(server.requests) < count and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)


def _key(body: dict, store: Path) -> str:
    """Find the key under which the store would hold this question, by asking it as a prompt."""
    messages = tuple((message["role"], message["content"]) for message in body["messages"])
    if len(messages) < 2:
        return ""
    stage = stage_of(messages[0][1])
    if "one of its characters speak" in " ".join(messages[0][1].split()):
        stage = "lines"
    versions = {"second_looks": "second-looks-1"}
    return Prompt(stage, versions.get(stage, f"{stage}-1"), messages).key


def test_the_key_of_a_request_is_found_again(stories, tmp_path):
    # The kill test would prove nothing if the keys it computes were not those of the store.
    out = tmp_path / "corpus"
    with FaultyServer(answer=answer) as server:
        done(*build(stories, out, server, "--plan", "staged"))
        asked = {_key(seen.body, tmp_path) for seen in server.requests} - {""}
    assert asked == set(Recorded(tmp_path / "corpus-replies").keys())


def test_a_second_run_on_the_same_store_refuses(stories, tmp_path):
    with FaultyServer(answer=answer, seconds=lambda at_once: 0.3) as server:
        line = build(stories, tmp_path / "corpus", server)
        first = command(*line)
        _wait_for_requests(server, 2, first)
        second = done(*line)
        first.kill()
        first.communicate()
    assert second.returncode == 2
    assert "corpus-replies" in second.stderr


def test_another_model_on_the_same_store_is_refused_by_name(stories, tmp_path):
    with FaultyServer(answer=answer) as server:
        line = build(stories, tmp_path / "corpus", server)
        assert done(*line).returncode == 0
        other = done(*line, "--model", "tests/other")
    assert other.returncode == 2
    assert "tests/other" in other.stderr
    assert "tests/faulty" in other.stderr


def test_storms_and_broken_replies_do_not_change_the_corpus(stories, tmp_path, undisturbed):
    faults = ["429", "500", "truncated", "reset", "429", "503", "ok", "ok"] * 8
    quick = ("--set", "first_wait_seconds=0.05", "--set", "longest_wait_seconds=0.2")
    quick += ("--set", "attempts=40")
    with FaultyServer(answer=answer, script=["ok", *faults]) as server:
        ended = done(*build(stories, tmp_path / "corpus", server, *quick))
    assert ended.returncode == 0, ended.stderr
    assert files_of(tmp_path / "corpus") == files_of(undisturbed["fused"])


def test_why_nobody_answered_is_told(stories, tmp_path):
    quick = ("--set", "first_wait_seconds=0.01", "--set", "longest_wait_seconds=0.02")
    quick += ("--set", "attempts=2")
    with FaultyServer(answer=answer, script=["500"] * 200) as server:
        ended = done(*build(stories, tmp_path / "corpus", server, *quick))
    assert ended.returncode == 1
    assert "The last fault: 2 attempts, the last:" in ended.stdout
    assert "Internal Server Error" in ended.stdout


def test_what_was_cut_off_is_counted_and_asked_again_when_that_is_asked_for(stories, tmp_path):
    with FaultyServer(answer=answer, then=lambda body: "length") as server:
        ended = done(*build(stories, tmp_path / "corpus", server, "--most-rejected", 1))
        asked = len(server.requests)
    assert "truncated. With the cause mended, --again asks once more" in ended.stdout
    characters = next(x for x in ended.stdout.splitlines() if x.startswith("characters"))
    assert characters.split()[-2:] == [str(7 * asked), str(5 * asked)]
    with FaultyServer(answer=answer) as server:
        again = build(stories, tmp_path / "corpus", server)
        assert done(*again).returncode == 2
        assert server.requests == []
        mended = done(*again, "--again")
        assert mended.returncode == 0, mended.stderr


def test_to_ask_again_needs_somebody_to_ask(stories, tmp_path):
    ended = done("build", "--narratives", stories, "--out", tmp_path / "c", "--again")
    assert ended.returncode == 2
    assert "--again asks a teacher once more" in ended.stderr


def test_what_nobody_answers_can_be_left_out(stories, tmp_path):
    quick = ("--set", "attempts=1", "--partial")
    with FaultyServer(answer=answer, script=["ok", "ok", "500"]) as server:
        ended = done(*build(stories, tmp_path / "corpus", server, *quick))
    assert ended.returncode == 0, ended.stderr
    assert "1 requests without a reply (--partial)" in ended.stdout
    assert (tmp_path / "corpus" / "corpus.json").is_file()


def test_how_long_a_server_is_waited_for_may_change_within_a_store(stories, tmp_path):
    with FaultyServer(answer=answer) as server:
        line = build(stories, tmp_path / "corpus", server)
        assert done(*line).returncode == 0
        assert done(*line, "--set", "most_at_once=2", "--set", "attempts=3").returncode == 0
        other = done(*line, "--set", "temperature=0.5")
    assert other.returncode == 2
    assert "--mixed" in other.stderr


def test_replies_without_a_count_of_tokens_are_said_to_be_left_out(capsys):
    account({"lines": StageCost(items=3, replies=3, metered=1, prompt_tokens=7)}, (0.0, 0.0))
    assert "2 replies came without a count of tokens" in capsys.readouterr().out
    account({"lines": StageCost(items=3, replies=3, metered=3, prompt_tokens=7)}, (0.0, 0.0))
    assert "without a count" not in capsys.readouterr().out


def test_a_corpus_of_stories_asks_who_shall_answer(stories, tmp_path):
    ended = done("build", "--narratives", stories, "--out", tmp_path / "corpus")
    assert ended.returncode == 2
    assert "Nobody has answered yet" in ended.stderr


def test_rounds_of_batch_files_give_the_same_corpus_as_a_server(stories, tmp_path, undisturbed):
    out = tmp_path / "corpus"
    store, requests = tmp_path / "corpus-replies", tmp_path / "corpus-replies" / "requests"
    line = (
        "build", "--narratives", stories, "--out", out, "--teacher", "batch", "--model",
        "tests/faulty", "--characters", 2,
    )  # fmt: skip
    rounds = 0
    while not out.exists():
        ended = done(*line)
        assert ended.returncode == 0, ended.stderr
        if out.exists():
            break
        rounds += 1
        results = tmp_path / f"results-{rounds}.jsonl"
        results.write_text("".join(map(_result, sorted(requests.glob("requests-*.jsonl")))))
        assert done("import-replies", results, "--store", store).returncode == 0
    assert rounds == 3
    mine, theirs = files_of(out), files_of(undisturbed["fused"])
    data = [name for name in theirs if name.endswith((".parquet", "rejected.jsonl"))]
    assert [name for name in data if mine[name] != theirs[name]] == []


def test_settings_reach_the_batch_files_and_what_they_have_no_use_for_is_refused(stories, tmp_path):
    line = (
        "build", "--narratives", stories, "--out", tmp_path / "corpus", "--teacher", "batch",
        "--model", "tests/faulty", "--looks", 2,
    )  # fmt: skip
    ended = done(*line, "--set", "temperature=0.7", "--set", "limit=max_completion_tokens")
    assert ended.returncode == 0, ended.stderr
    requests = tmp_path / "corpus-replies" / "requests" / "requests-00001.jsonl"
    body = json.loads(requests.read_text().splitlines()[0])["body"]
    assert body["temperature"] == 0.7
    assert "max_completion_tokens" in body
    refused = done(*line, "--annotator", "tests/other")
    assert refused.returncode == 2
    assert "no use for --annotator" in refused.stderr


def test_settings_reach_exported_requests(stories, tmp_path):
    ended = done(
        "export-requests", "--narratives", stories, "--store", tmp_path / "store",
        "--out", tmp_path / "requests", "--model", "tests/faulty", "--set", "temperature=0.7",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    requests = tmp_path / "requests" / "requests-00001.jsonl"
    assert json.loads(requests.read_text().splitlines()[0])["body"]["temperature"] == 0.7


def _result(requests: Path) -> str:
    lines = []
    for line in requests.read_text().splitlines():
        asked = json.loads(line)
        body = {
            "model": "tests/faulty",
            "choices": [{"message": {"content": answer(asked["body"])}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5},
        }
        told = {"custom_id": asked["custom_id"], "error": None}
        lines.append(json.dumps(told | {"response": {"status_code": 200, "body": body}}) + "\n")
    return "".join(lines)


@pytest.mark.slow
def test_shards_give_the_same_corpus_as_one_process(stories, tmp_path, undisturbed):
    pytest.importorskip("datatrove", reason="NO DATATROVE: install emo-hub[cluster]")
    out = tmp_path / "corpus"
    shards = ("--executor", "local", "--tasks", 2, "--workers", 2)
    with FaultyServer(answer=answer) as server:
        ended = done(*build(stories, out, server, *shards))
        assert ended.returncode == 0, ended.stderr
        asked = len(server.requests)
        again = done(*build(stories, tmp_path / "again", server, "--store", f"{out}-replies"))
        assert again.returncode == 0, again.stderr
        # Only the probe of the server: one process finds what the shards have asked.
        assert len(server.requests) == asked
    assert files_of(out) == files_of(undisturbed["fused"])


@pytest.mark.slow
def test_measured_quality_goes_into_the_card_once(undisturbed, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(undisturbed["fused"], corpus)
    for _ in range(2):
        ended = done("stats", corpus, "--out", tmp_path / "quality", "--card")
        assert ended.returncode == 0, ended.stderr
    card = (corpus / CARD).read_text()
    assert card.count("<!-- measured quality -->") == 1
    assert card.index("<!-- measured quality -->") < card.index("## Intended use")
    assert (tmp_path / "quality" / "quality.md").is_file()


def test_two_annotators_leave_both_looks_in_the_row(stories, tmp_path):
    out = tmp_path / "corpus"
    more = ("--plan", "staged", "--looks", 2, "--annotator", "tests/faulty")
    with FaultyServer(answer=answer) as server:
        ended = done(*build(stories, out, server, *more))
    assert ended.returncode == 0, ended.stderr
    rows = [row for split in load_dataset(str(out), "contextless").values() for row in split]
    assert {len(row["looks"]) for row in rows} == {2}
    assert {row["agreement"] for row in rows} == {1.0}


def test_an_annotator_that_no_look_is_left_for_is_refused(stories, tmp_path):
    with FaultyServer(answer=answer) as server:
        ended = done(*build(stories, tmp_path / "corpus", server, "--annotator", "tests/other"))
        assert server.requests == []
    assert ended.returncode == 2
    assert "give --looks 2" in ended.stderr


def test_another_annotator_is_asked_for_looks_and_nothing_else():
    first, other = models = ("tests/faulty", "tests/other")
    with FaultyServer(models=models) as server:
        teacher = make(TeacherChoice("http", first, server.url, annotators=((other, ""),)))
        for stage in ("utterances", "labels", "second_looks", "descriptors"):
            teacher.answer(Prompt(stage, f"{stage}-1", (("user", "So?"),), sample=1))
        asked = [seen.body["model"] for seen in server.requests]
    assert asked == [first, other, other, other]


def test_a_key_is_shown_to_no_other_server(monkeypatch):
    monkeypatch.setenv("EMO_HUB_API_KEY", "sk-of-the-first")
    monkeypatch.setenv("EMO_HUB_API_KEY_3", "sk-of-the-third")
    with FaultyServer() as first, FaultyServer() as second, FaultyServer() as third:
        others = (("tests/faulty", second.url), ("tests/faulty", third.url))
        teacher = make(TeacherChoice("http", "tests/faulty", first.url, annotators=others))
        for look in range(3):
            teacher.answer(Prompt("labels", "labels-1", (("user", "So?"),), sample=look))
        shown = [
            {seen.headers.get("authorization") for seen in server.requests}
            for server in (first, second, third)
        ]
    assert shown == [{"Bearer sk-of-the-first"}, {None}, {"Bearer sk-of-the-third"}]


@pytest.mark.parametrize("executor", ["here", "local"])
def test_an_address_with_a_password_is_refused_before_it_is_written_down(
    stories, tmp_path, executor
):
    ended = done(
        "build", "--narratives", stories, "--out", tmp_path / "corpus", "--teacher", "http",
        "--model", "m", "--base-url", "http://me:pass-word@127.0.0.1:9/v1", "--executor", executor,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "holds a user or a password" in ended.stderr
    assert not any(b"pass-word" in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_a_dry_run_asks_nobody(stories, tmp_path):
    with FaultyServer(answer=answer) as server:
        ended = done(*build(stories, tmp_path / "corpus", server, "--dry-run"))
        assert server.requests == []
    assert "moments" in ended.stdout
    assert not any(tmp_path.iterdir())


def test_the_key_stands_in_no_file_and_no_output(stories, tmp_path, caplog):
    secret = "sk-not-for-anybody-0123456789"
    with FaultyServer(answer=answer, key=secret) as server:
        ended = done(*build(stories, tmp_path / "corpus", server), EMO_HUB_API_KEY=secret)
    assert ended.returncode == 0, ended.stderr
    # What a process of its own would log to its standard error goes to pytest in this one.
    assert secret not in ended.stdout + ended.stderr + caplog.text
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]


def test_a_server_that_is_not_there_says_so_and_what_to_do(stories, tmp_path):
    ended = apart(
        "build", "--narratives", stories, "--out", tmp_path / "corpus", "--teacher", "http",
        "--model", "m", "--base-url", "http://127.0.0.1:9",
    )  # fmt: skip
    assert ended.returncode == 2
    assert "127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_texts_are_annotated_by_their_ids_alone(tmp_path):
    given = tmp_path / "mail.jsonl"
    texts = ["The parcel came broken again.", "Thank you for the quick answer, truly."]
    given.write_text(
        "".join(json.dumps({"id": f"m{n}", "text": t}) + "\n" for n, t in enumerate(texts))
    )
    reply = {"emotions": [{"label": "joy", "intensity": 0.6}], "descriptors": ["joy"]}
    with FaultyServer(
        answer=lambda body: json.dumps({**reply, "valence": 4, "arousal": 3})
    ) as server:
        ended = done(
            "build", "--texts", given, "--out", tmp_path / "corpus", "--teacher", "http", "--model",
            "tests/faulty", "--base-url", server.url,
        )  # fmt: skip
        asked = " ".join(seen.body["messages"][-1]["content"] for seen in server.requests)
    assert ended.returncode == 0, ended.stderr
    assert all(text in asked for text in texts)
    kept = b"".join(files_of(tmp_path / "corpus").values())
    kept += b"".join(files_of(tmp_path / "corpus-replies").values())
    assert not any(text.encode() in kept for text in texts)
