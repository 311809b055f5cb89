"""From label vectors to calibrated logits: what does not depend on the text, worked out once.

A raw logit is linear in the text's vector, so is how far a label stands out, so is their
calibrated sum: whatever the calibration, C labels are one matrix and one bias. A text then costs
one row of a matrix product, however the labels were read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats, LabelOffsets, NullMoments
from emo_hub.checkpoint import Head
from emo_hub.errors import InputError
from emo_hub.learnt import LearntLabels
from emo_hub.readings import LabelReader

_MOST_ROWS = 16_384  # labels of all kept scorers together: 24 MiB at D = 384


@dataclass(frozen=True, slots=True)
class LinearScorer:
    """Logits of C labels as one linear map.

    Args:
        weight: (C, D).
        bias: (C,).
    """

    weight: Floats
    bias: Floats

    def logits(self, texts: Floats) -> Floats:
        """Give the logits (N, C) of text vectors (N, D)."""
        return np.asarray(texts @ self.weight.T + self.bias, np.float32)


@dataclass(frozen=True, slots=True)
class Scoring:
    """How one checkpoint turns label vectors into logits.

    Args:
        head: its scale, bias and calibrations.
        moments: of the reference texts, where it has them.
        reader: of labels.
        offsets: of the labels of training, where it has them.
        learnt: from examples, where it has that.
    """

    head: Head
    moments: NullMoments | None
    reader: LabelReader
    offsets: LabelOffsets | None = None
    learnt: LearntLabels | None = None

    def is_same(self, other: Scoring) -> bool:
        """Tell whether another one gives the same logits, being of the same parts."""
        mine, theirs = (
            [id(part) for part in (one.head, one.moments, one.offsets, one.learnt)]
            for one in (self, other)
        )
        return mine == theirs

    def raw(self, vectors: Floats) -> LinearScorer:
        """Compare by cosine alone with label vectors (C, D): scale * cosine + bias."""
        bias = np.full(len(vectors), self.head.logit_bias, np.float32)
        return LinearScorer(np.asarray(self.head.logit_scale * vectors, np.float32), bias)

    def rating(self, vectors: Floats, labels: Sequence[str]) -> LinearScorer:
        """Rate labels, vectors (C, D), each by itself; see `EmotionModel.logits`."""
        known, turned = self.reader.columns(labels)
        vectors = vectors * turned[:, None]
        found = raw = self._named(self.raw(vectors), labels, np.array(known))
        free, trained = self.head.calibration, self.head.trained_calibration
        if self.moments is not None and free is not None:
            out = _standing_out(vectors, self.moments, free.standing_out)
            found = LinearScorer(
                free.raw * raw.weight + out.weight, free.raw * raw.bias + out.bias + free.intercept
            )
            if trained is not None:
                found.weight[known] = trained.raw * raw.weight[known]
                found.bias[known] = trained.raw * raw.bias[known] + trained.intercept
        rated = LinearScorer(found.weight * turned[:, None], found.bias * turned)
        return self._as_learnt(rated, labels, competing=False)

    def _named(
        self, raw: LinearScorer, labels: Sequence[str], known: npt.NDArray[np.bool_]
    ) -> LinearScorer:
        """Add what labels of training, marked in `known` (C,), learnt beside their names."""
        if self.offsets is None or not known.any():
            return raw
        names = [self.reader.read(label).name for label in np.array(labels, object)[known]]
        places = [self.head.trained_labels.index(name) for name in names]
        raw.weight[known] += self.offsets.weight[places]
        raw.bias[known] += self.offsets.bias[places]
        return raw

    def contest(self, vectors: Floats, labels: Sequence[str]) -> LinearScorer:
        """Let labels, vectors (C, D), compete; see `EmotionModel.competing_logits`."""
        free = self.head.calibration
        if self.moments is None or free is None:
            among = self.raw(vectors)
        else:
            among = _standing_out(vectors, self.moments, free.competition)
        return self._as_learnt(among, labels, competing=True)

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the score (C,) from which each label counts.

        Raises:
            InputError: there is one string in the place of a list of labels.
        """
        if isinstance(labels, str):
            raise InputError(f"Give a list of labels; got the string {labels!r:.60}.")
        cuts = self.reader.cuts(labels, self.head.thresholds, self.head.default_threshold)
        found = np.array(cuts, np.float32)
        return found if self.learnt is None else self.learnt.cuts(labels, found, self.reader)

    def _as_learnt(
        self, scorer: LinearScorer, labels: Sequence[str], *, competing: bool
    ) -> LinearScorer:
        """Put what was learnt of some of the labels in place of their zero-shot rows."""
        if (learnt := self.learnt) is None:
            return scorer
        weight = learnt.contest_weight if competing else learnt.rating_weight
        bias = learnt.contest_bias if competing else learnt.rating_bias
        asked, places, signs = learnt.found(labels, self.reader)
        scorer.weight[asked] = weight[places] * signs[:, None]
        scorer.bias[asked] = bias[places] * signs
        return scorer


def _standing_out(vectors: Floats, moments: NullMoments, times: float) -> LinearScorer:
    along = moments.directions(vectors)
    mean, spread = moments.of_directions(along)
    share = (times / spread).astype(np.float32)
    return LinearScorer(along * share[:, None], -mean * share)


class KeptScorers:
    """The scorers of the label lists that were asked about last, within a bound of labels."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, LinearScorer] = OrderedDict()
        self._scoring: Scoring | None = None
        self._lock = Lock()

    def get(
        self, scoring: Scoring, key: Hashable, make: Callable[[], LinearScorer]
    ) -> LinearScorer:
        """Give the scorer of a key, made where it is not kept or was made by another scoring."""
        with self._lock:  # a demo answers in several threads
            if self._scoring is None or not self._scoring.is_same(scoring):
                self._kept.clear()
                self._scoring = scoring
            found = self._kept.pop(key, None) or make()
            self._kept[key] = found
            rows = sum(len(scorer.bias) for scorer in self._kept.values())
            while rows > _MOST_ROWS and len(self._kept) > 1:
                rows -= len(self._kept.popitem(last=False)[1].bias)
            return found
