"""What a typed label means, before any model sees it: a word, a form of it, an emoji, a negation.

A label is read in this order, and the first that holds decides: an entry of the lexicon; a form of
one, or an emotion word of another language in English letters; emoji and faces made of letters; a
negation of one of these; a carrier around one of these ("I feel", "a sense of"), which is taken
off. Whatever is left is a free label, and is read as it stands. Where words and emoji stand
together, the words say what is meant.

A negated label, "not angry", is read as "angry" and turned round: rated by itself it scores one
minus what "angry" scores, and against other labels it stands out as far as "angry" does not. So it
says that a feeling is absent, never that its opposite is there. Set phrases that only look like
negations, "no worries", stay what they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from emo_hub.errors import InputError
from emo_hub.palette import palette_forms
from emo_hub.phrasebook import JOINER, Reading, find_emoji, find_face, find_word, is_symbol
from emo_hub.taxonomy import find_emotion, normalise

__all__ = ["LabelReader", "Reading", "read_label"]

_MOST_WORDS = 9  # a longer label is a sentence, and is left alone

_WHO = (
    r"(?:i|we|you|he|she|they|it|somebody|someone|this (?:person|text|message|sentence|post)"
    r"|the (?:writer|author|speaker|person|user|narrator|character|text|message|sentence|post))"
)
# What stands before a label without changing it, and what may be left when it is taken off: only
# what is known to be a feeling, or any one word too, or anything.
_CARRIERS: Sequence[tuple[re.Pattern[str], Literal["known", "one word", "anything"]]] = (
    (re.compile(r"(?:the )?(?:emotion|feeling|mood|label|sentiment)s?(?: is)?[:=] ?"), "anything"),
    (
        re.compile(rf"{_WHO} (?:expresses|shows|conveys|contains|is about|is full of) "),
        "anything",
    ),
    (re.compile(r"(?:the|an) emotions? of (?:being )?"), "anything"),
    (
        re.compile(
            rf"{_WHO}(?:'m|'s|'re| am| is| are| was| were| feels?| felt)(?: feeling| being)? "
        ),
        "one word",
    ),
    (re.compile(r"(?:to )?(?:feeling|feels?|felt|being|be) "), "one word"),
    (
        re.compile(r"(?:\w+ ){0,2}(?:sense|feelings?|emotions?|state|expression) of (?:being )?"),
        "known",
    ),
    (re.compile(r"(?:full of|filled with|express(?:es|ing)?|showing|having|emotion) "), "known"),
    (re.compile(rf"{_WHO} "), "known"),
    (re.compile(r"(?:a|an|the|some|any|my|this|so|very|really|that|too|particularly) "), "known"),
    (re.compile(r"(?:exactly|at all|a bit|a little|extremely|quite) "), "known"),
)
# "feeling blue" is no colour: these say something else without what stands before them.
_STAY_TOGETHER = (
    "blue down low high up it off out under myself yourself like alive seen heard used left there "
    "here not"
)
_AFTER = re.compile(r" (?:emotions?|feelings?|at all|any ?more)$")
_AROUND = " .,;:!…\"'()[]#*-"

# "not" may negate any adjective, the words of the second pattern only what is known as a feeling.
_NOT = re.compile(r"(?:not|(?:is|are|was|were|do|does|did|ai|am)(?:n'?t| not)|no longer) ")
_NO = re.compile(
    r"(?:no|non|never|zero|without(?: any)?|(?:(?:a|the|total|complete) ){0,2}(?:lack|absence) of"
    r"|lacking(?: in)?|lacks|devoid of|free (?:of|from)|not (?:a trace|a hint|a bit|any trace) of)"
    r"[ -]"
)
# "unhappy" and "unloved" are feelings of their own; these words only say that one is missing.
_UN = {
    f"un{word}": word
    for word in ("afraid", "ashamed", "surprised", "worried", "embarrassed", "excited")
}
# They begin as negations do, and name a feeling, an attitude or no feeling at all.
_SET_PHRASES = """
    no worries, no worry, no hope, no interest, no confidence, no doubt, no mercy, no regrets,
    no pity, no respect, no empathy, no compassion, no comfort, no kind, no free,
    not caring, not interested, not bothered, not amused, not impressed, not understanding,
    not okay, not ok, not good, not bad, not well, not fine, not fair, not cool, not right,
    not enough, not sure, not certain, not safe, not funny, not alone, not nice, not great,
    not welcome, not wanted, not loved, not heard, not seen, not believed, not valued, not free,
    never free, never safe, never satisfied, without doubt, without interest, without hope,
    lack of interest, lack of hope, lack of confidence, lack of respect, lack of empathy,
    lack of compassion, lack of comfort
    """
_NO_ADJECTIVES = (
    "a an the my your his her our their this that these those it only just merely enough to in on "
    "at for with of by from like as again even going me you him us them here there so one much "
    "many all every everything anything nothing yet now today if but and or mine long"
)

_TOGETHER = frozenset(_STAY_TOGETHER.split())
_SET = frozenset(normalise(phrase) for phrase in _SET_PHRASES.split(","))
_FUNCTION_WORDS = frozenset(_NO_ADJECTIVES.split())


@lru_cache(maxsize=16384)
def read_label(label: str) -> Reading:
    """Say what a typed label is read as.

    Raises:
        InputError: it holds no letter, no digit and no emoji.
    """
    text = _tidy(label)
    if found := find_face(text) or find_emoji(text):
        return found
    words = " ".join("".join(_apart(c) for c in text).split())
    if not any(c.isalnum() for c in words):
        raise InputError(
            f"The label {label!r:.60} has no letter, digit or emoji in it; give a word or a phrase."
        )
    if len(text.split()) > _MOST_WORDS:
        return Reading(words)
    # "not" before an emoji, and "feeling": only the emoji makes them whole.
    return _parsed(words) or (text != words and _parsed(text)) or Reading(words)


@dataclass(frozen=True, slots=True)
class LabelReader:
    """How one model reads labels.

    Args:
        templates: ways to say a label; `{}` stands for its name.
        trained: labels of training, normalised; they stand for themselves.
    """

    templates: tuple[str, ...]
    trained: tuple[str, ...]

    def read(self, label: str) -> Reading:
        """Say what a label is read as.

        Raises:
            InputError: it holds no letter, no digit and no emoji.
        """
        name = normalise(label)
        return Reading(name) if name in self.trained else read_label(name)

    def is_trained(self, reading: Reading) -> bool:
        """Say whether a label, or what it negates, is one of training."""
        return reading.name in self.trained and not reading.phrases

    def ways(self, label: str, description: str | None, *, competing: bool) -> list[str]:
        """List the phrases for a label, or for what it negates, and its description at the end."""
        reading = self.read(label)
        by_name = self.is_trained(reading) and not competing
        emotion = None if by_name or reading.phrases else find_emotion(reading.name)
        phrases = emotion.ways if emotion else reading.phrases
        if not by_name and not phrases:
            phrases = palette_forms(reading.name)
        ways = [template.format(reading.name) for template in self.templates]
        ways += [phrase for phrase in phrases if phrase not in ways]
        return [*ways, description] if description and description.strip() else ways

    def signs_of_ways(
        self, count: int, label: str, description: str | None
    ) -> npt.NDArray[np.float32]:
        """Give (count, 1) signs: a negated label points away from its ways.

        A description tells what the label is, not what it denies, and keeps its sign.
        """
        signs = np.full((count, 1), -1.0 if self.read(label).negated else 1.0, np.float32)
        if description and description.strip():
            signs[-1] = 1.0
        return signs

    def columns(self, labels: Sequence[str]) -> tuple[list[bool], npt.NDArray[np.float32]]:
        """Say which labels are of training, and give -1 for each that is negated, else 1."""
        readings = [self.read(label) for label in labels]
        signs = [-1.0 if reading.negated else 1.0 for reading in readings]
        return [self.is_trained(reading) for reading in readings], np.array(signs, np.float32)

    def cuts(
        self, labels: Sequence[str], thresholds: Mapping[str, float], default: float
    ) -> list[float]:
        """Give the score from which each label counts; a negated one where the other stops."""
        found = []
        for reading in map(self.read, labels):
            cut = thresholds.get("" if reading.phrases else reading.name, default)
            found.append(1.0 - cut if reading.negated else cut)
        return found


def _tidy(label: str) -> str:
    text = unicodedata.normalize("NFC", label).translate(_APOSTROPHES)
    return normalise("".join(c for c in text if c == JOINER or unicodedata.category(c) != "Cf"))


_APOSTROPHES = {0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x60: "'", 0xB4: "'"}


def _apart(character: str) -> str:
    """Take emoji out of words; joiners and variation selectors also stand within words."""
    if not is_symbol(character):
        return character
    return " " if unicodedata.category(character) not in ("Cf", "Mn") else ""


def _parsed(text: str) -> Reading | None:
    """Read words as something known, or as a negation; None for a free label."""
    if found := find_word(text) or find_emoji(text):
        return found
    if text in _SET:
        return Reading(text)
    shorter = _AFTER.sub("", text.strip(_AROUND))
    if shorter != text:
        return _parsed(shorter) if shorter else None
    return _negation(text) or _carried(text)


def _carried(text: str) -> Reading | None:
    for pattern, left in _CARRIERS:
        match = pattern.match(text)
        rest = text[match.end() :].strip() if match else ""
        if not rest:
            continue
        if found := _parsed(rest):
            return found
        alone = " " not in rest and rest not in _TOGETHER
        if left == "anything" or (left == "one word" and alone):
            return Reading(rest)
    return None


def _negation(text: str) -> Reading | None:
    found = find_word(_UN[text]) or Reading(_UN[text]) if text in _UN else None
    if not found and (match := _NO.match(text)):
        found = _parsed(text[match.end() :])
    if not found and (match := _NOT.match(text)):
        rest = text[match.end() :]
        found = _parsed(rest) or _adjective(rest)
    return replace(found, negated=not found.negated) if found else None


def _adjective(text: str) -> Reading | None:
    words = text.split()
    plain = 0 < len(words) <= 2 and not _FUNCTION_WORDS.intersection(words)
    return Reading(text) if plain and not words[0].endswith("ing") else None
