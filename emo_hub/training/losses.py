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
