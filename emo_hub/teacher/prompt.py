"""The words between a stage and whoever answers it: a question, an answer, and what it cost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emo_hub.errors import Usage

_PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a teacher.

    Args:
        stage: the stage that asks.
        version: of the wording; a changed prompt gets a new one.
        messages: pairs of role and content.
        sample: tells several answers to one question apart, from 0.
        references: texts that are not ours to ship, as `source/split/id`; each stands in the
            messages as `{{source/split/id}}` and is filled in only when a live teacher is asked.
        request: the request's id, for people; it is not part of the key.
        schema: JSON Schema of the answer, for servers that can hold a model to one; the version
            stands for it in the key.
        max_tokens: the longest answer that makes sense; the version stands for it too.
    """

    stage: str
    version: str
    messages: tuple[tuple[str, str], ...]
    sample: int = 0
    references: tuple[str, ...] = ()
    request: str = ""
    schema: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    max_tokens: int = field(default=4096, compare=False)

    @property
    def key(self) -> str:
        """Give the SHA-256, in hexadecimal, of what is asked; it needs no referenced text."""
        asked = {"messages": self.messages, "sample": self.sample}
        asked |= {"stage": self.stage, "version": self.version}
        payload = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(payload.encode()).hexdigest()

    def filled(self, text_of: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
        """Put the referenced texts into the messages, for a live teacher.

        Args:
            text_of: gives the text of a reference.

        Returns:
            Pairs of role and content. Braces that are not one of `references` stay as they are,
            and so do those inside a filled-in text.
        """

        def fill(match: re.Match[str]) -> str:
            return text_of(match[1]) if match[1] in self.references else match[0]

        return tuple((role, _PLACEHOLDER.sub(fill, content)) for role, content in self.messages)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, who wrote it, and what it cost where that is known."""

    text: str
    teacher: str
    usage: Usage | None = None


class Teacher(Protocol):
    """Anything that answers prompts; `answer` may be called from several threads at once."""

    @property
    def width(self) -> int:
        """Give how many prompts it likes to have at once, at least 1."""
        ...

    def answer(self, prompt: Prompt) -> Reply:
        """Answer one prompt.

        Raises:
            Unanswered: not now; the run goes on, and a later one asks again.
            TeacherError: nor any other prompt; the run ends, and what was answered is kept.
            ReplyError: there is an answer, and nothing can be made of it.
        """
        ...


def stop(teacher: object) -> None:
    """Tell a teacher that nobody waits for it any more, so that its threads leave their waits.

    Most have nothing to stop; one that waits (for a busy server, say) has a method of this name,
    and one that passes prompts on has the one it passes them to.
    """
    if callable(ending := getattr(teacher, "stop", None)):
        ending()


@dataclass(frozen=True, slots=True)
class Filled:
    """Puts the texts that prompts only name into them before a live teacher sees them.

    Args:
        inner: the live teacher.
        text_of: gives the text of a reference; raises `DataError` for one that is not at hand.
    """

    inner: Teacher
    text_of: Callable[[str], str]

    @property
    def width(self) -> int:
        """Give the width of the live teacher."""
        return self.inner.width

    def answer(self, prompt: Prompt) -> Reply:
        """Fill the prompt in and pass it on."""
        return self.inner.answer(replace(prompt, messages=prompt.filled(self.text_of)))

    def stop(self) -> None:
        """Stop the live teacher."""
        stop(self.inner)


@dataclass(frozen=True, slots=True)
class Annotators:
    """Several teachers; each takes the look of its own sample number, the first all other prompts.

    Args:
        teachers: in the order of the looks: sample 0, sample 1, and so on.
        stages: those that look; in others a sample is no look.
    """

    teachers: tuple[Teacher, ...]
    stages: frozenset[str]

    @property
    def width(self) -> int:
        """Give the width of the widest teacher."""
        return max(teacher.width for teacher in self.teachers)

    def answer(self, prompt: Prompt) -> Reply:
        """Pass the prompt to the teacher whose look it asks for, else to the first."""
        is_look = prompt.stage in self.stages and prompt.sample < len(self.teachers)
        return self.teachers[prompt.sample if is_look else 0].answer(prompt)

    def stop(self) -> None:
        """Stop all of them."""
        for teacher in self.teachers:
            stop(teacher)
