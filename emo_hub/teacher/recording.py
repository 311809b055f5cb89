"""A recording of replies, in front of a live teacher if there is one.

A prompt is known by the hash of what is asked, so the recording is also the checkpoint of a run:
what was answered once is looked up, what was not is asked and appended, one line per reply. A
reply is on the disk before anybody sees it, so a run that is killed at any moment pays for nothing
twice.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from emo_hub.errors import InputError, NotRecordedError, ReplyError
from emo_hub.teacher.lines import DamagedLine, RecordedLine
from emo_hub.teacher.prompt import Prompt, Reply, Teacher, stop
from emo_hub.teacher.store import Store, open_store, release

# Why a teacher gives a prompt up; what mends one of these is worth asking again for.
FAULTS = frozenset(
    {"truncated", "refused_by_server", "empty_reply", "prompt_too_long", "out_of_memory"}
)
PACKAGED_RECORDINGS = Path(__file__).parent.parent / "recordings"


@dataclass(eq=False)
class Recorded:
    """Answers from recordings, and asks and records through an inner teacher what they lack.

    A line that cannot be read does no harm to the others. The request that it answered is asked
    again where there is an inner teacher; else it gets a `ReplyError` with the reason
    `corrupt_recording_line` (or `lost_in_damaged_recording` where the line does not even tell
    which request it was), which a run counts as a rejection.

    Threads may share it, and two that ask the same at once pay once. With an inner teacher the
    folder belongs to this process until `close`, the end of a `with` block, or the last reference;
    a second process is refused. An answer that the inner teacher cannot make a reply of (cut off,
    refused) is recorded as well, since it was paid for, and raises the same `ReplyError` again.

    Args:
        source: a folder of `*.jsonl.gz` and `*.jsonl` files, one such file, or several of either,
            such as the stores of shards; of two replies to one prompt the first counts.
        inner: who is asked on a miss; its replies are appended to `<stage>.jsonl` in the (first)
            folder.
        again: reasons of recorded `ReplyError`s that are asked again, such as `truncated` after
            the longest answer was made longer.

    Raises:
        DataError: a source is missing, `inner` is given with a file instead of a folder, or
            another run writes to the folder.
    """

    source: Path | Sequence[Path] = PACKAGED_RECORDINGS
    inner: Teacher | None = None
    again: frozenset[str] = frozenset()
    _store: Store = field(init=False, repr=False)
    _asking: dict[str, Future[Reply]] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        sources = (self.source,) if isinstance(self.source, Path) else tuple(self.source)
        if not sources:
            raise InputError("No folder of recordings was given: wanted at least one.")
        self._store = open_store(sources, growing=self.inner is not None)
        self._release = weakref.finalize(self, release, self._store)

    def __enter__(self) -> Recorded:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def damaged(self) -> list[DamagedLine]:
        """Give the lines that cannot be read, in the order of the files."""
        return self._store.damaged

    @property
    def conflicts(self) -> int:
        """Give how many lines answer a prompt otherwise than the line that counts."""
        return self._store.conflicts

    @property
    def width(self) -> int:
        """Give the width of the inner teacher; looking up gains nothing from threads."""
        return 1 if self.inner is None else self.inner.width

    def stop(self) -> None:
        """Stop the inner teacher, if there is one."""
        stop(self.inner)

    def close(self) -> None:
        """Let go of the folder; no more answers after that."""
        self._release()

    def keys(self) -> Iterable[str]:
        """Give the keys of all that is recorded, in the order in which it was found."""
        return self._store.keys()

    def lookup(self, key: str) -> Reply | None:
        """Look a reply up by the key of its prompt; None where none is recorded, or a fault."""
        line = self._store.line(key)
        return None if line is None or line.fault is not None else line.reply

    def answer(self, prompt: Prompt) -> Reply:
        """Look a prompt up, or ask the inner teacher and return once its reply is on the disk.

        Raises:
            NotRecordedError: nothing is recorded and nobody stands behind the recording.
            ReplyError: the reply was recorded, but its line is damaged, or it was a fault.
            DataError: the disk is full or fails; all earlier replies are safe.
        """
        key = prompt.key
        if (line := self._known(key)) is not None:
            return _reply(line)
        if self.inner is None:
            raise self._miss(prompt, key)
        with self._lock:
            asked = self._asking.get(key)
            if asked is None:
                # Between the look-up and the lock, another thread may have got its answer.
                if (line := self._known(key)) is not None:
                    return _reply(line)
                mine = self._asking[key] = Future()
        if asked is not None:
            return asked.result()
        try:
            reply = self._ask(self.inner, prompt, key)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(reply)
            return reply
        finally:
            with self._lock:
                del self._asking[key]

    def _known(self, key: str) -> RecordedLine | None:
        if self.inner is not None and self.again and self._store.fault(key) in self.again:
            return None
        return self._store.line(key)

    def _ask(self, inner: Teacher, prompt: Prompt, key: str) -> Reply:
        self._store.check_room(len(self._asking))
        try:
            reply = inner.answer(prompt)
        except ReplyError as error:
            fault = (error.reason, error.detail)
            nothing = RecordedLine(key, prompt.request, Reply("", "", error.cost), fault)
            self._store.record([(prompt.stage, nothing)])
            raise
        self._store.record([(prompt.stage, RecordedLine(key, prompt.request, reply))])
        return reply

    def _miss(self, prompt: Prompt, key: str) -> Exception:
        if (line := self._store.lost.get(key)) is not None:
            return ReplyError("corrupt_recording_line", line.where)
        keyless = next((line for line in self.damaged if not line.key), None)
        if keyless is not None:
            return ReplyError(
                "lost_in_damaged_recording", f"not among the readable lines; {keyless.where}"
            )
        where = self.source.name if isinstance(self.source, Path) else "these recordings"
        return NotRecordedError(
            f"No reply is recorded in {where} for request '{prompt.request}' of stage "
            f"'{prompt.stage}' (prompt {prompt.version}, key {key[:12]}...): put a live teacher "
            "behind the recording, or, if a prompt's wording was changed, record again."
        )


def _reply(line: RecordedLine) -> Reply:
    if line.fault is not None:
        raise ReplyError(*line.fault, line.reply.usage)
    return line.reply
