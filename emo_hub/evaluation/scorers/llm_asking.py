"""Puts questions to a chat model, many at once, each once, with one repair, and keeps the count.

Every reply is on the disk before it counts, so a run that was killed, or is done again, asks only
what is missing.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from emo_hub.errors import InputError, NotRecordedError, ReplyError, Unanswered, Usage
from emo_hub.evaluation.scorers.llm_answers import Row
from emo_hub.evaluation.scorers.llm_questions import Question, repair
from emo_hub.teacher import Prompt, Recorded, Reply, Teacher, stop

Progress = Callable[[str], None]
Pair = tuple[str, str | None]

_log = logging.getLogger(__name__)
_TELL_EVERY = 200
FOR_NOW = "not_answered_for_now"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one text: scores, or the reason why there are none, and what was paid."""

    row: Row | None
    paid: tuple[tuple[str, Reply], ...] = ()
    reason: str = ""


@dataclass
class _Counted:
    """The live teacher, with a count of what it was asked."""

    inner: Teacher
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def width(self) -> int:
        return self.inner.width

    def answer(self, prompt: Prompt) -> Reply:
        with self._lock:
            self.calls += 1
        return self.inner.answer(prompt)

    def stop(self) -> None:
        stop(self.inner)


class Desk:
    """Where questions are put: a live teacher, a store of its replies, or both.

    Args:
        name: of the model, as it stands in tables.
        teacher: who answers what is not recorded; None where all is.
        store: folder of recorded replies of this very model; None keeps nothing.
        max_tokens: the longest answer, in tokens.
        progress: told a sentence now and then; None puts it into the log.

    Raises:
        InputError: neither a teacher nor a store.
        DataError: the store cannot be used, or there is none where nobody can be asked.
    """

    def __init__(
        self,
        name: str,
        teacher: Teacher | None,
        *,
        store: Path | None = None,
        max_tokens: int = 2048,
        progress: Progress | None = None,
    ) -> None:
        self.name = name
        self._max_tokens = max_tokens
        self._tell = progress or _log.info
        self._live = None if teacher is None else _Counted(teacher)
        self._recorded = None if store is None else Recorded(store, inner=self._live)
        asked = self._recorded or self._live
        if asked is None:
            raise InputError(f"Nobody answers as {name}: give a server, or a store of replies.")
        self._asked: Teacher = asked

    @property
    def calls(self) -> int:
        """Give how many questions the live teacher got."""
        return self._live.calls if self._live else 0

    def known(self) -> frozenset[str]:
        """Give the keys of all that is recorded."""
        return frozenset(self._recorded.keys()) if self._recorded else frozenset()

    def close(self) -> None:
        """Ask nothing more, and let go of the store."""
        stop(self._asked)
        if self._recorded:
            self._recorded.close()

    def prompt(self, question: Question, pair: Pair) -> Prompt:
        """Ask the question about a text and its context."""
        return question.prompt(*pair, self._max_tokens)

    def outcomes(self, question: Question, pairs: Sequence[Pair]) -> Iterator[Outcome]:
        """Ask about each, as many at once as the server bears; yields in the order of `pairs`.

        Raises:
            TeacherError: the server cannot go on; what was answered is kept.
            NotRecordedError: a reply is missing and there is nobody to ask.
        """
        pool = ThreadPoolExecutor(self._asked.width, thread_name_prefix="emo-hub-llm")
        try:
            for done, outcome in enumerate(pool.map(partial(self._put, question), pairs), start=1):
                if done % _TELL_EVERY == 0 or done == len(pairs):
                    self._tell(f"{self.name}: {done:,} of {len(pairs):,} texts.")
                yield outcome
        except BaseException:
            # Threads that wait for a dead server would otherwise keep the process from ending.
            stop(self._asked)
            raise
        finally:
            # What was not begun is dropped; what the server works on is waited for and kept.
            pool.shutdown(wait=True, cancel_futures=True)

    def _put(self, question: Question, pair: Pair) -> Outcome:
        prompt = self.prompt(question, pair)
        try:
            reply = self._asked.answer(prompt)
        except Unanswered:
            return Outcome(None, reason=FOR_NOW)
        except ReplyError as fault:
            return Outcome(None, _lost(prompt, fault), fault.reason)
        paid = ((prompt.key, reply),)
        try:
            return Outcome(question.read(reply), paid)
        except ReplyError as fault:
            return self._put_again(question, repair(prompt, reply, fault), paid, fault.reason)

    def _put_again(
        self, question: Question, again: Prompt, paid: tuple[tuple[str, Reply], ...], reason: str
    ) -> Outcome:
        try:
            reply = self._asked.answer(again)
        except NotRecordedError:
            return Outcome(None, paid, reason)
        except Unanswered:
            return Outcome(None, paid, FOR_NOW)
        except ReplyError as fault:
            return Outcome(None, (*paid, *_lost(again, fault)), fault.reason)
        paid = (*paid, (again.key, reply))
        try:
            return Outcome(question.read(reply), paid)
        except ReplyError as fault:
            return Outcome(None, paid, fault.reason)


def _lost(prompt: Prompt, fault: ReplyError) -> tuple[tuple[str, Reply], ...]:
    """Give what was paid for an answer of which nothing can be made, where that is known."""
    return () if fault.cost is None else ((prompt.key, Reply("", "", fault.cost)),)


@dataclass
class Tally:
    """What was asked and paid over all scorings, and how many texts got no usable answer."""

    texts: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    _paid: dict[str, Usage] = field(default_factory=dict, repr=False)

    def add(self, outcome: Outcome, texts: int) -> None:
        """Count an outcome that stands for so many equal texts; a reply is paid only once."""
        self.texts += texts
        if outcome.row is None:
            self.reasons[outcome.reason] += texts
        elif len(outcome.paid) > 1:
            self.repaired += texts
        for key, reply in outcome.paid:
            self._paid[key] = reply.usage or Usage(0, 0, 0.0)

    def facts(self) -> dict[str, Any]:
        """Give it as plain values; tokens and seconds are those of earlier runs' replies too."""
        read, written, seconds = map(sum, zip((0, 0, 0.0), *self._paid.values(), strict=True))
        return {
            "texts": self.texts,
            "unanswered": self.reasons.total(),
            "unanswered_reasons": dict(self.reasons.most_common()),
            "repaired": self.repaired,
            "replies": len(self._paid),
            "prompt_tokens": read,
            "completion_tokens": written,
            "reply_seconds": round(seconds, 3),
        }

    def complaints(self) -> Iterator[str]:
        """Say in sentences what was not answered."""
        if lost := self.reasons.total():
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in self.reasons.most_common())
            yield (
                f"{lost:,} of {self.texts:,} texts were not answered ({reasons}); they count as "
                "wrong."
            )
        if waiting := self.reasons[FOR_NOW]:
            yield (
                f"For {waiting:,} of them the server was at fault: run the same again, and only "
                "they are asked."
            )
