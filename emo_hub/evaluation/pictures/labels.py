"""F1 of every label, beside how many rows carry it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_hub.evaluation.pictures.names import plain
from emo_hub.evaluation.pictures.style import (
    FAINT,
    NORMAL,
    QUIET,
    SMALL,
    Axes,
    clean,
    new_sheet,
    series_entry,
    style_of,
)
from emo_hub.evaluation.pictures.subject import (
    by_support,
    left_out,
    names_of,
    on_one_benchmark,
    rows_of,
)
from emo_hub.evaluation.scored import Scored

_ROW = 0.19  # inches per label
_MOST = 100


def draw_labels(scored: Sequence[Scored], path: Path) -> None:
    """Draw F1 per label of several models, the most frequent label first, with its support.

    Args:
        scored: models on one split of one benchmark.
        path: the PNG file to write.

    Raises:
        InputError: the models are of several splits, or it is a regression.
    """
    shown = on_one_benchmark(scored, "F1 per label")
    labels = shown[0].rows.labels
    order = by_support(shown[0].rows.targets)[:_MOST]
    found = np.array([[s.result.per_label[labels[i]].f1 for i in order] for s in shown])
    support = np.array([shown[0].result.per_label[labels[i]].support for i in order])
    notes = [f"Labels from the most frequent to the rarest. Macro-F1: {_macro(shown)}."]
    if len(labels) > len(order):
        notes.append(f"The {_MOST} most frequent of {len(labels)} labels are shown.")
    sheet = new_sheet(
        f"F1 of each label and how many rows carry it ({rows_of(shown)})",
        len(order) * _ROW + 0.5,
        [series_entry(place, name) for place, name in enumerate(names_of(shown))],
        notes + left_out(len(scored)),
    )
    left, right = sheet.figure.subplots(1, 2, width_ratios=(3.2, 1.0), sharey=True)
    _draw_f1(left, found)
    left.set_yticks(range(len(order)), [plain(labels[i], 30) for i in order], fontsize=SMALL)
    left.set_ylim(len(order) - 0.4, -0.6)
    _draw_support(right, support)
    sheet.save(path)


def _macro(shown: Sequence[Scored]) -> str:
    return ", ".join(
        f"{name} {one.result.metrics['macro_f1']:.3f}"
        for name, one in zip(names_of(shown), shown, strict=True)
    )


def _draw_f1(axes: Axes, found: NDArray[np.float64]) -> None:
    count, labels = found.shape
    rows = np.arange(labels)
    axes.hlines(rows, found.min(axis=0), found.max(axis=0), color="#bbbbbb", linewidth=1, zorder=1)
    step = min(0.15, 0.6 / max(count - 1, 1))  # equal values of two models are both to be seen
    for place in reversed(range(count)):  # the first model lies on top
        style = style_of(place)
        axes.plot(
            found[place], rows + (place - (count - 1) / 2) * step, style.marker,
            color=style.colour, markersize=6, markeredgecolor="white", markeredgewidth=0.5,
            zorder=3, clip_on=False,
        )  # fmt: skip
    clean(axes, grid="both")
    axes.set_xlim(-0.015, min(1.0, max(np.ceil(found.max() * 10 + 0.2) / 10, 0.1)))
    axes.set_xlabel("F1", fontsize=NORMAL)
    axes.tick_params(axis="y", length=0)


def _draw_support(axes: Axes, support: NDArray[np.int64]) -> None:
    rows = np.arange(len(support))
    there = support > 0  # a logarithm has no place for none
    axes.barh(rows[there], support[there], left=0.8, height=0.62, color="#bdbdbd", zorder=2)
    axes.set_xscale("log")
    axes.set_xlim(0.8, max(10.0, float(support.max())) * 9)
    for row, count in zip(rows, support, strict=True):
        axes.annotate(
            f"{count:,}", (max(count + 0.8, 0.8), row), (3, 0), textcoords="offset points",
            va="center_baseline", fontsize=SMALL, color="#222222",
        )  # fmt: skip
    clean(axes)
    axes.grid(visible=False)
    axes.minorticks_off()
    powers = 10.0 ** np.arange(0, np.floor(np.log10(max(support.max(), 10))) + 1)
    axes.set_xticks(powers, [f"{p:,.0f}" if p < 1e4 else f"{p / 1000:,.0f}k" for p in powers])
    axes.set_xlabel("rows (log scale)", fontsize=NORMAL)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(FAINT)
    axes.spines["bottom"].set_color(QUIET)
