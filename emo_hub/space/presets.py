"""Label sets and sentences to start from, so that a first visitor sees an answer in one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emo_hub.space.reading import Classify
from emo_hub.taxonomy import EKMAN, GOEMOTIONS, PLUTCHIK

_CUSTOMER = (
    "satisfied", "grateful", "delighted", "reassured", "confused", "impatient", "frustrated",
    "let down", "ignored", "angry", "suspicious", "ready to leave",
)  # fmt: skip
_WORKPLACE = (
    "motivated", "proud", "recognised", "curious", "overwhelmed", "bored", "underappreciated",
    "burnt out", "resentful", "anxious about a deadline", "relieved", "left out",
)  # fmt: skip
# Four dozen shades, in the spirit of research on many distinct feelings; the wording is our own.
_SHADES = (
    "admiration", "adoration", "amusement", "anger", "annoyance", "anxiety", "awe", "awkwardness",
    "being touched", "bittersweetness", "boredom", "calm", "compassion", "confusion", "contempt",
    "contentment", "craving", "curiosity", "desperation", "determination", "disappointment",
    "disbelief", "disgust", "dread", "ecstasy", "embarrassment", "emptiness", "envy", "excitement",
    "fascination", "gratitude", "guilt", "heartbreak", "hope", "horror", "loneliness", "longing",
    "love", "nostalgia", "playfulness", "pride", "relief", "sarcasm", "schadenfreude", "shame",
    "tenderness", "tiredness", "triumph",
)  # fmt: skip

# By the name under which the texts of the page speak of them; "own" starts from nothing.
PRESETS: Mapping[str, tuple[str, ...]] = {
    "goemotions": GOEMOTIONS.labels,
    "ekman": EKMAN.labels,
    "plutchik": PLUTCHIK.labels,
    "customer": _CUSTOMER,
    "work": _WORKPLACE,
    "shades": _SHADES,
    "own": (),
}
LEARNT = "learnt"


def presets_of(classify: Classify) -> Mapping[str, tuple[str, ...]]:
    """Give the ready-made sets, before them what the model learnt from examples, if it did."""
    learnt = getattr(classify.model, "learnt", None)
    return PRESETS if learnt is None else {LEARNT: learnt.usual_labels, **PRESETS}


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with labels, and the few words under which the page offers it."""

    title: str
    text: str
    labels: tuple[str, ...]
    context: str = ""


EXAMPLES = (
    Example(
        "Good news",
        "I got the job!!! Hands still shaking, calling my mum right now.",
        ("excitement", "pride", "relief", "nervousness", "love", "sadness"),
    ),
    Example(
        "The drawer (with context)",
        "So you kept it all this time.",
        ("touched", "suspicious", "angry", "bored", "embarrassed", "nostalgic"),
        "She opens his drawer and finds every letter that she ever wrote to him.",
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
        "Thanks for nothing",
        "Thanks for nothing, I waited two hours in the rain.",
        ("gratitude", "anger", "sarcastic contempt", "joy", "disappointment", "amusement"),
    ),
    Example(
        "Room 204",
        "The meeting has been moved to 3 pm, room 204.",
        ("anger", "joy", "fear", "sadness", "disgust", "love"),
    ),
)
