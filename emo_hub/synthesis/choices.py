"""Stage `choices`: which words of the palette hold for texts that are annotated already.

Free descriptors say what struck their writer, and nothing of all the words that hold too. Of a
closed list every word is decided, which is what a model needs to rate labels that no annotator
thought of. Whoever is asked sees the text alone, never its labels; in some recordings the writer of
a line chose with it. Public comments stand in the prompt by their place, as in `descriptors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from emo_hub.palette import palette, palette_names
from emo_hub.records import Annotation, ContextualUtterance, Utterance, short_id
from emo_hub.synthesis import descriptors
from emo_hub.synthesis.affect import numbered_by
from emo_hub.synthesis.relooks import Line, Lines, is_place
from emo_hub.synthesis.stage import Numbered, Refusal, Stage
from emo_hub.teacher import Prompt, Reply

NAME = "choices"
VERSION = "choices-1"
MOST_WORDS = 16

Worded = TypeVar("Worded", Annotation, ContextualUtterance, Utterance, Line)

_FAMILIES = groupby(palette(), key=lambda word: word.family)
_LIST = "\n".join(f"- {name}: {', '.join(w.adjective for w in ws)}" for name, ws in _FAMILIES)

SYSTEM = f"""\
You read texts, in no particular order. For each say which words of the list hold for whoever says
or writes it: how she feels, or felt in the event that she tells; of the last family, what she does
with these words.

The word comes first that you would give if it could be only one, then the others, the most fitting
first; mostly 4 to 9, fewer where little holds, {MOST_WORDS} at most. Near synonyms that a careful
reader would accept are wanted, stronger and weaker words that miss it are not. Go through the list
family by family, not only to the obvious word. Plain facts are neutral and informative. Of irony
judge what is meant. A feeling that is denied is none.

The list:
{_LIST}

Answer with one JSON object and nothing else:
{{"choices": [{{"text": its number, "words": [words of the list]}}, ...]}}"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as it is put to whoever chooses.

    Args:
        id: of its row.
        shown: the text, or the place of a public one in double braces.
        reference: the place of a public text; empty for one of our own.
    """

    id: str
    shown: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The texts of one request."""

    request: str
    texts: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The words that hold for the text of a row, the most fitting first."""

    id: str
    words: tuple[str, ...]


class ChosenReply(BaseModel):
    """What was chosen for one text."""

    model_config = ConfigDict(strict=True)

    text: int
    words: Annotated[list[str], Field(min_length=1, max_length=MOST_WORDS)]

    @field_validator("words")
    @classmethod
    def _of_the_list(cls, words: list[str]) -> list[str]:
        for word in words:
            if word not in palette_names():
                raise PydanticCustomError("unknown_word", "'{word}'", {"word": word})
        return list(dict.fromkeys(words))


def about_line(line: Line) -> Asked:
    """Put a line of ours as it stands by itself."""
    return Asked(line.id, line.text)


def about_comment(place: str) -> Asked:
    """Put a public comment by its place, `source/split/id`, for the row of the first look at it."""
    return Asked(short_id(descriptors.NAME, place, 1), "{{" + place + "}}", place)


def choice_of(group: Lines, lines: Mapping[str, Line]) -> Choice:
    """Make the question of a group; its rows must be among `lines`, comments need not."""
    told = (about_comment(at) if is_place(at) else about_line(lines[at]) for at in group.ids)
    return Choice(group.request, tuple(told))


def with_words(record: Worded, words: Mapping[str, tuple[str, ...]]) -> Worded:
    """Give a record the words that were chosen for it, where there are some."""
    chosen = words.get(record.id)
    if chosen is None:
        return record
    return replace(record, affect=replace(record.affect, words=chosen))


def ask(item: Choice) -> Prompt:
    """Ask which words hold for each text."""
    return numbered_prompt(item, name=NAME, version=VERSION, system=SYSTEM, title="The texts")


def numbered_prompt(item: Choice, *, name: str, version: str, system: str, title: str) -> Prompt:
    """Put the texts of a request under a title, with numbers from 1."""
    told = "\n".join(f"{number}. {text.shown}" for number, text in enumerate(item.texts, start=1))
    return Prompt(
        name,
        version,
        (("system", system), ("user", f"{title}:\n{told}")),
        references=tuple(text.reference for text in item.texts if text.reference),
        request=item.request,
    )


_CHOICES = Numbered(
    "choices",
    "text",
    "answered",
    ("no_choice", "no words were chosen for the text"),
    numbered_by(ChosenReply, "text"),
)


def read(item: Choice, reply: Reply) -> Iterator[Chosen | Refusal]:
    """Read the choices, each on its own.

    Raises:
        ReplyError: the reply holds no list of choices.
    """
    yield from _CHOICES.read(
        reply,
        [text.shown for text in item.texts],
        lambda place, told: Chosen(item.texts[place].id, tuple(told.words)),
    )


STAGE: Stage[Choice, Chosen] = Stage(NAME, VERSION, ask, read)
