"""Stage `moments`: the fused plan's one call per character, from story to annotated lines.

A strong teacher gives in one structured reply what the staged plan asks for in fifty: ten lines,
each with its context, the wording that needs the context, and the annotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from emo_hub.errors import ReplyError
from emo_hub.records import Provenance
from emo_hub.synthesis import contexts, rewriting
from emo_hub.synthesis.affect import LABEL_GUIDE, Degree, misfit
from emo_hub.synthesis.contexts import HOW_CONTEXTS_ARE
from emo_hub.synthesis.drafts import EMOTIONAL, SLOTS, Draft, Speaker
from emo_hub.synthesis.feelings import HOW_DESCRIPTORS_ARE, tidy
from emo_hub.synthesis.lines import HOW_LINES_ARE, LineBook, brief
from emo_hub.synthesis.looks import LookReply, look_of
from emo_hub.synthesis.rewriting import HOW_REWRITES_ARE
from emo_hub.synthesis.stage import Refusal, Stage, as_text, read_list
from emo_hub.taxonomy import normalise
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "moments"
VERSION = "moments-1"

SYSTEM = f"""\
You read a passage of a story and let one of its characters speak at {SLOTS} different moments of
it: lines 1 to {EMOTIONAL} with {EMOTIONAL} different emotions, the last two neutral. Each keeps to
the register, tone and length that is asked for.

For each moment give
- emotion: what the line is written for, neutral in the last two;
- after: the number of the last sentence of the passage that has happened by then;
- line:
{HOW_LINES_ARE}
- context, an account of what happened before:
{HOW_CONTEXTS_ARE}
- rewritten, the line as it needs the account:
{HOW_REWRITES_ARE}
- emotions: what the finished line expresses, not what was planned; 1 to 4, strongest first, each
  with an intensity from 0.3 (faint) to 1; names of the list where one fits, else your own word;
  neutral alone;
- descriptors, valence, arousal, dominance. {HOW_DESCRIPTORS_ARE}

{LABEL_GUIDE}

Answer with one JSON object and nothing else:
{{"moments": [{{"slot": 1, "emotion": "...", "after": 3, "line": "...", "context": "...",
"rewritten": "...", "emotions": [{{"label": "...", "intensity": 0.6}}],
"descriptors": ["..."], "valence": 3, "arousal": 3, "dominance": 3}}, ...]}}"""

Text = Annotated[str, Field(min_length=1)]


class MomentReply(LookReply):
    """One moment of the reply."""

    slot: int
    emotion: Annotated[str, Field(min_length=1, max_length=40)]
    after: int
    line: Text
    context: Text
    rewritten: Text
    descriptors: Annotated[list[str], Field(min_length=1)]
    valence: Degree
    arousal: Degree
    dominance: Degree


class MomentsReply(BaseModel):
    """The reply as a whole."""

    moments: list[MomentReply]


def ask(item: Speaker) -> Prompt:
    """Ask for all moments of a character."""
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", brief(item))),
        request=item.request,
        schema=MomentsReply.model_json_schema(),
        max_tokens=3000,
    )


def read(item: Speaker, reply: Reply) -> Iterator[Draft | Refusal]:
    """Read the moments, each on its own.

    A moment whose context or rewriting does not do keeps its line, which stands alone then; what
    was wrong is refused beside it.

    Raises:
        ReplyError: the reply is no JSON object with a list of moments.
    """
    book = LineBook(item)
    for place, value in enumerate(read_list(read_object(reply.text), "moments"), start=1):
        try:
            yield from _moment(item, book, MomentReply.model_validate(value), reply)
        except ValidationError as error:
            fault = misfit(error)
            yield Refusal(place, fault.reason, fault.detail, as_text(value))
        except ReplyError as fault:
            yield Refusal(place, fault.reason, fault.detail, as_text(value))


def _moment(
    item: Speaker, book: LineBook, moment: MomentReply, reply: Reply
) -> Iterator[Draft | Refusal]:
    look = look_of(moment, reply.teacher)
    problem = book.problem(moment.slot, moment.emotion, moment.after, moment.line)
    if problem is not None:
        raise ReplyError(*problem)
    line, context, rewritten = (
        " ".join(text.split()) for text in (moment.line, moment.context, moment.rewritten)
    )
    descriptors = tidy(moment.descriptors)
    story = item.passage.text
    fault = (
        contexts.fault_of(context, line, story)
        or contexts.gives_away(context)
        or contexts.tells_later(context, line, item, moment.after)
        or rewriting.fault_of(rewritten, line, story)
    )
    if fault is not None:
        yield Refusal(moment.slot, *fault, as_text({"context": context, "rewritten": rewritten}))
    yield Draft(
        item,
        book.take(moment.slot, moment.emotion),
        normalise(moment.emotion),
        moment.after,
        line,
        Provenance(reply.teacher, VERSION, item.request),
        looks=(look,),
        context="" if fault is not None else context,
        rewritten="" if fault is not None else rewritten,
        descriptors=descriptors,
        degrees=(moment.valence, moment.arousal, moment.dominance),
    )


STAGE: Stage[Speaker, Draft] = Stage(NAME, VERSION, ask, read)
