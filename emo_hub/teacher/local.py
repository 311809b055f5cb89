"""A teacher in this process: prompts that come at the same time are answered as one batch."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING

from emo_hub.errors import InputError
from emo_hub.teacher.prompt import Prompt, Reply

if TYPE_CHECKING:
    from emo_hub.teacher.batching import Worker

# The worker notices within a token that it should end.
_CLOSING_SECONDS = 60.0


class LocalTeacher:
    """Answers with a chat model of transformers in this process, greedily (paper A3).

    One thread of its own runs the model. Close it, use it as a context manager, or leave that to
    the end of the program. The weights must be safetensors, and no code of a model is run.

    Args:
        model: a folder or a name on the Hub.
        revision: of the name, None for the newest.
        device: a device of torch, `auto` to spread over all of them (needs accelerate), or None
            for the first GPU if there is one.
        dtype: `float32`, `bfloat16`, `float16`, or `auto` for that of the weights.
        batch_size: the most prompts at once, at least 1; after an out-of-memory, half as many.
        max_new_tokens: the longest answer, None for what each prompt says.
        repetition_penalty: at least 1; 1 for none.

    Attributes:
        name: of the teacher in its replies: the model and its revision.

    Raises:
        InputError: an argument is out of range.
        TeacherError: there is no such model, it has no safetensors, or it is no chat model.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        device: str | None = None,
        dtype: str = "auto",
        batch_size: int = 8,
        max_new_tokens: int | None = None,
        repetition_penalty: float = 1.03,
    ) -> None:
        if batch_size < 1 or (max_new_tokens is not None and max_new_tokens < 1):
            raise InputError(
                f"batch_size is {batch_size}, max_new_tokens {max_new_tokens}; give at least 1."
            )
        if not repetition_penalty >= 1:
            raise InputError(f"repetition_penalty is {repetition_penalty}; give at least 1.")
        from emo_hub.teacher.batching import Worker
        from emo_hub.teacher.generation import ChatModel, Settings

        chat = ChatModel(Settings(str(model), revision, device, dtype, repetition_penalty))
        self.name = chat.name
        self._width = batch_size
        self._worker = Worker(chat, batch_size, max_new_tokens)
        # Not joined by the interpreter, which would wait for whole answers; the finalizer ends it.
        thread = threading.Thread(target=self._worker.run, name="emo-hub-local", daemon=True)
        self._end = weakref.finalize(self, _end, self._worker, thread)
        thread.start()

    @property
    def width(self) -> int:
        """Give the size of a batch."""
        return self._width

    def answer(self, prompt: Prompt) -> Reply:
        """Answer a prompt together with those that other threads put at the same time.

        Raises:
            ReplyError: `prompt_too_long` for the model's window, `truncated`, `empty_reply`, or
                `out_of_memory` where the prompt does not even fit alone.
            Unanswered: the teacher was closed in the middle of it.
            TeacherError: the model fails, or the teacher is closed already.
        """
        return self._worker.put(prompt).result()

    def close(self) -> None:
        """Stop after the token that is being written and free the thread; may be called again."""
        self._end()

    def __enter__(self) -> LocalTeacher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _end(worker: Worker, thread: threading.Thread) -> None:
    worker.close()
    thread.join(_CLOSING_SECONDS)
