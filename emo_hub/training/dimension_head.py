"""Valence, arousal and dominance, read off finished vectors by a head fitted once more.

While the encoder learns its head follows, and what dimensions weigh in the loss is little beside a
hundred labels. On vectors that no longer move the best linear head is a ridge regression. Whoever
rated comments sets the zero elsewhere than whoever wrote the corpus (arousal 2.7 and 3.1 on
average), so each kind of row has an intercept of its own: with one for all the head learns to tell
the kinds of text apart, and arousal suffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_hub.calibration import Floats

_RIDGE = (
    30.0  # in rows of trust 1; of 1 to 100 the best on validation comments and near it on others
)

_EDGE = 0.2  # points of the scale


@dataclass(frozen=True, slots=True)
class DimensionHead:
    """A linear map from a text's vector to valence, arousal and dominance, before the sigmoid.

    Args:
        weight: (3, D).
        bias: (3,); see `pooling.vad_from`.
    """

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Rated:
    """Rows with the valence, arousal and dominance that a teacher gave.

    Args:
        texts: (N, D) unit vectors.
        values: (N, 3) in 1..5; NaN where unknown.
        kinds: N, whose zero may differ.
        trust: (N,), how much a row counts.
    """

    texts: Floats
    values: Floats
    kinds: Sequence[str]
    trust: Floats


def fit_dimensions(rows: Rated, before: DimensionHead) -> DimensionHead:
    """Fit each dimension by weighted ridge regression, with an intercept for each kind of row.

    What is regressed is what the sigmoid of the head turns into the value. At the ends of the scale
    that would be infinite, so values are taken from a little within them.

    The head's bias is the mean of the kinds' intercepts: none of them is the right one.

    Args:
        rows: to learn from.
        before: what is kept of a dimension that no row knows.
    """
    weight, bias = before.weight.copy(), before.bias.copy()
    kinds = np.asarray(rows.kinds)
    share = (np.clip(rows.values, 1.0 + _EDGE, 5.0 - _EDGE) - 1.0) / 4.0
    wanted = np.log(share / (1.0 - share))
    for column in range(wanted.shape[1]):
        known = ~np.isnan(wanted[:, column]) & (rows.trust > 0)
        if not known.any():
            continue
        of_kind = np.stack([kinds[known] == kind for kind in np.unique(kinds[known])], axis=1)
        inputs = np.hstack([of_kind, rows.texts[known]]).astype(np.float64)
        weighted = inputs * rows.trust[known, None]
        price = np.full(inputs.shape[1], _RIDGE)
        price[: of_kind.shape[1]] = 0.0
        found = np.linalg.solve(
            weighted.T @ inputs + np.diag(price), weighted.T @ wanted[known, column]
        )
        weight[column] = found[of_kind.shape[1] :]
        bias[column] = found[: of_kind.shape[1]].mean()
    return DimensionHead(weight, bias)
