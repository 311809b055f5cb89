"""The values that travel from a teacher's reply to a row of the corpus, and the ids they go by.

All of them are frozen. Soft labels stay pairs of name and intensity here, so that a person can read
them; they become columns exactly once, in `emo_hub.dataset`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

Name = TypeVar("Name")

SPLITS = ("train", "validation", "test")
PANEL = 5  # readers whose votes on a text are foreseen
MAJORITY = 3  # of them
DIMENSIONS = ("valence", "arousal", "dominance")


def given_by_most(votes: Mapping[Name, float], majority: float = MAJORITY) -> frozenset[Name]:
    """Name what a majority of a panel gives or, where nothing has one, what has most votes.

    Args:
        votes: for each name, at least one.
        majority: in the unit of the votes.
    """
    enough = min(max(votes.values()), majority)
    return frozenset(name for name, count in votes.items() if count >= enough)


def short_id(stage: str, request_id: str, index: int = 0) -> str:
    """Give the id of a record: the same recording always gives the same id.

    Args:
        stage: the stage that made the record.
        request_id: the request whose reply it came from.
        index: which record of that reply it is.

    Returns:
        12 hexadecimal digits, the head of a SHA-256.
    """
    payload = json.dumps([stage, request_id, index], separators=(",", ":"))
    return hashlib.sha256(payload.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who wrote a record, asked by which version of which prompt, in which request."""

    teacher: str
    prompt_version: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Look:
    """How one annotator, who sees nobody else's answer, reads a text.

    Args:
        teacher: who looked.
        emotions: pairs of label and intensity in 0..1, strongest first.
        outside: the same for emotions that are no label, in the annotator's own words.
        descriptors: free words and short phrases, where they were asked for.
        valence: 1 to 5, where it was asked for; so are the next two.
        arousal: 1 to 5.
        dominance: 1 to 5.
    """

    teacher: str
    emotions: tuple[tuple[str, float], ...]
    outside: tuple[tuple[str, float], ...] = ()
    descriptors: tuple[str, ...] = ()
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None


@dataclass(frozen=True, slots=True)
class Affect:
    """What a text expresses, as its annotator put it or as several looks have it together.

    Args:
        emotions: pairs of label and intensity in 0.3..1, strongest first; 1 to 5 of them.
        descriptors: free words and short phrases, the plainest first.
        valence: 1 (unpleasant) to 5 (pleasant).
        arousal: 1 (calm) to 5 (stirred up).
        dominance: 1 (at the mercy of it) to 5 (in control), None where nobody was asked.
        words: of the palette those that hold, the most fitting first; empty where nobody was asked.
    """

    emotions: tuple[tuple[str, float], ...]
    descriptors: tuple[str, ...]
    valence: float
    arousal: float
    dominance: float | None = None
    words: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the labels, strongest first."""
        return tuple(label for label, _ in self.emotions)

    @property
    def intensities(self) -> tuple[float, ...]:
        """Give the intensities, parallel to `labels`."""
        return tuple(intensity for _, intensity in self.emotions)

    @property
    def primary(self) -> str:
        """Name the strongest label; of equals the one that the annotator wrote first."""
        return self.emotions[0][0]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A line that can be understood on its own."""

    id: str
    text: str
    affect: Affect
    register: str
    world: str
    provenance: Provenance
    narrative_id: str = ""
    looks: tuple[Look, ...] = ()

    @property
    def group(self) -> str:
        """Name what must stay in one split: its narrative, or else its request."""
        return self.narrative_id or self.provenance.request_id


@dataclass(frozen=True, slots=True)
class Character:
    """A person of a narrative, described in a sentence."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Narrative:
    """A plot synopsis and two of its people."""

    id: str
    title: str
    genre: str
    setting: str
    text: str
    characters: tuple[Character, ...]
    provenance: Provenance

    @property
    def group(self) -> str:
        """Name what must stay in one split: the narrative."""
        return self.id


@dataclass(frozen=True, slots=True)
class ContextualUtterance:
    """A line of a narrative that needs its context, beside the same moment said in full.

    Args:
        id: of this record; the line said in full gets its own.
        text: the line as it stands in its context, ambiguous without it.
        original: the same moment, said so that it stands alone.
        context: what happened before, without naming an emotion.
        character: who says or thinks it.
        narrative: the narrative it belongs to.
        affect: what both wordings express.
        provenance: where it came from.
        index: its place among the utterances of the reply, from 0.
        looks: the single readings that `affect` was made from, where there was more than one.
        register: what kind of text it is.
    """

    id: str
    text: str
    original: str
    context: str
    character: Character
    narrative: Narrative
    affect: Affect
    provenance: Provenance
    index: int
    looks: tuple[Look, ...] = ()
    register: str = "scene"

    @property
    def group(self) -> str:
        """Name what must stay in one split: the narrative."""
        return self.narrative.id

    def stand_alone(self) -> Utterance:
        """Give the line said in full as a record of its own."""
        return Utterance(
            id=short_id("scenes/original", self.provenance.request_id, self.index),
            text=self.original,
            affect=self.affect,
            register=self.register,
            world=self.narrative.setting,
            provenance=self.provenance,
            narrative_id=self.narrative.id,
            looks=self.looks,
        )


@dataclass(frozen=True, slots=True)
class Annotation:
    """A stand-off annotation of a public text, which is named by its id and never copied.

    Args:
        id: of this record.
        source: of the text.
        source_split: where in the source it stands.
        source_id: its id there.
        look: 1 for the first annotation of the text, 2 for another.
        affect: what the text expresses.
        provenance: where the annotation came from.
        votes: how many readers of a panel would give each label, most first; empty where nobody
            was asked.
        voter: the teacher who foresaw the votes; empty where nobody was asked.
    """

    id: str
    source: str
    source_split: str
    source_id: str
    look: int
    affect: Affect
    provenance: Provenance
    votes: tuple[tuple[str, int], ...] = ()
    voter: str = ""

    @property
    def group(self) -> str:
        """Name what must stay in one split: the text, so that both looks at it do."""
        return f"{self.source}/{self.source_split}/{self.source_id}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something that did not become a row, and why; kept as data.

    Args:
        stage: where it was rejected.
        request_id: the request it came from.
        reason: a short word that can be counted.
        detail: what was seen, in a sentence.
        reply: the text that was rejected.
        index: which record of the reply it was, None for a whole reply.
        record_id: of a record that was read and then screened out.
    """

    stage: str
    request_id: str
    reason: str
    detail: str = ""
    reply: str = ""
    index: int | None = None
    record_id: str = ""
