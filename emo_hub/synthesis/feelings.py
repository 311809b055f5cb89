"""Stage `feelings`: free descriptors, valence, arousal and dominance of a line at its moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.synthesis.affect import Degree, misfit
from emo_hub.synthesis.drafts import Draft
from emo_hub.synthesis.stage import Refusal, Stage
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "feelings"
VERSION = "feelings-1"
MOST_DESCRIPTORS = 6
MOST_WORDS = 5

HOW_DESCRIPTORS_ARE = """\
Give 2 to 4 descriptors, each a word or a short phrase for what is felt: the plainest word first,
then finer ones, from no list; the single word neutral where nothing is felt. Valence goes from 1
(unpleasant) to 5 (pleasant), arousal from 1 (calm) to 5 (stirred up), dominance from 1 (at the
mercy of it) to 5 (in control); 3 is the middle, halves are fine."""

SYSTEM = f"""\
You read a line and what happened before it, and say what whoever says it feels at that moment.
{HOW_DESCRIPTORS_ARE}

Answer with one JSON object and nothing else:
{{"descriptors": ["...", "..."], "valence": 3, "arousal": 3, "dominance": 3}}"""


class FeelingsReply(BaseModel):
    """The reply."""

    descriptors: Annotated[list[str], Field(min_length=1)]
    valence: Degree
    arousal: Degree
    dominance: Degree


def ask(item: Draft) -> Prompt:
    """Ask what is felt in a line."""
    before = f"What happened before: {item.context}\n" if item.context else ""
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", f"{before}The line: {item.text}")),
        request=item.request,
        schema=FeelingsReply.model_json_schema(),
        max_tokens=150,
    )


def read(item: Draft, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the descriptors and degrees.

    Raises:
        ReplyError: the reply holds none that can be used.
    """
    try:
        found = FeelingsReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    yield replace(
        item,
        descriptors=tidy(found.descriptors),
        degrees=(found.valence, found.arousal, found.dominance),
    )


def tidy(descriptors: list[str]) -> tuple[str, ...]:
    """Bring descriptors to one form: lower case, no full stop, no repeats.

    Raises:
        ReplyError: none is left, or one is a sentence.
    """
    phrases = [" ".join(phrase.lower().strip(" .,;").split()) for phrase in descriptors]
    told = tuple(dict.fromkeys(phrase for phrase in phrases if phrase))
    if not told:
        raise ReplyError("no_descriptor", "none given, or an empty one")
    if long := next((phrase for phrase in told if len(phrase.split()) > MOST_WORDS), None):
        raise ReplyError("long_descriptor", f"'{long}'")
    return told[:MOST_DESCRIPTORS]


STAGE: Stage[Draft, Draft] = Stage(NAME, VERSION, ask, read)
