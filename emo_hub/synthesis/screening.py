"""Keeps a line or rejects it with a reason: emptiness, length, scaffolding, repeats, named targets.

Near-duplicates are pairs whose sets of words and word pairs overlap by a Jaccard index of at least
`NEAR`. Word 5-grams would miss them here: most lines have 3 to 20 words, and one changed word
breaks up to five 5-grams. The search is exact and needs no sketches: with the features of every
line in one global order, rarest first, two lines can only be that similar if they share one of
their first `n - ceil(NEAR * n) + 1` features (prefix filtering), so only those are indexed.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from emo_hub.records import ContextualUtterance, Rejection, Utterance
from emo_hub.taxonomy import find_emotion

Line = TypeVar("Line", Utterance, ContextualUtterance)

MOST_WORDS = 80
NEAR = 0.7
SCAFFOLDING = re.compile(
    r"\bas an ai\b|\blanguage model\b|\bslot \d+\b|\btarget emotion\b|```|[{}]"
    r"|^\s*(?:utterance|rewritten|context|emotions?|labels?|descriptors?)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Screened(Generic[Line]):
    """What was kept, in order, what was rejected, and which kept lines come close to a rule.

    `warnings` counts lines that may not name their emotion and use a word that says it
    ("laughing" for amusement): people do, so they stay.
    """

    kept: tuple[Line, ...]
    rejections: tuple[Rejection, ...]
    warnings: Mapping[str, int]


def screen(
    stage: str, lines: Sequence[Line], unnamed: Mapping[str, str] | None = None
) -> Screened[Line]:
    """Sort lines into kept and rejected; of repeats the first one stays.

    Args:
        stage: named in the rejections.
        lines: in the order of the corpus.
        unnamed: for the ids of lines that must not name their emotion, that emotion.
    """
    unnamed = unnamed or {}
    repeats = _repeats([_compared(line) for line in lines])
    kept: list[Line] = []
    rejections: list[Rejection] = []
    warnings: Counter[str] = Counter()
    for place, line in enumerate(lines):
        fault = _fault(line, unnamed.get(line.id))
        if fault is None and place in repeats:
            reason, earlier = repeats[place]
            fault = reason, f"of {lines[earlier].id}"
        if fault is None:
            kept.append(line)
            if line.id in unnamed and _says(line.text, _ways(unnamed[line.id])):
                warnings["says_its_emotion_in_other_words"] += 1
        else:
            rejections.append(
                Rejection(stage, line.provenance.request_id, *fault, line.text, record_id=line.id)
            )
    return Screened(tuple(kept), tuple(rejections), dict(warnings))


def normalised(text: str) -> tuple[str, ...]:
    """Give the words of a text in lower case, apostrophes closed up."""
    return tuple(_WORD.findall(text.lower().replace("'", "").replace("\u2019", "")))


def _compared(line: Utterance | ContextualUtterance) -> str:
    # A short line may well return in another scene; with its context it may not.
    return f"{line.context} {line.text}" if isinstance(line, ContextualUtterance) else line.text


def _fault(line: Utterance | ContextualUtterance, unnamed: str | None) -> tuple[str, str] | None:
    texts = (line.context, line.text) if isinstance(line, ContextualUtterance) else (line.text,)
    for text in texts:
        words = len(normalised(text))
        if not words:
            return "empty_text", "no word in it"
        if words > MOST_WORDS:
            return "too_long", f"{words} words, at most {MOST_WORDS}"
        if (found := SCAFFOLDING.search(text)) is not None:
            return "scaffolding", f"'{found[0]}'"
    if unnamed is not None and _says(line.text, (unnamed,)):
        return "names_its_emotion", f"'{unnamed}'"
    return None


def _ways(emotion: str) -> tuple[str, ...]:
    known = find_emotion(emotion)
    return known.ways if known is not None else ()


def _says(text: str, phrases: Sequence[str]) -> bool:
    spaced = f" {' '.join(normalised(text))} "
    return any(f" {' '.join(normalised(phrase))} " in spaced for phrase in phrases)


def _repeats(texts: Sequence[str]) -> dict[int, tuple[str, int]]:
    """Give, for each repeat, the reason and the place of the first line that it repeats."""
    words = [normalised(text) for text in texts]
    features = [frozenset[object](w) | frozenset(pairwise(w)) for w in words]
    spread = Counter(feature for found in features for feature in found)
    index: dict[object, list[int]] = defaultdict(list)
    first: dict[tuple[str, ...], int] = {}
    repeats: dict[int, tuple[str, int]] = {}
    for place, found in enumerate(features):
        if not found:
            continue
        if (earlier := first.setdefault(words[place], place)) != place:
            repeats[place] = "duplicate", earlier
            continue
        rarest = sorted(found, key=lambda feature: (spread[feature], str(feature)))
        prefix = rarest[: len(found) - math.ceil(NEAR * len(found)) + 1]
        near = [
            other
            for other in {other for feature in prefix for other in index[feature]}
            if len(found & features[other]) >= NEAR * len(found | features[other])
        ]
        if near:
            repeats[place] = "near_duplicate", min(near)
        else:
            # Only what stays is indexed: a repeat of a repeat would name a line that is not there.
            for feature in prefix:
                index[feature].append(place)
    return repeats
