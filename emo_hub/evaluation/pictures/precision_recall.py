"""Precision against recall as the threshold falls, and where the model's own decisions lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from emo_hub.evaluation.pictures.style import (
    FAINT,
    NORMAL,
    QUIET,
    SMALL,
    Axes,
    Entry,
    clean,
    new_sheet,
    series_entry,
    style_of,
)
from emo_hub.evaluation.pictures.subject import left_out, names_of, on_one_benchmark, rows_of
from emo_hub.evaluation.scored import Scored
from emo_hub.metrics import PrecisionRecall, PrecisionRecallCurve, precision_recall

Floats = NDArray[np.float64]

_STEPS = np.linspace(0.002, 1.0, 500)
_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def draw_precision_recall(scored: Sequence[Scored], path: Path) -> None:
    """Draw precision against recall over all decisions pooled, with lines of equal F1.

    One model also shows each label faintly; several show the mean over labels as a thin line. A
    large mark is what the model decided at its own thresholds, one per label, so it need not lie on
    the pooled line, which has one threshold for all labels.

    Args:
        scored: models on one split of one benchmark.
        path: the PNG file to write.

    Raises:
        InputError: the models are of several splits, or it is a regression.
    """
    shown = on_one_benchmark(scored, "precision and recall")
    found = [precision_recall(one.rows.targets, one.scores) for one in shown]
    legend: list[Entry] = []
    for place, (name, curves) in enumerate(zip(names_of(shown), found, strict=True)):
        area = curves.pooled.average_precision if curves.pooled else 0.0
        legend.append(series_entry(place, f"{name}: pooled AP {area:.3f}", line=True))
    alone = len(shown) == 1
    legend.append(_explained(alone=alone))
    sheet = new_sheet(
        f"Precision against recall, all decisions pooled ({rows_of(shown)} rows, "
        f"{len(shown[0].rows.labels)} labels)",
        5.4,
        legend,
        [
            "Large open marks: the decisions that were scored, at the model's thresholds or by the "
            "best label of a row. Grey lines: equal F1. AP: average precision.",
            *left_out(len(scored)),
        ],
    )
    axes = sheet.figure.subplots()
    _draw_levels(axes)
    for place, (one, curves) in reversed(list(enumerate(zip(shown, found, strict=True)))):
        _draw_curves(axes, place, curves, alone=alone)
        _draw_decisions(axes, place, one)
    clean(axes, grid="both")
    axes.grid(visible=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    axes.set_xlabel("recall", fontsize=NORMAL)
    axes.set_ylabel("precision", fontsize=NORMAL)
    sheet.save(path)


def _explained(*, alone: bool) -> Entry:
    text = "each label by itself" if alone else "thin: mean over labels"
    colour = style_of(0).colour if alone else QUIET
    return Entry(text, Line2D([], [], color=colour, linewidth=0.8, alpha=0.5 if alone else 1.0))


def _draw_levels(axes: Axes) -> None:
    for level in _LEVELS:
        recall = np.linspace(level / (2 - level) + 1e-6, 1.0, 200)
        precision = level * recall / (2 * recall - level)
        axes.plot(recall, precision, color=FAINT, linewidth=0.8, zorder=1)
        axes.annotate(
            f"F1 {level:g}", (1.0, precision[-1]), (3, 0), textcoords="offset points",
            fontsize=SMALL, color=QUIET, va="center", annotation_clip=False,
        )  # fmt: skip


def _draw_curves(axes: Axes, place: int, curves: PrecisionRecall, *, alone: bool) -> None:
    style = style_of(place)
    labels = [_best_from(c) for c in curves.per_label if c]
    if alone:
        for precision in labels:
            axes.plot(_STEPS, precision, color=style.colour, linewidth=0.6, alpha=0.35, zorder=1.5)
    elif labels:
        mean = np.mean(labels, axis=0)
        axes.plot(_STEPS, mean, color=style.colour, linewidth=0.8, linestyle=style.line, zorder=2)
    if curves.pooled:
        axes.plot(
            _STEPS, _best_from(curves.pooled), color=style.colour, linewidth=1.8,
            linestyle=style.line, zorder=3, marker=style.marker, markersize=4.5,
            markevery=(15 + 12 * place, 100), markeredgecolor="white", markeredgewidth=0.4,
        )  # fmt: skip


def _best_from(curve: PrecisionRecallCurve) -> Floats:
    """Give the precision at each step of recall: that of the first threshold to reach it."""
    # The last point, precision 1 at recall 0, is a convention and no decision of the model.
    recall, precision = curve.recall[-2::-1], curve.precision[-2::-1]
    places = np.minimum(np.searchsorted(recall, _STEPS, side="left"), len(recall) - 1)
    return np.asarray(precision[places], dtype=np.float64)


def _draw_decisions(axes: Axes, place: int, one: Scored) -> None:
    targets, predicted = (np.asarray(a, dtype=bool) for a in (one.rows.targets, one.predicted))
    hits = float((targets & predicted).sum())
    style = style_of(place)
    # Open marks, so that two models that decide alike can both be seen.
    for colour, width, height in (("white", 4.0, 4.9), (style.colour, 2.0, 5.0)):
        axes.plot(
            hits / max(targets.sum(), 1), hits / max(predicted.sum(), 1), style.marker,
            color=colour, markerfacecolor="none", markersize=10, markeredgewidth=width,
            zorder=height, clip_on=False,
        )  # fmt: skip
