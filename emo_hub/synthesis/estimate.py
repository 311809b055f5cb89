"""How many calls and tokens a narrative plan will take, before anything is paid.

The prompts are rendered by the stages themselves, over the real passages and stand-ins for what
only the teacher will say; so their lengths are right but for those stand-ins. Answers are taken to
be as long as the stand-ins of each stage. Characters per token is the one rule of thumb in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from emo_hub.records import Character, Look, Provenance
from emo_hub.synthesis import (
    characters,
    contexts,
    descriptors,
    feelings,
    lines,
    looks,
    moments,
    rewriting,
    scenes,
    utterances,
)
from emo_hub.synthesis.chain import NarrativePlan
from emo_hub.synthesis.characters import Cast
from emo_hub.synthesis.drafts import SLOTS, Draft, Speaker
from emo_hub.synthesis.job import Job
from emo_hub.synthesis.looks import LookAt, LookAtAll
from emo_hub.synthesis.narratives import Passage
from emo_hub.synthesis.stage import Stage
from emo_hub.teacher import Prompt

# English text with JSON around it, byte-pair vocabularies of 32,000 to 200,000 entries.
CHARACTERS_PER_TOKEN = 4.0
_LINE = "I told them it would hold until spring, and look at it now."
_CONTEXT = (
    "The miller comes back from town and finds the gate open, the yard empty and his cart gone; "
    "his neighbour stands at the well and says that two men came by at noon."
)
_REWRITTEN = "Until spring, I said."
# Letters that one answer has per call, JSON included, as the stand-ins above would give it.
_ANSWERS = {
    "characters": 190,
    "lines": 130 * SLOTS,
    "labels": 90,
    "contexts": 190,
    "cleaning": 180,
    "rewriting": 50,
    "feelings": 110,
    "moments": 480 * SLOTS,
    "second_looks": 90 * SLOTS,
    "utterances": 330 * 20,
    "scenes": 480 * 20 + 900,
    "descriptors": 150,
}


@dataclass
class Estimate:
    """What one stage will take."""

    calls: int = 0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0

    def add(self, prompt: Prompt, answer: int, calls: int = 1) -> None:
        """Count calls of one prompt with answers of so many letters."""
        asked = sum(len(content) for _, content in prompt.messages)
        self.calls += calls
        self.prompt_tokens += calls * asked / CHARACTERS_PER_TOKEN
        self.completion_tokens += calls * answer / CHARACTERS_PER_TOKEN


@dataclass
class Forecast:
    """What a job will take: narratives, passages and texts, and each stage's share."""

    narratives: int = 0
    passages: int = 0
    texts: int = 0
    stages: dict[str, Estimate] = field(default_factory=dict)

    @property
    def total(self) -> Estimate:
        """Add the stages up."""
        return Estimate(
            sum(stage.calls for stage in self.stages.values()),
            sum(stage.prompt_tokens for stage in self.stages.values()),
            sum(stage.completion_tokens for stage in self.stages.values()),
        )

    def at(self, stage: str) -> Estimate:
        """Give a stage's share, to be added to."""
        return self.stages.setdefault(stage, Estimate())


def forecast(job: Job) -> Forecast:
    """Say what a job will take; it reads all the input and asks nobody."""
    found = Forecast()
    plan = job.recorded_plan
    requests: tuple[tuple[Stage[Any, Any], Sequence[Any]], ...] = (
        (utterances.STAGE, plan.utterances),
        (scenes.STAGE, plan.scenes),
    )
    for stage, items in requests:
        for item in items:
            found.at(stage.name).add(stage.ask(item), _ANSWERS[stage.name])
    story = ""
    for passage in job.passages():
        found.narratives += passage.story.id != story
        story = passage.story.id
        found.passages += 1
        narrative_calls(passage, job.plan, found)
    if job.text_source is not None:
        for text in job.text_source.items:
            found.texts += 1
            prompt = descriptors.ask(text)
            filled = replace(prompt, messages=prompt.filled(job.text_source.text_of))
            found.at(descriptors.NAME).add(filled, _ANSWERS[descriptors.NAME], job.plan.looks)
    return found


def narrative_calls(passage: Passage, plan: NarrativePlan, found: Forecast) -> None:
    """Add what one passage takes, with as many characters as the plan allows."""
    people = plan.characters
    found.at(characters.NAME).add(
        characters.ask(Cast(passage, people)), people * _ANSWERS[characters.NAME]
    )
    speaker = Speaker(passage, Character("the miller", _CONTEXT), 1)
    for stage, item, calls in _asked(plan, speaker, _stand_in(speaker)):
        found.at(stage.name).add(stage.ask(item), _ANSWERS[stage.name], people * calls)


def _asked(
    plan: NarrativePlan, speaker: Speaker, draft: Draft
) -> list[tuple[Stage[Any, Any], object, int]]:
    if plan.style == "fused":
        every = tuple(replace(draft, wish=wish) for wish in speaker.wishes)
        return [
            (moments.STAGE, speaker, 1),
            (looks.MANY_STAGE, LookAtAll(every), plan.looks),
        ]
    # Half of the story has happened on average when a line is said; `_stand_in` sees to that.
    each: list[tuple[Stage[Any, Any], object, int]] = [
        (looks.STAGE, LookAt(draft), plan.looks * SLOTS)
    ]
    each += [
        (stage, draft, SLOTS)
        for stage in (
            contexts.STAGE,
            contexts.CLEANING_STAGE,
            rewriting.STAGE,
            feelings.STAGE,
        )
    ]
    return [(lines.STAGE, speaker, 1), *each]


def _stand_in(speaker: Speaker) -> Draft:
    return Draft(
        speaker,
        speaker.wishes[0],
        "annoyance",
        max(1, len(speaker.passage.sentences) // 2),
        _LINE,
        Provenance("", "", speaker.request),
        looks=(Look("", (("annoyance", 0.6),)),),
        context=_CONTEXT,
        rewritten=_REWRITTEN,
        descriptors=("annoyed",),
        degrees=(2.0, 3.0, 3.0),
    )
