"""Stage `rewriting`: a line that stands alone becomes one that needs its context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.synthesis.affect import misfit
from emo_hub.synthesis.drafts import Draft
from emo_hub.synthesis.stage import Refusal, Stage
from emo_hub.synthesis.wording import named_emotion, shared_run, words
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "rewriting"
VERSION = "rewriting-1"
MOST_WORDS = 40
# Above this share of the same words in the same set a rewrite has changed nothing that matters.
COPY = 0.9
COPIED_WORDS = 7

HOW_REWRITES_ARE = """\
- said at the same moment, by the same speaker, for the same reason;
- without the account a reader could not tell which emotion it carries, because it leaves out what
  happened; with the account it is clear; a neutral line becomes another neutral one that only the
  account makes clear;
- natural: what somebody would really say to people who were there ("It was you." "Three days.");
  not always in the same pattern, and "So, ..." at most now and then;
- about as long as the line or shorter, and naming no emotion."""

SYSTEM = f"""\
You get a line, who says it, and a short account of what happened before. Rewrite the line so that
it needs the account:
{HOW_REWRITES_ARE}

Answer with one JSON object and nothing else:
{{"rewritten": "..."}}"""


class RewrittenReply(BaseModel):
    """The reply."""

    model_config = ConfigDict(strict=True)

    rewritten: Annotated[str, Field(min_length=1)]


def ask(item: Draft) -> Prompt:
    """Ask for the line as it needs its context."""
    person = item.speaker.character
    content = (
        f"What happened before: {item.context}\nThe speaker: {person.name}. {person.description}\n"
        f"The line, {item.wish.kind}: {item.text}"
    )
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", content)),
        request=item.request,
        schema=RewrittenReply.model_json_schema(),
        max_tokens=200,
    )


def read(item: Draft, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the rewritten line.

    Raises:
        ReplyError: it is none, copies the line or the story, or names an emotion.
    """
    try:
        found = RewrittenReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    text = " ".join(found.rewritten.split())
    if (problem := fault_of(text, item.text, item.speaker.passage.text)) is not None:
        raise ReplyError(*problem)
    yield replace(item, rewritten=text)


def fault_of(rewritten: str, line: str, story: str) -> tuple[str, str] | None:
    """Say what is wrong with a rewritten line, as a reason and a detail; None where nothing is."""
    if not 1 <= (count := len(words(rewritten))) <= MOST_WORDS:
        return "wrong_length", f"{count} words, wanted 1 to {MOST_WORDS}"
    if _is_copy(rewritten, line):
        return "copies_original", f"'{line}'"
    if (named := named_emotion(rewritten)) is not None:
        return "rewrite_names_emotion", f"'{named}'"
    if (run := shared_run(rewritten, story, COPIED_WORDS)) is not None:
        return "copies_the_story", f"'{run}'"
    return None


def _is_copy(rewritten: str, line: str) -> bool:
    mine, theirs = set(words(rewritten)), set(words(line))
    return len(mine & theirs) >= COPY * len(mine | theirs)


STAGE: Stage[Draft, Draft] = Stage(NAME, VERSION, ask, read)
