"""Metrics of two columns of numbers (N,), such as rated and predicted valence."""

from __future__ import annotations

import numpy as np

from emo_hub.metrics.shapes import Array, Floats, columns, ranks


def pearson(targets: Array, values: Array) -> float:
    """Compute Pearson's r of two columns (N,); 0 where either does not vary."""
    x, y = _centred(targets, values)
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / spread, -1.0, 1.0)) if spread > 1e-12 else 0.0


def spearman(targets: Array, values: Array) -> float:
    """Compute Pearson's r of the ranks (Spearman's rho); equal values share their mean rank."""
    x, y = columns(targets, values)
    return pearson(ranks(x), ranks(y))


def concordance(targets: Array, values: Array) -> float:
    """Compute the concordance correlation (Lin 1989), which also sees scale and offset."""
    x, y = _centred(targets, values)
    offset = float(np.mean(targets) - np.mean(values))
    total = float((x @ x + y @ y) / len(x)) + offset**2
    return float(2 * (x @ y) / len(x) / total) if total > 1e-12 else 0.0


def mean_absolute_error(targets: Array, values: Array) -> float:
    """Average the distance of the two columns, in their own unit; 0 is perfect."""
    x, y = columns(targets, values)
    return float(np.abs(x - y).mean())


def _centred(targets: Array, values: Array) -> tuple[Floats, Floats]:
    x, y = columns(targets, values)
    return x - x.mean(), y - y.mean()
