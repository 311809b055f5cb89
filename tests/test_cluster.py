"""A run in shards asks what a run in one piece asks, never twice, whatever is killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emo_hub.cli import app
from emo_hub.errors import DataError, InputError, Unanswered
from emo_hub.synthesis.chain import NarrativePlan
from emo_hub.synthesis.cluster import Cluster, run_sharded
from emo_hub.synthesis.job import Job, Shard, pending, work
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.merging import merge, sources
from emo_hub.synthesis.narratives import read_stories
from emo_hub.synthesis.parts import ShardedRun, ShardLedger, read_run, shard_folders
from emo_hub.synthesis.sharded import ShardedReport, report
from emo_hub.synthesis.teachers import TeacherChoice
from emo_hub.teacher import Prompt, Recorded, Reply, recording_line
from emo_hub.teacher.holding import lock_folder
from tests.faulty_server import FaultyServer
from tests.stories import novel_reply

pytest.importorskip("datatrove")

PLACES = ("quay", "mill", "orchard", "chapel", "smithy", "market", "ford", "barn")
SECRET = "sk-loopback-0123456789"


@pytest.fixture(scope="module")
def stories(tmp_path_factory) -> Path:
    """Eight short stories, each with two people in it."""
    folder = tmp_path_factory.mktemp("cluster") / "stories"
    folder.mkdir()
    for number, place in enumerate(PLACES, start=1):
        text = (
            f"Mara came down to the {place} before anybody else was up. The lamp that Tom had "
            f"promised to fill was empty for the {number}th time. She waited until the {place} "
            "grew light and counted the boxes alone. Tom arrived at noon with flour on his "
            "sleeves and no excuse. Mara handed him the list and walked away without a word. "
            f"In the evening the {place} was swept, and the lamp stood full beside the door. "
        )
        (folder / f"{place}.txt").write_text(text)
    return folder


def answer(body: dict) -> str:
    stage = body["response_format"]["json_schema"]["name"]
    content = body["messages"][1]["content"]
    text = json.dumps(novel_reply(stage, content))
    # Without its place, what Tom says in one story would be what he says in every other.
    place = next((place for place in PLACES if f"to the {place} " in content), "nowhere")
    return text.replace('"line": "', f'"line": "At the {place} ')


@pytest.fixture(scope="module")
def running():
    with pytest.MonkeyPatch.context() as patch, FaultyServer(answer=answer, key=SECRET) as server:
        patch.setenv("EMO_HUB_API_KEY", SECRET)
        yield server


@pytest.fixture
def server(running):
    running.requests.clear()
    running.then = lambda body: "ok"
    running.seconds = lambda at_once: 0.0
    running.answer = answer
    return running


@pytest.fixture(scope="module")
def finished(stories, running, tmp_path_factory) -> tuple[Path, list[str]]:
    """The undisturbed run, in one shard and one process: its store, and what it asked."""
    store = tmp_path_factory.mktemp("cluster") / "alone"
    running.requests.clear()
    found = run_sharded(sharded(stories, store, running, 1), Cluster(tasks=1))
    assert found.is_complete, found.sentence
    return store, questions(running)


@pytest.fixture(autouse=True)
def no_asker_is_left():
    """No test may leave a process of a run behind."""
    yield
    wait_for(lambda: not processes("part_process"), 20)


def sharded(stories: Path, store: Path, server: FaultyServer, tasks: int, **settings) -> ShardedRun:
    quick = {"most_at_once": 2, "first_wait_seconds": 0.05, "longest_wait_seconds": 0.2}
    choice = TeacherChoice(
        "http", "tests/faulty", base_url=server.url, settings={**quick, **settings}
    )
    job = Job(narratives=str(stories), plan=NarrativePlan("fused", characters=2, looks=1))
    return ShardedRun(job, choice, store, tasks)


def replies(*folders: Path) -> dict[str, str]:
    with Recorded(folders) as store:
        keys = store.keys()
        return {key: store.lookup(key).text for key in keys}


def questions(server: FaultyServer, since: float = 0.0) -> list[str]:
    """What was asked since then and answered, in the order in which the answers went out."""
    seen = [one for one in tuple(server.requests) if one.fault == "ok" and one.came > since]
    return [json.dumps(one.body["messages"]) for one in seen]


def keys_of_questions(job: Job, store: Path) -> dict[str, str]:
    """The key of every question of a job, found by asking a full store."""
    found: dict[str, str] = {}

    class Listening(Recorded):
        def answer(self, prompt) -> Reply:
            said = [{"role": role, "content": text} for role, text in prompt.messages]
            found[json.dumps(said)] = prompt.key
            return super().answer(prompt)

    for _ in work(job, Listening(sources(store)), Ledger()):
        pass
    return found


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def children(pid: int) -> set[int]:
    """All processes below one."""
    out = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    below: dict[int, list[int]] = {}
    for line in out.splitlines():
        child, parent = map(int, line.split())
        below.setdefault(parent, []).append(child)
    found, new = set(), [pid]
    while new:
        new = [child for one in new for child in below.get(one, ())]
        found |= set(new)
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def processes(word: str) -> list[int]:
    """The processes with a word in their command, this one apart."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [number for number in numbers if number != os.getpid() and word in command(number)]


def askers(store: Path) -> list[int]:
    """The processes that ask the shards of a store."""
    return processes(f"part_process ask {store.resolve()}")


def wait_for(claim, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def in_background(run: ShardedRun, cluster: Cluster) -> tuple[threading.Thread, list]:
    found: list = []
    thread = threading.Thread(target=lambda: found.append(run_sharded(run, cluster)), daemon=True)
    thread.start()
    return thread, found


def test_shards_together_ask_exactly_what_one_process_asks(stories, server, finished, tmp_path):
    alone, asked = finished
    server.requests.clear()

    found = run_sharded(sharded(stories, tmp_path, server, 2), Cluster(tasks=2, workers=2))

    assert found.is_complete, found.sentence
    assert found.asked == len(asked) == len(set(asked))
    assert Counter(questions(server)) == Counter(asked)
    assert replies(*sources(tmp_path)) == replies(*sources(alone))


def copied(store: Path, to: Path) -> Path:
    return Path(shutil.copytree(store, to / "store"))


def test_a_run_that_is_complete_starts_nothing_and_asks_nothing(
    stories, server, finished, tmp_path
):
    run = sharded(stories, copied(finished[0], tmp_path), server, 1)
    logs = {path: path.stat().st_mtime_ns for path in run.store.rglob("*.log")}

    found = run_sharded(run, Cluster(tasks=1))

    assert found.is_complete
    assert not server.requests
    assert logs == {path: path.stat().st_mtime_ns for path in run.store.rglob("*.log")}


@pytest.mark.slow
def test_another_number_of_shards_asks_nothing_again(stories, server, finished, tmp_path):
    run = sharded(stories, copied(finished[0], tmp_path), server, 3)

    found = run_sharded(run, Cluster(tasks=3, workers=1))

    assert found.is_complete, found.sentence
    assert (found.asked, questions(server)) == (0, [])


@pytest.mark.slow
def test_a_new_story_makes_finished_shards_begin_again(stories, server, finished, tmp_path):
    more = Path(shutil.copytree(stories, tmp_path / "stories"))
    text = (more / "ford.txt").read_text()
    (more / "well.txt").write_text(text.replace("ford", "well"))

    run = sharded(more, copied(finished[0], tmp_path), server, 1)
    found = run_sharded(run, Cluster(tasks=1))

    assert found.is_complete, found.sentence
    assert found.asked == 5 == len(questions(server))


def disturbed(stories, server, store: Path, strike, seconds: float = 0.1):
    """Strike while two of three shards are being asked; give what came of it.

    Nothing that was durable when the blow fell may be asked after it.
    """
    server.seconds = lambda at_once: seconds
    run = sharded(stories, store, server, 3)
    thread, found = in_background(run, Cluster(tasks=3, workers=2))
    wait_for(lambda: len(server.requests) >= 8 and len(askers(store)) == 2)
    strike()
    fell, durable = time.monotonic(), set(replies(*shard_folders(store)))
    assert 0 < len(durable) < 40
    thread.join(100)
    assert not thread.is_alive(), "the run never ended"
    server.seconds = lambda at_once: 0.0
    for _ in range(2):
        if not found or not found[-1].is_complete:
            found.append(run_sharded(run, Cluster(tasks=3, workers=2)))
    keys = keys_of_questions(run.job, store)
    later = {keys[question] for question in questions(server, since=fell)}
    assert not later & durable
    return found


@pytest.mark.slow
def test_a_killed_asker_goes_on_within_the_run(stories, server, finished, tmp_path):
    found = disturbed(
        stories, server, tmp_path, lambda: os.kill(askers(tmp_path)[0], signal.SIGKILL)
    )

    assert len(found) == 1
    assert found[0].is_complete, found[0].sentence
    assert replies(*sources(tmp_path)) == replies(*sources(finished[0]))


@pytest.mark.slow
def test_a_killed_process_of_the_pool_does_not_hang_the_run(
    stories, server, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr("emo_hub.synthesis.watched.GRACE_SECONDS", 1.0)

    def strike():
        os.kill(parent(askers(tmp_path)[0]), signal.SIGKILL)

    found = disturbed(stories, server, tmp_path, strike)

    assert "stopped before its end" in found[0].sentence
    assert found[-1].is_complete, found[-1].sentence
    assert replies(*sources(tmp_path)) == replies(*sources(finished[0]))


@pytest.mark.slow
def test_after_every_process_is_killed_another_run_finishes(stories, server, finished, tmp_path):
    def strike():
        for number in processes(f"{tmp_path.resolve()}/shards/run-"):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    found = disturbed(stories, server, tmp_path, strike)

    assert len(found) == 2
    assert not found[0].is_complete
    assert found[1].is_complete, found[1].sentence
    assert replies(*sources(tmp_path)) == replies(*sources(finished[0]))


@pytest.mark.slow
def test_questions_without_an_answer_leave_their_shard_open(stories, server, finished, tmp_path):
    server.then = lambda body: "503" if "to the mill " in json.dumps(body["messages"]) else "ok"
    run = sharded(stories, tmp_path, server, 2, attempts=2)

    first = run_sharded(run, Cluster(tasks=2, workers=1))
    server.then = lambda body: "ok"
    second = run_sharded(run, Cluster(tasks=2, workers=1))

    assert first.complete == 1
    assert list(first.waiting.values()) == [1]
    assert "1 requests of 1 shards wait for an answer" in first.sentence
    assert second.is_complete, second.sentence
    assert replies(*sources(tmp_path)) == replies(*sources(finished[0]))


def test_one_shard_without_a_teacher_ends_no_other(stories, server, tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_HUB_API_KEY", "sk-another-key-000000")
    run = sharded(stories, tmp_path, server, 2)

    found = run_sharded(run, Cluster(tasks=2))

    assert set(found.failed) == {0, 1}
    assert "EMO_HUB_API_KEY" in found.sentence
    assert "2 ended early" in found.sentence


def test_the_key_stands_in_no_file_of_a_run(finished):
    store, _ = finished
    files = [path for path in store.rglob("*") if path.is_file()]

    assert len(files) > 8
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_second_run_on_the_store_is_refused(stories, server, tmp_path):
    run = sharded(stories, tmp_path, server, 2)
    run.save()
    held = lock_folder(tmp_path / "shards")

    with pytest.raises(DataError, match=f"in use by another run .process {os.getpid()} "):
        run_sharded(run, Cluster(tasks=2))
    held.release()


def test_a_run_in_other_parts_is_refused_while_a_shard_is_at_work(stories, server, tmp_path):
    run = sharded(stories, tmp_path, server, 2)

    with (
        Recorded(run.folder(1), Nobody()),
        pytest.raises(DataError, match="00001-of-00002 is in use by another run"),
    ):
        run_sharded(replace(run, tasks=3), Cluster(tasks=3))


@dataclass
class Moody:
    """A teacher in process, whose reading of a line cannot be used if it is in a bad mood."""

    bad: bool
    width: int = 1

    def answer(self, prompt) -> Reply:
        if prompt.stage == "labels" and self.bad:
            return Reply("As a language model I would rather not.", "moody")
        return Reply(json.dumps(novel_reply(prompt.stage, prompt.messages[1][1])), "moody")


@dataclass
class Nobody:
    width: int = 1

    def answer(self, prompt) -> Reply:
        raise Unanswered("not now")


def open_questions(job: Job, store: Path) -> list[Prompt]:
    with Recorded((store.with_name("look"), *sources(store)), Nobody()) as look:
        return list(pending(job, look))


def test_two_answers_to_one_question_leave_no_question_open(stories, server, tmp_path):
    """One shard gave up its lines after an answer that, in the whole store, does not count."""
    two, store = tmp_path / "stories", tmp_path / "store"
    two.mkdir()
    for path in sorted(stories.iterdir())[:2]:
        shutil.copy(path, two)
    server.answer = lambda body: json.dumps(
        novel_reply(body["response_format"]["json_schema"]["name"], body["messages"][1]["content"])
    )
    job = Job(narratives=str(two), plan=NarrativePlan("staged", characters=1, looks=1))
    # As many shards as it takes for the two stories to lie in different ones.
    names = [story.id for story in read_stories(two)]
    tasks = next(
        n for n in range(2, 99) if not any(all(map(Shard(i, n).holds, names)) for i in range(n))
    )
    run = replace(sharded(two, store, server, tasks), job=job)
    begun = []
    for rank in range(tasks):
        folder, ledger, shard = run.folder(rank), Ledger(), Shard(rank, tasks)
        with Recorded(folder, Moody(bad=bool(begun))) as replies_of_shard:
            found = list(work(job, replies_of_shard, ledger, shard))
        begun += [folder] if any(map(shard.holds, names)) else []
        ShardLedger(run.stamp, "complete").write(folder)
        assert len(begun) != 2 or not found
    waiting = open_questions(job, store)

    found = run_sharded(run, Cluster(tasks=tasks))

    assert waiting
    assert found.is_complete, found.sentence
    assert not open_questions(job, store)


CALLER = """
import sys
from pathlib import Path
from emo_hub.synthesis.cluster import Cluster, run_sharded
from emo_hub.synthesis.parts import read_run

if __name__ == "__main__":
    run, _ = read_run(Path(sys.argv[1]))
    run_sharded(run, Cluster(tasks=run.tasks))
"""


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT], ids=lambda blow: blow.name)
def test_when_the_caller_is_gone_its_processes_keep_what_was_asked_and_go(
    blow, stories, server, tmp_path
):
    server.seconds = lambda at_once: 0.4
    run = sharded(stories, tmp_path, server, 2)
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, str(run.save())],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(server.requests) >= 4 and len(askers(tmp_path)) == 2)

    caller.send_signal(blow)
    caller.wait(20)
    wait_for(lambda: not processes(str(tmp_path)), 20)

    # What was under way when the blow fell came back and is kept: every answer is in the store.
    assert len(replies(*shard_folders(tmp_path))) == len(questions(server)) < 40


def stored(folder: Path, *lines: tuple[str, str], stage: str = "labels") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{stage}.jsonl").open("a") as file:
        for word, text in lines:
            prompt = Prompt("labels", "labels-1", (("user", word),), request=word)
            file.write(recording_line(prompt, Reply(text, "hand")))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}


def test_merged_replies_are_the_same_bytes_however_they_were_divided(tmp_path):
    lines = [(word, word.upper()) for word in ("a", "b", "c", "d", "e", "f")]
    stored(tmp_path / "one/shards/00000-of-00001", *lines)
    stored(tmp_path / "two/shards/00000-of-00002", *lines[3:])
    stored(tmp_path / "two/shards/00001-of-00002", *reversed(lines[:4]))
    stored(tmp_path / "early/shards/00000-of-00002", *lines[:2])
    merge(tmp_path / "early")
    stored(tmp_path / "early/shards/00000-of-00005", *lines[2:])

    found = [merge(tmp_path / name) for name in ("one", "two", "early")]

    assert [one.replies for one in found] == [6, 6, 6]
    assert contents(found[0].folder) == contents(found[1].folder) == contents(found[2].folder)


def test_merging_again_writes_nothing(tmp_path):
    stored(tmp_path / "shards/00000-of-00002", ("a", "A"))
    stored(tmp_path / "shards/00001-of-00002", ("b", "B"))
    first = merge(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}

    second = merge(tmp_path)

    assert first.is_new
    assert second == replace(first, is_new=False)
    assert times == {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}


def test_a_merge_counts_other_answers_and_keeps_the_one_that_was_used(tmp_path):
    stored(tmp_path, ("a", "first"))
    stored(tmp_path / "shards/00000-of-00002", ("a", "second"), ("b", "B"))
    (tmp_path / "shards/00000-of-00002/labels.jsonl").open("a").write('{"key":"half of a li')
    before = replies(*sources(tmp_path))

    found = merge(tmp_path)

    assert (found.replies, found.conflicts, found.damaged) == (2, 1, 1)
    assert replies(found.folder) == before == replies(*sources(tmp_path))


def test_what_a_merged_folder_holds_is_not_read_twice(tmp_path):
    one = stored(tmp_path / "shards/00000-of-00002", ("a", "A"))
    stored(tmp_path / "shards/00001-of-00002", ("b", "B"))
    merged = merge(tmp_path).folder
    assert sources(tmp_path) == (merged,)

    stored(one, ("c", "C"))

    assert sources(tmp_path) == (merged, one)
    assert sorted(replies(*sources(tmp_path)).values()) == ["A", "B", "C"]


def test_a_merge_that_was_killed_is_done_again(tmp_path):
    stored(tmp_path / "shards/00000-of-00001", ("a", "A"), ("b", "B"))
    whole = merge(tmp_path)
    wanted = contents(whole.folder)
    # Killed before it could say what it had merged, and with a file half written.
    (whole.folder / "contents.json").unlink()
    (whole.folder / "labels.jsonl").unlink()
    (whole.folder / ".labels.jsonl.abc").write_text('{"key":')

    assert contents(merge(tmp_path).folder) == wanted
    assert {path.name for path in whole.folder.iterdir()} >= {"labels.jsonl", "contents.json"}
    assert not list(whole.folder.glob(".labels*"))


def test_a_run_travels_as_plain_values(stories, server, tmp_path):
    run = sharded(stories, tmp_path, server, 3, top_p=0.9)
    run = replace(run, choice=replace(run.choice, annotators=(("second", "http://other/v1"),)))

    found, stamp = read_run(run.save())

    assert found == replace(run, store=tmp_path.resolve())
    assert stamp == run.stamp == found.stamp


@pytest.mark.parametrize(
    "wrong", [{"executor": "spark"}, {"tasks": 0}, {"workers": 0}, {"memory_gb": 0}]
)
def test_a_cluster_out_of_range_is_refused(wrong):
    with pytest.raises(InputError):
        Cluster(**wrong)


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> Path:
    """Stand-ins for Slurm's commands: sbatch keeps the script, srun runs what it is given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    kept = tmp_path / "submitted"
    kept.mkdir()
    commands = {
        "sbatch": f'n=$(ls {kept} | wc -l); eval "file=\\${{$#}}"; cp "$file" {kept}/$n.slurm\n'
        f'echo "$@" > {kept}/$n.args\necho "Submitted batch job 4711"',
        "srun": 'while [ "$1" != launch_pickled_pipeline ]; do shift; done; exec "$@"',
        "scontrol": "echo localhost",
    }
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return kept


def submit(run: ShardedRun, **more) -> ShardedReport:
    return run_sharded(
        run,
        Cluster(
            executor="slurm",
            tasks=run.tasks,
            workers=2,
            partition="cpu-long",
            time="02:30:00",
            memory_gb=3,
            sbatch={"account": "emo"},
            **more,
        ),
    )


def test_the_slurm_script_asks_for_what_was_wanted(stories, server, slurm, tmp_path):
    found = submit(sharded(stories, tmp_path / "store", server, 3))
    script = (slurm / "0.slurm").read_text()

    assert found.submitted == "4711"
    assert "Slurm job 4711 works on the rest" in found.sentence
    for line in (
        "partition=cpu-long", "time=02:30:00", "mem-per-cpu=3G", "array=0-2%2", "account=emo",
        "cpus-per-task=1", "job-name=emo-hub",
    ):  # fmt: skip
        assert f"#SBATCH --{line}\n" in script
    assert "launch_pickled_pipeline" in script
    assert SECRET not in script


def test_the_command_line_names_the_partition_of_slurm(stories, slurm, tmp_path):
    done = CliRunner().invoke(
        app,
        [
            "corpus", "build", "--narratives", str(stories), "--out", str(tmp_path / "corpus"),
            "--teacher", "http", "--model", "m", "--base-url", "http://127.0.0.1:9",
            "--executor", "slurm", "--tasks", "2", "--partition", "cpu-long",
        ],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "#SBATCH --partition=cpu-long\n" in (slurm / "0.slurm").read_text()


@pytest.mark.slow
def test_the_slurm_script_asks_the_shard_of_its_place_in_the_array(
    stories, server, slurm, finished, tmp_path
):
    """The script is run by bash, as Slurm would; no real Slurm was there."""
    run = sharded(stories, tmp_path / "store", server, 2)
    submit(run)
    for place in range(2):
        array = {"SLURM_ARRAY_TASK_ID": str(place), "SLURM_NODELIST": "localhost"}
        subprocess.run(
            ["bash", str(slurm / "0.slurm")],
            env={**os.environ, **array},
            check=True,
            capture_output=True,
            timeout=60,
        )

    assert report(run).is_complete, report(run).sentence
    assert replies(*sources(run.store)) == replies(*sources(finished[0]))
    assert submit(run).is_complete
    # One for the shards, and datatrove's own for the statistics; none for the complete run.
    assert len(list(slurm.glob("*.slurm"))) == 2


def test_without_slurm_a_sentence_says_so(stories, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DataError, match="sbatch is not to be found"):
        submit(sharded(stories, tmp_path / "store", server, 2))


@pytest.fixture
def ray_nodes(monkeypatch):
    """A Ray cluster of two machines, both of them this one: its address and its two raylets."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster as RayCluster

    # Sockets lie in this folder, and the names of sockets are short.
    place = tempfile.mkdtemp(prefix="ray")
    for name, value in {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": place,
        # The workers of a machine start with the environment of its raylet.
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }.items():
        monkeypatch.setenv(name, value)
    size = {"num_cpus": 1, "object_store_memory": 80 << 20, "memory": 1 << 30}
    cluster = RayCluster()
    try:
        cluster.add_node(**size, include_dashboard=False)
        cluster.add_node(**size)
        yield cluster.address, processes("raylet/raylet --")
    finally:
        cluster.shutdown()
        wait_for(lambda: not processes(place), 30)
        shutil.rmtree(place)


@pytest.mark.slow
def test_two_ray_nodes_ask_it_all_though_a_worker_is_killed_midway(
    stories, server, finished, tmp_path, ray_nodes
):
    address, raylets = ray_nodes
    server.seconds = lambda at_once: 0.3
    run = sharded(stories, tmp_path, server, 3)
    cluster = Cluster(executor="ray", tasks=3, ray_address=address, memory_gb=0.5)
    thread, found = in_background(run, cluster)
    wait_for(lambda: len(server.requests) >= 6 and len(askers(tmp_path)) == 2, 120)
    nodes = {
        raylet for raylet in raylets for asker in askers(tmp_path) if asker in children(raylet)
    }
    # The actor of one shard, with all that Ray knows of it, and the asking process of the other.
    first, second = askers(tmp_path)
    os.kill(parent(parent(first)), signal.SIGKILL)
    os.kill(second, signal.SIGKILL)
    fell, durable = time.monotonic(), set(replies(*shard_folders(tmp_path)))
    assert 0 < len(durable) < 40
    thread.join(150)
    assert not thread.is_alive(), "the run never ended"

    assert len(nodes) == 2
    assert found[0].is_complete, found[0].sentence
    keys = keys_of_questions(run.job, tmp_path)
    assert not {keys[question] for question in questions(server, since=fell)} & durable
    assert replies(merge(tmp_path).folder) == replies(*sources(finished[0]))
    assert not Path(tempfile.gettempdir(), "ray_logs").exists()


@pytest.mark.slow
def test_a_ray_cluster_too_small_for_a_task_is_refused(stories, server, tmp_path, ray_nodes):
    cluster = Cluster(executor="ray", tasks=2, ray_address=ray_nodes[0], memory_gb=64)

    with pytest.raises(DataError, match="No machine of the Ray cluster has one CPU and 64 GB"):
        run_sharded(sharded(stories, tmp_path, server, 2), cluster)
