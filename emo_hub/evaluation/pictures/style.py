"""How every picture looks: sheet, type and colours.

A sheet is as wide as a page, so 8 pt here is 8 pt in print. Colours are those of Okabe and Ito;
series also differ in marker and line, for print in grey and for the colour-blind. Figures are made
without pyplot, so no global state of matplotlib is touched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from emo_hub.evaluation.pictures.names import widest_of, wrap

Axes = Any  # matplotlib is untyped here

WIDTH = 7.2  # inches, the text of an A4 page
DPI = 150
SMALL, NORMAL, LARGE = 8.0, 8.5, 10.0  # points
MOST_SERIES = 8
QUIET, FAINT = "#555555", "#dddddd"

_MARGIN = 0.12
_LINE = 1.3  # height of a line of text over its size


@dataclass(frozen=True, slots=True)
class Style:
    """How one series is told from the others."""

    colour: str
    marker: str
    line: Any


_STYLES = (
    Style("#0072B2", "o", "-"),
    Style("#E69F00", "s", (0, (5, 2))),
    Style("#000000", "D", (0, (1, 1.5))),
    Style("#009E73", "^", (0, (5, 1.5, 1, 1.5))),
    Style("#CC79A7", "v", (0, (3, 1, 1, 1, 1, 1))),
    Style("#56B4E9", "P", (0, (8, 2))),
    Style("#D55E00", "X", (0, (2, 1))),
    Style("#8C7A00", "*", (0, (1, 3))),  # the yellow of the palette, darkened for white paper
)


def style_of(place: int) -> Style:
    """Give the style of the series at a place, from 0."""
    return _STYLES[place % len(_STYLES)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend."""

    text: str
    handle: Any


def series_entry(place: int, text: str, *, line: bool = False) -> Entry:
    """Give the legend line of the series at a place."""
    style = style_of(place)
    handle = Line2D(
        [], [], color=style.colour, marker=style.marker, markersize=6, markeredgecolor="white",
        markeredgewidth=0.5, linestyle=style.line if line else "none", linewidth=1.5,
    )  # fmt: skip
    return Entry(text, handle)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure whose title, legend and notes stand; the body between them is free.

    Args:
        figure: a layout engine keeps subplots within the body.
        width: inches.
        height: inches.
        top: inches from the top edge to the body.
    """

    figure: Figure
    width: float
    height: float
    top: float

    def place(self, left: float, down: float, width: float, height: float) -> Axes:
        """Add axes at a place in inches from the upper left corner of the body.

        A sheet has either placed axes or subplots.
        """
        self.figure.set_layout_engine("none")
        bottom = self.height - self.top - down - height
        rectangle = (
            left / self.width, bottom / self.height, width / self.width, height / self.height,
        )  # fmt: skip
        return self.figure.add_axes(rectangle)

    def write(self, text: str, left: float, down: float) -> None:
        """Write the bold title of a panel with its lower left corner at a place in inches."""
        self.figure.text(
            left / self.width, (self.height - self.top - down) / self.height, text,
            fontsize=NORMAL, fontweight="bold", va="bottom", ha="left",
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write the PNG file; the same drawing gives the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.figure.savefig(path, format="png", metadata={"Software": "emo_hub"})


def new_sheet(
    title: str,
    body: float,
    legend: Sequence[Entry] = (),
    notes: Sequence[str] = (),
    width: float = WIDTH,
) -> Sheet:
    """Lay out a white sheet.

    Args:
        title: a sentence that says what is shown; names in it went through `plain`.
        body: inches of height for the drawing.
        legend: lines of the legend, left to right.
        notes: sentences below the drawing.
        width: inches.
    """
    usable = width - 2 * _MARGIN
    heading = wrap(title, LARGE, usable)
    remarks = [line for note in notes for line in wrap(note, SMALL, usable)]
    reach = 3.0 if any(e.handle.get_linestyle() != "None" for e in legend) else 1.2
    key = (reach + 0.8) * NORMAL / 72
    widest = widest_of([e.text for e in legend], NORMAL) + key + 0.15
    columns = max(1, min(len(legend), int(usable / widest)))
    head = len(heading) * LARGE * _LINE / 72 + _MARGIN + 0.06
    keys = math.ceil(len(legend) / columns) * 0.178 + 0.05 if legend else 0.0
    foot = len(remarks) * SMALL * _LINE / 72 + 0.1 if remarks else 0.02
    height = head + keys + body + foot
    within = ConstrainedLayoutEngine(
        rect=(0.0, foot / height, 1.0, body / height), w_pad=0.06, h_pad=0.05
    )
    figure = Figure(figsize=(width, height), dpi=DPI, layout=within, facecolor="white")
    FigureCanvasAgg(figure)
    left = _MARGIN / width
    _write(figure, heading, (left, 1 - _MARGIN / height), LARGE)
    _write(figure, remarks, (left, (foot - 0.02) / height), SMALL)
    if legend:
        order = _by_rows(legend, columns)
        keyed = figure.legend(
            [e.handle for e in order], [e.text for e in order], ncols=columns,
            loc="upper left", bbox_to_anchor=(left, 1 - head / height), frameon=False,
            fontsize=NORMAL, borderpad=0, borderaxespad=0, labelspacing=0.4, handlelength=reach,
            columnspacing=1.0,
        )  # fmt: skip
        keyed.set_in_layout(False)
    return Sheet(figure, width, height, head + keys)


def _write(figure: Figure, lines: Sequence[str], at: tuple[float, float], size: float) -> None:
    text = figure.text(
        *at, "\n".join(lines), fontsize=size, va="top", ha="left", linespacing=_LINE * 0.95
    )
    text.set_in_layout(False)


def _by_rows(legend: Sequence[Entry], columns: int) -> list[Entry]:
    """Reorder so that a legend, which is filled column by column, reads row by row."""
    return [entry for column in range(columns) for entry in legend[column::columns]]


def clean(axes: Axes, *, grid: str = "x") -> None:
    """Take away what carries nothing, and set the size of the type."""
    axes.grid(axis=grid, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=SMALL, length=2.5, color=QUIET)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
