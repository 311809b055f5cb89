"""A finished draft to records: looks become one soft label, words outside the list find a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emo_hub.records import (
    Affect,
    ContextualUtterance,
    Look,
    Narrative,
    Rejection,
    Utterance,
    short_id,
)
from emo_hub.synthesis.consensus import together
from emo_hub.synthesis.drafts import Draft
from emo_hub.taxonomy import GOEMOTIONS

NAME = "finish"
# Below this measured probability of being right a word keeps to the descriptors.
SURE = 0.7
# A line that was to be neutral and is read as clearly something else shows a slip of the writer.
CLEARLY = 0.5

Place = Callable[[str], tuple[str, float]]


@dataclass
class Finisher:
    """Turns drafts into records of one narrative after the other.

    Args:
        place: gives for an emotion word the label that comes nearest and the probability, 0..1,
            that this is right.
        placed: how often each word from outside the list was met.
    """

    place: Place
    placed: dict[str, int] = field(default_factory=dict)

    def finish(
        self, draft: Draft, narrative: Narrative
    ) -> tuple[Utterance | ContextualUtterance, ...] | Rejection:
        """Make the records of a draft: the line alone, and the line in its context if it has one.

        Args:
            draft: with at least one look, descriptors and degrees.
            narrative: that it belongs to.
        """
        looks = tuple(self._placed(look) for look in draft.looks)
        emotions = together(looks)
        if not emotions:
            return self._rejection(draft, "outside_taxonomy", self._told(draft))
        if draft.target == GOEMOTIONS.neutral and (
            emotions[0][0] != GOEMOTIONS.neutral and emotions[0][1] >= CLEARLY
        ):
            return self._rejection(draft, "neutral_is_not_neutral", f"read as {emotions[0][0]}")
        return self._records(draft, narrative, self._affect(draft, emotions))

    def _records(
        self, draft: Draft, narrative: Narrative, affect: Affect
    ) -> tuple[Utterance | ContextualUtterance, ...]:
        provenance = replace(draft.provenance, request_id=draft.request)
        alone = Utterance(
            id=draft.id,
            text=draft.text,
            affect=affect,
            register=draft.wish.register,
            world=narrative.setting,
            provenance=provenance,
            narrative_id=narrative.id,
            looks=draft.looks,
        )
        if not (draft.context and draft.rewritten):
            return (alone,)
        return alone, ContextualUtterance(
            id=short_id("lines/contextual", draft.speaker.request, draft.wish.slot),
            text=draft.rewritten,
            original=draft.text,
            context=draft.context,
            character=draft.speaker.character,
            narrative=narrative,
            affect=affect,
            provenance=provenance,
            index=draft.wish.slot,
            looks=draft.looks,
            register=draft.wish.register,
        )

    def _affect(self, draft: Draft, emotions: tuple[tuple[str, float], ...]) -> Affect:
        if draft.degrees is None:
            raise ValueError(f"The draft {draft.request} has no degrees; run stage feelings first.")
        outside = (word for look in draft.looks for word, _ in look.outside)
        descriptors = tuple(dict.fromkeys((*draft.descriptors, *outside)))
        return Affect(emotions, descriptors, *draft.degrees)

    def _placed(self, look: Look) -> Look:
        told = dict(look.emotions)
        for word, intensity in look.outside:
            self.placed[word] = self.placed.get(word, 0) + 1
            label, sureness = self.place(word)
            if sureness >= SURE:
                told[label] = max(told.get(label, 0.0), intensity)
        if len(told) > 1:
            told.pop(str(GOEMOTIONS.neutral), None)
        return replace(look, emotions=tuple(sorted(told.items(), key=lambda pair: -pair[1])))

    def _told(self, draft: Draft) -> str:
        told = sorted({word for look in draft.looks for word, _ in look.outside})
        return "; ".join(
            f"'{word}' is nearest to {label} ({sureness:.2f})"
            for word in told
            for label, sureness in (self.place(word),)
        )

    @staticmethod
    def _rejection(draft: Draft, reason: str, detail: str) -> Rejection:
        return Rejection(NAME, draft.request, reason, detail, draft.text, record_id=draft.id)
