"""How a measure grows with the amount of data or training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from emo_hub.errors import InputError
from emo_hub.evaluation.pictures.names import plain, short_names
from emo_hub.evaluation.pictures.style import (
    MOST_SERIES,
    NORMAL,
    Axes,
    clean,
    new_sheet,
    series_entry,
    style_of,
)
from emo_hub.evaluation.pictures.values import Curve

_TALL = 3.4  # inches of a panel
_MOST_PANELS = 6
_MOST_TICKS = 8


def draw_curves(curves: Sequence[Curve], path: Path) -> None:
    """Draw learning curves with bands of 95 %, x on a log scale.

    Curves of one axis and one measure share a panel. Zero, such as no training rows at all, has
    its own place at the left.

    Args:
        curves: the series; a title has one style in all panels.
        path: the PNG file to write.

    Raises:
        InputError: there is no curve, one has no point, or an x is negative.
    """
    if not curves or not all(curve.points for curve in curves):
        raise InputError("Learning curves need at least one series, and each at least one point.")
    if any(point[0] < 0 for curve in curves for point in curve.points):
        raise InputError("The x of a learning curve counts something, so it may not be negative.")
    titles = list(dict.fromkeys(curve.title for curve in curves))[:MOST_SERIES]
    panels: dict[tuple[str, str], list[Curve]] = {}
    for curve in curves:
        if curve.title in titles:
            panels.setdefault((curve.axis, curve.measure), []).append(curve)
    shown = dict(list(panels.items())[:_MOST_PANELS])
    names = short_names(titles)
    notes = ["Bands: 95 % intervals. The x axis is logarithmic."]
    more = len(panels) - len(shown) + len({c.title for c in curves}) - len(titles)
    if more:
        notes.append("Further series are in the tables only.")
    sheet = new_sheet(
        _title(list(shown)),
        _TALL * len(shown),
        [series_entry(place, name, line=True) for place, name in enumerate(names)],
        notes,
    )
    axes = sheet.figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for panel, ((axis, measure), series) in zip(axes, shown.items(), strict=True):
        for curve in series:
            _draw_curve(panel, titles.index(curve.title), curve)
        clean(panel, grid="both")
        _scale(panel, series)
        panel.set_xlabel(f"{plain(axis)} (log scale)", fontsize=NORMAL)
        panel.set_ylabel(plain(measure), fontsize=NORMAL)
    sheet.save(path)


def _title(panels: Sequence[tuple[str, str]]) -> str:
    measures = list(dict.fromkeys(plain(measure) for _, measure in panels))
    axes = list(dict.fromkeys(plain(axis) for axis, _ in panels))
    verb = "changes" if len(measures) == 1 else "change"
    return f"How {_listed(measures)} {verb} with {_listed(axes)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _draw_curve(axes: Axes, place: int, curve: Curve) -> None:
    style = style_of(place)
    x, value, low, high = np.array(sorted(curve.points), dtype=np.float64).T
    axes.fill_between(x, low, high, color=style.colour, alpha=0.16, linewidth=0)
    for edge in (low, high):
        axes.plot(x, edge, color=style.colour, linewidth=0.5, linestyle=style.line)
    axes.plot(
        x, value, color=style.colour, linestyle=style.line, linewidth=1.6, marker=style.marker,
        markersize=6, markeredgecolor="white", markeredgewidth=0.5, zorder=3,
    )  # fmt: skip


def _scale(axes: Axes, series: Sequence[Curve]) -> None:
    """Scale x by its logarithm, with ticks at points that were measured where those are few."""
    found = sorted({point[0] for curve in series for point in curve.points})
    positive = [x for x in found if x > 0]
    if not positive:
        return
    if found[0] == 0:
        axes.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
    else:
        axes.set_xscale("log")
    ticks = found
    if len(found) > _MOST_TICKS:
        decades = np.arange(np.floor(np.log10(positive[0])), np.ceil(np.log10(positive[-1])) + 1)
        ticks = [x for x in found if x == 0] + list(10.0**decades)
    axes.set_xticks(_apart(ticks, found))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}" if x >= 1 else f"{x:g}"))


def _apart(ticks: Sequence[float], found: Sequence[float]) -> list[float]:
    """Leave out ticks whose numbers would touch on the log scale."""
    positive = [x for x in found if x > 0]
    span = np.log10(positive[-1] / positive[0]) or 1.0
    kept: list[float] = []
    for tick in ticks:
        near = kept and kept[-1] > 0 and np.log10(tick / kept[-1]) < span * 0.07
        if not near:
            kept.append(tick)
    return kept
