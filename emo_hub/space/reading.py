"""Ask the model one question and keep its answer as a value that can be drawn or sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from emo_hub.explaining import Explanation, Method, WeighedWord
from emo_hub.space.request import Request


class Classify(Protocol):
    """What the page needs from a model; the pipeline `zero-shot-emotion` provides it."""

    def __call__(
        self, text: str, *, candidate_labels: Sequence[str], context: str | None, vad: bool
    ) -> Mapping[str, Any]:
        """Score every label.

        Returns:
            `labels` with their `scores` in [0, 1], and `valence`, `arousal`, `dominance` in [1, 5].
        """
        ...

    def thresholds(self, labels: Sequence[str]) -> Sequence[float]:
        """Give, for each label, the score in [0, 1] from which it is said to fit."""
        ...

    def explain(
        self,
        text: str,
        candidate_labels: Sequence[str],
        *,
        context: str | None,
        method: Method,
        only: Sequence[str],
    ) -> Explanation:
        """Say which words carried the labels in `only`."""
        ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One label: its score and its threshold, both in [0, 1]."""

    label: str
    score: float
    threshold: float

    @property
    def fits(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why the best label fits: the words of the text that spoke for it, in reading order."""

    label: str
    text: str
    words: tuple[WeighedWord, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer: bars by falling score; valence, arousal and dominance in [1, 5].

    There are grounds where a label fits.
    """

    bars: tuple[Bar, ...]
    valence: float
    arousal: float
    dominance: float
    grounds: Grounds | None = None

    @property
    def fitting(self) -> tuple[Bar, ...]:
        """The bars whose label fits, best first; empty when none of the labels does."""
        return tuple(bar for bar in self.bars if bar.fits)

    def as_json(self) -> dict[str, Any]:
        """Give the answer as plain lists and numbers, parallel and by falling score."""
        return {
            "labels": [bar.label for bar in self.bars],
            "scores": [bar.score for bar in self.bars],
            "thresholds": [bar.threshold for bar in self.bars],
            "fitting": [bar.label for bar in self.fitting],
            "none_of_these": not self.fitting,
            "words": self._words(),
            "valence": self.valence,
            "arousal": self.arousal,
            "dominance": self.dominance,
        }

    def _words(self) -> dict[str, list[dict[str, Any]]]:
        found = self.grounds
        return {} if found is None else {found.label: [asdict(word) for word in found.words]}


def take_reading(classify: Classify, request: Request) -> Reading:
    """Ask for all scores, mark the labels that reach their own threshold, and ground the best."""
    answer = classify(
        request.text, candidate_labels=list(request.labels), context=request.context, vad=True
    )
    thresholds = classify.thresholds(answer["labels"])
    found = [
        Bar(str(label), float(score), float(threshold))
        for label, score, threshold in zip(
            answer["labels"], answer["scores"], thresholds, strict=True
        )
    ]
    bars = tuple(sorted(found, key=lambda bar: -bar.score))
    best = next((bar.label for bar in bars if bar.fits), None)
    return Reading(
        bars,
        float(answer["valence"]),
        float(answer["arousal"]),
        float(answer["dominance"]),
        None if best is None else _find_grounds(classify, request, best),
    )


def _find_grounds(classify: Classify, request: Request, label: str) -> Grounds:
    # The quick method: visitors wait, and the longest text takes it no longer than a few sentences.
    found = classify.explain(
        request.text, [label], context=request.context, method="gradient", only=[label]
    )
    return Grounds(label, request.text, found.carrying(label))
