"""Labels on the plane of valence and arousal, as a model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.pictures.names import plain, short_names, width_of
from emo_hub.evaluation.pictures.placing import place_names
from emo_hub.evaluation.pictures.style import (
    NORMAL,
    QUIET,
    SMALL,
    Axes,
    Entry,
    Sheet,
    clean,
    new_sheet,
    style_of,
)
from emo_hub.evaluation.pictures.values import LabelMap

Floats = NDArray[np.float64]

_MOST_MAPS = 4
_TALL = 5.4  # inches of a panel
_MIDDLE = 3.0
_SMALLEST_SPAN = 0.8
_LEADER_FROM = 11.0  # points from which a name needs a line to its mark


def draw_label_map(maps: Sequence[LabelMap], path: Path) -> None:
    """Draw labels by valence and arousal, one panel per model, with a name beside every mark.

    Where people's ratings of a label are given, an arrow leads from the model's place to theirs.

    Args:
        maps: one per model; panels share their scale.
        path: the PNG file to write.

    Raises:
        InputError: there is no map, or one has no label.
    """
    if not maps or not all(len(one.labels) for one in maps):
        raise InputError("A map of labels needs at least one model with at least one label.")
    shown = list(maps[:_MOST_MAPS])
    rated = any(one.human for one in shown)
    counts = sorted({len(one.labels) for one in shown})
    notes = ["Cross lines: the middle of the scale, 3. Only the part that is used is drawn."]
    if len(maps) > _MOST_MAPS:
        notes.append(f"{len(maps) - _MOST_MAPS} further models are not drawn.")
    sheet = new_sheet(
        f"Where {_said(shown)} places {' or '.join(map(str, counts))} labels by valence and arousal"
        if len(shown) == 1
        else f"Where {len(shown)} models place labels by valence and arousal",
        _TALL * len(shown),
        _legend() if rated else (),
        notes,
    )
    panels = sheet.figure.subplots(len(shown), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    limits = _limits(shown)
    for axes, one in zip(panels, shown, strict=True):
        _draw_marks(axes, one)
        clean(axes, grid="both")
        axes.set_xlim(*limits[0])
        axes.set_ylim(*limits[1])
        axes.set_ylabel("arousal, 1 calm to 5 excited", fontsize=NORMAL)
        if len(shown) > 1:
            axes.set_title(plain(one.model), loc="left", fontsize=NORMAL, fontweight="bold")
    panels[-1].set_xlabel("valence, 1 unpleasant to 5 pleasant", fontsize=NORMAL)
    sheet.figure.draw_without_rendering()  # settles where the axes lie
    for axes, one in zip(panels, shown, strict=True):
        _name_marks(sheet, axes, one)
    sheet.save(path)


def _said(shown: Sequence[LabelMap]) -> str:
    return short_names([one.model for one in shown], longest=60)[0]


def _legend() -> list[Entry]:
    model, human = style_of(0), style_of(6)
    return [
        Entry("the model", Line2D([], [], color=model.colour, marker=model.marker, linewidth=0)),
        Entry(
            "mean rating of people",
            Line2D([], [], color=human.colour, marker="D", markerfacecolor="white", linewidth=0),
        ),
    ]


def _places(one: LabelMap) -> Floats:
    return np.column_stack([one.valence, one.arousal]).astype(np.float64)


def _human(one: LabelMap) -> tuple[NDArray[np.intp], Floats]:
    """Give which labels people rated, and where: (H,), (H, 2)."""
    ratings = one.human or {}
    rated = [i for i, label in enumerate(one.labels) if label in ratings]
    where = [ratings[one.labels[i]] for i in rated]
    return np.array(rated, dtype=np.intp), np.array(where, dtype=np.float64).reshape(-1, 2)


def _limits(shown: Sequence[LabelMap]) -> list[tuple[float, float]]:
    every = np.concatenate([np.concatenate([_places(one), _human(one)[1]]) for one in shown])
    found = []
    for low, high in zip(every.min(axis=0), every.max(axis=0), strict=True):
        spare = max(high - low, _SMALLEST_SPAN) * 0.12
        short = max(0.0, _SMALLEST_SPAN - (high - low)) / 2
        found.append((max(0.9, low - spare - short), min(5.1, high + spare + short)))
    return found


def _draw_marks(axes: Axes, one: LabelMap) -> None:
    model, human = style_of(0), style_of(6)
    places = _places(one)
    rated, ratings = _human(one)
    axes.axvline(_MIDDLE, color="#999999", linewidth=0.8, zorder=1)
    axes.axhline(_MIDDLE, color="#999999", linewidth=0.8, zorder=1)
    for start, end in zip(places[rated], ratings, strict=True):
        axes.annotate(
            "", end, start, zorder=2,
            arrowprops={"arrowstyle": "-|>", "color": "#b5b5b5", "linewidth": 0.8,
                        "mutation_scale": 7, "shrinkA": 2, "shrinkB": 3},
        )  # fmt: skip
    axes.plot(
        ratings[:, 0], ratings[:, 1], "D", color=human.colour, markerfacecolor="white",
        markersize=4, linewidth=0, zorder=3,
    )  # fmt: skip
    axes.plot(
        places[:, 0], places[:, 1], model.marker, color=model.colour, markersize=5, zorder=4,
        markeredgecolor="white", markeredgewidth=0.5,
    )  # fmt: skip


def _name_marks(sheet: Sheet, axes: Axes, one: LabelMap) -> None:
    scale = 72 / sheet.figure.dpi
    places = _places(one)
    points = axes.transData.transform(places) * scale
    rated, ratings = _human(one)
    marks = [points]
    if len(rated):
        ends = axes.transData.transform(ratings) * scale
        marks += [points[rated] + (ends - points[rated]) * t for t in (0.25, 0.5, 0.75, 1.0)]
    names = [plain(label, 26) for label in one.labels]
    sizes = np.array([(width_of(name, SMALL) * 72, SMALL * 1.1) for name in names])
    field = axes.get_window_extent().get_points() * scale
    middles = place_names(points, sizes, field, np.concatenate(marks))
    for name, place, point, middle, size in zip(names, places, points, middles, sizes, strict=True):
        _write(axes, name, place, (middle - point, size))


def _write(axes: Axes, name: str, place: Floats, box: tuple[Floats, Floats]) -> None:
    offset, size = box
    edge = np.clip(np.zeros(2), offset - size / 2, offset + size / 2)
    if np.linalg.norm(edge) > _LEADER_FROM:
        line = axes.annotate(
            "", place, edge, textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 0,
                        "shrinkB": 2},
        )  # fmt: skip
        line.set_in_layout(False)
    text = axes.annotate(
        name, place, offset, textcoords="offset points", fontsize=SMALL, ha="center", va="center",
        zorder=5, annotation_clip=False,
        path_effects=[withStroke(linewidth=2.0, foreground="white")],
    )  # fmt: skip
    text.set_in_layout(False)
