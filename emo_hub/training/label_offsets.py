"""Vectors of the labels of training, moved to where annotated comments say that they lie.

The encoder learns from invented texts and from comments at once, and a label's name has one vector
for both. People's comments carry their emotions otherwise, so each label gets a vector of its own:
a logistic regression over frozen text vectors that starts from the vector of the label's name and
is drawn back to it. Other labels, and contests among labels, are read by their names as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from emo_hub.calibration import Floats, LabelOffsets

FOLDS = 5
_STEPS = 150  # of L-BFGS; losses fall by less than a millionth before


@dataclass(frozen=True, slots=True)
class Named:
    """Rows with what a teacher said of the labels of training.

    Args:
        texts: (N, D) unit vectors.
        targets: (N, L) 1 where a label holds, else 0.
        trust: (N,) in [0, 1], how much a row counts.
        groups: N strings; rows of one group never stand on both sides of a fold.
    """

    texts: Floats
    targets: Floats
    trust: Floats
    groups: Sequence[str]


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
    total = max(float(rows.trust.sum()), 1.0)  # without rows the names stay as they are
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


def unseen_logits(rows: Named, weight: Floats, bias: Floats, anchor: float) -> Floats:
    """Rate each row, (N, L), by offsets that were learnt from rows of other groups."""
    fold = _folds(rows.groups)
    logits = np.zeros_like(rows.targets)
    for out in range(FOLDS):
        kept, rated = fold != out, fold == out
        part = Named(rows.texts[kept], rows.targets[kept], rows.trust[kept], ())
        learnt = fit_offsets(part, weight, bias, anchor)
        logits[rated] = rows.texts[rated] @ (weight + learnt.weight).T + bias + learnt.bias
    return logits


def _folds(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    digests = [hashlib.sha256(group.encode()).digest() for group in groups]
    return np.array([int.from_bytes(digest[:4], "big") % FOLDS for digest in digests], np.int64)
