"""Appends lines to the files of one folder, durably, for many threads and for one process.

Threads that append at the same time share one write and one fsync per file (group commit): while
one of them waits for the disk, the lines of the others gather, and one of these takes them next.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from emo_hub.durable import make_folder, sync_folder, write_error
from emo_hub.errors import DataError, InputError
from emo_hub.teacher.holding import HOLDER_FILE, LOCK_FILE, lock_folder
from emo_hub.teacher.lines import HEAD, read_line

_STAGE = re.compile(r"[\w.-]*\w[\w.-]*")
_TAIL = 1 << 16


@dataclass(slots=True, eq=False)
class _Waiting:
    """A line on its way to the disk; `offset` is known once it is there."""

    stage: str
    line: bytes
    offset: int = -1
    error: DataError | None = None
    done: bool = False


class Journal:
    """The writing end of a folder of recordings; nobody else can open one on the same folder.

    What a killed run left half-written at the end of a file is taken away when the folder is
    opened: its reply never reached anybody, and the line could not be read.

    Args:
        folder: made if it is not there.

    Raises:
        DataError: another run holds the folder, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self.folder = folder
        self._process = os.getpid()
        self._opened: dict[str, int] = {}
        self._queue: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._turn = threading.Condition()
        self._lock = lock_folder(folder)
        held = (folder / LOCK_FILE).stat()
        self._inode = (held.st_dev, held.st_ino)
        try:
            for path in sorted(folder.glob("*.jsonl")):
                _mend(path, end_line=False)
        except OSError as error:
            self.close()
            raise write_error(error, folder) from error

    @property
    def is_current(self) -> bool:
        """Tell whether this process still holds the folder, and nobody put another in its place."""
        if self._closed or os.getpid() != self._process:
            return False
        try:
            found = (self.folder / LOCK_FILE).stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._inode

    def path(self, stage: str) -> Path:
        """Name the file that takes the lines of a stage.

        Raises:
            InputError: the name of the stage cannot be that of a file.
        """
        if not _STAGE.fullmatch(stage):
            raise InputError(f"{stage!r} is no name of a stage: wanted letters, digits, - and _.")
        return self.folder / f"{stage}.jsonl"

    def check_room(self, wanted: int) -> None:
        """Make sure that the disk takes some more bytes; a quota shows only when it is met.

        Raises:
            DataError: fewer than `wanted` bytes are free.
        """
        try:
            disk = os.statvfs(self.folder)
        except OSError as error:
            raise write_error(error, self.folder) from error
        # Some network file systems do not know their size, and say 0.
        if disk.f_blocks and disk.f_bavail * disk.f_frsize < wanted:
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise write_error(full, self.folder)

    def append(self, lines: Iterable[tuple[str, bytes]]) -> list[int]:
        """Write lines, given with their stages, and return once all of them are durable.

        Returns:
            The offset of each line in the file of its stage, in bytes.

        Raises:
            InputError: the name of a stage cannot be that of a file; nothing was written.
            DataError: the disk is full or fails; lines that fitted stay, and no half of one does.
        """
        if os.getpid() != self._process:
            raise DataError(f"{self.folder} was opened by another process: open it in this one.")
        mine = [_Waiting(stage, line) for stage, line in lines]
        for waiting in mine:
            self.path(waiting.stage)
        batch: list[_Waiting] = []
        with self._turn:
            self._queue += mine
            while self._busy and not all(waiting.done for waiting in mine):
                self._turn.wait()
            if not all(waiting.done for waiting in mine):
                batch, self._queue = self._queue, []
                self._busy = True
        if batch:
            try:
                self._commit(batch)
            finally:
                with self._turn:
                    for waiting in batch:
                        waiting.done = True
                    self._busy = False
                    self._turn.notify_all()
        return [self._landed(waiting) for waiting in mine]

    def close(self) -> None:
        """Let go of the folder; another run may have it."""
        if self._closed or os.getpid() != self._process:
            return
        is_ours = self.is_current
        self._closed = True
        for opened in self._opened.values():
            os.close(opened)
        self._opened.clear()
        if is_ours:
            with suppress(OSError):
                (self.folder / HOLDER_FILE).unlink(missing_ok=True)
        self._lock.release()

    def _landed(self, waiting: _Waiting) -> int:
        if waiting.error is not None:
            raise waiting.error
        if waiting.offset < 0:
            raise DataError(f"Writing to {self.folder} was interrupted: run again.")
        return waiting.offset

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        by_stage: dict[str, list[_Waiting]] = {}
        for waiting in batch:
            by_stage.setdefault(waiting.stage, []).append(waiting)
        for stage, group in by_stage.items():
            try:
                self._write(self._open(stage), group)
            except OSError as error:
                self._forget(stage)
                for waiting in group:
                    if waiting.offset < 0:
                        waiting.error = write_error(error, self.folder)

    def _write(self, opened: int, group: Sequence[_Waiting]) -> None:
        """Write lines to one file; where that fails, those that fitted are kept whole."""
        start = os.lseek(opened, 0, os.SEEK_END)
        data = memoryview(b"".join(waiting.line for waiting in group))
        written = 0
        try:
            while written < len(data):
                written += os.write(opened, data[written:])
        except OSError:
            ends = accumulate(len(waiting.line) for waiting in group)
            written = max((end for end in ends if end <= written), default=0)
            os.ftruncate(opened, start + written)
            _sync(opened, start)
            _land(group, start, written)
            raise
        _sync(opened, start)
        _land(group, start, written)

    def _open(self, stage: str) -> int:
        if stage in self._opened and not os.fstat(self._opened[stage]).st_nlink:
            # Somebody deleted the file: what is written to it now would be lost with it.
            self._forget(stage)
        if stage not in self._opened:
            path = self.path(stage)
            is_new = not path.exists()
            opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            self._opened[stage] = opened
            if is_new:
                sync_folder(self.folder)
            else:
                _mend(path, end_line=True)
        return self._opened[stage]

    def _forget(self, stage: str) -> None:
        if (opened := self._opened.pop(stage, None)) is not None:
            os.close(opened)


def _sync(opened: int, start: int) -> None:
    try:
        os.fsync(opened)
    except OSError:
        # Nobody knows what reached the disk since `start`, so none of it may count.
        os.ftruncate(opened, start)
        raise


def _land(group: Sequence[_Waiting], start: int, written: int) -> None:
    """Give offsets to the lines that lie in what was written."""
    offset = start
    for waiting in group:
        if offset + len(waiting.line) > start + written:
            break
        waiting.offset = offset
        offset += len(waiting.line)


def _mend(path: Path, *, end_line: bool) -> None:
    """Take a half-written line off the end of a file; end another that has no line break."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return
        tail, start = b"", end
        while start > 0 and b"\n" not in tail:
            start = max(0, start - _TAIL)
            file.seek(start)
            tail = file.read(end - start)
        last = tail[tail.rfind(b"\n") + 1 :]
        if not last:
            return
        if _is_torn(last):
            file.truncate(end - len(last))
        elif end_line:
            file.seek(end)
            file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())


def _is_torn(last: bytes) -> bool:
    # Only the start of a line of ours: the end of any other file is not ours to cut. A power cut
    # can leave zeros where a line was to come.
    begun = last.rstrip(b"\0")
    if not (begun.startswith(HEAD) or HEAD.startswith(begun)):
        return False
    try:
        read_line(last)
    except ValueError:
        return True
    return False
