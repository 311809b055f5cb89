"""Stage `votes`: how the votes of a panel of readers would fall on a public comment.

One annotator's answer is one opinion, and says nothing of how many would share it. People who label
comments differ, above all on faint ones, so what a model should learn is the share of them that
would give a label. The comment stands in the prompt by its place, as in stage `descriptors`;
nobody sees an earlier annotation of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from emo_hub.records import PANEL, Annotation
from emo_hub.synthesis.affect import numbered_by
from emo_hub.synthesis.choices import Choice, numbered_prompt
from emo_hub.synthesis.stage import Numbered, Refusal, Stage
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.teacher import Prompt, Reply

NAME = "votes"
VERSION = "votes-1"

# What readers take a label for, which is narrower than what it may mean.
_READERS = """\
- admiration: praise, respect, finding something or somebody great, good, beautiful
- amusement: the writer laughs or finds it funny; a joke or irony told without laughing is mostly
  neutral to readers
- anger: strong displeasure, rage, hostility, insults thrown at somebody, threats, wishing ill
- annoyance: mild irritation, being fed up, grumbling, calling things stupid or somebody an idiot
- approval: agreeing, saying yes, finding something right, fine or OK, backing somebody
- caring: kindness and concern for somebody's well-being, comfort, good wishes with warmth
- confusion: not understanding, being unsure what is meant or true
- curiosity: wanting to know; real, interested questions. One asked because one does not understand
  is confusion, often it is both
- desire: wishing to have or do something
- disappointment: sad or displeased that something fell short or did not come
- disapproval: disagreeing, saying no, finding something wrong or bad
- disgust: revulsion, finding something gross or sick, also morally
- embarrassment: shame, awkwardness, self-consciousness
- excitement: eager, thrilled enthusiasm
- fear: being afraid, scared, terrified
- gratitude: thanks, appreciation
- grief: mourning a death or a great loss
- joy: happiness, pleasure, delight
- love: affection, loving a person or a thing
- nervousness: worry, anxiety, unease, being tense
- optimism: hope, confidence that it will go well
- pride: being proud of oneself or one's own
- realization: becoming aware of something that one did not know
- relief: ease after worry
- remorse: being sorry, regret, guilt, apologising
- sadness: being sad, unhappy, hurt, lonely, sorry for a loss
- surprise: being astonished, not having expected it
- neutral: none of them comes through"""

SYSTEM = f"""\
Picture {PANEL} ordinary, attentive readers who label comments from public forums, one after another
and without the thread around them. Names and religions may be masked. Each reader picks the
emotions that the writer expresses in the words: nearly always one label, a second only where it is
plainly there too, neutral alone where no emotion comes through. They do not dig for hidden
feelings.

Say for each comment how the votes fall: the labels with how many of the {PANEL} would pick them, 5
to 7 votes in all. A clear comment has one label with all votes; a doubtful one is split honestly.
About a third of such comments are neutral to most readers: plain statements, facts, advice without
warmth, plain answers, jokes told dryly, plain talk about sports, games or politics.

The labels, and what readers take them for:
{_READERS}

Answer with one JSON object and nothing else:
{{"votes": [{{"text": its number, "votes": {{label: number of votes, ...}}}}, ...]}}"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of the panel would give each label to the text of a row, most first."""

    id: str
    teacher: str
    votes: tuple[tuple[str, int], ...]


class VotesReply(BaseModel):
    """How the votes fall on one text."""

    model_config = ConfigDict(strict=True)

    text: int
    votes: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=PANEL)]],
        Field(min_length=1, max_length=len(GOEMOTIONS.labels)),
    ]

    @field_validator("votes")
    @classmethod
    def _whole(cls, votes: dict[str, int]) -> dict[str, int]:
        for label in votes:
            if label not in GOEMOTIONS.labels:
                raise PydanticCustomError("unknown_label", "'{label}'", {"label": label})
        # Each reader has one vote or two, and who says neutral has no other.
        others = PANEL - votes.get(GOEMOTIONS.neutral or "", 0)
        if sum(votes.values()) < PANEL or sum(votes.values()) > PANEL + others:
            told = {"votes": sum(votes.values()), "panel": PANEL, "most": PANEL + others}
            raise PydanticCustomError(
                "uncounted_votes", "{votes} votes of {panel} readers, who have at most {most}", told
            )
        return votes


def with_votes(record: Annotation, counted: Counted | None) -> Annotation:
    """Give an annotation the votes on its text, where there are some."""
    if counted is None:
        return record
    return replace(record, votes=counted.votes, voter=counted.teacher)


def ask(item: Choice) -> Prompt:
    """Ask how the votes fall on each text."""
    title = "The comments"
    return numbered_prompt(item, name=NAME, version=VERSION, system=SYSTEM, title=title)


_VOTES = Numbered(
    "votes",
    "text",
    "voted on",
    ("no_votes", "nobody voted on the text"),
    numbered_by(VotesReply, "text"),
)


def read(item: Choice, reply: Reply) -> Iterator[Counted | Refusal]:
    """Read the votes, text by text.

    Raises:
        ReplyError: the reply holds no list of votes.
    """

    def counted(place: int, told: VotesReply) -> Counted:
        ranked = sorted(told.votes.items(), key=lambda pair: -pair[1])
        return Counted(item.texts[place].id, reply.teacher, tuple(ranked))

    yield from _VOTES.read(reply, [text.shown for text in item.texts], counted)


STAGE: Stage[Choice, Counted] = Stage(NAME, VERSION, ask, read)
