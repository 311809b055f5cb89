"""One line of a recording: how it is written, how it is read, and what becomes of a damaged one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError, Usage
from emo_hub.teacher.prompt import Prompt, Reply

RECORDING_SUFFIXES = (".jsonl", ".jsonl.gz")
HEAD = b'{"key":"'
_KEY = re.compile(r"[0-9a-f]{64}")
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

    @property
    def key(self) -> str:
        """Give the key that can still be made out, empty where none can."""
        match = _KEY_IN_DAMAGED_LINE.search(self.text)
        return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """What one readable line holds.

    Args:
        key: of the prompt.
        request: the request's id, for people.
        reply: to the prompt; its text is empty where there is a fault.
        fault: reason and detail of an answer that was paid for and of which nothing can be made.
    """

    key: str
    request: str
    reply: Reply
    fault: tuple[str, str] | None = None


def recording_line(prompt: Prompt, reply: Reply) -> str:
    """Write one line of a recording, with its line break."""
    return write_line(RecordedLine(prompt.key, prompt.request, reply))


def write_line(line: RecordedLine) -> str:
    """Write one line of a recording, with its line break; the cost only where it is known."""
    reply = line.reply
    entry: dict[str, Any] = {"key": line.key, "request": line.request}
    entry |= {"teacher": reply.teacher, "reply": reply.text}
    if (usage := reply.usage) is not None:
        entry["usage"] = usage._asdict()
    if line.fault is not None:
        entry["fault"] = {"reason": line.fault[0], "detail": line.fault[1]}
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, as models write now and then, has no UTF-8; its escape has.
        return json.dumps(entry, separators=(",", ":")) + "\n"
    return text


def read_line(raw: bytes) -> RecordedLine:
    """Read one line of a recording.

    Raises:
        ValueError: says why the line cannot be read.
    """
    try:
        entry = json.loads(raw.decode("utf-8"))
        reply = Reply(_text(entry, "reply"), _text(entry, "teacher"), read_usage(entry))
        key = _text(entry, "key")
        fault = _read_fault(entry)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 ({error.reason})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg})") from error
    except RecursionError as error:
        raise ValueError("not JSON that a person would write (nested too deep)") from error
    except (KeyError, TypeError) as error:
        raise ValueError(f"lacks a field or has one of the wrong type ({error})") from error
    if not _KEY.fullmatch(key):
        raise ValueError(f"the key is not 64 hexadecimal digits ({key[:80]!r})")
    request = entry.get("request", "")
    return RecordedLine(key, request if isinstance(request, str) else "", reply, fault)


def read_usage(entry: dict[str, Any]) -> Usage | None:
    """Take the cost out of a line; one that is missing or malformed is merely not known."""
    usage = entry.get("usage")
    if not isinstance(usage, dict):
        return None
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    seconds = usage.get("seconds", 0.0)
    if isinstance(read, int) and isinstance(written, int) and isinstance(seconds, (int, float)):
        return Usage(read, written, float(seconds))
    return None


def _read_fault(entry: dict[str, Any]) -> tuple[str, str] | None:
    fault = entry.get("fault")
    if fault is None:
        return None
    if not isinstance(fault, dict):
        raise TypeError(f"fault is {type(fault).__name__}, not an object")
    return _text(fault, "reason"), _text(fault, "detail")


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


def _text(entry: dict[str, Any], name: str) -> str:
    if not isinstance(value := entry[name], str):
        raise TypeError(f"{name} is {type(value).__name__}, not text")
    return value
