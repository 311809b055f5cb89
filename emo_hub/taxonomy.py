"""Label sets as values, what each label means, and the projections from one set onto another.

Labels outside every set are first-class: nothing here has to know them. A label that the lexicon
does know brings the ways in which people say it, which make better prompts than a bare name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from emo_hub.errors import TaxonomyError


@dataclass(frozen=True, slots=True)
class Emotion:
    """One emotion: its name, what it means, and phrases that say it."""

    name: str
    definition: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelSet:
    """A named order of labels.

    Args:
        name: how the set is called on the command line.
        labels: in the order of columns everywhere.
        multi_label: whether a text may carry several of them.
        neutral: the label that means "none of the others", or None where the set has none.
    """

    name: str
    labels: tuple[str, ...]
    multi_label: bool
    neutral: str | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, label: str) -> int:
        """Give the column of a label.

        Raises:
            TaxonomyError: the label is not of this set.
        """
        try:
            return self.labels.index(label)
        except ValueError:
            raise TaxonomyError(
                f"'{label}' is not a label of {self.name}, which has: {', '.join(self.labels)}."
            ) from None


GOEMOTIONS = LabelSet(
    "goemotions",
    (
        "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion",
        "curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment",
        "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
        "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
    ),
    multi_label=True,
    neutral="neutral",
)  # fmt: skip
EKMAN = LabelSet(
    "ekman",
    ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"),
    multi_label=True,
    neutral="neutral",
)
# What GoEmotions groups its labels into by sentiment. These are groups and no emotions that one
# could ask a model for, so the set is none of LABEL_SETS.
SENTIMENT = LabelSet(
    "sentiment",
    ("positive", "negative", "ambiguous", "neutral"),
    multi_label=True,
    neutral="neutral",
)
ISEAR = LabelSet(
    "isear",
    ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame"),
    multi_label=False,
)
SEMEVAL_EC = LabelSet(
    "semeval2018-ec",
    (
        "anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism",
        "sadness", "surprise", "trust",
    ),
    multi_label=True,
)  # fmt: skip
EMOCONTEXT = LabelSet(
    "emocontext", ("happy", "sad", "angry", "others"), multi_label=False, neutral="others"
)
EMPATHETIC = LabelSet(
    "empathetic-dialogues",
    (
        "afraid", "angry", "annoyed", "anticipating", "anxious", "apprehensive", "ashamed",
        "caring", "confident", "content", "devastated", "disappointed", "disgusted",
        "embarrassed", "excited", "faithful", "furious", "grateful", "guilty", "hopeful",
        "impressed", "jealous", "joyful", "lonely", "nostalgic", "prepared", "proud", "sad",
        "sentimental", "surprised", "terrified", "trusting",
    ),
    multi_label=False,
)  # fmt: skip
EDOS = LabelSet(
    "edos",
    (
        *EMPATHETIC.labels,
        "agreeing", "acknowledging", "encouraging", "consoling", "sympathizing", "suggesting",
        "questioning", "wishing", "neutral",
    ),
    multi_label=False,
    neutral="neutral",
)  # fmt: skip
IEMOCAP_FOUR = LabelSet(
    "iemocap-4", ("anger", "happiness", "sadness", "neutral"), multi_label=False, neutral="neutral"
)
IEMOCAP_SIX = LabelSet(
    "iemocap-6",
    ("happiness", "sadness", "neutral", "anger", "excitement", "frustration"),
    multi_label=False,
    neutral="neutral",
)
PLUTCHIK = LabelSet(
    "plutchik",
    ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"),
    multi_label=True,
)

LABEL_SETS: Mapping[str, LabelSet] = {
    label_set.name: label_set
    for label_set in (
        GOEMOTIONS, EKMAN, ISEAR, SEMEVAL_EC, EMOCONTEXT, EMPATHETIC, EDOS, PLUTCHIK,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Projection:
    """What each label of one set becomes in another; None where it becomes nothing.

    Raises:
        TaxonomyError: a label of the source is not mapped, or is mapped outside the target.
    """

    source: LabelSet
    target: LabelSet
    mapping: Mapping[str, str | None]

    def __post_init__(self) -> None:
        missing = [label for label in self.source.labels if label not in self.mapping]
        if missing:
            raise TaxonomyError(
                f"The projection {self.source.name} -> {self.target.name} says nothing of "
                f"{', '.join(missing)}: map each label, to None where it has no counterpart."
            )
        for label in self.mapping.values():
            if label is not None:
                self.target.index(label)

    def apply(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Carry labels over, without repeats, in the order of the target set."""
        found = set()
        for label in labels:
            self.source.index(label)
            if (mapped := self.mapping[label]) is not None:
                found.add(mapped)
        return tuple(label for label in self.target.labels if label in found)

    def groups(self) -> dict[str, tuple[str, ...]]:
        """List, for each target label, the source labels that become it."""
        return {
            target: tuple(s for s in self.source.labels if self.mapping[s] == target)
            for target in self.target.labels
        }


def _grouped(source: LabelSet, target: LabelSet, groups: Mapping[str, Sequence[str]]) -> Projection:
    mapping: dict[str, str | None] = dict.fromkeys(source.labels)
    for label, members in groups.items():
        mapping.update(dict.fromkeys(members, label))
    return Projection(source, target, mapping)


# The grouping that the authors of GoEmotions published (Demszky et al. 2020, section 5.4).
GOEMOTIONS_TO_EKMAN = _grouped(
    GOEMOTIONS,
    EKMAN,
    {
        "anger": ("anger", "annoyance", "disapproval"),
        "disgust": ("disgust",),
        "fear": ("fear", "nervousness"),
        "joy": (
            "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism",
            "relief", "pride", "admiration", "desire", "caring",
        ),
        "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
        "surprise": ("surprise", "realization", "confusion", "curiosity"),
        "neutral": ("neutral",),
    },
)  # fmt: skip
# The grouping that its authors published with the data (sentiment_dict.json).
GOEMOTIONS_TO_SENTIMENT = _grouped(
    GOEMOTIONS,
    SENTIMENT,
    {
        "positive": (
            "amusement", "excitement", "joy", "love", "desire", "optimism", "caring", "pride",
            "admiration", "gratitude", "relief", "approval",
        ),
        "negative": (
            "fear", "nervousness", "remorse", "embarrassment", "disappointment", "sadness",
            "grief", "disgust", "anger", "annoyance", "disapproval",
        ),
        "ambiguous": ("realization", "surprise", "curiosity", "confusion"),
        "neutral": ("neutral",),
    },
)  # fmt: skip
# Ours: the nearest class of the narrow set, and nothing where the sense would be forced.
GOEMOTIONS_TO_ISEAR = _grouped(
    GOEMOTIONS,
    ISEAR,
    {
        "anger": ("anger", "annoyance"),
        "disgust": ("disgust",),
        "fear": ("fear", "nervousness"),
        "guilt": ("remorse",),
        "joy": ("joy", "amusement", "excitement", "gratitude", "love", "pride", "relief"),
        "sadness": ("sadness", "grief", "disappointment"),
        "shame": ("embarrassment",),
    },
)
GOEMOTIONS_TO_EMOCONTEXT = _grouped(
    GOEMOTIONS,
    EMOCONTEXT,
    {
        "happy": ("joy", "amusement", "excitement", "gratitude", "love", "pride", "relief"),
        "sad": ("sadness", "grief", "disappointment", "remorse"),
        "angry": ("anger", "annoyance"),
        "others": (
            "admiration", "approval", "caring", "confusion", "curiosity", "desire", "disapproval",
            "disgust", "embarrassment", "fear", "nervousness", "optimism", "realization",
            "surprise", "neutral",
        ),
    },
)  # fmt: skip
GOEMOTIONS_TO_SEMEVAL = _grouped(
    GOEMOTIONS,
    SEMEVAL_EC,
    {
        "anger": ("anger", "annoyance"),
        "disgust": ("disgust", "disapproval"),
        "fear": ("fear", "nervousness"),
        "joy": ("joy", "amusement", "excitement", "gratitude", "pride", "relief"),
        "love": ("love", "caring"),
        "optimism": ("optimism",),
        "sadness": ("sadness", "grief", "disappointment", "remorse"),
        "surprise": ("surprise",),
    },
)
GOEMOTIONS_TO_PLUTCHIK = _grouped(
    GOEMOTIONS,
    PLUTCHIK,
    {
        "anger": ("anger", "annoyance"),
        "anticipation": ("excitement", "desire", "curiosity"),
        "disgust": ("disgust", "disapproval"),
        "fear": ("fear", "nervousness"),
        "joy": ("joy", "amusement", "love", "gratitude", "pride", "relief"),
        "sadness": ("sadness", "grief", "disappointment", "remorse"),
        "surprise": ("surprise", "realization", "confusion"),
        "trust": ("admiration", "approval", "caring"),
    },
)
_IEMOCAP = {
    "anger": ("anger", "annoyance"),
    "happiness": ("joy", "amusement", "gratitude", "love", "pride", "relief"),
    "sadness": ("sadness", "grief", "disappointment", "remorse"),
    "neutral": ("neutral",),
}
GOEMOTIONS_TO_IEMOCAP_FOUR = _grouped(
    GOEMOTIONS,
    IEMOCAP_FOUR,
    _IEMOCAP | {"happiness": (*_IEMOCAP["happiness"], "excitement")},
)
GOEMOTIONS_TO_IEMOCAP_SIX = _grouped(
    GOEMOTIONS,
    IEMOCAP_SIX,
    _IEMOCAP | {"anger": ("anger",), "excitement": ("excitement",), "frustration": ("annoyance",)},
)
PROJECTIONS: Mapping[tuple[str, str], Projection] = {
    (p.source.name, p.target.name): p
    for p in (
        GOEMOTIONS_TO_EKMAN, GOEMOTIONS_TO_SENTIMENT, GOEMOTIONS_TO_ISEAR,
        GOEMOTIONS_TO_EMOCONTEXT, GOEMOTIONS_TO_SEMEVAL, GOEMOTIONS_TO_PLUTCHIK,
        GOEMOTIONS_TO_IEMOCAP_FOUR, GOEMOTIONS_TO_IEMOCAP_SIX,
    )
}  # fmt: skip


def label_set(name: str) -> LabelSet:
    """Find a label set by its name.

    Raises:
        TaxonomyError: no set has that name; the message lists those that exist.
    """
    try:
        return LABEL_SETS[name]
    except KeyError:
        raise TaxonomyError(
            f"There is no label set '{name}'; there are: {', '.join(LABEL_SETS)}."
        ) from None


def projection(source: str, target: str) -> Projection:
    """Find the projection of one label set onto another.

    Raises:
        TaxonomyError: none is declared between the two.
    """
    try:
        return PROJECTIONS[source, target]
    except KeyError:
        known = ", ".join(f"{a} -> {b}" for a, b in PROJECTIONS)
        raise TaxonomyError(
            f"No projection {source} -> {target} is declared; there are: {known}."
        ) from None


@cache
def lexicon() -> Mapping[str, Emotion]:
    """Read the definitions and ways of saying of every emotion that a known set names."""
    text = resources.files("emo_hub").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {
        name: Emotion(name, entry["definition"], tuple(entry["ways"]))
        for name, entry in tomllib.loads(text).items()
    }


def normalise(label: str) -> str:
    """Bring a typed label to the form under which the lexicon may know it."""
    return " ".join(label.replace("_", " ").lower().split())


def find_emotion(label: str) -> Emotion | None:
    """Look a typed label up in the lexicon; None for a free label."""
    return lexicon().get(normalise(label))
