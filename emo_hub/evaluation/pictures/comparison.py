"""What changed from one model to another, and what of it is more than noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.lines import Line2D

from emo_hub.errors import InputError
from emo_hub.evaluation.compare import Change, Comparison, LabelChange
from emo_hub.evaluation.pictures.names import metric_name, plain, short_names
from emo_hub.evaluation.pictures.style import (
    NORMAL,
    QUIET,
    SMALL,
    Axes,
    Entry,
    clean,
    new_sheet,
    style_of,
)

_ROW, _LABEL_ROW = 0.34, 0.2
_BETTER, _WORSE = style_of(0), style_of(6)
_MOST_LABELS = 40
_METHOD = (
    "Bars: 95 % interval of a paired bootstrap over rows. More than noise: p < 0.05 by approximate "
    "randomisation, corrected by Holm's method for the number of benchmarks."
)


def draw_comparison(comparison: Comparison, path: Path, benchmark: str | None = None) -> None:
    """Draw the paired difference of every benchmark, and of the labels of one.

    Differences are the second model less the first, sorted, with their 95 % interval. Filled marks
    are more than noise, after correction for the number of benchmarks; hollow ones are not.

    Args:
        comparison: of `compare.compare`.
        path: the PNG file to write.
        benchmark: whose labels are shown below; None takes the one with most rows.

    Raises:
        InputError: nothing was compared.
    """
    if not comparison.changes:
        raise InputError("There is nothing to draw: the two models share no benchmark.")
    changes = sorted(comparison.changes, key=lambda c: -c.difference)
    detailed = benchmark if benchmark is not None else _largest(comparison)
    labels = [label for label in comparison.labels if label.benchmark == detailed]
    labels = sorted(labels, key=lambda c: -c.difference)[:_MOST_LABELS]
    first, second = short_names([comparison.first, comparison.second], longest=44)
    heights = [len(changes) * _ROW + 0.7] + ([len(labels) * _LABEL_ROW + 0.9] if labels else [])
    rows = sum(change.rows for change in changes)
    notes = [_METHOD]
    if labels:
        notes.append("In brackets: rows with the label. Differences of labels were not tested.")
    sheet = new_sheet(
        f"What changed from {first} to {second}: {_count(changes)}, {rows:,} rows that both scored",
        sum(heights),
        _legend(),
        notes,
    )
    axes = sheet.figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_changes(axes[0], changes)
    if labels:
        _draw_labels(axes[1], labels)
        axes[1].set_title(
            f"{plain(detailed, 30)}: labels whose F1 moved most",
            loc="left", fontsize=NORMAL, fontweight="bold",
        )  # fmt: skip
    sheet.save(path)


def _count(changes: Sequence[Change]) -> str:
    return "one benchmark" if len(changes) == 1 else f"{len(changes)} benchmarks"


def _largest(comparison: Comparison) -> str:
    with_labels = {label.benchmark for label in comparison.labels}
    found = [change for change in comparison.changes if change.benchmark in with_labels]
    return max(found, key=lambda c: c.rows).benchmark if found else ""


def _legend() -> list[Entry]:
    def key(colour: str, marker: str, fill: str) -> Line2D:
        return Line2D(
            [], [], color=colour, marker=marker, markerfacecolor=fill, linewidth=0, markersize=7
        )

    return [
        Entry("better, more than noise", key(_BETTER.colour, "^", _BETTER.colour)),
        Entry("worse, more than noise", key(_WORSE.colour, "v", _WORSE.colour)),
        Entry("no more than noise", key(QUIET, "o", "white")),
    ]


def _draw_changes(axes: Axes, changes: Sequence[Change]) -> None:
    names = []
    for row, change in enumerate(changes):
        if change.verdict == "no more than noise":
            colour, marker, fill = QUIET, "o", "white"
        else:
            better = change.verdict == "better"
            colour = _BETTER.colour if better else _WORSE.colour
            marker, fill = "^" if better else "v", colour
        axes.plot([change.low, change.high], [row, row], color=colour, linewidth=1.5, zorder=2)
        axes.plot(
            change.difference, row, marker, color=colour, markerfacecolor=fill, markersize=7,
            zorder=3,
        )  # fmt: skip
        axes.annotate(
            f"{change.difference:+.3f}  ({change.first:.3f} to {change.second:.3f})",
            (1.02, row), xycoords=("axes fraction", "data"), va="center_baseline", fontsize=SMALL,
            color="#222222",
        )  # fmt: skip
        names.append(
            f"{plain(f'{change.benchmark} {change.split}', 34)}\n"
            f"{metric_name(change.metric)}, n = {change.rows:,}"
        )
    _finish(axes, names, [max(abs(c.low), abs(c.high), abs(c.difference)) for c in changes])
    axes.set_xlabel("difference of the headline metric, second less first", fontsize=NORMAL)


def _draw_labels(axes: Axes, labels: Sequence[LabelChange]) -> None:
    for row, change in enumerate(labels):
        better = change.difference > 0
        axes.barh(
            row, change.difference, height=0.62, color=_BETTER.colour if better else _WORSE.colour,
            hatch="" if better else "////", edgecolor="white", linewidth=0, zorder=2,
        )  # fmt: skip
        axes.annotate(
            f"{change.difference:+.3f}  ({change.first:.3f} to {change.second:.3f})",
            (1.02, row), xycoords=("axes fraction", "data"), va="center_baseline", fontsize=SMALL,
            color="#222222",
        )  # fmt: skip
    names = [f"{plain(change.label, 26)} ({change.support:,})" for change in labels]
    _finish(axes, names, [abs(change.difference) for change in labels])
    axes.set_xlabel("difference of F1, second less first", fontsize=NORMAL)


def _finish(axes: Axes, names: Sequence[str], sizes: Sequence[float]) -> None:
    """Name the rows, and give both directions the same room."""
    clean(axes)
    axes.axvline(0, color=QUIET, linewidth=0.9, zorder=1)
    reach = max([*sizes, 0.005]) * 1.08
    axes.set_xlim(-reach, reach)
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
