"""The recorded plan: all its stages put to a teacher, and what comes back poured into a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emo_hub.errors import DataError
from emo_hub.records import ContextualUtterance, Look, Rejection
from emo_hub.synthesis import choices, descriptors, relooks, scenes, utterances, votes
from emo_hub.synthesis.choices import with_words
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.plan import Plan
from emo_hub.synthesis.relooks import Line, Lines, Relook, is_place
from emo_hub.synthesis.stage import Answered, Stage, stream
from emo_hub.synthesis.votes import with_votes
from emo_hub.synthesis.write import CorpusWriter
from emo_hub.teacher import Teacher

Item = TypeVar("Item")
Found = TypeVar("Found")

STAGES = (
    utterances.STAGE,
    scenes.STAGE,
    relooks.STAGE,
    choices.STAGE,
    votes.STAGE,
    descriptors.STAGE,
)
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
    held = _Held(plan.asked_again, plan.withheld, writer)
    for asked in flow.run(utterances.STAGE, plan.utterances):
        unnamed = asked.item.unnamed
        for line in asked.records:
            held.add(line, unnamed.get(line.id))
    for told in flow.run(scenes.STAGE, plan.scenes):
        for record in told.records:
            if isinstance(record, ContextualUtterance):
                # Whoever looks again sees this wording; the other has the first annotation alone.
                held.add(record.stand_alone(), None)
                held.add(record, None)
            else:
                writer.add(record)
    looks = flow.looks(plan, held.lines)
    words = flow.words(plan, held.lines)
    held.release(looks, words)
    counted = flow.votes(plan)
    for looked in flow.run(descriptors.STAGE, plan.descriptors):
        for annotation in looked.records:
            writer.add(with_votes(with_words(annotation, words), counted.pop(annotation.id, None)))
    for row in counted:
        detail = "a comment that nobody annotated"
        writer.reject(Rejection(votes.NAME, "", "row_not_there", detail, record_id=row))
    if unanswered := flow.poured.ledger.unanswered:
        raise DataError(
            f"{unanswered} requests wait for an answer, so no corpus was written: run again, only "
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

    def looks(self, plan: Plan, lines: Mapping[str, Line]) -> dict[str, Look]:
        """Have lines looked at again, and give what was seen by the id of the row."""
        items = [
            Relook(group.request, tuple(lines[row] for row in group.ids))
            for group in self._written(relooks.NAME, plan.relooks, lines)
        ]
        answered = self.run(relooks.STAGE, items)
        return {seen.id: seen.look for answer in answered for seen in answer.records}

    def words(self, plan: Plan, lines: Mapping[str, Line]) -> dict[str, tuple[str, ...]]:
        """Have words chosen for lines and comments, and give them by the id of the row."""
        items = [
            choices.choice_of(group, lines)
            for group in self._written(choices.NAME, plan.choices, lines)
        ]
        answered = self.run(choices.STAGE, items)
        return {chosen.id: chosen.words for answer in answered for chosen in answer.records}

    def votes(self, plan: Plan) -> dict[str, votes.Counted]:
        """Have a panel vote on comments, and give the votes by the id of the row."""
        items = [choices.choice_of(group, {}) for group in plan.votes]
        answered = self.run(votes.STAGE, items)
        return {counted.id: counted for answer in answered for counted in answer.records}

    def _written(
        self, stage: str, groups: Sequence[Lines], lines: Mapping[str, Line]
    ) -> Iterator[Lines]:
        """Give the groups whose rows are all there; the others were asked of other rows."""
        for group in groups:
            missing = [row for row in group.ids if not is_place(row) and row not in lines]
            if missing:
                detail = f"{len(missing)} of its rows were never written, {missing[0]} first"
                self.writer.reject(Rejection(stage, group.request, "row_not_there", detail, ""))
            else:
                yield group


@dataclass
class _Held:
    """Rows that wait for a second look or for words; all others go to the writer at once."""

    wanted: frozenset[str]
    withheld: frozenset[str]
    writer: CorpusWriter
    waiting: dict[str, tuple[Line, str | None]] = field(default_factory=dict)
    # Kept out of the corpus, yet part of what others were asked together with it.
    kept_out: dict[str, Line] = field(default_factory=dict)

    @property
    def lines(self) -> dict[str, Line]:
        return self.kept_out | {row: line for row, (line, _) in self.waiting.items()}

    def add(self, line: Line, unnamed: str | None) -> None:
        if line.id in self.withheld:
            self.kept_out[line.id] = line
            detail = "the line also stands in a benchmark"
            request = line.provenance.request_id
            self.writer.reject(
                Rejection("plan", request, "in_a_benchmark", detail, line.text, record_id=line.id)
            )
        elif line.id in self.wanted:
            self.waiting[line.id] = (line, unnamed)
        else:
            self.writer.add(line, unnamed=unnamed)

    def release(self, looks: Mapping[str, Look], words: Mapping[str, tuple[str, ...]]) -> None:
        for line, unnamed in self.waiting.values():
            self.writer.add(with_words(relooks.with_looks(line, looks), words), unnamed=unnamed)
