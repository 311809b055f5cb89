"""Vectors of the labels of training, moved to where annotated comments say that they lie.

A label's name has one vector, made by an encoder that learnt a thousand other phrases too, from
invented texts more than from what people write. Each label of training gets a vector of its own: a
logistic regression over frozen text vectors that starts from the vector of the label's name and is
drawn back to it. Other labels, and contests among labels, are read by their names as before.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from emo_hub.calibration import Floats, LabelOffsets

_STEPS = 150  # of L-BFGS; on the whole corpus it has converged after 85


@dataclass(frozen=True, slots=True)
class Named:
    """Rows with what a teacher said of the labels of training.

    Args:
        texts: (N, D) unit vectors.
        targets: (N, L) 1 where a label holds, else 0; between them the share who say that it does.
        trust: (N,) in [0, 1], how much a row counts; not all 0.
    """

    texts: Floats
    targets: Floats
    trust: Floats


def fit_offsets(rows: Named, weight: Floats, bias: Floats, anchor: float) -> LabelOffsets:
    """Learn what labels add to their names' vectors.

    Args:
        rows: to learn from.
        weight: (L, D) what texts are multiplied with for the names alone.
        bias: (L,) what is added.
        anchor: price of a squared unit of distance from `weight`, in nats, greater than 0.
    """
    start, offset = torch.from_numpy(weight), torch.zeros(*weight.shape, requires_grad=True)
    lift = torch.zeros(len(bias), requires_grad=True)
    texts, targets = torch.from_numpy(rows.texts), torch.from_numpy(rows.targets)
    trust = torch.from_numpy(rows.trust)[:, None].expand_as(targets)
    total = float(rows.trust.sum())
    optimizer = torch.optim.LBFGS(
        [offset, lift],
        max_iter=_STEPS,
        history_size=30,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-10,
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = F.linear(texts, start + offset, torch.from_numpy(bias) + lift)
        pairs = F.binary_cross_entropy_with_logits(logits, targets, weight=trust, reduction="sum")
        found = pairs / total + anchor * offset.pow(2).sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    # The caller may have switched gradients off, or numbers to bfloat16.
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return LabelOffsets(offset.detach().numpy(), lift.detach().numpy())
