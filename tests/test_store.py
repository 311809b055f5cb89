"""Proves that the store of replies is durable, shared, exclusive, small in memory and guarded."""

import gzip
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emo_hub.errors import DataError, InputError, NotRecordedError, ReplyError
from emo_hub.teacher import Prompt, Recorded, Reply, Usage, guard, recording_line
from emo_hub.teacher.guard import recorded_runs
from emo_hub.teacher.holding import HOLDER_FILE

ASKED = Prompt("lines", "lines-1", (("user", "one line"),), request="r0")


def prompt(number):
    return replace(ASKED, messages=(("user", f"line {number}"),), request=f"r{number}")


@dataclass
class Echo:
    """Answers with the question, as wide as asked for, and counts how often it was asked."""

    width: int = 8
    wait: float = 0.0
    asked: list[str] = field(default_factory=list)

    def answer(self, prompt):
        self.asked.append(prompt.request)
        time.sleep(self.wait)
        return Reply(f"echo {prompt.messages[-1][1]}", "echo", Usage(3, 4, 0.5))


@dataclass
class Faulty:
    """Gives answers of which nothing can be made."""

    width: int = 1
    calls: int = 0

    def answer(self, prompt):
        self.calls += 1
        raise ReplyError("truncated", "cut off after 9 tokens", Usage(7, 9, 0.5))


def in_threads(count, work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def child(code, *arguments, **options):
    """Run code in another process and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_reply_is_synced_to_the_disk_before_answer_returns(tmp_path, monkeypatch):
    store = tmp_path / "store"
    synced, named = {}, set()
    real = os.fsync

    def spying(opened):
        real(opened)
        synced[os.fstat(opened).st_ino] = os.fstat(opened).st_size
        if store.is_dir() and os.fstat(opened).st_ino == store.stat().st_ino:
            named.update(path.name for path in store.iterdir())

    monkeypatch.setattr(os, "fsync", spying)
    with Recorded(store, inner=Echo()) as recorded:
        for number in range(3):
            recorded.answer(prompt(number))
            file = store / "lines.jsonl"
            assert synced[file.stat().st_ino] == file.stat().st_size > 0
            assert "lines.jsonl" in named


def test_threads_that_answer_together_share_a_sync(tmp_path, monkeypatch):
    syncs = []
    real = os.fsync

    def slow(opened):
        syncs.append(opened)
        time.sleep(0.02)
        real(opened)

    with Recorded(tmp_path, inner=Echo(64)) as recorded:
        recorded.answer(prompt(999))
        monkeypatch.setattr(os, "fsync", slow)
        in_threads(64, lambda number: recorded.answer(prompt(number)))
    assert 1 <= len(syncs) <= 16
    assert len((tmp_path / "lines.jsonl").read_text().splitlines()) == 65


def test_replies_of_many_threads_are_each_found_where_they_stand(tmp_path):
    with Recorded(tmp_path, inner=Echo(32)) as recorded:
        in_threads(32, lambda n: [recorded.answer(prompt(32 * i + n)) for i in range(20)])
        for number in range(640):
            reply = recorded.lookup(prompt(number).key)
            assert reply == Reply(f"echo line {number}", "echo", Usage(3, 4, 0.5))
    assert len(list(Recorded(tmp_path).keys())) == 640


def test_the_same_question_from_many_threads_is_paid_for_once(tmp_path):
    echo = Echo(16, wait=0.05)
    replies = []
    with Recorded(tmp_path, inner=echo) as recorded:
        in_threads(16, lambda _: replies.append(recorded.answer(ASKED)))
    assert echo.asked == ["r0"]
    assert len(set(replies)) == 1
    assert len(replies) == 16
    assert len((tmp_path / "lines.jsonl").read_text().splitlines()) == 1


def test_usage_is_written_only_where_it_is_known_and_comes_back(tmp_path):
    known = replace(ASKED, sample=1)
    usage = Usage(10, 20, 1.25)
    lines = [recording_line(ASKED, Reply("a", "t")), recording_line(known, Reply("b", "t", usage))]
    (tmp_path / "lines.jsonl").write_text("".join(lines))
    assert "usage" not in json.loads(lines[0])
    assert Recorded(tmp_path).answer(ASKED).usage is None
    assert Recorded(tmp_path).answer(known).usage == usage


def test_half_a_surrogate_pair_in_a_reply_is_kept(tmp_path):
    class Broken(Echo):
        def answer(self, prompt):
            return Reply("half \ud83d of it", "t")

    with Recorded(tmp_path, inner=Broken()) as recorded:
        recorded.answer(ASKED)
    assert Recorded(tmp_path).answer(ASKED).text == "half \ud83d of it"


@pytest.mark.parametrize(
    "cut", [3, 40, 90, -1], ids=["in the head", "in the key", "after the key", "line break"]
)
def test_half_a_line_is_gone_after_the_next_run_and_no_other_with_it(tmp_path, cut):
    whole = recording_line(ASKED, Reply("kept", "t"))
    later = recording_line(prompt(1), Reply("half", "t"))
    (tmp_path / "lines.jsonl").write_text(whole + later[:cut])
    with Recorded(tmp_path, inner=Echo()) as recorded:
        assert recorded.damaged == []
        recorded.answer(prompt(1))
        recorded.answer(prompt(2))
    lines = (tmp_path / "lines.jsonl").read_text().splitlines()
    assert [json.loads(line)["request"] for line in lines] == ["r0", "r1", "r2"]


def test_zeros_that_a_power_cut_left_are_gone_after_the_next_run(tmp_path):
    whole = recording_line(ASKED, Reply("kept", "t"))
    (tmp_path / "lines.jsonl").write_bytes(whole.encode() + bytes(512))
    with Recorded(tmp_path, inner=Echo()) as recorded:
        recorded.answer(prompt(1))
    assert Recorded(tmp_path).damaged == []


def test_the_end_of_a_file_that_is_not_ours_is_never_cut(tmp_path):
    (tmp_path / "notes.jsonl").write_text('{"note": "mine"}\n{"note": "half')
    with Recorded(tmp_path, inner=Echo()) as recorded:
        recorded.answer(ASKED)
    assert (tmp_path / "notes.jsonl").read_text() == '{"note": "mine"}\n{"note": "half'


def test_a_second_process_is_refused_with_folder_process_and_time(tmp_path):
    code = """
        import sys; from pathlib import Path
        from emo_hub.errors import DataError
        from emo_hub.teacher import Pending, Recorded
        try:
            Recorded(Path(sys.argv[1]), inner=Pending())
        except DataError as error:
            print(error)
        """
    with Recorded(tmp_path, inner=Echo()):
        said = child(code, tmp_path)
        assert f"{tmp_path} is in use by another run (process {os.getpid()} on " in said
        assert "since 2" in said
    assert child(code, tmp_path) == ""


def test_who_only_reads_needs_no_lock_and_leaves_no_trace(tmp_path):
    store = tmp_path / "store"
    with Recorded(store, inner=Echo()) as recorded:
        recorded.answer(ASKED)
        said = child(
            """
            import sys; from pathlib import Path
            from emo_hub.teacher import Prompt, Recorded
            print(len(list(Recorded(Path(sys.argv[1])).keys())))
            """,
            store,
        )
        assert said == "1\n"
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "lines.jsonl").write_bytes((store / "lines.jsonl").read_bytes())
    assert Recorded(fresh).answer(ASKED).text == "echo one line"
    assert [path.name for path in fresh.iterdir()] == ["lines.jsonl"]


def test_two_in_one_process_share_what_either_of_them_pays_for(tmp_path):
    first, second = Echo(), Echo()
    one = Recorded(tmp_path, inner=first)
    two = Recorded(tmp_path, inner=second)
    one.answer(ASKED)
    one.close()
    two.answer(ASKED)
    two.answer(prompt(1))
    assert (first.asked, second.asked) == (["r0"], ["r1"])


def test_a_folder_that_was_deleted_and_made_anew_is_opened_anew(tmp_path):
    store = tmp_path / "store"
    old = Recorded(store, inner=Echo())
    old.answer(ASKED)
    for path in store.iterdir():
        path.unlink()
    store.rmdir()
    new = Recorded(store, inner=Echo())
    new.answer(ASKED)
    old.close()
    assert (store / HOLDER_FILE).exists(), "the note belongs to the new one"
    assert Recorded(store).answer(ASKED).text == "echo one line"


def test_shards_read_as_one_and_the_earlier_reply_counts(tmp_path):
    shards = [tmp_path / name for name in ("a", "b", "c")]
    texts = ["first", "second", "first"]
    for shard, text in zip(shards, texts, strict=True):
        shard.mkdir()
        own = recording_line(replace(ASKED, stage=shard.name), Reply("own", "t"))
        (shard / "lines.jsonl").write_text(recording_line(ASKED, Reply(text, "t")) + own)
    merged = Recorded(shards)
    assert merged.answer(ASKED).text == "first"
    assert merged.conflicts == 1
    assert all(merged.answer(replace(ASKED, stage=name)).text == "own" for name in "abc")


def test_new_replies_of_merged_stores_join_the_first(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    second.mkdir()
    (second / "lines.jsonl").write_text(recording_line(ASKED, Reply("old", "t")))
    with Recorded([first, second], inner=Echo()) as recorded:
        assert recorded.answer(ASKED).text == "old"
        recorded.answer(prompt(1))
    assert Recorded(first).answer(prompt(1)).text == "echo line 1"
    with pytest.raises(NotRecordedError):
        Recorded(first).answer(ASKED)


def test_an_answer_of_which_nothing_can_be_made_is_not_paid_for_twice(tmp_path):
    faulty = Faulty()
    for _ in range(3):
        with (
            Recorded(tmp_path, inner=faulty) as recorded,
            pytest.raises(ReplyError, match="truncated: cut off after 9 tokens"),
        ):
            recorded.answer(ASKED)
    assert faulty.calls == 1
    with pytest.raises(ReplyError, match="truncated"):
        Recorded(tmp_path).answer(ASKED)


def test_what_a_lost_answer_cost_is_known_ever_after(tmp_path):
    with Recorded(tmp_path, inner=Faulty()) as recorded, pytest.raises(ReplyError) as first:
        recorded.answer(ASKED)
    with pytest.raises(ReplyError) as later:
        Recorded(tmp_path).answer(ASKED)
    assert first.value.cost == later.value.cost == (7, 9, 0.5)


def test_a_recorded_fault_is_asked_again_where_its_reason_is_named(tmp_path):
    with Recorded(tmp_path, inner=Faulty()) as recorded, pytest.raises(ReplyError):
        recorded.answer(ASKED)
    with Recorded(tmp_path, inner=Echo(), again=frozenset({"truncated"})) as recorded:
        recorded.answer(ASKED)
    resumed = Recorded(tmp_path)
    assert resumed.answer(ASKED).text == "echo one line"
    assert resumed.conflicts == 0


def test_a_file_changed_behind_the_index_is_noticed(tmp_path):
    file = tmp_path / "lines.jsonl"
    line = recording_line(ASKED, Reply("mine", "t"))
    file.write_text(line)
    recorded = Recorded(tmp_path)
    file.write_text(recording_line(prompt(1), Reply("mine", "t")))
    with pytest.raises(DataError, match=r"lines\.jsonl was changed while it was in use"):
        recorded.answer(ASKED)


def test_a_stage_cannot_name_a_file_outside_the_folder(tmp_path):
    with (
        Recorded(tmp_path / "store", inner=Echo()) as recorded,
        pytest.raises(InputError, match="no name of a stage"),
    ):
        recorded.answer(replace(ASKED, stage="../lines"))
    assert not (tmp_path / "lines.jsonl").exists()


def test_more_files_than_a_process_may_hold_open_are_read(tmp_path):
    limited = """
        import resource, sys; from pathlib import Path
        from emo_hub.teacher import Recorded
        resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))
        recorded = Recorded([Path(sys.argv[1]), Path(sys.argv[2])])
        print(len({recorded.lookup(key).text for key in recorded.keys()}))
        """
    for shard in ("a", "b"):
        (tmp_path / shard).mkdir()
        for number in range(150):
            text = recording_line(prompt(number), Reply(f"{shard} {number}", "t"))
            (tmp_path / shard / f"lines{number}.jsonl").write_text(text)
    assert child(limited, tmp_path / "a", tmp_path / "b") == "150\n"


def test_compressed_recordings_beyond_the_memory_limit_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("emo_hub.teacher.index._UNPACKED_IN_MEMORY", 1000)
    lines = [recording_line(prompt(n), Reply(f"reply {n}", "t")) for n in range(50)]
    (tmp_path / "lines.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode()))
    recorded = Recorded(tmp_path)
    assert [recorded.answer(prompt(n)).text for n in range(50)] == [f"reply {n}" for n in range(50)]


def test_texts_of_replies_do_not_stay_in_memory(tmp_path):
    body = "x" * 100_000
    with (tmp_path / "lines.jsonl").open("w") as file:
        file.writelines(recording_line(prompt(n), Reply(f"{n} {body}", "t")) for n in range(1000))
    grown = child(
        """
        import sys; from pathlib import Path
        from emo_hub.teacher import Recorded
        def resident():
            status = Path("/proc/self/status").read_text()
            return int(status.split("VmRSS:")[1].split()[0]) // 1024
        before = resident()
        recorded = Recorded(Path(sys.argv[1]))
        for key in recorded.keys():
            recorded.lookup(key)
        print(resident() - before)
        """,
        tmp_path,
    )
    assert int(grown) < 30


FACTS = {"model": "m-1", "plan": "staged", "temperature": 0, "stages": ("a", "b")}


def test_a_run_of_the_same_kind_goes_on_in_its_folder(tmp_path):
    guard(tmp_path / "store", FACTS, mixed=False)
    before = (tmp_path / "store" / "run.json").read_bytes()
    guard(tmp_path / "store", FACTS, mixed=False)
    assert (tmp_path / "store" / "run.json").read_bytes() == before


def test_a_run_of_another_kind_is_refused_and_told_every_difference(tmp_path):
    guard(tmp_path, FACTS, mixed=False)
    changed = {"model": "m-2", "plan": "staged", "temperature": 0.7, "seed": 1}
    with pytest.raises(InputError) as caught:
        guard(tmp_path, {**changed, "stages": ["a", "b"]}, mixed=False)
    said = str(caught.value)
    assert 'model: got "m-2", recorded "m-1"' in said
    assert "temperature: got 0.7, recorded 0" in said
    assert "seed: got 1, recorded nothing" in said
    assert "plan" not in said
    assert "another folder, or allow mixing" in said
    assert len(recorded_runs(tmp_path)) == 1


def test_mixing_keeps_the_facts_of_all_teachers(tmp_path):
    guard(tmp_path, FACTS, mixed=False)
    guard(tmp_path, {**FACTS, "model": "m-2"}, mixed=True)
    guard(tmp_path, {**FACTS, "model": "m-2"}, mixed=False)
    assert [run["model"] for run in recorded_runs(tmp_path)] == ["m-1", "m-2"]


@pytest.mark.parametrize(
    "secret",
    [
        {"api_key": "abc"},
        {"http": {"Authorization": "x"}},
        {"base_url": "https://me:pass@host/v1"},
        {"note": ["sk-abcdefghijklmnopqrstuv"]},
    ],
)
def test_no_secret_enters_the_folder(tmp_path, secret):
    with pytest.raises(InputError, match="looks like a secret"):
        guard(tmp_path, {**FACTS, **secret}, mixed=False)
    assert list(tmp_path.iterdir()) == []


def test_harmless_facts_are_no_secrets(tmp_path):
    facts = {"max_tokens": 400, "key_env": "EMO_HUB_API_KEY", "base_url": "http://host:8000/v1"}
    facts["model"] = "hf-internal-testing/tiny-random-LlamaForCausalLM"
    guard(tmp_path, facts, mixed=False)
    assert recorded_runs(tmp_path) == [facts]


def test_a_damaged_run_file_is_no_licence_to_go_on(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json cannot be read"):
        guard(tmp_path, FACTS, mixed=False)
