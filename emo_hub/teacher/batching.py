"""Prompts from many threads to batches of one: the queue before a model, and who works it off."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import torch

from emo_hub.errors import EmoHubError, ReplyError, TeacherError, Unanswered, Usage
from emo_hub.teacher.completion import without_thoughts
from emo_hub.teacher.generation import ChatModel
from emo_hub.teacher.prompt import Prompt, Reply

# How long the first prompt of a batch waits for others; short beside any answer.
_GATHERING_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt on its way, and where its reply will be.

    Args:
        prompt: as it was put.
        reply: for the thread that waits.
        tokens: of the prompt, once it is encoded.
        most_new: how long its answer may become, in tokens.
    """

    prompt: Prompt
    reply: Future[Reply] = field(default_factory=Future)
    tokens: list[int] = field(default_factory=list)
    most_new: int = 0


class Worker:
    """Takes prompts from a queue and answers them in batches; knows nothing of its teacher.

    Args:
        chat: who answers.
        batch_size: the most prompts at once; after an out-of-memory, half as many.
        max_new_tokens: the longest answer, None for what each prompt says.
    """

    def __init__(self, chat: ChatModel, batch_size: int, max_new_tokens: int | None) -> None:
        self._chat = chat
        self._most = batch_size
        self._max_new_tokens = max_new_tokens
        self._queue: SimpleQueue[Asked | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def put(self, prompt: Prompt) -> Future[Reply]:
        """Queue a prompt; its reply or error will be in the future.

        Raises:
            TeacherError: the worker was closed.
        """
        asked = Asked(prompt)
        with self._lock:
            if self._closing.is_set():
                raise TeacherError(f"{self._chat.name} was closed; make a new teacher.")
            self._queue.put(asked)
        return asked.reply

    def close(self) -> None:
        """Let the worker leave off after the token that is being written."""
        with self._lock:
            self._closing.set()
            self._queue.put(None)

    def run(self) -> None:
        """Work until closed; then whatever is left gets `Unanswered`."""
        batch: list[Asked] = []
        try:
            while batch := self._gathered():
                self._answer(batch)
        finally:
            # Whatever happened here, nobody may wait for ever.
            self.close()
            while (asked := self._queue.get()) is not None:
                batch.append(asked)
            for left in batch:
                _settle(left, self._closed())

    def _closed(self) -> Unanswered:
        return Unanswered(f"{self._chat.name} was closed before it answered.")

    def _gathered(self) -> list[Asked]:
        batch: list[Asked] = []
        until = float("inf")
        while len(batch) < self._most:
            try:
                wait = until - time.monotonic() if batch else None
                asked = self._queue.get(timeout=None if wait is None else max(wait, 0.0))
            except Empty:
                break
            if asked is None:
                # Put back for the next look: what was gathered before it still gets its answer.
                self._queue.put(None)
                break
            if not batch:
                until = time.monotonic() + _GATHERING_SECONDS
            batch.append(asked)
        return batch

    def _answer(self, batch: Sequence[Asked]) -> None:
        try:
            if ready := list(filter(None, map(self._prepared, batch))):
                self._generate(ready)
        except (RuntimeError, ValueError, LookupError, TypeError) as error:
            for asked in batch:
                _settle(asked, TeacherError(f"{self._chat.name} failed on a batch: {error}"))
        for asked in batch:
            _settle(asked, self._closed())

    def _prepared(self, asked: Asked) -> Asked | None:
        try:
            tokens = self._chat.encode(asked.prompt.messages)
        except EmoHubError as error:
            _settle(asked, error)
            return None
        room = asked.prompt.max_tokens
        if self._max_new_tokens is not None:
            room = min(room, self._max_new_tokens)
        if self._chat.window is not None:
            if len(tokens) >= self._chat.window:
                detail = f"{len(tokens)} tokens; {self._chat.name} reads {self._chat.window}"
                _settle(asked, ReplyError("prompt_too_long", detail))
                return None
            room = min(room, self._chat.window - len(tokens))
        return Asked(asked.prompt, asked.reply, tokens, room)

    def _generate(self, ready: list[Asked]) -> None:
        waiting = [ready]
        while waiting and not self._closing.is_set():
            batch = waiting.pop()
            if len(batch) > self._most:
                waiting += [batch[self._most :], batch[: self._most]]
                continue
            begun = time.monotonic()
            try:
                answers = self._chat.generate(
                    [asked.tokens for asked in batch],
                    [asked.most_new for asked in batch],
                    self._closing.is_set,
                )
            except (torch.OutOfMemoryError, MemoryError):
                answers = None
            # Outside of `except`, whose traceback would still hold the tensors.
            if answers is None:
                self._halve(batch, waiting)
                continue
            seconds = time.monotonic() - begun
            for asked, answer in zip(batch, answers, strict=True):
                self._reply(asked, answer, seconds)

    def _halve(self, batch: list[Asked], waiting: list[list[Asked]]) -> None:
        torch.cuda.empty_cache()
        if len(batch) == 1:
            detail = f"{len(batch[0].tokens)} tokens do not fit even alone"
            _settle(batch[0], ReplyError("out_of_memory", detail))
            return
        self._most = len(batch) // 2
        waiting.append(batch)

    def _reply(self, asked: Asked, answer: list[int] | None, seconds: float) -> None:
        if answer is None:
            if not self._closing.is_set():
                cost = Usage(len(asked.tokens), asked.most_new, seconds)
                detail = f"no end after {asked.most_new} tokens"
                _settle(asked, ReplyError("truncated", detail, cost))
            return
        usage = Usage(len(asked.tokens), len(answer), seconds)
        text = without_thoughts(self._chat.decode(answer)).strip()
        if not text:
            detail = f"{len(answer)} tokens without a text"
            _settle(asked, ReplyError("empty_reply", detail, usage))
            return
        asked.reply.set_result(Reply(text, self._chat.name, usage))


def _settle(asked: Asked, error: Exception) -> None:
    if not asked.reply.done():
        asked.reply.set_exception(error)
