"""Does a score of 0.7 mean that the label is there in 7 of 10 cases?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter

from emo_hub.evaluation.pictures.style import (
    NORMAL,
    QUIET,
    Axes,
    Entry,
    clean,
    new_sheet,
    series_entry,
    style_of,
)
from emo_hub.evaluation.pictures.subject import left_out, names_of, on_one_benchmark, rows_of
from emo_hub.evaluation.scored import Scored
from emo_hub.metrics import ReliabilityBins, calibration_error, reliability_bins

_BINS = 15
_FEW = 30


def draw_reliability(scored: Sequence[Scored], path: Path) -> None:
    """Draw the rate at which labels are there against their score, and how scores are spread.

    All (row, label) decisions are pooled into 15 bins of equal width, as `calibration_error` does.

    Args:
        scored: models on one split of one benchmark.
        path: the PNG file to write.

    Raises:
        InputError: the models are of several splits, or it is a regression.
    """
    shown = on_one_benchmark(scored, "reliability of scores")
    legend: list[Entry] = []
    for place, (name, one) in enumerate(zip(names_of(shown), shown, strict=True)):
        error = calibration_error(one.rows.targets, one.scores, bins=_BINS)
        legend.append(series_entry(place, f"{name}: ECE {error:.3f}", line=True))
    labels = len(shown[0].rows.labels)
    sheet = new_sheet(
        f"How often a label is there, by the score it got ({rows_of(shown)} rows, {labels} labels, "
        "all decisions pooled)",
        5.5,
        legend,
        [
            f"Perfect scores lie on the diagonal. Small hollow marks: fewer than {_FEW} decisions "
            "in the bin. ECE: expected calibration error over 15 bins of equal width.",
            *left_out(len(scored)),
        ],
    )
    upper, lower = sheet.place(0.85, 0.1, 6.1, 3.5), sheet.place(0.85, 3.75, 6.1, 1.3)
    upper.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for place, one in reversed(list(enumerate(shown))):
        bins = reliability_bins(one.rows.targets, one.scores, bins=_BINS)
        _draw_rates(upper, place, bins)
        _draw_spread(lower, place, bins)
    clean(upper, grid="both")
    clean(lower, grid="both")
    for axes in (upper, lower):
        axes.set_xlim(0, 1)
        axes.set_xticks(np.arange(0, 1.01, 0.1))
    upper.tick_params(labelbottom=False)
    upper.set_ylim(0, 1)
    upper.set_ylabel("share of decisions where\nthe label is annotated", fontsize=NORMAL)
    lower.set_yscale("log")
    lower.set_ylim(0.5 / shown[0].scores.size, 1.5)
    lower.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    lower.minorticks_off()
    lower.set_ylabel("share of all\ndecisions (log)", fontsize=NORMAL)
    lower.set_xlabel("score given by the model (mean of the bin above, bin below)", fontsize=NORMAL)
    for axes in (upper, lower):
        axes.yaxis.set_label_coords(-0.085, 0.5)
    sheet.save(path)


def _draw_rates(axes: Axes, place: int, bins: ReliabilityBins) -> None:
    style = style_of(place)
    there = bins.counts > 0
    axes.plot(
        bins.scores[there], bins.rates[there], color=style.colour, linestyle=style.line,
        linewidth=1.5, zorder=2,
    )  # fmt: skip
    for chosen, fill, size in (
        (bins.counts >= _FEW, style.colour, 6.0),
        (there & (bins.counts < _FEW), "white", 4.5),
    ):
        axes.plot(
            bins.scores[chosen], bins.rates[chosen], style.marker, color=style.colour,
            markerfacecolor=fill, markersize=size, markeredgewidth=0.9, zorder=3, clip_on=False,
        )  # fmt: skip


def _draw_spread(axes: Axes, place: int, bins: ReliabilityBins) -> None:
    style = style_of(place)
    shares = np.where(bins.counts > 0, bins.counts / bins.counts.sum(), np.nan)
    axes.stairs(
        shares, bins.edges, color=style.colour, linestyle=style.line, linewidth=1.4, baseline=None
    )
    middles = (bins.edges[:-1] + bins.edges[1:]) / 2
    axes.plot(middles, shares, style.marker, color=style.colour, markersize=3.5, clip_on=False)
