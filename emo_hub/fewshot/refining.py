"""A user's own labels on an encoder that stays as it is: zero-shot logits, moved by examples.

The zero-shot logits of C labels are one linear map of a text's vector. That map is the mean of a
Gaussian prior, and logistic regression on the examples gives the most probable map: with no
example it is the zero-shot map, and each example moves it by as much as it is wrong. How much of
the zero-shot map is kept, and how firmly, is read off held-out examples. Texts are encoded once,
and a fit takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from emo_hub.calibration import Floats
from emo_hub.fewshot.examples import Bools
from emo_hub.scoring import LinearScorer

Doubles = npt.NDArray[np.float64]

_STEPS = 200
_SHARES = (0.5, 0.0)  # of the zero-shot map, tried beside all of it
_FIRMNESSES = (0.3, 1.0, 3.0, 10.0)
_SPREAD = 0.5  # of ln firmness around the usual
_SHARE_SPREAD = 0.35  # of the share around all: to drop the zero-shot map must save 4 nats
_BIAS_PRICE = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """How a learnt map is held by the zero-shot one.

    Args:
        share: of the zero-shot map that is kept, 0..1.
        firmness: nats that a squared unit of change in a label's weights costs.
    """

    share: float
    firmness: float


# Chosen on ISEAR, EmpatheticDialogues dev and GoEmotions dev, with 1 to 64 examples of each label.
USUAL = Held(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Examples as vectors, for labels that compete or are rated each by itself.

    Args:
        vectors: (N, D).
        targets: (N, C); shares that sum to one where labels compete, else 0 or 1.
        weights: (N, C), how much each counts; the same over a row where labels compete.
        competing: whether labels compete.
    """

    vectors: Doubles
    targets: Doubles
    weights: Doubles
    competing: bool

    @property
    def decisions(self) -> float:
        """How many decisions it asks for: one a text, or one a text and label."""
        weights = self.weights[:, 0] if self.competing else self.weights
        return float(weights.sum())

    def take(self, rows: npt.NDArray[np.int64]) -> Lesson:
        """Give some of the examples."""
        return Lesson(self.vectors[rows], self.targets[rows], self.weights[rows], self.competing)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The most probable map of C labels.

    Args:
        scorer: the map.
        shift: (C,), the part of its bias that the examples added for how often they carry a label.
    """

    scorer: LinearScorer
    shift: Floats


@dataclass(frozen=True, slots=True)
class Refined:
    """A map, and how it was found.

    Args:
        fitted: the map.
        held: by which prior.
        folds: of the cross-validation that chose it; 0 for none, or for one without a decision.
        losses: mean log loss of a decision on a held-out example in nats, of the zero-shot map and
            of what was chosen; None without cross-validation.
    """

    fitted: Fitted
    held: Held
    folds: int
    losses: dict[str, float] | None


def contest_lesson(vectors: Floats, targets: Bools) -> Lesson:
    """Give the lesson of labels that compete; a text with several shares itself out among them.

    Labels count alike, however many examples of each there are: that a user happened to give more
    of one says nothing of how often it occurs. Texts that carry no label say nothing here.
    """
    shares, weights = _shared_out(targets)
    return Lesson(vectors.astype(np.float64), shares, weights, competing=True)


def rating_lesson(vectors: Floats, targets: Bools, *, several: bool) -> Lesson:
    """Give the lesson of labels that are rated each by itself.

    Args:
        vectors: (N, D).
        targets: (N, C).
        several: whether texts may carry several labels, or none; else labels count alike, however
            many examples of each there are.
    """
    weights = np.ones(targets.shape) if several else _shared_out(targets)[1]
    return Lesson(vectors.astype(np.float64), targets.astype(np.float64), weights, competing=False)


def _shared_out(targets: Bools) -> tuple[Doubles, Doubles]:
    """Give each text's labels as shares of one, and weights by which labels count alike."""
    said = targets.astype(np.float64)
    shares = said / np.maximum(said.sum(axis=1, keepdims=True), 1.0)
    counts = shares.sum(axis=0)
    rarity = counts.sum() / (len(counts) * np.maximum(counts, 1e-9))
    return shares, np.repeat((shares @ rarity)[:, None], len(counts), axis=1)


def fit(lesson: Lesson, zero_shot: LinearScorer, held: Held) -> Fitted:
    """Find the most probable map of C labels.

    Weights act on what sets a text apart from the mean of the examples, so that how often labels
    occur among these is the shift's alone.

    Args:
        lesson: N examples.
        zero_shot: the map that is the mean of the prior.
        held: how much of it, and how firmly.
    """
    weight = held.share * zero_shot.weight.astype(np.float64)
    bias = held.share * zero_shot.bias.astype(np.float64)
    start = lesson.vectors @ weight.T + bias
    middle = lesson.vectors.mean(axis=0)
    apart = lesson.vectors - middle
    labels, size = weight.shape

    def price(flat: Doubles) -> tuple[float, Doubles]:
        change, shift = flat[:-labels].reshape(labels, size), flat[-labels:]
        loss, slope = _loss(lesson, start + apart @ change.T + shift)
        loss += 0.5 * held.firmness * float((change**2).sum())
        loss += 0.5 * _BIAS_PRICE * float((shift**2).sum())
        down = slope.T @ apart + held.firmness * change
        down_bias = slope.sum(axis=0) + _BIAS_PRICE * shift
        return loss, np.concatenate([down.ravel(), down_bias])

    none = np.zeros(labels * (size + 1))
    found = minimize(price, none, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    change, shift = found[:-labels].reshape(labels, size), found[-labels:]
    scorer = LinearScorer(
        np.asarray(weight + change, np.float32),
        np.asarray(bias + shift - change @ middle, np.float32),
    )
    return Fitted(scorer, np.asarray(shift, np.float32))


def refine(
    lesson: Lesson,
    zero_shot: LinearScorer,
    fold_of: npt.NDArray[np.int64],
    share: float | None = None,
) -> Refined:
    """Fit a map to examples, and choose by the same examples how it is held.

    The firmness is chosen first and then the share, each drawn towards the usual: the log loss of a
    few examples is noise as well.

    Args:
        lesson: N examples.
        zero_shot: see `fit`.
        fold_of: (N,), the part of each example; -1 for one that is not held out.
        share: of the zero-shot map; None to choose it.
    """
    best = USUAL if share is None else Held(share, USUAL.firmness)
    parts = np.unique(fold_of[fold_of >= 0])
    rows = np.flatnonzero(fold_of >= 0)
    judged = lesson.take(rows)
    # Where labels compete, texts that carry none are held out and still decide nothing.
    if not judged.decisions:
        return Refined(fit(lesson, zero_shot, best), best, 0, None)
    tried: dict[Held, float] = {}
    # Labels that are rated each by itself are as many starts to be dropped, and losses add up.
    maps = 1 if lesson.competing else lesson.targets.shape[1]

    def cost(held: Held) -> float:
        if held not in tried:
            logits = held_out_logits(lesson, zero_shot, held, fold_of)[rows]
            tried[held] = _loss(judged, logits)[0]
        far = np.log(held.firmness / USUAL.firmness) / _SPREAD
        dropped = 0.0 if share is not None else (1.0 - held.share) / _SHARE_SPREAD
        return tried[held] + 0.5 * float(far**2 + maps * dropped**2)

    def best_of(choices: Iterable[Held]) -> Held:
        return min((best, *choices), key=cost)

    best = best_of(Held(best.share, firmness) for firmness in _FIRMNESSES)
    if share is None:
        best = best_of(Held(other, best.firmness) for other in _SHARES)
    before = judged.vectors @ zero_shot.weight.T + zero_shot.bias
    losses = {
        "zero-shot": _loss(judged, before)[0] / judged.decisions,
        "learnt": tried[best] / judged.decisions,
    }
    return Refined(fit(lesson, zero_shot, best), best, len(parts), losses)


def held_out_logits(
    lesson: Lesson, zero_shot: LinearScorer, held: Held, fold_of: npt.NDArray[np.int64]
) -> Doubles:
    """Give the logits (N, C) of examples by maps fitted without them; NaN for the rest."""
    logits = np.full(lesson.targets.shape, np.nan)
    for part in np.unique(fold_of[fold_of >= 0]):
        judged = np.flatnonzero(fold_of == part)
        scorer = fit(lesson.take(np.flatnonzero(fold_of != part)), zero_shot, held).scorer
        logits[judged] = lesson.vectors[judged] @ scorer.weight.T + scorer.bias
    return logits


def _loss(lesson: Lesson, logits: Doubles) -> tuple[float, Doubles]:
    """Give the log loss of all examples in nats, and its slope (N, C) along the logits."""
    if lesson.competing:
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_shares = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(lesson.weights * lesson.targets * log_shares).sum()
        return float(loss), lesson.weights * (np.exp(log_shares) - lesson.targets)
    loss = lesson.weights * (np.logaddexp(0.0, logits) - lesson.targets * logits)
    return float(loss.sum()), lesson.weights * (0.5 * (1 + np.tanh(logits / 2)) - lesson.targets)
