"""The process that asks the questions of one shard; an executor starts one for each.

It works in a process of its own, so that whoever started it notices when it is killed, and so that
it notices when whoever started it is killed: its standard input ends, and it stops after the
requests under way. Its ledger is written again every few seconds while it works.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol, runtime_checkable

from filelock import FileLock, Timeout

from emo_hub.durable import make_folder
from emo_hub.errors import DataError, EmoHubError
from emo_hub.synthesis.job import Shard, live, work
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.merging import sources
from emo_hub.synthesis.parts import ShardedRun, ShardLedger, State, read_run
from emo_hub.synthesis.teachers import make
from emo_hub.teacher import Annotators, Prompt, Recorded, Reply, Teacher
from emo_hub.teacher.holding import LOCK_FILE

BEAT_SECONDS = 5.0
# A shard's earlier process may still keep the answers of requests that were under way.
_PREDECESSOR_SECONDS = 330.0
_LOG = logging.getLogger(__name__)


@runtime_checkable
class _Stoppable(Protocol):
    def stop(self) -> None: ...


@dataclass
class _Counted:
    """Counts what a teacher answers."""

    inner: Teacher
    answers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def width(self) -> int:
        return self.inner.width

    def answer(self, prompt: Prompt) -> Reply:
        reply = self.inner.answer(prompt)
        with self._lock:
            self.answers += 1
        return reply


class _Account:
    """Keeps the ledger of the shard on disk, from two threads."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self._folder, self._stamp = folder, stamp
        self._ended = False
        self._lock = threading.Lock()
        self.teacher: _Counted | None = None
        self.ledger = Ledger()

    def beat(self) -> None:
        """Say that work goes on."""
        with self._lock:
            if not self._ended:
                self._write("running")

    def end(self, state: State, error: str = "") -> None:
        """Say how it ended; only the first end counts."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._write(state, error)

    def _write(self, state: State, error: str = "") -> None:
        ended = state != "running"
        shard = ShardLedger(
            self._stamp,
            state,
            asked=self.teacher.answers if self.teacher else 0,
            # Only the thread that asks may look into the accounts while they grow.
            waiting=self.ledger.unanswered if ended else 0,
            error=error,
            stages=self.ledger.facts() if ended else {},
        )
        shard.write(self._folder)


def ask_shard(path: Path, rank: int) -> None:
    """Ask what a shard has not been answered yet, and leave the outcome in its ledger.

    Args:
        path: of the run's file.
        rank: which shard, from 0.

    Raises:
        DataError: the run's file is damaged, or another process works on the shard.
    """
    run, stamp = read_run(path)
    folder = run.folder(rank)
    _wait_for_predecessor(folder)
    account = _Account(folder, stamp)
    account.beat()
    heart = threading.Thread(target=_watch, args=(account,), daemon=True)
    heart.start()
    try:
        _ask(run, rank, account)
    except KeyboardInterrupt:
        account.end("failed", "it was stopped before its end; run again to go on")
    except (EmoHubError, ImportError) as error:
        _LOG.exception("the shard could not end")
        account.end("failed", str(error))
    else:
        account.end("waiting" if account.ledger.unanswered else "complete")


def _ask(run: ShardedRun, rank: int, account: _Account) -> None:
    teacher = make(run.choice)
    signal.signal(signal.SIGTERM, _Stop(teacher))
    signal.signal(signal.SIGINT, _Stop(teacher))
    account.teacher = _Counted(live(run.job, teacher))
    folder = run.folder(rank)
    # Two shards may ask the very same: what another one was told by now is not asked again.
    elsewhere = (source for source in sources(run.store) if source != folder)
    with Recorded((folder, *elsewhere), account.teacher, run.again) as store:
        for _ in work(run.job, store, account.ledger, Shard(rank, run.tasks)):
            # The replies are the result; what they say is read again when the corpus is built.
            account.ledger.rejections.clear()
            account.ledger.pending.clear()


class _Stop:
    """Ends the work of this process once, keeping the answers of requests under way."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher

    def __call__(self, number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
        several = self._teacher.teachers if isinstance(self._teacher, Annotators) else ()
        for teacher in (self._teacher, *several):
            if isinstance(teacher, _Stoppable):
                teacher.stop()
        raise KeyboardInterrupt


def _watch(account: _Account) -> None:
    """Beat until standard input ends, which it does with the process that started this one."""
    while not select.select([sys.stdin], [], [], BEAT_SECONDS)[0]:
        # A disk that is full now is the business of whoever writes replies.
        with suppress(DataError):
            account.beat()
    os.kill(os.getpid(), signal.SIGTERM)


def _wait_for_predecessor(folder: Path) -> None:
    make_folder(folder)
    lock = FileLock(folder / LOCK_FILE, timeout=_PREDECESSOR_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise DataError(
            f"{folder} is in use by another run: wait until it ends or stop it."
        ) from None
    lock.release()
