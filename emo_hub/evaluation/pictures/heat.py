"""Heat maps of labels against labels, whose cells are as large as type of 8 pt allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from numpy.typing import NDArray

from emo_hub.evaluation.pictures.names import widest_of
from emo_hub.evaluation.pictures.style import NORMAL, QUIET, SMALL, WIDTH, Axes, Sheet, new_sheet

Shares = NDArray[np.float64]

SMALLEST_CELL = 0.127  # inches; type of 8 pt just fits
_LARGEST = 0.42
_BAR = 0.66  # inches for the colour bar with its numbers
_GAP = 0.25
_DARK_FROM = 0.3
_TICKS = ["0.01", "0.05", "0.1", "0.25", "0.5", "0.75", "1"]

# CIELAB lightness falls from 96 to 14 in equal steps: equal steps of the scale look equal, the
# order survives grey print, and all is blue, which nearly every colour-blind reader can see.
_INK = LinearSegmentedColormap.from_list(
    "ink",
    ["#eef4fb", "#b7daff", "#84bff9", "#54a4eb", "#2488d5", "#006db5", "#055390", "#053b6b",
     "#16243c"],
).with_extremes(bad="#cccccc", under="white")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heat:
    """One matrix, rows are annotated labels.

    Args:
        shares: (R, C) in [0, 1]; NaN is left grey.
        rows: R names.
        columns: C names.
        counts: (R, C), where they are to be written.
        title: of the panel.
        across: what the columns are.
    """

    shares: Shares
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64] | None = None
    title: str = ""
    across: str = "predicted"


@dataclass(frozen=True, slots=True)
class Grid:
    """Sizes in inches that fit names of 8 pt."""

    cell: float
    left: float
    below: float


def grid_for(rows: Sequence[str], columns: Sequence[str], panels: int = 1) -> Grid:
    """Fit so many panels of one size beside each other, on a page if cells stay large enough."""
    left, below = widest_of(rows, SMALL) + 0.35, widest_of(columns, SMALL) + 0.35
    room = WIDTH - left - _BAR - (panels - 1) * _GAP
    return Grid(float(np.clip(room / panels / len(columns), SMALLEST_CELL, _LARGEST)), left, below)


def draw_heats(
    heats: Sequence[Heat], grid: Grid, title: str, notes: Sequence[str], path: Path,
    *, stacked: bool = False,
) -> None:  # fmt: skip
    """Draw one matrix, or several of one size that share their scale and their names.

    Args:
        heats: the matrices, from left to right.
        grid: of `grid_for`.
        title: a sentence.
        notes: sentences below.
        path: the PNG file to write.
        stacked: from top to bottom instead.
    """
    high, wide = (grid.cell * n for n in heats[0].shares.shape)
    head = 0.22 if heats[0].title else 0.08
    across = 1 if stacked else len(heats)
    width = max(WIDTH, grid.left + across * wide + (across - 1) * _GAP + _BAR)
    # Names stand once where panels share them: left of the first, below the last.
    down = [(head + high) * i if stacked else 0.0 for i in range(len(heats))]
    body = down[-1] + head + high + grid.below
    notes = ["Colours are on a square-root scale, so that small shares can be seen.", *notes]
    sheet = new_sheet(title, body, notes=notes, width=width)
    left = grid.left + max(
        0.0, (WIDTH - grid.left - across * wide - (across - 1) * _GAP - _BAR) / 2
    )
    for place, heat in enumerate(heats):
        aside = 0.0 if stacked else place * (wide + _GAP)
        axes = sheet.place(left + aside, down[place] + head, wide, high)
        mesh = _paint(axes, heat)
        _name_cells(axes, heat, rows=stacked or place == 0, columns=not stacked or place > 0)
    if len(heats) == 1:
        _name_cells(axes, heats[0], rows=True, columns=True)
    _draw_bar(sheet, mesh, (left + across * wide + (across - 1) * _GAP + 0.12, head, high))
    sheet.save(path)


def _paint(axes: Axes, heat: Heat) -> Any:  # noqa: ANN401 - matplotlib is untyped here
    mesh = axes.pcolormesh(
        heat.shares, cmap=_INK, norm=PowerNorm(0.5, vmin=1e-9, vmax=1.0), edgecolors="#e2e2e2",
        linewidth=0.4,
    )  # fmt: skip
    axes.invert_yaxis()
    axes.tick_params(length=0)
    if heat.counts is None:
        return mesh
    for (row, column), count in np.ndenumerate(heat.counts):
        dark = heat.shares[row, column] > _DARK_FROM
        axes.text(
            column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center", fontsize=SMALL,
            color="white" if dark else "#222222",
        )  # fmt: skip
    return mesh


def _name_cells(axes: Axes, heat: Heat, *, rows: bool, columns: bool) -> None:
    high, wide = heat.shares.shape
    if heat.title:
        axes.set_title(heat.title, loc="left", fontsize=NORMAL, fontweight="bold", pad=3)
    axes.set_yticks(np.arange(high) + 0.5, heat.rows if rows else [""] * high, fontsize=SMALL)
    names = heat.columns if columns else [""] * wide
    axes.set_xticks(np.arange(wide) + 0.5, names, fontsize=SMALL, rotation=90)
    if rows:
        axes.set_ylabel("rows that carry" if heat.title else "annotated", fontsize=NORMAL)
    if columns:
        axes.set_xlabel(heat.across, fontsize=NORMAL)


def _draw_bar(
    sheet: Sheet,
    mesh: Any,  # noqa: ANN401 - matplotlib is untyped here
    place: tuple[float, float, float],
) -> None:
    left, down, high = place
    axes = sheet.place(left, down, 0.13, min(high, 3.2))
    bar = sheet.figure.colorbar(mesh, cax=axes)
    bar.set_ticks([float(tick) for tick in _TICKS], labels=_TICKS)
    axes.tick_params(labelsize=SMALL, length=2.5, color=QUIET)
    axes.minorticks_off()
    bar.outline.set_edgecolor(QUIET)
