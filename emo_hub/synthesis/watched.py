"""The process that holds an executor, and the watch over it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from emo_hub.synthesis.parts import LEDGER, ShardedRun, read_ledger

EXECUTOR_LOG = "executor.log"
# A shard at work writes its ledger far more often than this.
_SILENT_SECONDS = 60.0
# Between the end of the last shard and that of the executor, which has only statistics to write.
GRACE_SECONDS = 30.0
_LOOK_SECONDS, _SAY_SECONDS = 0.25, 30.0


def process(*arguments: str) -> list[str]:
    """Give the command that starts a process of a sharded run."""
    return [sys.executable, "-m", "emo_hub.synthesis.part_process", *arguments]


def environment() -> dict[str, str]:
    """Give the environment of such a process: this one's, with this very package in reach."""
    here = str(Path(__file__).parents[2])
    paths = [here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


class Watched:
    """The process of an executor, which is ended when all shards have and it has not.

    A pool whose process is killed waits for it for ever; the ledgers of the shards know better.

    Args:
        run: that it takes on.
        settings: the file that says where and how.
        logging_dir: of this run in this number of parts.
        left: shards that it is to ask.
    """

    def __init__(self, run: ShardedRun, settings: Path, logging_dir: Path, left: list[int]) -> None:
        self._run, self._left = run, left
        command = process("launch", str(run.save()), str(settings), str(logging_dir.resolve()))
        with (logging_dir / EXECUTOR_LOG).open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )

    def wait(self, say: Callable[[str], None]) -> int:
        """Wait for the end, and give the exit code."""
        said = settled = time.monotonic()
        try:
            while (code := self._process.poll()) is None:
                now = time.monotonic()
                if not self._all_ended():
                    settled = now
                elif now - settled > GRACE_SECONDS:
                    return 0
                if now - said > _SAY_SECONDS:
                    said = now
                    self._say(say)
                time.sleep(_LOOK_SECONDS)
            return code
        finally:
            self._end()

    def _all_ended(self) -> bool:
        return all(_has_ended(self._run.folder(rank)) for rank in self._left)

    def _say(self, say: Callable[[str], None]) -> None:
        ledgers = [read_ledger(self._run.folder(rank)) for rank in self._left]
        known = [one for one in ledgers if one is not None]
        ended = sum(one.state != "running" for one in known)
        asked = sum(one.asked for one in known)
        say(f"{ended} of {len(ledgers)} shards have ended; {asked} answers came.")

    def _end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        # The group also holds what a killed executor left behind.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()


def _has_ended(folder: Path) -> bool:
    ledger = read_ledger(folder)
    if ledger is None or ledger.state != "running":
        return ledger is not None
    with suppress(OSError):
        return time.time() - (folder / LEDGER).stat().st_mtime > _SILENT_SECONDS
    return False
