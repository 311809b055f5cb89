"""Label sets and sentences to start from, so that a first visitor sees an answer in one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emo_hub.taxonomy import EKMAN, EMPATHETIC, GOEMOTIONS, ISEAR, PLUTCHIK

_CUSTOMER = (
    "satisfied", "grateful", "delighted", "reassured", "confused", "impatient", "frustrated",
    "let down", "ignored", "angry", "suspicious", "ready to leave",
)  # fmt: skip
_WORKPLACE = (
    "motivated", "proud", "recognised", "curious", "overwhelmed", "bored", "underappreciated",
    "burnt out", "resentful", "anxious about a deadline", "relieved", "left out",
)  # fmt: skip
_SHADES = (
    "awe", "tenderness", "bittersweetness", "nostalgia", "longing", "wistfulness", "serenity",
    "playfulness", "relief", "triumph", "smugness", "schadenfreude", "envy", "contempt", "outrage",
    "dread", "unease", "awkwardness", "second-hand embarrassment", "shame", "guilt", "heartbreak",
    "loneliness", "emptiness", "being touched", "hope", "determination", "fascination",
    "disbelief", "sarcasm",
)  # fmt: skip

PRESETS: Mapping[str, tuple[str, ...]] = {
    "Ekman": EKMAN.labels,
    "Plutchik": PLUTCHIK.labels,
    "ISEAR": ISEAR.labels,
    "GoEmotions 28": GOEMOTIONS.labels,
    "EmpatheticDialogues 32": EMPATHETIC.labels,
    "Customer care": _CUSTOMER,
    "Workplace": _WORKPLACE,
    "Fine shades": _SHADES,
}


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with labels, and the few words under which the page offers it."""

    title: str
    text: str
    labels: tuple[str, ...]
    context: str = ""


EXAMPLES = (
    Example(
        "Thanks for nothing",
        "Thanks for nothing, I waited two hours in the rain.",
        ("gratitude", "anger", "sarcastic contempt", "joy", "disappointment", "amusement"),
    ),
    Example(
        "The drawer (with context)",
        "So you kept it all this time.",
        ("touched", "suspicious", "angry", "bored", "embarrassed", "nostalgic"),
        "She opens his drawer and finds every letter that she ever wrote to him.",
    ),
    Example(
        "Good news",
        "I got the job!!! Hands still shaking, calling my mum right now.",
        ("excitement", "pride", "relief", "nervousness", "love", "sadness"),
    ),
    Example(
        "A quiet house",
        "The house is so quiet without the dog. I still step over the spot where he used to sleep.",
        ("grief", "loneliness", "tenderness", "nostalgia", "relief", "anger"),
    ),
    Example(
        "Third call",
        "This is the third time I explain it to your team, and my refund still is not here.",
        _CUSTOMER,
    ),
    Example(
        "Chess at breakfast",
        "My little sister beat me at chess and has been dancing around the kitchen ever since.",
        ("amusement", "pride", "annoyance", "envy", "tenderness", "fear"),
    ),
    Example(
        "Room 204",
        "The meeting has been moved to 3 pm, room 204.",
        ("anger", "joy", "fear", "sadness", "disgust", "love"),
    ),
)
