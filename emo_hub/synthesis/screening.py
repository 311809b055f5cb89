"""Keeps a line or rejects it with a reason: empty, too long, unusable, repeated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from emo_hub.records import ContextualUtterance, Rejection, Utterance
from emo_hub.synthesis.checks import problem
from emo_hub.synthesis.repeats import BATCH, Repeat, Repeats
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import find_emotion

Line = TypeVar("Line", Utterance, ContextualUtterance)
Fault = tuple[str, str]

MOST_WORDS = 80
SCAFFOLDING = re.compile(
    r"\bas an ai\b|\blanguage model\b|\bslot \d+\b|\btarget emotion\b|```|[{}]"
    r"|^\s*(?:utterance|rewritten|context|emotions?|labels?|descriptors?)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Read(Generic[Line]):
    """A line with what it takes to judge it: its words, those of its context before them."""

    line: Line
    unnamed: str | None
    words: tuple[str, ...]
    fault: Fault | None


@dataclass
class Screen(Generic[Line]):
    """Sorts the lines of a config into kept and rejected as they come; of repeats the first stays.

    A line is judged when a batch of them is full, so what comes out lags behind what goes in; the
    order stays.

    Args:
        stage: named in the rejections.
        warnings: counts lines that may not name their emotion and use a word that says it
            ("laughing" for amusement): people do, so they stay.
    """

    stage: str
    warnings: Counter[str] = field(default_factory=Counter)
    _waiting: list[_Read[Line]] = field(default_factory=list)
    _repeats: Repeats = field(default_factory=Repeats)

    def add(self, line: Line, unnamed: str | None = None) -> Iterator[Line | Rejection]:
        """Take a line, and give those that are judged by now.

        Args:
            line: the next one in the order of the corpus.
            unnamed: an emotion that the line, which then stands alone, may not name.
        """
        self._waiting.append(_read(line, unnamed))
        if len(self._waiting) >= BATCH:
            yield from self.rest()

    def rest(self) -> Iterator[Line | Rejection]:
        """Judge the lines that still wait."""
        batch, self._waiting = self._waiting, []
        sound = [(read.line.id, read.words) for read in batch if read.fault is None]
        found = iter(self._repeats.sift(sound))
        for read in batch:
            fault, line = read.fault, read.line
            if fault is None and (repeat := next(found)) is not None:
                fault = _repeated(repeat)
            if fault is not None:
                request = line.provenance.request_id
                yield Rejection(self.stage, request, *fault, line.text, record_id=line.id)
                continue
            if read.unnamed is not None and _says(read.words, _ways(read.unnamed)):
                self.warnings["says_its_emotion_in_other_words"] += 1
            yield line


def _read(line: Line, unnamed: str | None) -> _Read[Line]:
    # A short line may well return in another scene; with its context it may not.
    texts = (line.context, line.text) if isinstance(line, ContextualUtterance) else (line.text,)
    told: tuple[str, ...] = ()
    for text in texts:
        found = words(text)
        if (fault := _fault(text, len(found))) is not None:
            return _Read(line, unnamed, (), fault)
        told += found
    if unnamed is not None and _says(told, (unnamed,)):
        return _Read(line, unnamed, (), ("names_its_emotion", f"'{unnamed}'"))
    return _Read(line, unnamed, told, None)


def _repeated(repeat: Repeat) -> Fault:
    return "duplicate" if repeat.exact else "near_duplicate", f"of {repeat.of}"


def _fault(text: str, count: int) -> Fault | None:
    if not count:
        return "empty_text", "no word in it"
    if count > MOST_WORDS:
        return "too_long", f"{count} words, at most {MOST_WORDS}"
    if (found := SCAFFOLDING.search(text)) is not None:
        return "scaffolding", f"'{found[0]}'"
    return problem(text)


def _ways(emotion: str) -> tuple[str, ...]:
    known = find_emotion(emotion)
    return known.ways if known is not None else ()


def _says(told: Sequence[str], phrases: Sequence[str]) -> bool:
    spaced = f" {' '.join(told)} "
    return any(f" {' '.join(words(phrase))} " in spaced for phrase in phrases)
