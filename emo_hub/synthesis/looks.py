"""Stages `labels` and `second_looks`: what lines express, judged from the lines alone.

`labels` asks about one line per call, `second_looks` about all lines of a character in an order
that tells nothing of the plot. Whoever looks sees neither the story nor what the writer meant.
An emotion that is no label stays as it was put (`outside`); it is mapped later, or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.records import Look
from emo_hub.synthesis.affect import LABEL_GUIDE, misfit
from emo_hub.synthesis.drafts import Draft
from emo_hub.synthesis.stage import Refusal, Stage, as_text, read_list
from emo_hub.taxonomy import GOEMOTIONS, normalise
from emo_hub.teacher import Prompt, Reply, read_object

NAME, MANY = "labels", "second_looks"
VERSION, MANY_VERSION = "labels-1", "second-looks-1"
MOST = 5

HOW_TO_LOOK = f"""\
Name the emotions that whoever says the line expresses, strongest first, at most {MOST}; most lines
carry 1 or 2, and only very mixed ones more. Judge by the words alone; do not guess a story behind
them. Each gets an intensity in steps of 0.1: 0.3 is faint, 0.6 clear, 0.9 strong. Use the names of
the list where one fits, else your own word for the emotion. Where no emotion shows, answer neutral
alone, as many lines deserve."""

SYSTEM = f"""\
You read one line that somebody said, thought or wrote. {HOW_TO_LOOK}

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"emotions": [{{"label": "...", "intensity": 0.6}}, ...]}}"""

MANY_SYSTEM = f"""\
You read lines that somebody said, thought or wrote, in no particular order. Judge each line by
itself, as if the others were not there. {HOW_TO_LOOK}

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"readings": [{{"line": 1, "emotions": [{{"label": "...", "intensity": 0.6}}, ...]}}, ...]}}"""


class FeltReply(BaseModel):
    """One emotion of a reading, of the list or not."""

    label: Annotated[str, Field(min_length=1, max_length=40)]
    intensity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class LookReply(BaseModel):
    """The reading of one line."""

    emotions: Annotated[list[FeltReply], Field(min_length=1, max_length=2 * MOST)]


class NumberedLookReply(LookReply):
    """The reading of one of several lines."""

    line: int


class ManyLooksReply(BaseModel):
    """The readings of all lines."""

    readings: list[NumberedLookReply]


@dataclass(frozen=True, slots=True)
class LookAt:
    """A line to be looked at; `look` tells several annotators apart, from 0."""

    draft: Draft
    look: int = 0


@dataclass(frozen=True, slots=True)
class LookAtAll:
    """The lines of one character to be looked at; `look` tells several annotators apart."""

    drafts: tuple[Draft, ...]
    look: int = 0

    @property
    def shuffled(self) -> tuple[Draft, ...]:
        """Give the lines in an order that tells nothing of the plot, always the same."""
        return tuple(sorted(self.drafts, key=lambda d: hashlib.sha256(d.text.encode()).hexdigest()))


def look_of(reading: LookReply, teacher: str) -> Look:
    """Sort a reading into labels and words outside of them, strongest first.

    Raises:
        ReplyError: an emotion is named twice, or neutral stands beside others.
    """
    told = [(normalise(felt.label), felt.intensity) for felt in reading.emotions]
    names = [name for name, _ in told]
    if len(set(names)) < len(names):
        raise ReplyError("repeated_label", ", ".join(names))
    if GOEMOTIONS.neutral in names and len(names) > 1:
        raise ReplyError("neutral_with_others", ", ".join(names))
    if names == [GOEMOTIONS.neutral]:
        # How strongly somebody feels nothing is no question; annotators put any number there.
        return Look(teacher, ((names[0], 1.0),))
    told = sorted(told, key=lambda pair: -pair[1])[:MOST]
    return Look(
        teacher,
        tuple(pair for pair in told if pair[0] in GOEMOTIONS.labels),
        tuple(pair for pair in told if pair[0] not in GOEMOTIONS.labels),
    )


def ask(item: LookAt) -> Prompt:
    """Ask what one line expresses."""
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", f"The line:\n{item.draft.text}")),
        sample=item.look,
        request=f"{item.draft.request}#{item.look + 1}",
        schema=LookReply.model_json_schema(),
        max_tokens=200,
    )


def read(item: LookAt, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the emotions of one line.

    Raises:
        ReplyError: the reply is no reading.
    """
    try:
        reading = LookReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    yield item.draft.seen(look_of(reading, reply.teacher))


def ask_all(item: LookAtAll) -> Prompt:
    """Ask what each of several lines expresses."""
    lines = "\n".join(f"{n}. {draft.text}" for n, draft in enumerate(item.shuffled, start=1))
    return Prompt(
        MANY,
        MANY_VERSION,
        (("system", MANY_SYSTEM), ("user", f"The lines:\n{lines}")),
        sample=item.look,
        request=f"{item.drafts[0].speaker.request}#{item.look + 1}",
        schema=ManyLooksReply.model_json_schema(),
        max_tokens=120 * len(item.drafts),
    )


def read_all(item: LookAtAll, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the emotions of several lines, each on its own.

    Raises:
        ReplyError: the reply holds no list of readings.
    """
    waiting = dict(enumerate(item.shuffled, start=1))
    for place, value in enumerate(read_list(read_object(reply.text), "readings"), start=1):
        try:
            reading = NumberedLookReply.model_validate(value)
            look = look_of(reading, reply.teacher)
        except ValidationError as error:
            fault = misfit(error)
            yield Refusal(place, fault.reason, fault.detail, as_text(value))
        except ReplyError as fault:
            yield Refusal(place, fault.reason, fault.detail, as_text(value))
        else:
            if reading.line in waiting:
                yield waiting.pop(reading.line).seen(look)
            else:
                detail = f"line {reading.line} was not asked about, or is read already"
                yield Refusal(place, "unasked_line", detail, as_text(value))
    for draft in waiting.values():
        yield Refusal(draft.wish.slot, "no_second_look", "the line was not read", draft.text)


STAGE: Stage[LookAt, Draft] = Stage(NAME, VERSION, ask, read)
MANY_STAGE: Stage[LookAtAll, Draft] = Stage(MANY, MANY_VERSION, ask_all, read_all)
