"""The recorded plan: all its stages put to a teacher, and what comes back poured into a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emo_hub.errors import DataError
from emo_hub.records import ContextualUtterance, short_id
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.plan import Plan
from emo_hub.synthesis.stage import Answered, Stage, stream
from emo_hub.synthesis.utterances import UtteranceRequest
from emo_hub.synthesis.write import CorpusWriter
from emo_hub.teacher import Teacher

Item = TypeVar("Item")
Found = TypeVar("Found")

STAGES = (utterances.STAGE, scenes.STAGE, descriptors.STAGE)
Progress = Callable[[str, int, int], None]
DAMAGED = "corrupt_recording_line"


@dataclass
class Poured:
    """What a run of the plan asked and got, and which damaged recording lines it came upon."""

    ledger: Ledger = field(default_factory=Ledger)
    damaged: set[str] = field(default_factory=set)


def pour(
    plan: Plan, teacher: Teacher, writer: CorpusWriter, progress: Progress | None = None
) -> Poured:
    """Run all stages of a plan against a teacher and give the writer what comes back, in order.

    Args:
        plan: what is asked.
        teacher: who answers.
        writer: takes records and rejections; it is not finished here.
        progress: told stage, done and total as the replies are read.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
        TeacherError: the teacher cannot go on.
        DataError: some requests wait for an answer, so the corpus would not be whole.
    """
    flow = _Flow(teacher, writer, progress)
    for asked in flow.run(utterances.STAGE, plan.utterances):
        unnamed = _unnamed(asked.item)
        for line in asked.records:
            writer.add(line, unnamed=unnamed.get(line.id))
    for told in flow.run(scenes.STAGE, plan.scenes):
        for record in told.records:
            writer.add(record)
            if isinstance(record, ContextualUtterance):
                writer.add(record.stand_alone())
    for looked in flow.run(descriptors.STAGE, plan.descriptors):
        for annotation in looked.records:
            writer.add(annotation)
    if waiting := flow.poured.ledger.unanswered:
        raise DataError(
            f"{waiting} requests wait for an answer, so no corpus was written: run again, only "
            "they will be asked."
        )
    return flow.poured


@dataclass
class _Flow:
    teacher: Teacher
    writer: CorpusWriter
    progress: Progress | None
    poured: Poured = field(default_factory=Poured)

    def run(
        self, stage: Stage[Item, Found], items: Sequence[Item]
    ) -> Iterator[Answered[Item, Found]]:
        """Run a stage; rejections go to the writer, the answers to the caller."""
        ledger = self.poured.ledger
        answers: Iterator[Answered[Item, Any]] = stream(stage, items, self.teacher)
        for done, answered in enumerate(answers, start=1):
            ledger.note(stage.name, answered)
            while ledger.rejections:
                rejection = ledger.rejections.popleft()
                self.writer.reject(rejection)
                if rejection.reason == DAMAGED:
                    self.poured.damaged.add(rejection.detail)
            ledger.pending.clear()
            yield answered
            if self.progress is not None:
                self.progress(stage.name, done, len(items))


def _unnamed(request: UtteranceRequest) -> dict[str, str]:
    return {
        short_id(utterances.NAME, request.request, slot.number): slot.emotion
        for slot in request.slots
        if not slot.may_name_it
    }
