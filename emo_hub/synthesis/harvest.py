"""All stages of a plan put to a teacher, and what comes back screened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emo_hub.records import (
    Annotation,
    ContextualUtterance,
    Narrative,
    Rejection,
    Utterance,
    short_id,
)
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.plan import Plan
from emo_hub.synthesis.screening import Screened, screen
from emo_hub.synthesis.stage import run
from emo_hub.teacher import Teacher

STAGES = (utterances.STAGE, scenes.STAGE, descriptors.STAGE)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Harvest:
    """The screened records of all stages, and what was lost on the way."""

    contextless: tuple[Utterance, ...]
    contextual: tuple[ContextualUtterance, ...]
    annotations: tuple[Annotation, ...]
    narratives: tuple[Narrative, ...]
    rejections: tuple[Rejection, ...]
    warnings: Mapping[str, int]
    calls: Mapping[str, int]


def gather(plan: Plan, teacher: Teacher, progress: Progress | None = None) -> Harvest:
    """Run all stages of a plan against a teacher and screen what comes back."""

    def told(stage: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(stage, done, total)

    lines = run(utterances.STAGE, plan.utterances, teacher, told(utterances.NAME))
    stories = run(scenes.STAGE, plan.scenes, teacher, told(scenes.NAME))
    looks = run(descriptors.STAGE, plan.descriptors, teacher, told(descriptors.NAME))
    narratives = tuple(record for record in stories.records if isinstance(record, Narrative))
    moments = [record for record in stories.records if isinstance(record, ContextualUtterance)]
    alone = [*lines.records, *(moment.stand_alone() for moment in moments)]
    contextless: Screened[Utterance] = screen("contextless", alone, _unnamed(plan))
    contextual: Screened[ContextualUtterance] = screen("contextual", moments)
    return Harvest(
        contextless=contextless.kept,
        contextual=contextual.kept,
        annotations=looks.records,
        narratives=narratives,
        rejections=(
            *lines.rejections,
            *stories.rejections,
            *looks.rejections,
            *contextless.rejections,
            *contextual.rejections,
        ),
        warnings=contextless.warnings,
        calls={
            utterances.NAME: lines.calls,
            scenes.NAME: stories.calls,
            descriptors.NAME: looks.calls,
        },
    )


def _unnamed(plan: Plan) -> dict[str, str]:
    return {
        short_id(utterances.NAME, request.request, slot.number): slot.emotion
        for request in plan.utterances
        for slot in request.slots
        if not slot.may_name_it
    }
