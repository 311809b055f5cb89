"""Stage `lines`: a character becomes ten lines, 8 with different emotions and 2 without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emo_hub.records import Provenance
from emo_hub.synthesis.affect import LABEL_GUIDE, misfit
from emo_hub.synthesis.drafts import EMOTIONAL, SLOTS, Draft, Speaker, Wish
from emo_hub.synthesis.stage import Refusal, Stage, as_text, read_list
from emo_hub.synthesis.wording import shared_run, words
from emo_hub.taxonomy import GOEMOTIONS, normalise
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "lines"
VERSION = "lines-1"
MOST_WORDS = 60
COPIED_WORDS = 7

HOW_LINES_ARE = """\
- A line is in the speaker's own everyday words, in today's English; it sounds like somebody real,
  not like a book, and it can be understood by somebody who does not know the story.
- It is your own: no sentence of the story is repeated in it. Bystanders and small things may be
  added, events that the story does not have may not.
- A reader would take it to express its emotion above all. The emotion shows in what is said; its
  name is used at most in two of the lines.
- Neutral lines give no emotion away: a remark on things, plans, places or work in this story
  without praise or blame, not an answer to a question that nobody sees.
- No two lines begin alike or say the same thing. They are spread over the passage: at least five
  different moments, where the speaker has that many."""

SYSTEM = f"""\
You read a passage of a story and let one of its characters speak.

Write {SLOTS} lines of this character, at different moments of the passage: lines 1 to {EMOTIONAL}
with {EMOTIONAL} different emotions, the last two neutral. Each keeps to the register, tone and
length that is asked for.

{HOW_LINES_ARE}

For each line give the number of the last sentence of the passage that has happened when it is said.

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"lines": [{{"slot": 1, "emotion": "...", "after": 3, "line": "..."}}, ...]}}"""


class LineReply(BaseModel):
    """One line of the reply."""

    model_config = ConfigDict(strict=True)

    slot: int
    emotion: Annotated[str, Field(min_length=1, max_length=40)]
    after: int
    line: Annotated[str, Field(min_length=1)]


class LinesReply(BaseModel):
    """The reply as a whole."""

    lines: list[LineReply]


def brief(item: Speaker) -> str:
    """Describe the story, the character and the ten wishes."""
    wishes = "\n".join(
        f"{wish.slot}. {wish.kind}; "
        f"{wish.tone}; {wish.length}{'' if wish.slot <= EMOTIONAL else '; neutral'}"
        for wish in item.wishes
    )
    return (
        f'The passage, from "{item.passage.story.title}", sentence by sentence:\n'
        f"{item.passage.numbered()}\n\n"
        f"The character: {item.character.name}. {item.character.description}\n\n"
        f"The lines:\n{wishes}\n\n"
        f"Where the story bears them, these emotions are welcome: {', '.join(item.favoured)}."
    )


def ask(item: Speaker) -> Prompt:
    """Ask for the lines of a character."""
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", brief(item))),
        request=item.request,
        schema=LinesReply.model_json_schema(),
        max_tokens=1200,
    )


def read(item: Speaker, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the lines, each on its own.

    Raises:
        ReplyError: the reply is no JSON object with a list of lines.
    """
    values = read_list(read_object(reply.text), "lines")
    book = LineBook(item)
    for place, value in enumerate(values, start=1):
        try:
            line = LineReply.model_validate(value)
        except ValidationError as error:
            fault = misfit(error)
            yield Refusal(place, fault.reason, fault.detail, as_text(value))
            continue
        problem = book.problem(line.slot, line.emotion, line.after, line.line)
        if problem is not None:
            yield Refusal(line.slot, *problem, line.line)
            continue
        yield Draft(
            item,
            book.take(line.slot, line.emotion),
            normalise(line.emotion),
            line.after,
            " ".join(line.line.split()),
            Provenance(reply.teacher, VERSION, item.request),
        )


class LineBook:
    """Keeps account of which slots and emotions of a character are taken."""

    def __init__(self, speaker: Speaker) -> None:
        self._passage = speaker.passage
        self._free: dict[int, Wish] = {wish.slot: wish for wish in speaker.wishes}
        self._used: set[str] = set()

    def problem(self, slot: int, emotion: str, after: int, text: str) -> tuple[str, str] | None:
        """Say what is wrong with a line, as a reason and a detail; None where nothing is."""
        emotion = normalise(emotion)
        is_neutral = emotion == GOEMOTIONS.neutral
        if slot not in self._free:
            return "unasked_slot", f"slot {slot} was not asked for or is taken"
        if is_neutral != (slot > EMOTIONAL):
            return "wrong_emotion", f"slot {slot} came with '{emotion}'"
        if emotion in self._used:
            return "repeated_emotion", f"'{emotion}' was there before"
        if not 1 <= after <= len(self._passage.sentences):
            return "no_such_sentence", f"{after} of {len(self._passage.sentences)}"
        return self._problem_of_text(text)

    def _problem_of_text(self, text: str) -> tuple[str, str] | None:
        if not (count := len(words(text))) or count > MOST_WORDS:
            return "wrong_length", f"{count} words, wanted 1 to {MOST_WORDS}"
        if (run := shared_run(text, self._passage.text, COPIED_WORDS)) is not None:
            return "copies_the_story", f"'{run}'"
        return None

    def take(self, slot: int, emotion: str) -> Wish:
        """Mark a slot and its emotion as taken, and give its wish."""
        if normalise(emotion) != GOEMOTIONS.neutral:
            self._used.add(normalise(emotion))
        return self._free.pop(slot)


STAGE: Stage[Speaker, Draft] = Stage(NAME, VERSION, ask, read)
