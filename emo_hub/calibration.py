"""From cosines to scores that mean something, for labels never seen in training too.

A dual encoder rates some labels high for every text. How high is a property of the label's vector
and of texts in general, not of the text at hand: over a reference set of texts with mean m and
covariance S, the cosines of label l have mean l.m and variance l'Sl. Both moments are stored with
the model, so any typed label can be judged by how far it stands out for *this* text.

Texts vary along few directions (register, length, pleasant or not) that all labels share a little
of. Read through the inverse of S, mixed with so much of the identity that rare directions are not
blown up, a label is compared by what is its own: that is the linear discriminant of the label.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SMALLEST_SPREAD = 1e-4  # a label that no reference text moves must not divide by zero
# How much of the identity is mixed in, in mean variances. Where words of the palette compete over
# synthetic validation rows 30 was best, on ISEAR and EmpatheticDialogues 10 to 30 were.
RIDGE = 20.0

# Of 0.1 to 0.6 in logits the threshold over resampled validation rows spread less the wider it was,
# and its F1 on comments of GoEmotions' dev split was the same.
_NEIGHBOURHOOD = 0.4
_LOWEST_LOGIT = -5.0
_STEPS_OF_LOGIT = 401


@dataclass(frozen=True, slots=True)
class NullMoments:
    """First and second moments of unit text vectors over the reference texts.

    Args:
        mean: (D,) mean vector.
        covariance: (D, D) covariance matrix.
        ridge: how much of the identity is mixed into the covariance before it is inverted, in mean
            variances; infinity compares by the label vectors as they are.
    """

    mean: Floats
    covariance: Floats
    ridge: float = math.inf
    _sharpening: Floats | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sharpening", self._inverse())

    def _inverse(self) -> Floats | None:
        scale = float(np.trace(self.covariance)) / len(self.mean)
        if math.isinf(self.ridge) or scale <= 0:
            return None
        # Divided by the ridge, so that a direction in which texts do not vary stays as it is.
        mixed = self.covariance.astype(np.float64) / (scale * self.ridge) + np.eye(len(self.mean))
        return np.asarray(np.linalg.inv(mixed), np.float32)

    @classmethod
    def measure(cls, embeddings: Floats, ridge: float = math.inf) -> NullMoments:
        """Take the moments of (N, D) text vectors."""
        covariance = np.cov(embeddings, rowvar=False, bias=True).astype(np.float32)
        return cls(embeddings.mean(axis=0).astype(np.float32), covariance, ridge)

    def directions(self, labels: Floats) -> Floats:
        """Turn (C, D) label vectors into what texts are read along, (C, D), of any length."""
        return labels if self._sharpening is None else labels @ self._sharpening

    def of_labels(self, labels: Floats) -> tuple[Floats, Floats]:
        """Give mean and standard deviation, each (C,), of texts along (C, D) labels' directions."""
        return self.of_directions(self.directions(labels))

    def of_directions(self, along: Floats) -> tuple[Floats, Floats]:
        """Give mean and standard deviation, each (C,), of texts along (C, D) directions."""
        variance = ((along @ self.covariance) * along).sum(axis=1)
        spread = np.sqrt(np.maximum(variance, _SMALLEST_SPREAD**2)).astype(np.float32)
        return along @ self.mean, spread

    def standing_out(self, texts: Floats, labels: Floats) -> Floats:
        """Standardise (N, D) texts along the direction of each of (C, D) labels: (N, C)."""
        along = self.directions(labels)
        mean, spread = self.of_directions(along)
        return np.asarray((texts @ along.T - mean) / spread, np.float32)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic map from (raw logit, standardised cosine) to the logit of a probability.

    Args:
        raw: weight of the raw logit, scale * cosine + bias.
        standing_out: weight of the cosine in standard deviations above the label's own mean.
        intercept: added to both.
        competition: multiplies the standardised cosines where labels compete in a softmax.
    """

    raw: float
    standing_out: float
    intercept: float
    competition: float = 1.0

    def logits(self, raw_logits: Floats, standardised: Floats) -> Floats:
        """Combine two (N, C) arrays into calibrated logits (N, C)."""
        combined = self.raw * raw_logits + self.standing_out * standardised + self.intercept
        return combined.astype(np.float32)


@dataclass(frozen=True, slots=True)
class LabelOffsets:
    """What the labels of training, in the checkpoint's order, add to their names' raw logits.

    Args:
        weight: (L, D) added to scale * label vector, before it meets the text's vector.
        bias: (L,) added to the bias.
    """

    weight: Floats
    bias: Floats


def sigmoid(logits: Floats) -> Floats:
    """Map logits to scores in (0, 1) without overflow."""
    with np.errstate(over="ignore"):  # to infinity, whose inverse is right
        return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(logits, np.float32))), np.float32)


def softmax(logits: Floats) -> Floats:
    """Map logits (..., C) to scores that sum to one over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def one_at_least(each: Floats, among: Floats) -> Floats:
    """Rate labels of a set of which every text carries one, or more.

    What no label's own rating finds is there all the same, and then the contest says which label it
    is: p + prod(1 - p) q, the law of total probability, with own ratings taken as independent.

    Args:
        each: (N, C) in [0, 1], each label rated by itself.
        among: (N, C), what labels score against each other; a row sums to one.
    """
    missed = np.prod(1.0 - each, axis=1, keepdims=True)
    return np.asarray(each + missed * among, np.float32)


def fit_calibration(
    raw_logits: Floats, standardised: Floats, targets: Floats, *, steps: int = 60
) -> Calibration:
    """Fit the logistic map on rows whose (soft) targets are known, by Newton's method.

    Args:
        raw_logits: (N, C).
        standardised: (N, C).
        targets: (N, C) in [0, 1]; NaN where unknown.
        steps: the most Newton steps to take; it converges in fewer than twenty.
    """
    known = ~np.isnan(targets)
    x = np.stack(
        [raw_logits[known], standardised[known], np.ones(int(known.sum()))], axis=1
    ).astype(np.float64)
    y = targets[known].astype(np.float64)
    # A whisper of a prior keeps the Hessian invertible when both inputs move together.
    ridge = np.diag([1e-3, 1e-3, 0.0])

    def loss(weights: npt.NDArray[np.float64]) -> float:
        logits = x @ weights
        pairs = np.logaddexp(0.0, logits) - y * logits
        return float(pairs.sum() + 0.5 * weights @ ridge @ weights)

    weights = np.array([1.0, 0.0, 0.0])
    lowest = loss(weights)
    for _ in range(steps):
        p = 0.5 * (1.0 + np.tanh(0.5 * (x @ weights)))
        gradient = x.T @ (p - y) + ridge @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(hessian + 1e-9 * np.eye(3), gradient)
        # Far from the minimum a whole step can overshoot; the loss is convex, so a part helps.
        while (found := loss(weights - step)) > lowest and np.abs(step).max() >= 1e-8:
            step = step / 2
        if np.abs(step).max() < 1e-8:
            break
        weights, lowest = weights - step, found
    return Calibration(*(float(w) for w in weights))


def fit_competition(calibration: Calibration, logits: Floats, *, doubt: float) -> Calibration:
    """Set the sharpness of the softmax so that its scores are as sure as they are right.

    Args:
        calibration: what it is added to.
        logits: (N, C) of contests among labels of which only the first holds.
        doubt: how often that label is not the one that another judge would choose, in [0, 1); the
            others share it.
    """
    if not logits.size:
        return calibration
    logits = logits.astype(np.float64)
    # Scores are linear in the logs of the softmax, so two means stand for all of a row.
    wanted = (1 - doubt) * logits[:, 0] + doubt * logits[:, 1:].mean(axis=1)
    best, lowest = 1.0, np.inf
    for sharpness in np.geomspace(0.2, 5.0, 60):
        sharp = sharpness * logits
        top = sharp.max(axis=1)
        whole = top + np.log(np.exp(sharp - top[:, None]).sum(axis=1))
        loss = float((whole - sharpness * wanted).mean())
        if loss < lowest:
            best, lowest = float(sharpness), loss
    return dataclasses.replace(calibration, competition=best)


def fit_temperature(logits: Floats, targets: npt.NDArray[np.bool_]) -> float:
    """Find what to divide logits by so that their sigmoids are as sure as they are right.

    The cross entropy is convex in the inverse of the temperature, so that its slope is bisected
    (Guo et al. 2017, "On calibration of modern neural networks", section 4.2, for one label each).

    Args:
        logits: (N, L).
        targets: (N, L) whether each label holds.

    Returns:
        The temperature, in 0.1..10; 1 where there are no rows.
    """
    if logits.size == 0:
        return 1.0
    z, y = logits.astype(np.float64), targets.astype(np.float64)
    low, high = math.log(0.1), math.log(10.0)
    for _ in range(40):
        middle = (low + high) / 2
        slope = ((0.5 * (1.0 + np.tanh(0.5 * math.exp(middle) * z)) - y) * z).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return math.exp(-(low + high) / 2)


def best_threshold(scores: Floats, targets: npt.NDArray[np.bool_]) -> float:
    """Find the threshold with the best F1 of one label, smoothed over its neighbours.

    Args:
        scores: (N,) in [0, 1].
        targets: (N,) whether the label holds.

    Returns:
        The threshold; 0.5 where the label never holds.
    """
    positives = int(targets.sum())
    if positives == 0:
        return 0.5
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(targets[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positives)
    # The raw maximum of a small sample is luck; a window of a fifth of the positives is not.
    width = max(1, positives // 5)
    padded = np.pad(f1, (width, width), mode="edge")
    smooth = np.convolve(padded, np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
    cut = int(np.argmax(smooth))
    above = scores[order[cut]]
    below = scores[order[cut + 1]] if cut + 1 < len(order) else above
    return float((above + below) / 2)


def fit_thresholds(
    scores: Floats, targets: npt.NDArray[np.bool_], labels: Sequence[str], *, shrink: float
) -> tuple[Mapping[str, float], float]:
    """Fit one decision threshold per label, rare labels drawn towards the global one.

    Args:
        scores: (N, L) in [0, 1].
        targets: (N, L) whether each label holds.
        labels: names of the columns.
        shrink: how many positives the global threshold is worth against a label's own.

    Returns:
        The threshold of each label, and the global one with the best mean of macro- and micro-F1,
        which labels get that hold in no row.
    """
    default = _global_threshold(scores, targets)
    fitted = {}
    for column, label in enumerate(labels):
        own = best_threshold(scores[:, column], targets[:, column])
        support = float(targets[:, column].sum())
        # Without a positive there is nothing of its own to weigh, whatever the default is worth.
        drawn = (support * own + shrink * default) / (support + shrink) if support else default
        fitted[label] = float(drawn)
    return fitted, default


def fit_thresholds_by_rate(
    scores: Floats, targets: npt.NDArray[np.bool_], labels: Sequence[str], *, shrink: float
) -> tuple[Mapping[str, float], float]:
    """Fit one decision threshold per label; rare labels learn from others how often to be given.

    Calibrated scores of a rare label lie low, so a threshold that is drawn towards those of common
    labels would never let it through. What labels have in common is how many rows get a label for
    each row in which it holds: that rate is drawn towards the mean of all labels.

    Args:
        scores: (N, L) in [0, 1], on rows like those of use: labels must hold as often in them.
        targets: (N, L) whether each label holds.
        labels: names of the columns.
        shrink: how many positives the common rate is worth against a label's own.

    Returns:
        The threshold of each label, and the global one of `fit_thresholds`, which labels get that
        hold in no row.
    """
    default = _global_threshold(scores, targets)
    held = targets.sum(axis=0)
    known = np.flatnonzero(held)
    own = [best_threshold(scores[:, column], targets[:, column]) for column in known]
    given = (scores[:, known] >= np.array(own, np.float32)).sum(axis=0)
    rates = np.log(np.clip(given / held[known], 0.25, 4.0))
    common = np.average(rates, weights=held[known]) if len(known) else 0.0
    fitted = dict.fromkeys(labels, default)
    for column, rate in zip(known.tolist(), rates.tolist(), strict=True):
        support = float(held[column])
        drawn = math.exp((support * rate + shrink * common) / (support + shrink))
        fitted[labels[column]] = _letting_through(scores[:, column], drawn * support)
    return fitted, default


def _global_threshold(scores: Floats, targets: npt.NDArray[np.bool_]) -> float:
    """Give the threshold in whose neighbourhood F1 is best.

    The curve is flat at its top, and its raw maximum moves with every sample of rows.
    """
    used = targets.any(axis=0)
    logits = np.linspace(_LOWEST_LOGIT, -_LOWEST_LOGIT, _STEPS_OF_LOGIT)
    cuts = sigmoid(logits.astype(np.float32))
    curve = np.array([_mean_f1(scores[:, used] >= cut, targets[:, used]) for cut in cuts])
    near = np.exp(-0.5 * ((logits[:, None] - logits) / _NEIGHBOURHOOD) ** 2)
    return float(cuts[int(np.argmax(near @ curve / near.sum(axis=1)))])


def _letting_through(scores: Floats, count: float) -> float:
    """Give a threshold above which about so many scores lie; scores that are equal stay together.

    One half where all are equal.
    """
    falling = np.sort(scores)[::-1]
    counts = np.flatnonzero(falling[:-1] > falling[1:]) + 1
    if not len(counts):
        return 0.5
    best = counts[np.argmin(np.abs(np.log(counts / count)))]
    return float(falling[best - 1] / 2 + falling[best] / 2)


def _mean_f1(predicted: npt.NDArray[np.bool_], targets: npt.NDArray[np.bool_]) -> float:
    hits = (predicted & targets).sum(axis=0)
    either = predicted.sum(axis=0) + targets.sum(axis=0)
    macro = np.mean(2 * hits / np.maximum(either, 1))
    return float(macro + 2 * hits.sum() / max(either.sum(), 1)) / 2
