"""Labels that compete on equal terms, learnt from texts that nobody labelled.

How near a label's name lies to texts in general depends on the kind of text: "sadness" is near to
every account of one's own life, "joy" to every greeting. Where it is known that the labels are
about equally frequent, unlabelled texts of the kind at hand tell by how much each is favoured, and
the contest is put right by as much: prior matching (Liusie et al. 2023, arXiv 2309.04992).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats

FEWEST = 20  # texts; fewer say too little of any label
# Price of a squared unit of what is added, in texts. Without it 20 texts do more harm than good on
# EmpatheticDialogues and EDOS; with 1 to 4 they help a little, and from 500 on it makes no odds.
_PRICE = 2.0
_MOST_NEWTON_STEPS = 50  # it needs under ten


def matching_bias(logits: Floats) -> Floats:
    """Find what to add to the logits of competing labels so that all are given about as often.

    It minimises N (mean logsumexp(logits + bias) - mean bias) + price / 2 |bias|^2, a convex
    function at whose minimum the mean softmax over the texts is even, but for what the price holds
    back.

    Args:
        logits: (N, C) of a contest over texts like those that will be judged.

    Returns:
        (C,), of mean 0.
    """
    z = np.asarray(logits, np.float64)
    count, labels = z.shape
    bias = np.zeros(labels)
    lowest, shares = _loss(z, bias)
    for _ in range(_MOST_NEWTON_STEPS):
        gradient = shares.sum(axis=0) - count / labels + _PRICE * bias
        hessian = np.diag(shares.sum(axis=0) + _PRICE) - shares.T @ shares
        step = np.linalg.solve(hessian, gradient)
        found = _loss(z, bias - step)
        # Far from the minimum a whole step can overshoot; the loss is convex, so a part helps.
        while found[0] > lowest and np.abs(step).max() > 1e-7:
            step = step / 2
            found = _loss(z, bias - step)
        if np.abs(step).max() <= 1e-7:
            break
        bias = bias - step
        lowest, shares = found
    return np.asarray(bias - bias.mean(), np.float32)


def _loss(
    logits: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]
) -> tuple[float, npt.NDArray[np.float64]]:
    """Give what is minimised, and the softmax (N, C)."""
    moved = logits + bias
    top = moved.max(axis=1, keepdims=True)
    shares = np.exp(moved - top)
    whole = shares.sum(axis=1, keepdims=True)
    total = float((top + np.log(whole)).sum() - len(logits) * bias.mean())
    return total + _PRICE / 2 * float(bias @ bias), shares / whole
