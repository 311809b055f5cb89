"""What travels through the stages of a narrative plan: a speaker, then a line that grows.

A line starts as words of a character and gains looks, a context, a wording that needs the context,
descriptors and degrees; each stage gives back the same draft with one thing more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from emo_hub.records import Character, Look, Provenance, short_id
from emo_hub.synthesis.narratives import Passage
from emo_hub.taxonomy import GOEMOTIONS

EMOTIONAL, NEUTRAL = 8, 2
SLOTS = EMOTIONAL + NEUTRAL
FEELINGS = tuple(label for label in GOEMOTIONS.labels if label != GOEMOTIONS.neutral)

REGISTERS = {
    "spoken_line": "said aloud to somebody there",
    "inner_thought": "thought, not said",
    "diary": "written down for oneself soon after",
    "letter": "written to somebody far away soon after",
}
TONES = ("plain", "blunt", "plain", "hesitant", "banal", "vivid", "plain", "dry", "rushed", "blunt")
# A vivid remark on things is read as praise, a hesitant or rushed one as worry.
NEUTRAL_TONES = ("plain", "blunt", "banal", "dry")
LENGTHS = ("about 4 words", "about 8 words", "about 11 words", "about 18 words")


@dataclass(frozen=True, slots=True)
class Wish:
    """How one line should be: the slot's number from 1, its register, tone and length."""

    slot: int
    register: str
    tone: str
    length: str

    @property
    def kind(self) -> str:
        """Say what kind of line it is, in words."""
        return f"{self.register.replace('_', ' ')} ({REGISTERS[self.register]})"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A character in a passage, `index` from 1, and the lines that are wished of it."""

    passage: Passage
    character: Character
    index: int

    @property
    def request(self) -> str:
        """Name the speaker as requests do."""
        return f"{self.passage.id}/{self.index}"

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """Give the ten wishes; they differ between speakers, and are the same at every run."""
        return tuple(self._wish(slot) for slot in range(1, SLOTS + 1))

    @property
    def favoured(self) -> tuple[str, ...]:
        """Name six emotions to prefer where the story bears them, so that rare ones occur too."""
        return tuple(sorted(FEELINGS, key=lambda label: self.chance(0, label))[:6])

    def _wish(self, slot: int) -> Wish:
        registers = tuple(REGISTERS)
        tones = TONES if slot <= EMOTIONAL else NEUTRAL_TONES
        return Wish(
            slot,
            # Half of what people of a story give is spoken; the rest is spread by chance.
            "spoken_line" if slot % 2 else registers[self.chance(slot, "register") % 4],
            tones[self.chance(slot, "tone") % len(tones)],
            LENGTHS[self.chance(slot, "length") % len(LENGTHS)],
        )

    def chance(self, slot: int, what: str) -> int:
        """Give a number that looks like chance and is always the same."""
        digest = hashlib.sha256(f"{self.request}/{slot}/{what}".encode()).digest()
        return int.from_bytes(digest[:4])


@dataclass(frozen=True, slots=True)
class Draft:
    """A line on its way.

    Args:
        speaker: whose it is.
        wish: how it should be.
        target: the emotion that the writer meant, a label or another word.
        after: the number of the last sentence of the passage that has happened by then.
        text: the line, so that it stands alone.
        provenance: of the line.
        looks: what it expresses, one entry per annotator.
        context: what happened before; empty where there is none.
        rewritten: the line as it needs the context; empty where there is none.
        descriptors: free words.
        degrees: valence, arousal and dominance, 1..5.
    """

    speaker: Speaker
    wish: Wish
    target: str
    after: int
    text: str
    provenance: Provenance
    looks: tuple[Look, ...] = ()
    context: str = ""
    rewritten: str = ""
    descriptors: tuple[str, ...] = ()
    degrees: tuple[float, float, float] | None = None

    @property
    def id(self) -> str:
        """Give the id of the line that stands alone."""
        return short_id("lines", self.speaker.request, self.wish.slot)

    @property
    def request(self) -> str:
        """Name the draft as requests do."""
        return f"{self.speaker.request}/{self.wish.slot}"

    def seen(self, look: Look) -> Draft:
        """Add a look."""
        return replace(self, looks=(*self.looks, look))
