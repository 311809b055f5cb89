"""Stage `utterances`: a world and twenty slots become twenty annotated lines of ordinary people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, ValidationError

from emo_hub.records import Provenance, Utterance, short_id
from emo_hub.synthesis.affect import AFFECT_SCHEMA, LABEL_GUIDE, FullAffectReply, misfit
from emo_hub.synthesis.stage import Refusal, Stage, as_text, read_list
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "utterances"
VERSION = "utterances-1"
SLOTS = 20

Register = Literal[
    "forum_reply", "self_report", "social_post", "chat_message", "spoken_line", "inner_thought",
    "diary", "review", "prose",
]  # fmt: skip
# Prose tells of others too, so it is written only where a slot asks for it.
REGISTERS: tuple[str, ...] = tuple(name for name in get_args(Register) if name != "prose")

SYSTEM = f"""\
You write short texts for an emotion corpus, and you annotate what you wrote.

Writing
- Every line is in the first person of whoever writes or speaks it, inside the world that is given.
- It keeps to the register, tone and length of its slot, and a reader would take it to express the
  slot's emotion above all. A line for neutral gives no emotion away, and is not the answer to a
  question that nobody sees.
- Where the slot says that the emotion may not be named, neither its name nor a form of it occurs:
  show what happened, what is thought, what is about to be done.
- Plain, banal and blunt mean what it says: the flat wording of ordinary people, no wit, no image,
  no twist at the end. Vivid, sarcastic and dry may be more.
- Voices of many countries, ages and trades, not of one; mistakes of typing where the tone asks.
- Nobody real is named. No two lines begin with the same four words.

Annotating
- Say what the finished line expresses, not what was asked: 1 to 4 labels, most lines 1 or 2.
  Neutral stands alone.
- Descriptors: 2 to 4 phrases of 1 to 4 words; first the plain word that most people would use (the
  slot's own word where the line carries it), then finer ones, which need not be in the list.
- dominance: number from 1 (at the mercy of it) to 5 (in control).

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"utterances": [{{"slot": 1, "register": "...", "utterance": "...", "emotions": [...],
"descriptors": [...], "valence": 3, "arousal": 3, "dominance": 3}}, ...]}}
where each of the {SLOTS} holds:
{AFFECT_SCHEMA}
"dominance": number from 1 to 5"""


@dataclass(frozen=True, slots=True)
class Slot:
    """One line that is asked for; `number` counts from 1."""

    number: int
    emotion: str
    register: str
    tone: str
    length: str
    may_name_it: bool


@dataclass(frozen=True, slots=True)
class UtteranceRequest:
    """Twenty lines from one world; without slots the teacher chooses what they express.

    `sample` tells requests apart that ask the very same thing, from 0.
    """

    request: str
    world: str
    slots: tuple[Slot, ...] = ()
    sample: int = 0

    @property
    def unnamed(self) -> dict[str, str]:
        """Give the emotions that lines may not name, by the id of the line."""
        return {
            short_id(NAME, self.request, slot.number): slot.emotion
            for slot in self.slots
            if not slot.may_name_it
        }


class SlotReply(FullAffectReply):
    """One line of the reply."""

    model_config = ConfigDict(strict=True)

    slot: int
    register_: Annotated[Register, Field(alias="register")]
    utterance: Annotated[str, Field(min_length=1)]


def ask(item: UtteranceRequest) -> Prompt:
    """Ask for the lines of a request."""
    if item.slots:
        wanted = "\n".join(
            f"{slot.number}. {slot.emotion}; register: {slot.register}; tone: {slot.tone}; "
            f"{slot.length}; the emotion {'may' if slot.may_name_it else 'may not'} be named"
            for slot in item.slots
        )
        brief = f"The {len(item.slots)} slots:\n{wanted}"
    else:
        brief = (
            f"Write {SLOTS} lines, slots 1 to {SLOTS}, each with a register of: "
            f"{', '.join(REGISTERS)}. Spread them over as many of the labels as the world bears, "
            "rare ones too, two of them neutral, short and long."
        )
    content = f"The world: {item.world}\n\n{brief}"
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", content)),
        sample=item.sample,
        request=item.request,
    )


def read(item: UtteranceRequest, reply: Reply) -> Iterator[Utterance | Refusal]:
    """Read the lines, each on its own: one that does not fit takes no other with it.

    Raises:
        ReplyError: the reply is no JSON object with a list of utterances.
    """
    asked = {slot.number: slot for slot in item.slots}
    numbers = set(asked) or set(range(1, SLOTS + 1))
    seen: set[int] = set()
    for place, value in enumerate(read_list(read_object(reply.text), "utterances"), start=1):
        try:
            line = SlotReply.model_validate(value)
        except ValidationError as error:
            number = value.get("slot") if isinstance(value, dict) else None
            number = number if isinstance(number, int) and number in numbers else place
            seen.add(number)
            fault = misfit(error)
            yield Refusal(number, fault.reason, fault.detail, as_text(value))
            continue
        fault_of_slot = _fault(line, asked, numbers, seen)
        seen.add(line.slot)
        if fault_of_slot is not None:
            yield Refusal(line.slot, *fault_of_slot, line.utterance)
        else:
            yield _utterance(item, line, reply)
    for number in sorted(numbers - seen):
        yield Refusal(number, "missing_slot", f"slot {number} was asked for and not answered", "")


def _fault(
    line: SlotReply, asked: dict[int, Slot], numbers: set[int], seen: set[int]
) -> tuple[str, str] | None:
    if line.slot not in numbers:
        return "unasked_slot", f"slot {line.slot} was not asked for"
    if line.slot in seen:
        return "repeated_slot", f"slot {line.slot} was answered before"
    if line.slot in asked and asked[line.slot].register != line.register_:
        wanted = asked[line.slot].register
        return "wrong_register", f"got {line.register_}, wanted {wanted}"
    return None


def _utterance(item: UtteranceRequest, line: SlotReply, reply: Reply) -> Utterance:
    return Utterance(
        id=short_id(NAME, item.request, line.slot),
        text=line.utterance.strip(),
        affect=line.affect(),
        register=line.register_,
        world=item.world,
        provenance=Provenance(reply.teacher, VERSION, item.request),
    )


STAGE: Stage[UtteranceRequest, Utterance] = Stage(NAME, VERSION, ask, read)
