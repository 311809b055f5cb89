"""Where each recorded reply stands on disk: 32 bytes of key and a place, never the text itself."""

from __future__ import annotations

import gzip
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from emo_hub.errors import DataError
from emo_hub.teacher.lines import DamagedLine, RecordedLine, read_line

# A process may hold 1,024 open files on most systems; a store of many shards has more.
_KEPT_OPEN = 128
# What a compressed file unpacks to stays in memory up to this size, in bytes, and on disk beyond.
_UNPACKED_IN_MEMORY = 64 << 20
# A place is one number, since 400,000 tuples would weigh more than the keys: file, offset, length.
_OFFSET_BITS, _LENGTH_BITS = 48, 32


class _Content(Protocol):
    path: Path

    def read(self, offset: int, length: int) -> bytes: ...

    def close(self) -> None: ...


class _Plain:
    """A plain file, read in place by any number of threads."""

    def __init__(self, path: Path, *, keep_open: bool) -> None:
        self.path = path
        self._kept = os.open(path, os.O_RDONLY) if keep_open else -1

    def read(self, offset: int, length: int) -> bytes:
        if self._kept >= 0:
            return os.pread(self._kept, length, offset)
        opened = os.open(self.path, os.O_RDONLY)
        try:
            return os.pread(opened, length, offset)
        finally:
            os.close(opened)

    def close(self) -> None:
        if self._kept >= 0:
            os.close(self._kept)
            self._kept = -1


class _Unpacked:
    """What a compressed file unpacks to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_UNPACKED_IN_MEMORY)  # noqa: SIM115
        self._lock = threading.Lock()

    def add(self, raw: bytes) -> None:
        self._file.write(raw)

    def read(self, offset: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def close(self) -> None:
        self._file.close()


class Index:
    """The replies of any number of files, found by key and read when asked for.

    Of two lines with one key the first counts, so that nothing appended later can change what an
    earlier run already used; only a fault gives way to a reply.

    Attributes:
        damaged: lines that cannot be read, in the order of the files.
        conflicts: lines that answer a key otherwise than the line that counts.
    """

    def __init__(self) -> None:
        self.damaged: list[DamagedLine] = []
        self.conflicts = 0
        self._places: dict[bytes, int] = {}
        self._faults: dict[bytes, str] = {}
        self._contents: list[_Content] = []
        self._numbers: dict[Path, int] = {}
        self._registering = threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self._places

    def __iter__(self) -> Iterator[str]:
        return (key.hex() for key in tuple(self._places))

    def load(self, path: Path) -> None:
        """Read a recording file; what cannot be read joins `damaged` and harms no other line."""
        content: _Content
        if path.suffix == ".gz":
            content = unpacked = _Unpacked(path)
            lines = _unpacked_lines(path, unpacked)
        else:
            content = _Plain(path, keep_open=len(self._contents) < _KEPT_OPEN)
            lines = _plain_lines(path)
        file = self._register(content)
        for number, offset, raw, fault in lines:
            if not fault and not raw.strip():
                continue
            try:
                if fault:
                    raise ValueError(fault)  # noqa: TRY301 - one place for all that is damaged
                line = read_line(raw)
            except ValueError as error:
                text = raw.decode("utf-8", errors="replace")
                self.damaged.append(DamagedLine(path, number, str(error), text))
            else:
                self._enter(line, _place(file, offset, len(raw)))

    def add(self, line: RecordedLine, path: Path, offset: int, length: int) -> None:
        """Enter a line that was just written."""
        with self._registering:
            file = self._numbers.get(path)
            if file is None:
                file = self._register(_Plain(path, keep_open=len(self._contents) < _KEPT_OPEN))
            self._enter(line, _place(file, offset, length))

    def fault(self, key: str) -> str:
        """Give the reason of a recorded fault, empty where the key has none."""
        return self._faults.get(bytes.fromhex(key), "")

    def line(self, key: str) -> RecordedLine | None:
        """Read the line that answers a key, None where none is recorded.

        Raises:
            DataError: the file was changed after it was loaded.
        """
        place = self._places.get(bytes.fromhex(key))
        if place is None:
            return None
        content = self._contents[place >> (_OFFSET_BITS + _LENGTH_BITS)]
        offset = place >> _LENGTH_BITS & (1 << _OFFSET_BITS) - 1
        try:
            line = read_line(content.read(offset, place & (1 << _LENGTH_BITS) - 1))
        except (OSError, ValueError) as error:
            raise _changed(content.path, str(error)) from error
        if line.key != key:
            raise _changed(content.path, "another line stands where this reply stood")
        return line

    def close(self) -> None:
        """Let go of the files."""
        for content in self._contents:
            content.close()

    def _enter(self, line: RecordedLine, place: int) -> None:
        key = bytes.fromhex(line.key)
        if key not in self._places:
            self._places[key] = place
            if line.fault is not None:
                self._faults[key] = line.fault[0]
        elif line.fault is not None:
            return
        elif key in self._faults:
            self._places[key] = place
            del self._faults[key]
        elif (earlier := self.line(line.key)) and earlier.reply.text != line.reply.text:
            self.conflicts += 1

    def _register(self, content: _Content) -> int:
        self._contents.append(content)
        return self._numbers.setdefault(content.path, len(self._contents) - 1)


def _place(file: int, offset: int, length: int) -> int:
    return (file << _OFFSET_BITS | offset) << _LENGTH_BITS | length


def _changed(path: Path, how: str) -> DataError:
    return DataError(
        f"{path} was changed while it was in use ({how}): let nobody write it during a run, and "
        "run again."
    )


def _plain_lines(path: Path) -> Iterator[tuple[int, int, bytes, str]]:
    """Give number, offset and bytes of each line, and no fault."""
    offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            yield number, offset, raw, ""
            offset += len(raw)


def _unpacked_lines(path: Path, unpacked: _Unpacked) -> Iterator[tuple[int, int, bytes, str]]:
    """Do the same for a compressed file; where it breaks off, one last line says so."""
    number, offset = 0, 0
    with gzip.open(path) as file:
        try:
            for number, raw in enumerate(file, start=1):
                unpacked.add(raw)
                yield number, offset, raw, ""
                offset += len(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number + 1, offset, b"", f"compressed file ends or breaks here ({error})"
