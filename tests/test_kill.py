"""Proves with real kills and real full disks that a run loses no reply and pays for none twice."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emo_hub.errors import DataError
from emo_hub.teacher import Prompt, Recorded, Reply, import_replies, write_requests

ITEMS = 200
REPOSITORY = Path(__file__).parent.parent
# The run that gets killed: a real stage over a real store, through HTTP, in eight threads.
RUN = textwrap.dedent("""
    import dataclasses, json, os, resource, sys, urllib.request
    from pathlib import Path
    from emo_hub.errors import EmoHubError, ReplyError
    from emo_hub.synthesis.stage import Refusal, Stage, read_list, run
    from emo_hub.teacher import read_object
    from emo_hub.teacher import Prompt, Recorded, Reply

    url, store, used, out, items, limit = sys.argv[1:]
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))

    class Server:
        width = 8
        def answer(self, prompt):
            asked = {"key": prompt.key, "messages": prompt.messages}
            with urllib.request.urlopen(url, json.dumps(asked).encode(), timeout=30) as response:
                return Reply(response.read().decode(), "loopback")

    class Noting:
        def __init__(self, teacher):
            self.teacher, self.width = teacher, teacher.width
            self.note = os.open(used, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        def answer(self, prompt):
            reply = self.teacher.answer(prompt)
            if not int(limit):
                # 64 bytes, so that none crosses a page: there a kill may cut a write in two.
                os.write(self.note, prompt.key.encode())
            return reply

    def ask(item):
        return Prompt("words", "words-1", (("user", f"item {item}"),), request=f"i{item}")

    def read(item, reply):
        for index, word in enumerate(read_list(read_object(reply.text), "words")):
            yield f"{item} {word}" if word else Refusal(index, "empty", "", str(word))

    try:
        stage = Stage("words", "words-1", ask, read)
        with Recorded(Path(store), inner=Server()) as recorded:
            found = run(stage, range(int(items)), Noting(recorded))
    except EmoHubError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    lost = [dataclasses.asdict(rejection) for rejection in found.rejections]
    Path(out).write_text(json.dumps([found.records, lost, len(found.pending)]))
    """)


def reply_to(messages):
    """What the server says: mostly fine, at times in need of repair, at times beyond it."""
    item = int(messages[0][1].split()[1])
    words = ["w" * (item % 50), "", f"end{item}"] if item % 7 == 0 else [f"w{item}" * (item % 90)]
    if item % 11 == 0 or (item % 5 == 0 and len(messages) == 1):
        return "I would rather not."
    return json.dumps({"words": words})


class Loopback(ThreadingHTTPServer):
    """Keeps a list of the keys that it answered, at most so many; the answer takes a moment."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        self.answered = []
        self.most = float("inf")
        self.round = 0
        self.turn = threading.Condition()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def begin(self, most):
        """Answer no more than this; requests of a run that was killed are dropped."""
        with self.turn:
            self.most, self.round = most, self.round + 1
            self.turn.notify_all()

    def may_answer(self, key, begun):
        with self.turn:
            self.turn.wait_for(lambda: len(self.answered) < self.most or self.round != begun)
            if self.round == begun:
                self.answered.append(key)
            return self.round == begun

    def handle_error(self, request, client_address):
        """Say nothing about clients that were killed."""


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        begun = self.server.round
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(random.uniform(0.002, 0.02))
        if not self.server.may_answer(asked["key"], begun):
            return
        body = reply_to(asked["messages"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with Loopback() as loopback:
        thread = threading.Thread(target=loopback.serve_forever, args=(0.05,))
        thread.start()
        yield loopback
        loopback.begin(0)
        loopback.shutdown()
        thread.join()


def start(server, folder, limit=0, items=ITEMS):
    names = [folder / name for name in ("store", "used.txt", "out.json")]
    arguments = [server.url, *map(str, names), str(items), str(limit)]
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(server, folder, **changes):
    process = start(server, folder, **changes)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def durable(folder):
    """The keys of the whole lines in a store, found without the code under test."""
    path = folder / "store" / "words.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else ()
    return [json.loads(line)["key"] for line in lines if line.endswith(b"\n")]


def used(folder):
    """The keys of the replies that the run was given."""
    path = folder / "used.txt"
    noted = path.read_text() if path.exists() else ""
    return [noted[start : start + 64] for start in range(0, len(noted), 64)]


def wait_for(is_so, process):
    end = time.monotonic() + 60
    while not is_so() and process.poll() is None:
        assert time.monotonic() < end, "the run does not get on"
        time.sleep(0.001)


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_a_run_killed_again_and_again_ends_as_if_nobody_had_touched_it(server, tmp_path, seed):
    chance = random.Random(seed)
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    rough.mkdir()
    assert finish(server, calm) == (0, "")
    kills = 0
    while not (rough / "out.json").exists():
        before, begun = set(durable(rough)), len(server.answered)
        goal = begun + chance.randint(1, 60)
        # A few more than that, so that the kill meets the run at work, and also when we are late.
        server.begin(goal + 12)
        process = start(server, rough)
        wait_for(lambda goal=goal: len(server.answered) >= goal, process)
        time.sleep(chance.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL
        asked = server.answered[begun:]
        assert not before & set(asked), "a reply that was on the disk was paid for again"
        assert set(used(rough)) <= set(durable(rough)), "a reply was used before it was on the disk"
    assert kills >= 3
    assert used(rough)
    assert (rough / "out.json").read_bytes() == (calm / "out.json").read_bytes()
    assert max(Counter(durable(rough)).values()) == 1
    assert set(durable(rough)) == set(durable(calm))
    records, rejections, pending = json.loads((calm / "out.json").read_text())
    assert records
    assert rejections
    assert pending == 0
    assert Recorded(rough / "store").damaged == []


def test_a_second_run_is_refused_while_the_first_lives_and_not_after_its_kill(server, tmp_path):
    first = start(server, tmp_path, items=2000)
    wait_for(lambda: len(server.answered) >= 5, first)
    code, said = finish(server, tmp_path)
    assert first.poll() is None
    assert code == 1
    assert f"DataError: {tmp_path / 'store'} is in use by another run (process {first.pid}" in said
    first.kill()
    first.communicate(timeout=60)
    assert finish(server, tmp_path, items=20) == (0, "")


def test_at_the_limit_of_file_sizes_a_run_ends_clearly_and_the_next_goes_on(server, tmp_path):
    limit = 10_000
    code, said = finish(server, tmp_path, limit=limit)
    assert code == 1
    assert said.startswith("DataError: The disk is full: ")
    assert "Everything written before is safe" in said
    assert "run again" in said
    kept, paid = durable(tmp_path), len(server.answered)
    assert (tmp_path / "store" / "words.jsonl").stat().st_size <= limit
    readable = Recorded(tmp_path / "store")
    assert readable.damaged == []
    assert set(readable.keys()) == set(kept)
    assert 10 < len(kept) < 150
    assert paid - len(kept) <= 8, "nothing more is paid for once the disk is known to be full"
    assert finish(server, tmp_path) == (0, "")
    assert not set(kept) & set(server.answered[paid:])


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("NO SMALL DISK: this user may not mount a tmpfs of 64 KB")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Wordy:
    """Pays for each answer, which is long."""

    def __init__(self, width=1):
        self.width = width
        self.paid = 0

    def answer(self, prompt):
        self.paid += 1
        return Reply("w" * 3000, "wordy")


PROMPTS = [Prompt("words", "words-1", (("user", str(n)),)) for n in range(40)]


def enlarge(disk):
    subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)


def test_before_the_disk_is_full_nothing_is_paid_for_that_could_not_be_kept(small_disk):
    wordy, answered = Wordy(), []
    with Recorded(small_disk / "store", inner=wordy) as recorded:
        with pytest.raises(DataError, match="The disk is full"):
            answered.extend(recorded.answer(prompt) for prompt in PROMPTS)
        assert 5 < len(answered) == wordy.paid < 25
        assert recorded.answer(PROMPTS[0]).text == "w" * 3000
        with pytest.raises(DataError, match="The disk is full"):
            recorded.answer(PROMPTS[-1])
        enlarge(small_disk)
        assert recorded.answer(PROMPTS[-1]).text == "w" * 3000
    assert wordy.paid == len(answered) + 1


def test_on_a_full_disk_every_earlier_reply_stays_readable_and_the_next_run_goes_on(
    small_disk, tmp_path
):
    [requests] = write_requests(PROMPTS, tmp_path / "batch", "m")
    replies = requests.with_name("replies.jsonl")
    told = [{"key": p.key, "reply": f"{i} " * 900} for i, p in enumerate(PROMPTS)]
    replies.write_text("".join(json.dumps(line) + "\n" for line in told))
    with pytest.raises(DataError, match="The disk is full"):
        import_replies([replies], small_disk / "store", "me")
    with Recorded(small_disk / "store") as readable:
        kept = list(readable.keys())
        assert readable.damaged == []
        assert kept == [prompt.key for prompt in PROMPTS[: len(kept)]]
        assert 5 < len(kept) < 35
    enlarge(small_disk)
    report = import_replies([replies], small_disk / "store", "me")
    assert (report.recorded, report.already_there) == (40 - len(kept), len(kept))
    with Recorded(small_disk / "store") as whole:
        assert [whole.answer(p).text for p in PROMPTS] == [line["reply"] for line in told]


def test_a_failing_write_is_told_to_every_thread_and_keeps_what_fitted(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    results = []

    class Waiting(Wordy):
        together = threading.Barrier(16)

        def answer(self, prompt):
            self.together.wait(timeout=30)
            return super().answer(prompt)

    def ask(number):
        try:
            results.append(recorded.answer(Prompt("words", "words-1", (("user", str(number)),))))
        except DataError as error:
            results.append(error)

    with Recorded(tmp_path, inner=Waiting(16)) as recorded:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    good = [result for result in results if isinstance(result, Reply)]
    assert len(results) == 16
    assert 1 <= len(good) < 16
    lines = (tmp_path / "words.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == len(good) == 20_000 // len(lines[0])
    assert all(line.endswith(b"\n") for line in lines)
    assert os.path.getsize(tmp_path / "words.jsonl") <= 20_000  # noqa: PTH202
