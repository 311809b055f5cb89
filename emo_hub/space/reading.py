"""Ask the model one question and keep its answer as a value that can be drawn or sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, Protocol

from emo_hub.calibration import Floats
from emo_hub.explaining import Explanation, Method, WeighedWord
from emo_hub.space.request import Request


class Encoder(Protocol):
    """What the page needs from the model inside a pipeline."""

    def encode_labels(self, labels: Sequence[str]) -> Floats:
        """Give unit vectors (C, D)."""
        ...

    def read_vad(self, embeddings: Floats) -> Floats:
        """Give valence, arousal, dominance (C, 3), each in [1, 5]."""
        ...


class Classify(Protocol):
    """What the page needs from a model; the pipeline `zero-shot-emotion` provides it."""

    @property
    def model(self) -> Encoder:
        """Give the model itself, for the vectors of labels."""
        ...

    def __call__(
        self,
        texts: Sequence[str],
        *,
        candidate_labels: Sequence[str],
        context: Sequence[str | None] | None = None,
        vad: bool = False,
        batch_size: int = 1,
    ) -> Sequence[Mapping[str, Any]]:
        """Score every label of each text.

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
class Place:
    """Where a label lies by itself; valence and arousal in [1, 5]."""

    label: str
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What fits a text: bars by falling score; valence, arousal and dominance in [1, 5]."""

    bars: tuple[Bar, ...]
    valence: float
    arousal: float
    dominance: float

    @property
    def fitting(self) -> tuple[Bar, ...]:
        """The bars whose label fits, best first; empty when none of the labels does."""
        return tuple(bar for bar in self.bars if bar.fits)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer.

    Args:
        scores: what fits the text after its context.
        grounds: why the best label fits; None where none does.
        alone: what fits the text without its context; None where there is no context.
        places: where each label lies, in the order of the bars.
    """

    scores: Scores
    grounds: Grounds | None = None
    alone: Scores | None = None
    places: tuple[Place, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the answer as plain lists and numbers, parallel and by falling score."""
        bars, alone = self.scores.bars, self.alone
        return {
            "labels": [bar.label for bar in bars],
            "scores": [bar.score for bar in bars],
            "thresholds": [bar.threshold for bar in bars],
            "fitting": [bar.label for bar in self.scores.fitting],
            "none_of_these": not self.scores.fitting,
            "words": self._words(),
            "without_context": {bar.label: bar.score for bar in alone.bars} if alone else {},
            "valence": self.scores.valence,
            "arousal": self.scores.arousal,
            "dominance": self.scores.dominance,
        }

    def _words(self) -> dict[str, list[dict[str, Any]]]:
        found = self.grounds
        return {} if found is None else {found.label: [asdict(word) for word in found.words]}


class Reader:
    """A model that many visitors ask, one at a time.

    Pipelines and their tokenizers do not promise to serve two threads at once.
    """

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._turn = Lock()

    def read(self, request: Request) -> Reading:
        """Answer one question with everything that the page shows of it."""
        with self._turn:
            return take_reading(self._classify, request)

    def score(
        self, texts: Sequence[str], labels: Sequence[str], context: str | None = None
    ) -> list[Scores]:
        """Score labels on a few texts at once, without grounds."""
        with self._turn:
            return _score(self._classify, texts, labels, [context] * len(texts))

    def vectors(self, labels: Sequence[str]) -> tuple[Floats, Floats]:
        """Give the unit vectors (C, D) of labels, and valence, arousal, dominance (C, 3)."""
        with self._turn:
            found = self._classify.model.encode_labels(labels)
            return found, self._classify.model.read_vad(found)


def take_reading(classify: Classify, request: Request) -> Reading:
    """Ask for all scores, with and without the context in one call, and ground the best label."""
    contexts = [request.context, None] if request.context else [None]
    texts = [request.text] * len(contexts)
    scores, *others = _score(classify, texts, request.labels, contexts)
    best = scores.fitting[0].label if scores.fitting else None
    return Reading(
        scores,
        None if best is None else _find_grounds(classify, request, best),
        others[0] if others else None,
        _find_places(classify, [bar.label for bar in scores.bars]),
    )


def _score(
    classify: Classify,
    texts: Sequence[str],
    labels: Sequence[str],
    contexts: Sequence[str | None],
) -> list[Scores]:
    answers = classify(
        list(texts),
        candidate_labels=list(labels),
        context=list(contexts),
        vad=True,
        batch_size=len(texts),
    )
    names = [str(label) for label in answers[0]["labels"]]
    thresholds = dict(zip(names, map(float, classify.thresholds(names)), strict=True))
    return [_scores_of(answer, thresholds) for answer in answers]


def _scores_of(answer: Mapping[str, Any], thresholds: Mapping[str, float]) -> Scores:
    bars = [
        Bar(str(label), float(score), thresholds[str(label)])
        for label, score in zip(answer["labels"], answer["scores"], strict=True)
    ]
    return Scores(
        tuple(sorted(bars, key=lambda bar: -bar.score)),
        float(answer["valence"]),
        float(answer["arousal"]),
        float(answer["dominance"]),
    )


def _find_grounds(classify: Classify, request: Request, label: str) -> Grounds:
    # The quick method: visitors wait, and the longest text takes it no longer than a few sentences.
    found = classify.explain(
        request.text, [label], context=request.context, method="gradient", only=[label]
    )
    return Grounds(label, request.text, found.carrying(label))


def _find_places(classify: Classify, labels: Sequence[str]) -> tuple[Place, ...]:
    found = classify.model.read_vad(classify.model.encode_labels(labels))
    return tuple(
        Place(label, float(valence), float(arousal))
        for label, (valence, arousal, _) in zip(labels, found, strict=True)
    )
