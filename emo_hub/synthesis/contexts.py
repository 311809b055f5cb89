"""Stages `contexts` and `cleaning`: what happened before a line, then the same without emotions.

The first stage shows the story only up to the moment of the line, so that what comes later cannot
be told. The second takes out what names or describes an emotion: a context must not give the
answer away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.synthesis.affect import misfit
from emo_hub.synthesis.checks import context_problem
from emo_hub.synthesis.drafts import Draft, Speaker
from emo_hub.synthesis.stage import Refusal, Stage
from emo_hub.synthesis.wording import (
    named_emotion,
    overlap,
    shared_run,
    shown_emotion,
    words,
)
from emo_hub.teacher import Prompt, Reply, read_object

NAME, CLEANING = "contexts", "cleaning"
VERSION, CLEANING_VERSION = "contexts-1", "cleaning-1"
FEWEST_WORDS, MOST_WORDS = 8, 70
COPIED_WORDS = 9
# A context that already holds the line would make the line easy to guess.
TELLS_THE_LINE = 6

HOW_CONTEXTS_ARE = """\
- 15 to 45 words, third person, present tense, in your own words, no sentence taken from the story;
- who is there, where, and what has just happened, so that somebody who does not know the story
  understands why the line comes now; the speaker is called by name;
- small things that the line speaks of, but nothing that happens later, and not the line itself;
- it names no emotion and describes none: no "sad", no "trembling", no "with tears". Deeds and facts
  only."""

SYSTEM = f"""\
You read the beginning of a story, up to a moment where a character says or thinks a line, and you
write down what somebody must know to understand the line:
{HOW_CONTEXTS_ARE}

Answer with one JSON object and nothing else:
{{"context": "..."}}"""

CLEANING_SYSTEM = """\
You get a short account of what happened before somebody said something. Take out every word that
names an emotion, and every clause that describes one (tears, trembling, a smile, a heavy heart).
Change nothing else and add nothing; where a sentence falls apart, mend it as simply as you can. An
account without any such words stays as it is.

Answer with one JSON object and nothing else:
{"context": "..."}"""


class ContextReply(BaseModel):
    """A reply that holds a context."""

    model_config = ConfigDict(strict=True)

    context: Annotated[str, Field(min_length=1)]


def ask(item: Draft) -> Prompt:
    """Ask what happened before a line."""
    person = item.speaker.character
    passage = item.speaker.passage
    content = (
        f'The story, "{passage.story.title}", up to that moment:\n{passage.until(item.after)}\n\n'
        f"The speaker: {person.name}. {person.description}\n"
        f"The line, {item.wish.kind}: {item.text}"
    )
    return _prompt(NAME, VERSION, SYSTEM, content, item.request)


def read(item: Draft, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the context.

    Raises:
        ReplyError: it is none, too short or long, copied, or holds the line.
    """
    text = _context(reply)
    problem = fault_of(text, item.text, item.speaker.passage.text) or tells_later(
        text, item.text, item.speaker, item.after
    )
    if problem is not None:
        raise ReplyError(*problem)
    yield replace(item, context=text)


def ask_clean(item: Draft) -> Prompt:
    """Ask for the context without emotions."""
    return _prompt(CLEANING, CLEANING_VERSION, CLEANING_SYSTEM, item.context, item.request)


def read_clean(item: Draft, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the cleaned context.

    Raises:
        ReplyError: it still names an emotion, or is another text than before.
    """
    text = _context(reply)
    if (problem := gives_away(text)) is not None:
        raise ReplyError(*problem)
    if len(words(text)) < FEWEST_WORDS:
        raise ReplyError("wrong_length", f"{len(words(text))} words are left")
    if overlap(text, item.context) < 0.5 or len(words(text)) > len(words(item.context)) + 8:
        raise ReplyError("another_context", "the cleaned context is not the one that was given")
    yield replace(item, context=text)


def fault_of(context: str, line: str, story: str) -> tuple[str, str] | None:
    """Say what is wrong with a context, as a reason and a detail; None where nothing is."""
    if not FEWEST_WORDS <= (count := len(words(context))) <= MOST_WORDS:
        return "wrong_length", f"{count} words, wanted {FEWEST_WORDS} to {MOST_WORDS}"
    if (run := shared_run(context, story, COPIED_WORDS)) is not None:
        return "copies_the_story", f"'{run}'"
    if (run := shared_run(context, line, TELLS_THE_LINE)) is not None:
        return "tells_the_line", f"'{run}'"
    return None


def gives_away(context: str) -> tuple[str, str] | None:
    """Say which word of a context names or shows an emotion; None where none does."""
    if (named := named_emotion(context)) is not None:
        return "context_names_emotion", f"'{named}'"
    if (shown := shown_emotion(context)) is not None:
        return "context_shows_emotion", f"'{shown}'"
    return None


def tells_later(context: str, line: str, speaker: Speaker, after: int) -> tuple[str, str] | None:
    """Say what a context tells that happens only after its moment; None where nothing is seen."""
    passage = speaker.passage
    later = " ".join(passage.sentences[after:])
    # Who speaks is told anyway, so a context may name a speaker whom the story names later.
    told = f"{line} the {speaker.character.name}. {speaker.character.description}"
    return context_problem(context, later, before=passage.until(after), line=told)


def _context(reply: Reply) -> str:
    try:
        found = ContextReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    return " ".join(found.context.split())


def _prompt(stage: str, version: str, system: str, content: str, request: str) -> Prompt:
    return Prompt(
        stage,
        version,
        (("system", system), ("user", content)),
        request=request,
        schema=ContextReply.model_json_schema(),
        max_tokens=300,
    )


STAGE: Stage[Draft, Draft] = Stage(NAME, VERSION, ask, read)
CLEANING_STAGE: Stage[Draft, Draft] = Stage(CLEANING, CLEANING_VERSION, ask_clean, read_clean)
