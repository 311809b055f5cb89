"""Losses of a classifier whose labels are rated each by itself: pure functions of tensors.

Targets may be soft; each loss is linear in them, between its values for 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from emo_hub.calibration import Floats

Objective = Callable[[Tensor, Tensor], Tensor]  # logits and targets (B, L) to losses (B, L)
LOSSES = ("bce", "asymmetric", "class_balanced")


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectiveSettings:
    """Which loss; see the recipe for the meaning of each."""

    loss: str
    positive_focus: float
    negative_focus: float
    margin: float
    class_balance: float


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Compare (B, L) logits with targets (B, L) in [0, 1]: (B, L), in nats."""
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


def asymmetric(
    logits: Tensor, targets: Tensor, *, positive_focus: float, negative_focus: float, margin: float
) -> Tensor:
    """Let easy negatives count less than positives do (arXiv 2009.14119, equations 4 to 7).

    Most labels do not hold for most texts; what is surely absent should not outweigh what holds.

    Args:
        logits: (B, L).
        targets: (B, L) in [0, 1].
        positive_focus: power of the distance by which a positive is missed, at least 0.
        negative_focus: the same for a negative.
        margin: probability under which a negative counts nothing, in [0, 1).

    Returns:
        (B, L) in nats; plain cross entropy where all three are 0.
    """
    missed = (-logits).sigmoid()
    held = -(missed**positive_focus) * F.logsigmoid(logits)
    if margin == 0:
        absent = -(logits.sigmoid() ** negative_focus) * F.logsigmoid(-logits)
    else:
        p = (logits.sigmoid() - margin).clamp(min=0.0)
        absent = -(p**negative_focus) * (1.0 - p).clamp(min=1e-8).log()
    return targets * held + (1.0 - targets) * absent


def balanced_weights(counts: Floats, balance: float) -> Floats:
    """Weigh labels by the inverse of their effective number of rows (arXiv 1901.05555, equation 2).

    Args:
        counts: (L,) rows in which each label holds.
        balance: beta, in [0, 1); 0 weighs all alike, near 1 by the inverse of the counts.

    Returns:
        (L,) with mean 1.
    """
    effective = (1.0 - balance ** np.maximum(counts.astype(np.float64), 1.0)) / (1.0 - balance)
    weights = 1.0 / effective
    return np.asarray(weights / weights.mean(), np.float32)


def objective_of(settings: ObjectiveSettings, weights: Tensor) -> Objective:
    """Choose the loss of a recipe.

    Args:
        settings: of the recipe.
        weights: (L,) of the labels, for the class-balanced loss.
    """
    if settings.loss == "asymmetric":
        return lambda logits, targets: asymmetric(
            logits,
            targets,
            positive_focus=settings.positive_focus,
            negative_focus=settings.negative_focus,
            margin=settings.margin,
        )
    if settings.loss == "class_balanced":
        return lambda logits, targets: (
            binary_cross_entropy(logits, targets) * weights.to(logits.device)
        )
    return binary_cross_entropy
