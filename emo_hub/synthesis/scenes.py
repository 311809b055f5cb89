"""Stage `scenes`: a seed becomes a narrative, two characters, and lines that need their context.

The recorded narratives were written from one-line premises that were not kept. What is left of
each request is the genre and the setting, so these are the seed; the plot is the teacher's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.records import Character, ContextualUtterance, Narrative, Provenance, short_id
from emo_hub.synthesis.affect import AFFECT_SCHEMA, LABEL_GUIDE, FullAffectReply, misfit
from emo_hub.synthesis.stage import Refusal, Stage, as_text
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "scenes"
VERSION = "scenes-1"

SYSTEM = f"""\
You invent stories for an emotion corpus, let their people speak, and annotate what they say.

The story: a plot synopsis of 90 to 140 words with 2 to 4 named, invented people. Describe two of
them in a sentence each. Each of the two speaks or thinks aloud at ten moments of the plot: 8 that
express different emotions of the list below, and 2 neutral ones that only this plot could hold.

For each moment, in the order of the plot, give
- character: who speaks, by the name given above;
- utterance: the line so that it stands alone, as somebody would really say it; not longer or more
  vivid than speech is;
- context: 15 to 45 words in the third person, only what happened up to that moment; it neither
  names nor describes an emotion;
- rewritten: the same moment in a line that is ambiguous without the context and clear with it;
- the annotation of what is expressed: 1 to 4 labels, most moments 1 or 2, neutral alone;
  descriptors, 1 to 4 phrases of 1 to 4 words, the plainest first; valence, arousal, and dominance
  from 1 (at the mercy of it) to 5 (in control).

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"title": "...", "narrative": "...", "characters": [{{"name": "...", "description": "..."}}, ...],
"utterances": [{{"character": "...", "utterance": "...", "context": "...", "rewritten": "...",
"emotions": [...], "descriptors": [...], "valence": 3, "arousal": 3, "dominance": 3}}, ...]}}
where each utterance holds:
{AFFECT_SCHEMA}
"dominance": number from 1 to 5"""

Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class SceneSeed:
    """Where a story happens and what kind it is."""

    request: str
    genre: str
    setting: str


class CharacterReply(BaseModel):
    """A person of the reply."""

    model_config = ConfigDict(strict=True)

    name: Text
    description: Text


class NarrativeReply(BaseModel):
    """The reply as a whole, its utterances not yet looked at."""

    model_config = ConfigDict(strict=True)

    title: Text
    narrative: Text
    characters: Annotated[list[CharacterReply], Field(min_length=1)]
    utterances: list[dict[str, object]]


class MomentReply(FullAffectReply):
    """One moment of the plot."""

    model_config = ConfigDict(strict=True)

    character: Text
    utterance: Text
    context: Text
    rewritten: Text


def ask(item: SceneSeed) -> Prompt:
    """Ask for a story and its moments."""
    content = f"Genre: {item.genre}\nSetting: {item.setting}"
    return Prompt(NAME, VERSION, (("system", SYSTEM), ("user", content)), request=item.request)


def read(item: SceneSeed, reply: Reply) -> Iterator[Narrative | ContextualUtterance | Refusal]:
    """Read the story, then its moments one by one.

    Raises:
        ReplyError: there is no story to hang the moments on.
    """
    try:
        story = NarrativeReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    provenance = Provenance(reply.teacher, VERSION, item.request)
    characters = tuple(Character(c.name.strip(), c.description.strip()) for c in story.characters)
    narrative = Narrative(
        id=short_id("narratives", item.request),
        title=story.title.strip(),
        genre=item.genre,
        setting=item.setting,
        text=story.narrative.strip(),
        characters=characters,
        provenance=provenance,
    )
    yield narrative
    people = {character.name: character for character in characters}
    for index, value in enumerate(story.utterances):
        try:
            yield _line(index, MomentReply.model_validate(value), people, narrative)
        except ValidationError as error:
            fault = misfit(error)
            yield Refusal(index, fault.reason, fault.detail, as_text(value))
        except ReplyError as fault:
            yield Refusal(index, fault.reason, fault.detail, as_text(value))


def _line(
    index: int, moment: MomentReply, people: Mapping[str, Character], narrative: Narrative
) -> ContextualUtterance:
    if (speaker := people.get(moment.character.strip())) is None:
        raise ReplyError("unknown_character", moment.character)
    return ContextualUtterance(
        id=short_id("scenes/contextual", narrative.provenance.request_id, index),
        text=moment.rewritten.strip(),
        original=moment.utterance.strip(),
        context=moment.context.strip(),
        character=speaker,
        narrative=narrative,
        affect=moment.affect(),
        provenance=narrative.provenance,
        index=index,
    )


STAGE: Stage[SceneSeed, Narrative | ContextualUtterance] = Stage(NAME, VERSION, ask, read)
