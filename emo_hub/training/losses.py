"""The contrastive loss: pure functions of tensors, knowing nothing of ranks or batches."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def multi_positive_sigmoid_loss(
    text: Tensor, phrase: Tensor, scale: Tensor, bias: Tensor, targets: Tensor, weights: Tensor
) -> Tensor:
    """Pull each text towards every phrase it deserves, push it from those it surely does not.

    Each pair is one yes-or-no question, so a text may have any number of positives; a weight of
    zero marks a pair of which nothing is known, and it neither pulls nor pushes. This is the
    sigmoid alignment of arXiv 2505.18040 (M = T L' / tau) with soft targets and unknown pairs.

    Args:
        text: (B, D) unit vectors.
        phrase: (C, D) unit vectors, one for each distinct label or descriptor.
        scale: () multiplies the cosine, greater than 0.
        bias: () is added to it.
        targets: (B, C) in [0, 1].
        weights: (B, C), 0 where the pair is unknown.

    Returns:
        () sum over phrases, mean over texts, in nats.
    """
    logits = scale * (text @ phrase.T) + bias
    pairs = F.binary_cross_entropy_with_logits(logits, targets, weight=weights, reduction="sum")
    return pairs / text.shape[0]


def contest_loss(
    text: Tensor, phrase: Tensor, scale: Tensor, targets: Tensor, weights: Tensor
) -> Tensor:
    """Make the phrases that hold for a text win a softmax against those that surely do not.

    The sigmoid loss asks of each pair whether it holds; a label set of which one is chosen asks
    which holds most. Pairs of which nothing is known take no part.

    Args:
        text: (B, D) unit vectors.
        phrase: (C, D) unit vectors.
        scale: () multiplies the cosine, greater than 0.
        targets: (B, C) in [0, 1].
        weights: (B, C), 0 where the pair is unknown; else how far the row is trusted.

    Returns:
        () cross entropy with the targets as shares of one, mean over texts, in nats.
    """
    known = weights > 0
    logits = (scale * (text @ phrase.T)).masked_fill(~known, float("-inf"))
    held = (targets * weights).masked_fill(~known, 0.0)
    shares = held / held.sum(dim=1, keepdim=True).clamp(min=1e-6)
    log_odds = logits.log_softmax(dim=1).masked_fill(~known, 0.0)
    return -(shares * log_odds).sum() / text.shape[0]


def vad_loss(predicted: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of valence, arousal, dominance, in units of the 1..5 scale.

    Args:
        predicted: (B, 3).
        targets: (B, 3); NaN where unknown.

    Returns:
        () sum over known values, divided by B.
    """
    known = ~targets.isnan()
    return (predicted[known] - targets[known]).pow(2).sum() / targets.shape[0]
