"""The narrative plan, staged or fused: passages go in, finished drafts come out, in order.

The stages are chained as generators, so all of them work at once: while a live teacher answers
for the contexts of one character, it already writes the lines of the next. Memory stays flat, and
the order of what comes out never depends on who answered first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeVar

from emo_hub.synthesis import (
    characters,
    contexts,
    feelings,
    lines,
    looks,
    moments,
    rewriting,
)
from emo_hub.synthesis.characters import Cast
from emo_hub.synthesis.drafts import Draft, Speaker
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.looks import LookAt, LookAtAll
from emo_hub.synthesis.narratives import Passage
from emo_hub.synthesis.stage import Stage, stream
from emo_hub.teacher import Teacher

Item = TypeVar("Item")
Made = TypeVar("Made")
Style = Literal["staged", "fused"]
STAGES = {
    "staged": (
        characters.STAGE,
        lines.STAGE,
        looks.STAGE,
        contexts.STAGE,
        contexts.CLEANING_STAGE,
        rewriting.STAGE,
        feelings.STAGE,
    ),
    "fused": (characters.STAGE, moments.STAGE, looks.MANY_STAGE),
}


@dataclass(frozen=True, slots=True)
class NarrativePlan:
    """How lines are made of narratives.

    Args:
        style: one question per call, or one call per character.
        characters: at most so many of each passage, at least 1.
        looks: how many annotators read each line alone, at least 1.
    """

    style: Style
    characters: int
    looks: int

    @property
    def versions(self) -> dict[str, str]:
        """Give the prompt versions of its stages."""
        return {stage.name: stage.version for stage in STAGES[self.style]}


def drafts(
    passages: Iterable[Passage], plan: NarrativePlan, teacher: Teacher, ledger: Ledger
) -> Iterator[Draft]:
    """Run all stages over passages.

    Args:
        passages: in the order of the corpus.
        plan: which stages, and how many characters and looks.
        teacher: who answers.
        ledger: told of every reply, rejection and pending question.

    Yields:
        Drafts with at least one look; those without a context or rewriting stand alone.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
        TeacherError: the teacher cannot go on.
    """
    chain = _Chain(teacher, ledger)
    speakers = chain.step(
        characters.STAGE, (Cast(passage, plan.characters) for passage in passages)
    )
    if plan.style == "fused":
        yield from chain.second_looks(chain.step(moments.STAGE, speakers), plan.looks)
    else:
        yield from chain.staged(speakers, plan.looks)


@dataclass(frozen=True)
class _Chain:
    teacher: Teacher
    ledger: Ledger

    def step(self, stage: Stage[Item, Made], items: Iterable[Item]) -> Iterator[Made]:
        """Run a stage; what it rejects is gone."""
        for answered in stream(stage, items, self.teacher):
            self.ledger.note(stage.name, answered)
            yield from answered.records

    def grow(
        self,
        stage: Stage[Draft, Draft],
        items: Iterable[Draft],
        wanted: Callable[[Draft], bool],
        lost: Callable[[Draft], Draft] = lambda draft: draft,
    ) -> Iterator[Draft]:
        """Run a stage that adds to drafts; one that it rejects goes on as `lost` leaves it."""
        for answered in stream(stage, items, self.teacher, wanted):
            if not wanted(answered.item):
                yield answered.item
                continue
            self.ledger.note(stage.name, answered)
            if answered.records:
                yield from answered.records
            elif answered.pending is None:
                yield lost(answered.item)

    def staged(self, speakers: Iterable[Speaker], count: int) -> Iterator[Draft]:
        """Ask one question per call."""
        found: Iterator[Draft] = self.step(lines.STAGE, speakers)
        for look in range(count):
            found = self._look(found, look)
        found = (draft for draft in found if draft.looks)
        found = self.grow(contexts.STAGE, found, lambda draft: True)
        found = self.grow(
            contexts.CLEANING_STAGE,
            found,
            lambda draft: bool(draft.context),
            lambda draft: replace(draft, context=""),
        )
        found = self.grow(rewriting.STAGE, found, lambda draft: bool(draft.context))
        found = self.grow(feelings.STAGE, found, lambda draft: True)
        return (draft for draft in found if draft.degrees is not None)

    def _look(self, found: Iterable[Draft], look: int) -> Iterator[Draft]:
        asked = (LookAt(draft, look) for draft in found)
        for answered in stream(looks.STAGE, asked, self.teacher):
            self.ledger.note(looks.STAGE.name, answered)
            if answered.records:
                yield from answered.records
            elif answered.pending is None:
                yield answered.item.draft

    def second_looks(self, found: Iterable[Draft], count: int) -> Iterator[Draft]:
        """Let others read the lines of each character; a line nobody read keeps what it has."""
        sets: Iterator[tuple[Draft, ...]] = (
            tuple(same) for _, same in groupby(found, key=lambda draft: draft.speaker.request)
        )
        for look in range(count):
            sets = self._look_at_all(sets, look)
        for drafts_of_one in sets:
            yield from drafts_of_one

    def _look_at_all(
        self, sets: Iterable[tuple[Draft, ...]], look: int
    ) -> Iterator[tuple[Draft, ...]]:
        asked = (LookAtAll(same, look) for same in sets)
        for answered in stream(looks.MANY_STAGE, asked, self.teacher):
            self.ledger.note(looks.MANY_STAGE.name, answered)
            if answered.pending is None:
                read = {draft.wish.slot: draft for draft in answered.records}
                yield tuple(read.get(d.wish.slot, d) for d in answered.item.drafts)
