"""Stage `relooks`: a second, independent annotation of lines that already have one.

Whoever looks sees the line, and its context where it needs one, but neither the request that it was
written for nor what its writer said it expresses. Agreement of the two says how far a row can be
trusted; the row's own labels stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ConfigDict

from emo_hub.records import Affect, ContextualUtterance, Look, Utterance
from emo_hub.synthesis.affect import AFFECT_SCHEMA, LABEL_GUIDE, FullAffectReply, numbered_by
from emo_hub.synthesis.stage import Numbered, Refusal, Stage
from emo_hub.teacher import Prompt, Reply

NAME = "relooks"
VERSION = "relooks-1"

SYSTEM = f"""\
You read lines that people said, thought or wrote, in no particular order; some come with what
happened before. Judge each line by itself, as if the others were not there: what does whoever says
it express?

For each line give 1 to 4 labels with an intensity of 0.3 (faint) to 1 (strong), strongest first,
most lines 1 or 2; neutral alone where no emotion shows; descriptors, 2 to 4 free words or short
phrases, the plainest first; valence, arousal, and dominance from 1 (at the mercy of it) to 5 (in
control).

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"readings": [{{"line": 1, ...}}, ...]}}
where each reading holds:
{AFFECT_SCHEMA}
"dominance": number from 1 to 5"""

Line = Utterance | ContextualUtterance


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one request, by the ids of their rows."""

    request: str
    ids: tuple[str, ...]


def is_place(asked: str) -> bool:
    """Tell the place of a public comment, `source/split/id`, from the id of a row."""
    return "/" in asked


@dataclass(frozen=True, slots=True)
class Relook:
    """The lines of a request, as they are put to the annotator."""

    request: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a second annotator said of a row."""

    id: str
    look: Look


class ReadingReply(FullAffectReply):
    """The reading of one line."""

    model_config = ConfigDict(strict=True)

    line: int


def as_look(teacher: str, affect: Affect) -> Look:
    """Put a whole annotation as one look among several."""
    return Look(
        teacher,
        affect.emotions,
        descriptors=affect.descriptors,
        valence=affect.valence,
        arousal=affect.arousal,
        dominance=affect.dominance,
    )


def with_looks(record: Line, looks: Mapping[str, Look]) -> Line:
    """Give a record its own annotation and the second one as looks, where there is a second."""
    second = looks.get(record.id)
    if second is None:
        return record
    return replace(record, looks=(as_look(record.provenance.teacher, record.affect), second))


def ask(item: Relook) -> Prompt:
    """Ask what each line expresses."""
    told = "\n".join(_told(number, line) for number, line in enumerate(item.lines, start=1))
    content = f"The lines:\n{told}"
    return Prompt(NAME, VERSION, (("system", SYSTEM), ("user", content)), request=item.request)


def _told(number: int, line: Line) -> str:
    if isinstance(line, Utterance):
        return f"{number}. {line.text}"
    speaker = line.character
    return (
        f"{number}. [What happened before: {line.context} The speaker: {speaker.name}. "
        f"{speaker.description}] {line.text}"
    )


_READINGS = Numbered(
    "readings",
    "line",
    "read",
    ("no_second_look", "the line was not read"),
    numbered_by(ReadingReply, "line"),
)


def read(item: Relook, reply: Reply) -> Iterator[Seen | Refusal]:
    """Read the readings, each on its own.

    Raises:
        ReplyError: the reply holds no list of readings.
    """
    yield from _READINGS.read(
        reply,
        [line.text for line in item.lines],
        lambda place, told: Seen(item.lines[place].id, as_look(reply.teacher, told.affect())),
    )


STAGE: Stage[Relook, Seen] = Stage(NAME, VERSION, ask, read)
