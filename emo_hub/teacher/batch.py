"""Requests out as files: for `vllm run-batch`, for a provider's batch API, or for a person.

`Pending` behind a recording collects what nobody answered yet, `write_requests` writes it down,
and `import_replies` (in `answers.py`) records what comes back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from sys import intern
from typing import IO, Any, Literal

from emo_hub.durable import make_folder, sync_folder, write_error
from emo_hub.errors import DataError, InputError, Unanswered
from emo_hub.teacher.holding import LOCK_FILE
from emo_hub.teacher.prompt import Prompt, Reply
from emo_hub.teacher.wire import Dialect, HttpSettings, request_body

INDEX_FILE = "index.jsonl"
_REQUESTS = "requests-{:05d}.jsonl"
_REQUESTS_GLOB = "requests-[0-9][0-9][0-9][0-9][0-9].jsonl"
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Pending:
    """A teacher that answers nothing now, so that a run gives back what waits for an answer."""

    width: int = 1

    def answer(self, prompt: Prompt) -> Reply:
        """Leave the prompt for later.

        Raises:
            Unanswered: always.
        """
        raise Unanswered(f"{prompt.request or prompt.key[:12]} waits for a batch to answer it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettings:
    """How requests are put, and how large a file of them may be.

    Args:
        structured: the form of the answer that is asked of the server.
        temperature: at least 0; 0 is greedy decoding, where all samples of a prompt are equal.
        top_p: in (0, 1]; None leaves it to the server.
        seed: a prompt's sample number is added to it; None leaves it to the server.
        limit: the name under which the server takes the longest answer.
        merge_system: put the system message into the first user message.
        extra: further values of each request's body, such as `{"reasoning_effort": "low"}`.
        url: the endpoint that stands in each line.
        most_requests: in one file; providers take 50,000.
        most_bytes: of one file; providers take 100 MB.
    """

    structured: Literal["schema", "object", "off"] = "schema"
    temperature: float = 0.0
    top_p: float | None = None
    seed: int | None = None
    limit: Literal["max_tokens", "max_completion_tokens", ""] = "max_tokens"
    merge_system: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    url: str = "/v1/chat/completions"
    most_requests: int = 50_000
    most_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands behind the custom_id of a request: stage, version of its prompt, request."""

    stage: str
    version: str
    request: str


def write_requests(
    prompts: Iterable[Prompt],
    out: Path,
    model: str,
    *,
    settings: BatchSettings | None = None,
    text_of: Callable[[str], str] | None = None,
) -> list[Path]:
    """Write prompts as OpenAI batch files, each prompt once, in the order given.

    Beside them stands `index.jsonl`, which an import needs; it keeps the requests of earlier
    exports to the same folder, so that late replies to these still find their place. Request files
    of an earlier export are replaced.

    Args:
        prompts: to ask.
        out: a folder of its own; made if it is not there.
        model: as the server names it.
        settings: how to ask.
        text_of: gives the text of a reference, for prompts that only name texts.

    Returns:
        The request files, none where there was no prompt.

    Raises:
        InputError: `out` is a folder of recordings, a prompt names texts and `text_of` is not
            given, or a single request is larger than a file may be.
        DataError: the folder cannot be written.
    """
    settings = settings or BatchSettings()
    if (out / LOCK_FILE).exists():
        raise InputError(f"{out} holds recordings: give the requests a folder of their own.")
    make_folder(out)
    writer = _Writer(out, settings)
    earlier = read_index(out / INDEX_FILE) if (out / INDEX_FILE).exists() else {}
    try:
        for prompt in prompts:
            asked = Asked(prompt.stage, prompt.version, prompt.request)
            writer.add(prompt.key, asked, _request_line(prompt, model, settings, text_of))
        for key, asked in earlier.items():
            writer.note(key, asked)
        return writer.finish()
    except OSError as error:
        raise write_error(error, out) from error
    finally:
        writer.clear()


def read_index(path: Path) -> dict[str, Asked]:
    """Read what stands behind each custom_id.

    Args:
        path: an `index.jsonl`, or the folder that holds one.

    Raises:
        DataError: it is missing or damaged.
    """
    path = path / INDEX_FILE if path.is_dir() else path
    try:
        return dict(_index_lines(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read as the index of a batch ({error}): export the requests again; "
            "equal prompts keep their ids."
        ) from error


def _index_lines(path: Path) -> Iterator[tuple[str, Asked]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            stage, version = intern(entry["stage"]), intern(entry["version"])
            yield entry["custom_id"], Asked(stage, version, entry["request"])


def _request_line(
    prompt: Prompt, model: str, settings: BatchSettings, text_of: Callable[[str], str] | None
) -> bytes:
    if prompt.references and text_of is None:
        raise InputError(
            f"The request {prompt.request} names texts that it does not hold "
            f"({prompt.references[0]}): give the folder that holds them."
        )
    dialect = Dialect(settings.structured, settings.merge_system, settings.limit)
    http = HttpSettings(
        base_url="http://batch",
        model=model,
        temperature=settings.temperature,
        top_p=settings.top_p,
        seed=settings.seed,
        extra=settings.extra,
    )
    filled = replace(prompt, messages=prompt.filled(text_of)) if text_of else prompt
    body = request_body(filled, http, dialect)
    # The key is that of the prompt as the stage asks it, or no later run would find the reply.
    line = {"custom_id": prompt.key, "method": "POST", "url": settings.url, "body": body}
    return _json_line(line)


def _json_line(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


class _Writer:
    """Fills request files and the index under other names, and puts all in place at the end."""

    def __init__(self, out: Path, settings: BatchSettings) -> None:
        self._out = out
        self._settings = settings
        self._known: set[str] = set()
        self._requests: list[str] = []
        self._file: IO[bytes] | None = None
        self._lines = 0
        self._bytes = 0
        self._index = self._part(INDEX_FILE).open("wb")

    def add(self, key: str, asked: Asked, line: bytes) -> None:
        if key in self._known:
            return
        if len(line) > self._settings.most_bytes:
            raise InputError(
                f"The request {asked.request} has {len(line)} bytes, and a file may have "
                f"{self._settings.most_bytes}: cut its text, or allow larger files."
            )
        if (
            self._file is None
            or self._lines >= self._settings.most_requests
            or self._bytes + len(line) > self._settings.most_bytes
        ):
            self._next_file()
        if self._file is not None:
            self._file.write(line)
        self._lines += 1
        self._bytes += len(line)
        self.note(key, asked)

    def note(self, key: str, asked: Asked) -> None:
        if key in self._known:
            return
        self._known.add(key)
        entry = {"custom_id": key, "stage": asked.stage}
        entry |= {"version": asked.version, "request": asked.request}
        self._index.write(_json_line(entry))

    def finish(self) -> list[Path]:
        self._shut(self._file)
        self._shut(self._index)
        # The index first: until the requests stand there it only knows more than it needs to.
        for name in (INDEX_FILE, *self._requests):
            self._part(name).replace(self._out / name)
        for path in self._out.glob(_REQUESTS_GLOB):
            if path.name not in self._requests:
                path.unlink()
        sync_folder(self._out)
        return [self._out / name for name in self._requests]

    def clear(self) -> None:
        for file in (self._file, self._index):
            if file is not None:
                file.close()
        for name in (INDEX_FILE, *self._requests):
            self._part(name).unlink(missing_ok=True)

    def _next_file(self) -> None:
        self._shut(self._file)
        self._requests.append(_REQUESTS.format(len(self._requests) + 1))
        self._file = self._part(self._requests[-1]).open("wb")
        self._lines = self._bytes = 0

    def _part(self, name: str) -> Path:
        return self._out / f".{name}{_PART}"

    def _shut(self, file: IO[bytes] | None) -> None:
        if file is not None and not file.closed:
            file.flush()
            os.fsync(file.fileno())
            file.close()
