"""A recording of replies, in front of a live teacher if there is one.

A prompt is known by the hash of what is asked, so the recording is also the checkpoint of a run:
what was answered once is looked up, what was not is asked and appended, one line per reply.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emo_hub.errors import DataError, NotRecordedError, ReplyError
from emo_hub.teacher.prompt import Prompt, Reply, Teacher

PACKAGED_RECORDINGS = Path(__file__).parent.parent / "recordings"
RECORDING_SUFFIXES = (".jsonl", ".jsonl.gz")
_KEY_IN_DAMAGED_LINE = re.compile(r'"key":\s*"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line of a recording that cannot be read; `number` counts from 1."""

    path: Path
    number: int
    reason: str
    text: str

    @property
    def where(self) -> str:
        """Name the file and the line."""
        return f"{self.path.name}, line {self.number}: {self.reason}"


@dataclass
class Recorded:
    """Answers from recordings, and asks and records through an inner teacher what they lack.

    A line that cannot be read does no harm to the others. The request that it answered is asked
    again where there is an inner teacher; else it gets a `ReplyError` with the reason
    `corrupt_recording_line` (or `lost_in_damaged_recording` where the line does not even tell
    which request it was), which a run counts as a rejection.

    Args:
        source: a folder of `*.jsonl.gz` and `*.jsonl` files, or one such file.
        inner: who is asked on a miss; its replies are appended to `<stage>.jsonl` in the folder.

    Raises:
        DataError: the source is missing, or `inner` is given with a file instead of a folder.
    """

    source: Path = PACKAGED_RECORDINGS
    inner: Teacher | None = None
    damaged: list[DamagedLine] = field(default_factory=list, init=False)
    _replies: dict[str, Reply] = field(default_factory=dict, init=False, repr=False)
    _damaged_by_key: dict[str, DamagedLine] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.inner is not None:
            if self.source.is_file():
                raise DataError(
                    f"{self.source} is a file; to record replies give the folder to put them in."
                )
            self.source.mkdir(parents=True, exist_ok=True)
        for path in recording_files(self.source, may_be_empty=self.inner is not None):
            self._load(path)
        for key in self._replies:
            self._damaged_by_key.pop(key, None)

    @property
    def width(self) -> int:
        """Give the width of the inner teacher; looking up gains nothing from threads."""
        return 1 if self.inner is None else self.inner.width

    def answer(self, prompt: Prompt) -> Reply:
        """Look a prompt up, or ask the inner teacher and append its reply.

        Raises:
            NotRecordedError: nothing is recorded and nobody stands behind the recording.
            ReplyError: the reply was recorded, but its line is damaged.
        """
        key = prompt.key
        if (reply := self._replies.get(key)) is not None:
            return reply
        if self.inner is None:
            raise self._miss(prompt, key)
        reply = self.inner.answer(prompt)
        self._append(prompt, key, reply)
        return reply

    def _miss(self, prompt: Prompt, key: str) -> Exception:
        if (line := self._damaged_by_key.get(key)) is not None:
            return ReplyError("corrupt_recording_line", line.where)
        keyless = [line for line in self.damaged if not _KEY_IN_DAMAGED_LINE.search(line.text)]
        if keyless:
            return ReplyError(
                "lost_in_damaged_recording", f"not among the readable lines; {keyless[0].where}"
            )
        return NotRecordedError(
            f"No reply is recorded in {self.source.name} for request '{prompt.request}' of stage "
            f"'{prompt.stage}' (prompt {prompt.version}, key {key[:12]}...): put a live teacher "
            "behind the recording, or, if a prompt's wording was changed, record again."
        )

    def _load(self, path: Path) -> None:
        for number, text, reason in _lines(path):
            if not reason:
                try:
                    entry = json.loads(text)
                    reply = Reply(_text(entry, "reply"), _text(entry, "teacher"))
                    self._replies[_text(entry, "key")] = reply
                    continue
                except json.JSONDecodeError as error:
                    reason = f"not JSON ({error.msg})"
                except (KeyError, TypeError) as error:
                    reason = f"lacks a field or has one of the wrong type ({error})"
            line = DamagedLine(path, number, reason, text)
            self.damaged.append(line)
            if (match := _KEY_IN_DAMAGED_LINE.search(text)) is not None:
                self._damaged_by_key[match[1]] = line

    def _append(self, prompt: Prompt, key: str, reply: Reply) -> None:
        line = recording_line(prompt, reply)
        path = self.source / f"{prompt.stage}.jsonl"
        with self._lock:
            with path.open("ab+") as file:
                # A run that was killed may have left half a line; ours must not grow on to it.
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else "\n" + line
                file.write(line.encode())
                file.flush()
            self._replies[key] = reply


def recording_line(prompt: Prompt, reply: Reply) -> str:
    """Write one line of a recording, with its line break."""
    asked = {"key": prompt.key, "request": prompt.request}
    entry = asked | {"teacher": reply.teacher, "reply": reply.text}
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def recording_files(source: Path, *, may_be_empty: bool = False) -> tuple[Path, ...]:
    """List the recording files of a folder in the order in which they are read.

    Raises:
        DataError: the source is missing, or holds none and `may_be_empty` is false.
    """
    if source.is_file():
        return (source,)
    if not source.is_dir():
        raise DataError(f"{source} does not exist: give a folder of recordings or one such file.")
    files = sorted(p for p in source.iterdir() if p.name.endswith(RECORDING_SUFFIXES))
    if not files and not may_be_empty:
        raise DataError(f"{source} holds no recording: wanted *.jsonl.gz or *.jsonl files.")
    return tuple(files)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Give number, text and, for what cannot even be decoded, the reason."""
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            for number, raw in enumerate(file, start=1):
                if raw.strip():
                    yield _decoded(number, raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number + 1, "", f"compressed file ends or breaks here ({error})"


def _decoded(number: int, raw: bytes) -> tuple[int, str, str]:
    try:
        return number, raw.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        return number, raw.decode("utf-8", errors="replace"), f"not UTF-8 ({error.reason})"


def _text(entry: dict[str, object], name: str) -> str:
    if not isinstance(value := entry[name], str):
        raise TypeError(f"{name} is {type(value).__name__}, not text")
    return value
