"""What a stage is, and the one loop that runs it against any teacher."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from emo_hub.errors import ReplyError
from emo_hub.records import Rejection
from emo_hub.teacher import Prompt, Reply, Teacher

Item = TypeVar("Item")
Record = TypeVar("Record")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part of a reply that cannot become a record, while the rest of the reply can."""

    index: int
    reason: str
    detail: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage(Generic[Item, Record]):
    """A step of the synthesis.

    Args:
        name: of the stage, as it stands in ids and recordings.
        version: of its prompt.
        ask: makes the prompt of an item.
        read: makes records of a reply; yields a `Refusal` for a part that does not fit and raises
            `ReplyError` for a reply of which nothing can be used.
    """

    name: str
    version: str
    ask: Callable[[Item], Prompt]
    read: Callable[[Item, Reply], Iterable[Record | Refusal]]


@dataclass(frozen=True, slots=True)
class StageRun(Generic[Record]):
    """What a run of a stage gave; `calls` counts the prompts that were put to the teacher."""

    records: tuple[Record, ...]
    rejections: tuple[Rejection, ...]
    calls: int


def run(
    stage: Stage[Item, Record],
    items: Sequence[Item],
    teacher: Teacher,
    on_call: Callable[[int, int], None] | None = None,
) -> StageRun[Record]:
    """Ask a stage's questions one after the other and read the replies.

    Args:
        stage: what to ask and how to read.
        items: what to ask about.
        teacher: who answers.
        on_call: told after each reply how many of how many are done.

    Returns:
        Records in the order of the items, and what was rejected, each with a reason.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
    """
    records: list[Record] = []
    rejections: list[Rejection] = []
    for done, item in enumerate(items, start=1):
        prompt = stage.ask(item)
        text = ""
        try:
            reply = teacher.answer(prompt)
            text = reply.text
            for outcome in stage.read(item, reply):
                if isinstance(outcome, Refusal):
                    rejections.append(_rejection(stage.name, prompt.request, outcome))
                else:
                    records.append(outcome)
        except ReplyError as error:
            rejections.append(
                Rejection(stage.name, prompt.request, error.reason, error.detail, text)
            )
        if on_call is not None:
            on_call(done, len(items))
    return StageRun(tuple(records), tuple(rejections), len(items))


def _rejection(stage: str, request: str, refusal: Refusal) -> Rejection:
    return Rejection(
        stage, request, refusal.reason, refusal.detail, refusal.text, index=refusal.index
    )


def read_object(text: str) -> dict[str, Any]:
    """Read a reply that should be one JSON object, with or without a Markdown fence around it.

    Raises:
        ReplyError: `not_json` or `not_an_object`.
    """
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ReplyError("not_json", str(error)) from error
    if not isinstance(value, dict):
        raise ReplyError("not_an_object", f"got {type(value).__name__}")
    return value


def as_text(value: object) -> str:
    """Write a part of a reply as it came, to keep it with its rejection."""
    return json.dumps(value, ensure_ascii=False)


def read_list(reply: dict[str, Any], name: str) -> list[Any]:
    """Take a list out of a reply.

    Raises:
        ReplyError: `missing_field` or `wrong_type`.
    """
    if name not in reply:
        raise ReplyError("missing_field", name)
    value = reply[name]
    if not isinstance(value, list):
        raise ReplyError("wrong_type", f"{name} is {type(value).__name__}, not a list")
    return value
