"""How much the zero-shot scores count beside a head that has seen a few examples.

Both are opinions on the same labels, pooled in proportion to what they rest on: the zero-shot
scores are worth so many examples of each label, so their weight is worth / (worth + examples). How
many they are worth is read off held-out examples of the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emo_hub.calibration import Floats, sigmoid, softmax
from emo_hub.fewshot.examples import Bools

# What it is worth where nothing was measured.
USUAL_WORTH = 4.0
_WORTHS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
_SPREAD = 1.0  # of ln(1 + worth) around the usual: what a few held-out examples must outweigh
_FAINT = 0.02  # a weight that changes nothing is not worth a second encoder
_SURE = 1e-6  # no probability counts as surer than this


@dataclass(frozen=True, slots=True)
class Prior:
    """What the zero-shot scores count, and how that was found.

    Args:
        weight: of their logits, 0..1; the head's have the rest.
        worth: examples of each label that they are worth.
        found_by: the rule, in words.
        folds: of the cross-validation; 0 where there was none.
        losses: mean log loss of held-out examples, by what was judged.
    """

    weight: float
    worth: float
    found_by: str
    folds: int = 0
    losses: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Examples scored by heads that have not seen them.

    Args:
        own: (N, C), of such heads.
        zero_shot: (N, C), with thresholds at one half where several labels may hold.
        targets: (N, C).
        shots: the mean number of examples of a label that the heads have seen.
        folds: the number of heads.
    """

    own: Floats
    zero_shot: Floats
    targets: Bools
    shots: float
    folds: int


def blend(own: Floats, zero_shot: Floats, weight: float, *, multi_label: bool) -> Floats:
    """Pool two opinions (N, C): the weighted mean of their logits.

    Args:
        own: probabilities of the head.
        zero_shot: probabilities of the zero-shot model.
        weight: of the zero-shot model's logits, 0..1.
        multi_label: whether each label is judged by itself, or they compete and sum to one.
    """
    if weight == 0:
        return own
    pooled = (1 - weight) * _logits(own, several=multi_label)
    pooled = pooled + weight * _logits(zero_shot, several=multi_label)
    return sigmoid(pooled) if multi_label else softmax(pooled)


def level(scores: Floats, thresholds: Floats) -> Floats:
    """Move scores (N, C) so that each label's threshold (C,) comes to lie at one half."""
    return sigmoid(_logits(scores, several=True) - _logits(thresholds, several=True))


def usual(shots: float) -> Prior:
    """Weigh the zero-shot scores where no example can be held out.

    Args:
        shots: the mean number of examples of a label.
    """
    weight = USUAL_WORTH / (USUAL_WORTH + shots)
    return Prior(weight, USUAL_WORTH, "worth / (worth + examples of a label); the usual worth")


def choose(held_out: HeldOut, shots: float, *, multi_label: bool) -> Prior:
    """Weigh the zero-shot scores by held-out examples, and scale that to all examples.

    The worth with the least log loss is taken, drawn towards the usual one, since the log loss of
    a few examples is noise as well.

    Args:
        held_out: scored examples.
        shots: the mean number of examples of a label that the final head sees.
        multi_label: whether labels are judged each by itself.
    """
    h = held_out

    def loss_at(weight: float) -> float:
        pooled = blend(h.own, h.zero_shot, weight, multi_label=multi_label)
        return _loss(pooled, h.targets, multi_label=multi_label)

    def drawn(worth: float) -> float:
        far = np.log1p(worth) - np.log1p(USUAL_WORTH)
        return len(h.own) * loss_at(worth / (worth + h.shots)) + 0.5 * float(far / _SPREAD) ** 2

    worth = min(_WORTHS, key=drawn)
    weight = worth / (worth + shots)
    return Prior(
        weight=0.0 if weight < _FAINT else weight,
        worth=worth,
        found_by="worth / (worth + examples of a label); the worth by cross-validation on the "
        "examples themselves",
        folds=h.folds,
        losses={
            "head": loss_at(0.0),
            "zero-shot": loss_at(1.0),
            "blend": loss_at(worth / (worth + h.shots)),
        },
    )


def _loss(scores: Floats, targets: Bools, *, multi_label: bool) -> float:
    """Give the mean log loss of an example, in nats.

    Where several labels may hold, a label's positives together count as much as its negatives, as
    they did when the heads were fitted.
    """
    if not multi_label:
        return float(-np.log(np.clip(scores[targets], _SURE, 1)).mean())
    right = -np.log(np.clip(np.where(targets, scores, 1 - scores), _SURE, 1))
    both = targets.any(axis=0) & ~targets.all(axis=0)
    positive = (right * targets).sum(axis=0)[both] / targets.sum(axis=0)[both]
    negative = (right * ~targets).sum(axis=0)[both] / (~targets).sum(axis=0)[both]
    return float((positive + negative).mean() / 2) if both.any() else 0.0


def _logits(scores: Floats, *, several: bool) -> Floats:
    sure = np.clip(scores.astype(np.float64), _SURE, 1 - _SURE)
    return np.asarray(np.log(sure / (1 - sure)) if several else np.log(sure), np.float64)
