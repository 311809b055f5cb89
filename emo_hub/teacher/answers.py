"""Replies in from files: of `vllm run-batch`, of a provider's batch API, or written by hand."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from emo_hub.errors import InputError, ReplyError, Usage
from emo_hub.teacher.batch import INDEX_FILE, Asked, read_index
from emo_hub.teacher.forms import NotAnsweredError, reply_of
from emo_hub.teacher.lines import RecordedLine
from emo_hub.teacher.prompt import Reply
from emo_hub.teacher.store import Store, open_store, release

# Replies that share one write to the disk; a kill costs nothing, for the files are still there.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What one line of a reply file says.

    Args:
        path: of the file.
        number: of the line, from 1.
        custom_id: of the request; empty where the line cannot be read.
        asked: what the request was; None where the index does not know it.
        reply: that it holds, if any.
        reason: why there is none, in a word that can be counted.
        detail: the same in the server's words.
        is_final: whether the request was answered, though nothing can be made of the answer; a
            server that merely failed is asked again.
        usage: what an answer cost of which nothing can be made, where that is known.
    """

    path: Path
    number: int
    custom_id: str = ""
    asked: Asked | None = None
    reply: Reply | None = None
    reason: str = ""
    detail: str = ""
    is_final: bool = False
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines of reply files.

    Args:
        recorded: replies that are new in the store.
        already_there: requests that the store could answer before.
        failed: lines without a reply, by reason; those that failed at the server stay pending.
        unknown: custom_ids that were never asked, each once, in the order in which they were met.
        damaged: lines that cannot be read, each with file, line number and reason.
    """

    recorded: int = 0
    already_there: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def read_replies(files: Iterable[Path], index: Mapping[str, Asked]) -> Iterator[BatchReply]:
    """Read reply files, line by line, whichever program wrote them.

    Understood are the output of OpenAI's batch API and of `vllm run-batch`, that of Anthropic's
    message batches, and lines `{"custom_id" or "key": ..., "reply": text or JSON, "teacher": ...}`.

    Args:
        files: JSON lines, compressed or not.
        index: what stands behind each custom_id.

    Yields:
        What each line says, in the order of the files; empty lines are skipped.

    Raises:
        InputError: a file is not there.
    """
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is no file: give the files with the replies.")
        for number, raw in _lines(path):
            if isinstance(raw, str):
                yield BatchReply(path, number, reason=raw)
            elif raw.strip():
                found = _understood(BatchReply(path, number), raw)
                yield replace(found, asked=index.get(found.custom_id))


def import_replies(
    files: Sequence[Path], store: Path, teacher: str | None = None, index: Path | None = None
) -> ImportReport:
    """Record the replies of files; done twice, or killed and done again, it changes nothing more.

    Args:
        files: with the replies.
        store: the folder of recordings that they join.
        teacher: who wrote the replies; None takes the name in each line.
        index: the `index.jsonl` that was exported with the requests, or its folder; None looks
            for one beside the files.

    Raises:
        InputError: a file is not there, no index is found, or nobody says who wrote a reply.
        DataError: another run writes to the store, or the disk is full or fails.
    """
    asked: dict[str, Asked] = {}
    for path in _indexes(files) if index is None else [index]:
        asked |= read_index(path)
    target = open_store([store], growing=True)
    try:
        return _imported(read_replies(files, asked), target, teacher)
    finally:
        release(target)


def _imported(lines: Iterator[BatchReply], store: Store, teacher: str | None) -> ImportReport:
    recorded = already = 0
    failed: Counter[str] = Counter()
    unknown: dict[str, None] = {}
    damaged: list[str] = []
    while chunk := list(islice(lines, _AT_ONCE)):
        new: dict[str, tuple[str, RecordedLine]] = {}
        for line in chunk:
            key = line.custom_id
            if not key:
                damaged.append(f"{line.path.name}, line {line.number}: {line.reason}")
            elif line.asked is None:
                unknown[key] = None
            elif line.reply is None and not line.is_final:
                failed[line.reason] += 1
            elif _is_there(line, new, store):
                already += 1
            else:
                made = _recorded_line(line, line.asked, teacher)
                new[key] = (line.asked.stage, made)
                if made.fault is None:
                    recorded += 1
                else:
                    failed[made.fault[0]] += 1
        store.record(list(new.values()))
    return ImportReport(recorded, already, dict(failed), tuple(unknown), tuple(damaged))


def _is_there(line: BatchReply, new: Mapping[str, tuple[str, RecordedLine]], store: Store) -> bool:
    """Say whether a line adds nothing; to a mere fault a reply does, wherever the fault stands."""
    key = line.custom_id
    fault = new[key][1].fault if key in new else store.fault(key)
    return (key in new or key in store) and not (line.reply and fault)


def _recorded_line(line: BatchReply, asked: Asked, teacher: str | None) -> RecordedLine:
    if line.reply is None:
        fault = (line.reason, line.detail)
        return RecordedLine(
            line.custom_id, asked.request, Reply("", teacher or "", line.usage), fault
        )
    reply = replace(line.reply, teacher=teacher or line.reply.teacher)
    if not reply.teacher:
        raise InputError(
            f"{line.path.name}, line {line.number} does not say who wrote the reply: name the "
            "teacher."
        )
    return RecordedLine(line.custom_id, asked.request, reply)


def _indexes(files: Sequence[Path]) -> list[Path]:
    beside = sorted({path.parent / INDEX_FILE for path in files})
    found = [path for path in beside if path.is_file()]
    if not found:
        raise InputError(
            f"No {INDEX_FILE} stands beside the replies: give the one that was exported with the "
            "requests."
        )
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes | str]]:
    """Give number and bytes of each line; where a compressed file breaks off, the reason."""
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            yield from ((number := number + 1, raw) for raw in file)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number + 1, f"compressed file ends or breaks here ({error})"


def _understood(line: BatchReply, raw: bytes) -> BatchReply:
    try:
        entry = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return replace(line, reason=f"no JSON ({error})")
    if not isinstance(entry, dict):
        return replace(line, reason=f"{type(entry).__name__} instead of an object")
    key = entry.get("custom_id", entry.get("key"))
    if not isinstance(key, str) or not key:
        return replace(line, reason="neither custom_id nor key")
    line = replace(line, custom_id=key)
    try:
        return replace(line, reply=reply_of(entry))
    except ReplyError as error:
        final = not isinstance(error, NotAnsweredError)
        return replace(
            line, is_final=final, reason=error.reason, detail=error.detail, usage=error.cost
        )
