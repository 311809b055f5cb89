"""The picture of a report: headline metrics with their intervals, and F1 per label.

Drawn through the Figure API, so that no global state of matplotlib is touched. Colours are those
of Okabe and Ito, and models differ in marker too, for print and for the colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emo_hub.evaluation.results import Result

_COLOURS = ("#0072B2", "#E69F00", "#999999", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_FEW_BARS = 8
_METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "accuracy": "accuracy",
    "valence_pearson": "valence r",
    "valence_ccc": "valence CCC",
}


def draw(
    results_by_model: Mapping[str, Sequence[Result]], names: Sequence[str], path: Path
) -> None:
    """Draw the results into a PNG file.

    Args:
        results_by_model: at least one result in all.
        names: the benchmarks from top to bottom.
        path: the file to write.
    """
    found = {m: {r.benchmark: r for r in rs} for m, rs in results_by_model.items() if rs}
    detailed = _detailed(found, names)
    bars = sum(name in by for by in found.values() for name in names)
    labels = max(
        (len(by[detailed].per_label) for by in found.values() if detailed in by), default=0
    )
    bar_inches, label_inches = 0.9 + 0.32 * bars + 0.25 * len(names), 0.9 + 0.27 * labels
    if not detailed:
        figure = Figure(figsize=(9.0, max(2.4, bar_inches + 0.5)), dpi=150, layout="constrained")
        left = figure.subplots()
    elif bars <= _FEW_BARS:  # side by side, a few bars would stand beside an empty field
        figure = Figure(
            figsize=(9.0, bar_inches + label_inches + 0.5), dpi=150, layout="constrained"
        )
        left, right = figure.subplots(2, 1, height_ratios=(bar_inches, label_inches))
    else:
        size = (13.0, max(bar_inches, label_inches) + 0.5)
        figure = Figure(figsize=size, dpi=150, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
    FigureCanvasAgg(figure)
    if detailed:
        _draw_labels(right, found, detailed)
    _draw_headlines(left, found, names)
    _add_legend(figure, list(found))
    figure.savefig(path, metadata={"Software": "emo_hub"})


def _add_legend(figure: Figure, models: Sequence[str]) -> None:
    handles = [
        Line2D([], [], color=_COLOURS[i % len(_COLOURS)], marker=_MARKERS[i % len(_MARKERS)],
               linewidth=0, markersize=9)
        for i in range(len(models))
    ]  # fmt: skip
    figure.legend(handles, models, loc="outside upper center", ncols=3, frameon=False, fontsize=10)


def _detailed(found: Mapping[str, Mapping[str, Result]], names: Sequence[str]) -> str | None:
    """Choose the benchmark whose labels are shown one by one: GoEmotions where it is there."""
    with_labels = [n for n in names if any(n in by and by[n].per_label for by in found.values())]
    if "goemotions" in with_labels:
        return "goemotions"
    return with_labels[0] if with_labels else None


def _draw_headlines(
    axes: Any,  # noqa: ANN401 - matplotlib is untyped here
    found: Mapping[str, Mapping[str, Result]],
    names: Sequence[str],
) -> None:
    place, ticks, tick_labels = 0.0, [], []
    for name in names:
        here = [(i, by[name]) for i, by in enumerate(found.values()) if name in by]
        ticks.append(place + (len(here) - 1) / 2)
        first = here[0][1]
        metric = _METRIC_NAMES.get(first.headline, first.headline)
        tick_labels.append(f"{name} {first.split}\n{metric}, {first.rows:,} rows")
        for i, r in here:
            axes.barh(place, r.value, height=0.86, color=_COLOURS[i % len(_COLOURS)])
            ends = ([max(r.value - r.interval.low, 0)], [max(r.interval.high - r.value, 0)])
            axes.errorbar(r.value, place, xerr=ends, color="#222222", capsize=2.5, linewidth=1)
            end = max(r.interval.high, r.value, 0.0)
            axes.annotate(
                f"{r.value:.3f}", (end, place), (5, 0),
                textcoords="offset points", va="center", fontsize=8.5,
            )  # fmt: skip
            place += 1.0
        place += 0.7
    low = min(0.0, *(r.interval.low for by in found.values() for r in by.values()))
    high = max(r.interval.high for by in found.values() for r in by.values())
    axes.set_xlim(low * 1.1, max(0.2, high * 1.15))
    axes.set_yticks(ticks, tick_labels, fontsize=9)
    axes.set_ylim(place - 0.9, -0.8)
    axes.set_xlabel("headline metric, with 95 % bootstrap interval")
    _clean(axes)


def _draw_labels(
    axes: Any,  # noqa: ANN401 - matplotlib is untyped here
    found: Mapping[str, Mapping[str, Result]],
    name: str,
) -> None:
    shown = [(i, by[name]) for i, by in enumerate(found.values()) if name in by]
    support = {label: r.support for label, r in shown[0][1].per_label.items()}
    order = sorted(support, key=lambda label: (-support[label], label))
    for row, label in enumerate(order):
        values = [r.per_label[label].f1 for _, r in shown]
        axes.plot([min(values), max(values)], [row, row], color="#bbbbbb", linewidth=1.2, zorder=1)
    for i, r in reversed(shown):  # the first model lies on top
        axes.scatter(
            [r.per_label[label].f1 for label in order], range(len(order)), s=46, zorder=2,
            color=_COLOURS[i % len(_COLOURS)], marker=_MARKERS[i % len(_MARKERS)], clip_on=False,
            edgecolor="white", linewidth=0.6,
        )  # fmt: skip
    axes.set_yticks(range(len(order)), [f"{n}  ({support[n]:,})" for n in order], fontsize=9)
    axes.set_ylim(len(order) - 0.4, -0.6)
    highest = max(r.per_label[label].f1 for _, r in shown for label in order)
    axes.set_xlim(-0.015, min(1.0, highest + 0.08))
    split = shown[0][1].split
    axes.set_xlabel(f"F1 per label on {name} {split}\n(in brackets: rows with the label)")
    _clean(axes)


def _clean(axes: Any) -> None:  # noqa: ANN401 - matplotlib is untyped here
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
