"""Stage `descriptors`: a public text, named by its id, gets free descriptors, labels and degrees.

The text itself never enters a recording or a corpus: the prompt holds a placeholder, and so its
key can be computed without the text. A second look at the same text is another sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from emo_hub.records import Annotation, Provenance, short_id
from emo_hub.synthesis.affect import AFFECT_SCHEMA, LABEL_GUIDE, AffectReply, misfit
from emo_hub.synthesis.stage import Refusal, Stage
from emo_hub.teacher import Prompt, Reply, read_object

NAME = "descriptors"
VERSION = "descriptors-1"

SYSTEM = f"""\
You read one comment at a time and say which emotions its writer expresses. Judge the writer, not
the people written about, and not what you feel on reading.

First the descriptors: 1 to 3 free phrases of 1 to 3 words, the words that fit best, whether or not
they stand in a list; the single word neutral where the writer gives no emotion away, as many
writers do not. Then the one label that fits best, and a second one only where it is clearly there.
Neutral stands alone. A descriptor whose emotion the labels leave out is too much.

{LABEL_GUIDE}

Answer with one JSON object and nothing else, holding:
{AFFECT_SCHEMA}"""


@dataclass(frozen=True, slots=True)
class StandOffText:
    """A public text by its place; `look` is 1 for the first annotation, 2 for a second."""

    source: str
    split: str
    id: str
    look: int = 1

    @property
    def reference(self) -> str:
        """Name the text as prompts do."""
        return f"{self.source}/{self.split}/{self.id}"

    @property
    def request(self) -> str:
        """Name the request for this look at the text."""
        return f"{self.reference}#{self.look}"


def ask(item: StandOffText) -> Prompt:
    """Ask for the annotation of a text."""
    content = "The comment:\n{{" + item.reference + "}}"
    return Prompt(
        NAME,
        VERSION,
        (("system", SYSTEM), ("user", content)),
        sample=item.look - 1,
        references=(item.reference,),
        request=item.request,
    )


def read(item: StandOffText, reply: Reply) -> Iterator[Annotation | Refusal]:
    """Read the annotation.

    Raises:
        ReplyError: the reply is no annotation.
    """
    try:
        annotation = AffectReply.model_validate(read_object(reply.text))
    except ValidationError as error:
        raise misfit(error) from error
    yield Annotation(
        id=short_id(NAME, item.reference, item.look),
        source=item.source,
        source_split=item.split,
        source_id=item.id,
        look=item.look,
        affect=annotation.affect(),
        provenance=Provenance(reply.teacher, VERSION, item.request),
    )


STAGE: Stage[StandOffText, Annotation] = Stage(NAME, VERSION, ask, read)
