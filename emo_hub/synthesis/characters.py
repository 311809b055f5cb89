"""Stage `characters`: a passage becomes the people in it who could speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.records import Character
from emo_hub.synthesis.affect import misfit
from emo_hub.synthesis.drafts import Speaker
from emo_hub.synthesis.narratives import Passage
from emo_hub.synthesis.stage import Refusal, Stage, as_text, read_list
from emo_hub.synthesis.wording import shared_run, words
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "characters"
VERSION = "characters-1"
COPIED_WORDS = 9

SYSTEM = """\
You read a passage of a story and list who in it could be heard: people, or animals and things
that act like people. The most important come first. Leave out crowds and whoever is only mentioned.

For each give
- name: as the passage calls them;
- description: one sentence of your own, 8 to 25 words, that tells somebody who has not read the
  story who this is and what their situation is. It tells nothing that the passage does not say, and
  it names no emotion.

Answer with one JSON object and nothing else:
{"characters": [{"name": "...", "description": "..."}, ...]}"""

Name = Annotated[str, Field(min_length=1, max_length=80)]
Description = Annotated[str, Field(min_length=10, max_length=300)]


class CharacterReply(BaseModel):
    """A person of the reply."""

    model_config = ConfigDict(strict=True, extra="ignore")

    name: Name
    description: Description


class CharactersReply(BaseModel):
    """The reply as a whole."""

    characters: list[CharacterReply]


@dataclass(frozen=True, slots=True)
class Cast:
    """A passage, and how many of its people are wanted at most."""

    passage: Passage
    most: int


def ask(item: Cast) -> Prompt:
    """Ask who is in a passage."""
    content = (
        f'At most {item.most} characters.\n\nThe passage, from "{item.passage.story.title}":\n'
        f"{item.passage.text}"
    )
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", content)),
        request=item.passage.id,
        schema=CharactersReply.model_json_schema(),
        max_tokens=150 * item.most,
    )


def read(item: Cast, reply: Reply) -> Iterator[Speaker | Refusal]:
    """Read the people one by one.

    Raises:
        ReplyError: the reply is no list, or an empty one.
    """
    values = read_list(read_object(reply.text), "characters")
    if not values:
        raise ReplyError("no_character", "the list is empty")
    seen: set[tuple[str, ...]] = set()
    for index, value in enumerate(values[: item.most], start=1):
        try:
            person = CharacterReply.model_validate(value)
        except ValidationError as error:
            fault = misfit(error)
            yield Refusal(index, fault.reason, fault.detail, as_text(value))
            continue
        name = words(person.name)
        if name in seen:
            yield Refusal(index, "repeated_character", person.name, as_text(value))
        elif not set(name) & set(words(item.passage.text)):
            yield Refusal(index, "unknown_character", person.name, as_text(value))
        elif (run := shared_run(person.description, item.passage.text, COPIED_WORDS)) is not None:
            yield Refusal(index, "copies_the_story", f"'{run}'", as_text(value))
        else:
            description = " ".join(person.description.split())
            yield Speaker(item.passage, Character(person.name.strip(), description), index)
        seen.add(name)


STAGE: Stage[Cast, Speaker] = Stage(NAME, VERSION, ask, read)
