"""The working file of a run: what is rated so far, safe from a kill, and what it was rated by."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from emo_hub.errors import DataError
from emo_hub.predicting.workers import Answer


class Partial:
    """JSON Lines beside the output: the facts of the run, then one answer a row.

    A context manager: within it nobody else writes the same file.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.partial")
        self.rows = 0
        self._lock = FileLock(f"{self.path}.lock", timeout=0)
        self._end = 0  # of the last whole line
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self._lock.acquire()
        except Timeout:
            raise DataError(
                f"{self.path} is in use by another run; wait until it ends, or give this one "
                "another --out."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)
            # Not before `begin`, when nobody has counted the rows that an earlier run left.
            if not self.rows:
                self.path.unlink(missing_ok=True)
        # Removed while it is still ours; once released, the file could be that of the next run.
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

    def begin(self, facts: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Go on after the last whole row of a run with the same facts, or start over; say which.

        Raises:
            DataError: the folder cannot be written.
        """
        wanted: dict[str, Any] = json.loads(json.dumps(facts))
        found = self._facts()
        if found == wanted:
            self._find_end()
            say(f"Going on after row {self.rows:,}, which an earlier run reached ({self.path}).")
        elif found is not None:
            others = [name for name in wanted if found.get(name) != wanted[name]]
            say(f"Starting over: {self.path} is of a run that differs in {', '.join(others)}.")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
        except OSError as error:
            raise self._unwritable(error) from error
        if not self._end:
            self._write([wanted])

    def append(self, answers: Sequence[Answer]) -> None:
        """Write answers down; once this returns, a kill does not take them away.

        Raises:
            DataError: the disk is full, or the file cannot be written; says what is kept.
        """
        self._write(answers)
        self.rows += len(answers)

    def answers(self) -> Iterator[Answer]:
        """Read all answers."""
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                yield json.loads(line)

    def remove(self) -> None:
        """Forget all: the output is in place."""
        self.path.unlink()

    def kept(self) -> str:
        """Say what is safe and how to go on."""
        return (
            f"{self.rows:,} rows are kept in {self.path}: the same command goes on after them."
            if self.rows
            else "No row was rated yet."
        )

    def _write(self, values: Sequence[Any]) -> None:
        lines = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
        data = memoryview("".join(f"{line}\n" for line in lines).encode())
        try:
            left = data
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise self._unwritable(error) from error
        self._end += len(data)

    def _unwritable(self, error: OSError) -> DataError:
        return DataError(f"{self.path} cannot be written: {error.strerror}. {self.kept()}")

    def _facts(self) -> dict[str, Any] | None:
        try:
            with self.path.open("rb") as file:
                found = json.loads(file.readline())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _find_end(self) -> None:
        with self.path.open("rb") as file:
            self._end = len(file.readline())
            for line in file:
                if not line.endswith((b"}\n", b"null\n")):
                    break
                self._end += len(line)
                self.rows += 1
