"""What a stage is, and the one loop that runs it against any teacher."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from emo_hub.errors import NotRecordedError, ReplyError, Unanswered
from emo_hub.records import Rejection
from emo_hub.teacher import Prompt, Reply, Teacher, read_object, stop

Item = TypeVar("Item")
Record = TypeVar("Record")
Found = TypeVar("Found")
# Prompts in flight per worker: enough that one slow answer does not leave the others idle.
_AHEAD = 4
# Answers that were generated, and so paid for, whether or not somebody counted them.
_GENERATED = frozenset({"truncated", "empty_reply"})


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
class Answered(Generic[Item, Record]):
    """What became of one item.

    Args:
        item: that was asked about.
        records: that were read of the reply.
        rejections: of parts of the reply, or of all of it.
        pending: the prompt that waits for an answer, None where nothing does.
        replies: that came, two where the first needed repair.
        fault: why nobody answered; empty where somebody did.
    """

    item: Item
    records: tuple[Record, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    pending: Prompt | None = None
    replies: tuple[Reply, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class StageRun(Generic[Record]):
    """What a run of a stage gave; `calls` counts the prompts that were put to the teacher."""

    records: tuple[Record, ...]
    rejections: tuple[Rejection, ...]
    calls: int
    pending: tuple[Prompt, ...] = ()


def run(
    stage: Stage[Item, Record],
    items: Iterable[Item],
    teacher: Teacher,
    on_call: Callable[[int, int], None] | None = None,
) -> StageRun[Record]:
    """Ask a stage's questions and read the replies, all of them held in memory.

    Args:
        stage: what to ask and how to read.
        items: what to ask about.
        teacher: who answers.
        on_call: told after each reply how many of how many are done.

    Returns:
        Records in the order of the items, and what was rejected, each with a reason.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
        TeacherError: the teacher cannot go on.
    """
    asked = list(items)
    found: list[Answered[Item, Record]] = []
    for done, answered in enumerate(stream(stage, asked, teacher), start=1):
        found.append(answered)
        if on_call is not None:
            on_call(done, len(asked))
    return StageRun(
        tuple(record for answered in found for record in answered.records),
        tuple(rejection for answered in found for rejection in answered.rejections),
        len(asked),
        tuple(answered.pending for answered in found if answered.pending is not None),
    )


def stream(
    stage: Stage[Item, Record],
    items: Iterable[Item],
    teacher: Teacher,
    wanted: Callable[[Item], bool] | None = None,
) -> Iterator[Answered[Item, Record]]:
    """Ask a stage's questions, as many at once as the teacher likes, in constant memory.

    A reply that cannot be read is asked for once more, with the fault named; where the teacher is
    only a recording, which holds no such second reply, it is rejected at once.

    Args:
        stage: what to ask and how to read.
        items: what to ask about; taken as they are needed, so that stages can be chained.
        teacher: who answers.
        wanted: says which items are asked about; the others pass with neither record nor reply.

    Yields:
        What became of each item, in the order of the items.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
        TeacherError: the teacher cannot go on.
    """
    if teacher.width == 1:
        for item in items:
            yield _put(stage, item, teacher, wanted)
        return
    waiting: deque[Future[Answered[Item, Record]]] = deque()
    with ThreadPoolExecutor(teacher.width, thread_name_prefix=f"emo-hub-{stage.name}") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_put, stage, item, teacher, wanted))
                if len(waiting) >= _AHEAD * teacher.width:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            # Threads that wait for a dead server would otherwise keep the process from ending.
            stop(teacher)
            raise
        finally:
            # What was not begun is dropped; what a teacher already works on is waited for and kept.
            pool.shutdown(wait=True, cancel_futures=True)


def _put(
    stage: Stage[Item, Record],
    item: Item,
    teacher: Teacher,
    wanted: Callable[[Item], bool] | None,
) -> Answered[Item, Record]:
    if wanted is not None and not wanted(item):
        return Answered(item)
    prompt = stage.ask(item)
    try:
        reply = teacher.answer(prompt)
    except Unanswered as error:
        return Answered(item, pending=prompt, fault=str(error))
    except ReplyError as error:
        return Answered(item, rejections=(_lost(prompt, error, ""),), replies=_came(error))
    try:
        return _read(stage, item, prompt, (reply,))
    except ReplyError as error:
        fault = error
    again = repaired(prompt, reply, fault)
    try:
        replies = (reply, teacher.answer(again))
    except Unanswered as error:
        return Answered(item, pending=again, replies=(reply,), fault=str(error))
    except (NotRecordedError, ReplyError) as error:
        came = (reply, *(_came(error) if isinstance(error, ReplyError) else ()))
        return Answered(item, rejections=(_lost(prompt, fault, reply.text),), replies=came)
    try:
        return _read(stage, item, again, replies)
    except ReplyError as error:
        lost = _lost(prompt, error, replies[-1].text)
        return Answered(item, rejections=(lost,), replies=replies)


def _came(error: ReplyError) -> tuple[Reply, ...]:
    """Give the answer of which nothing could be made, for the account; none where none came."""
    if error.cost is None and error.reason not in _GENERATED:
        return ()
    return (Reply("", "", error.cost),)


def _read(
    stage: Stage[Item, Record], item: Item, prompt: Prompt, replies: tuple[Reply, ...]
) -> Answered[Item, Record]:
    records: list[Record] = []
    rejections: list[Rejection] = []
    for outcome in stage.read(item, replies[-1]):
        if isinstance(outcome, Refusal):
            rejections.append(
                Rejection(
                    stage.name,
                    prompt.request,
                    outcome.reason,
                    outcome.detail,
                    outcome.text,
                    index=outcome.index,
                )
            )
        else:
            records.append(outcome)
    return Answered(item, tuple(records), tuple(rejections), replies=replies)


def repaired(prompt: Prompt, reply: Reply, fault: ReplyError) -> Prompt:
    """Ask once more, with what came back and what is wrong with it."""
    complaint = (
        f"That answer cannot be used ({fault}). Give the whole answer again, in the form that was "
        "asked for and with nothing around it."
    )
    messages = (*prompt.messages, ("assistant", reply.text), ("user", complaint))
    return replace(prompt, messages=messages)


def _lost(prompt: Prompt, error: ReplyError, text: str) -> Rejection:
    return Rejection(prompt.stage, prompt.request, error.reason, error.detail, text)


def as_text(value: object) -> str:
    """Write a part of a reply as it came, to keep it with its rejection."""
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[Record]):
    """A list of answers, each with the number, from 1, of what it is about.

    Args:
        name: of the list in the reply.
        noun: what is numbered; an answer to what nobody asked is refused as `unasked_` and this.
        done: what has happened to what is answered, in a word.
        missing: reason and detail of the refusal of what was left unanswered.
        parse: makes number and answer of an entry, or raises `ReplyError`.
    """

    name: str
    noun: str
    done: str
    missing: tuple[str, str]
    parse: Callable[[Any], tuple[int, Record]]

    def read(
        self, reply: Reply, texts: Sequence[str], make: Callable[[int, Record], Found]
    ) -> Iterator[Found | Refusal]:
        """Read the answers about some texts, each on its own.

        Args:
            reply: with the list.
            texts: that were asked about.
            make: makes what is given of the place of a text, from 0, and its answer.

        Raises:
            ReplyError: the reply holds no such list.
        """
        waiting = dict(enumerate(texts, start=1))
        for place, value in enumerate(read_list(read_object(reply.text), self.name), start=1):
            try:
                number, answer = self.parse(value)
            except ReplyError as fault:
                yield Refusal(place, fault.reason, fault.detail, as_text(value))
                continue
            if number in waiting:
                del waiting[number]
                yield make(number - 1, answer)
            else:
                detail = f"{self.noun} {number} was not asked about, or is {self.done} already"
                yield Refusal(place, f"unasked_{self.noun}", detail, as_text(value))
        for number, text in waiting.items():
            yield Refusal(number, *self.missing, text)


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
