"""The two pictures of what stands near what: labels in a row, lines in the space of their sense.

Colours are those of Okabe and Ito, which the colour-blind can tell apart too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from emo_hub.calibration import Floats
from emo_hub.synthesis.stored import StoredLine
from emo_hub.taxonomy import GOEMOTIONS, GOEMOTIONS_TO_EKMAN

Facts = Mapping[str, Any]

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00",
)  # fmt: skip
_EKMAN = {
    "anger": RED,
    "disgust": GREEN,
    "fear": PURPLE,
    "joy": ORANGE,
    "sadness": BLUE,
    "surprise": SKY,
    "neutral": "#555555",
}
# Pale where labels shun each other: most pairs do, and the eye should go to those that do not.
_RARE_TO_OFTEN = LinearSegmentedColormap.from_list(
    "rare_to_often", ["#b9c8d8", "#d3dce6", "#eaeff4", "#ffffff", "#f7c08a", RED, "#7a3600"]
)
_MAP_LINES = 2500
_DARK = 1.8  # of the colour map: from here on black cannot be read on it


def new_figure(width: float, height: float) -> Figure:
    """Give an empty figure of so many inches."""
    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def draw_together(configs: Facts) -> Figure:
    """Draw how often labels stand together, beside what chance would bring, without neutral."""
    order = _by_group()
    counts = np.sum([np.array(found["together"], float) for found in configs.values()], axis=0)
    counts = counts[np.ix_(order, order)]
    rows = sum(sum(found["rows"].values()) for found in configs.values())
    single = counts.diagonal()
    # One row is added on both sides: of rare labels, chance brings no pair either.
    lift = np.log2((counts + 1) / (np.outer(single, single) / max(rows, 1) + 1))
    shown = np.tril(np.ones_like(lift, bool), -1)
    figure = new_figure(9.4, 8.4)
    axes = figure.subplots()
    image = axes.imshow(
        np.where(shown, lift, np.nan)[1:, :-1], cmap=_RARE_TO_OFTEN, vmin=-3, vmax=3
    )
    names = [GOEMOTIONS.labels[n] for n in order]
    axes.set_xticks(
        range(len(names) - 1), names[:-1], rotation=60, ha="right", rotation_mode="anchor"
    )
    axes.set_yticks(range(len(names) - 1), names[1:])
    axes.tick_params(length=0, labelsize=9)
    for row, column in zip(*np.nonzero(shown & (lift > 1)), strict=True):
        axes.text(
            column, row - 1, f"{counts[row, column]:.0f}", ha="center", va="center", fontsize=7,
            color="white" if lift[row, column] > _DARK else "#222222",
        )  # fmt: skip
    axes.set_title(
        "Labels that stand together in a row\n"
        "(numbers: rows, where at least twice what chance brings)",
        loc="left", fontsize=11,
    )  # fmt: skip
    bar = figure.colorbar(
        image, ax=axes, shrink=0.5, ticks=[-3, -1, 0, 1, 3], anchor=(0.0, 0.9), pad=-0.12
    )
    bar.ax.set_yticklabels(["an eighth", "half", "as chance has it", "twice", "eight times"])
    bar.outline.set_visible(False)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _by_group() -> list[int]:
    """Order labels, without neutral, so that those of one Ekman group stand together."""
    groups = GOEMOTIONS_TO_EKMAN.groups()
    felt = [label for group in _EKMAN for label in groups[group] if label != GOEMOTIONS.neutral]
    return [GOEMOTIONS.index(label) for label in felt]


def draw_map(lines: Sequence[StoredLine], vectors: Floats) -> Figure:
    """Draw a sample of lines as points, near to each other where they say similar things."""
    from sklearn.manifold import TSNE

    random = np.random.default_rng(0)
    places = np.sort(random.permutation(len(lines))[:_MAP_LINES])
    spread = TSNE(
        perplexity=min(30.0, max(2.0, len(places) / 4)), metric="cosine", init="random",
        random_state=0, max_iter=500,
    ).fit_transform(vectors[places])  # fmt: skip
    mapping = GOEMOTIONS_TO_EKMAN.mapping
    groups = np.array([mapping[GOEMOTIONS.labels[lines[n].primary]] for n in places])
    figure = new_figure(11.0, 6.4)
    panels = figure.subplots(2, 4, sharex=True, sharey=True).ravel()
    for axes, (name, colour) in zip(panels, _EKMAN.items(), strict=False):
        here = groups == name
        axes.scatter(*spread[~here].T, s=3, color="#dddddd", linewidths=0)
        axes.scatter(*spread[here].T, s=9, color=colour, linewidths=0, alpha=0.85)
        axes.set_title(f"{name}, {here.mean():.0%}", loc="left", fontsize=11, color="#222222")
    for axes in panels:
        axes.set_axis_off()
        axes.set_aspect("equal")
    panels[-1].text(
        0.0, 0.55,
        f"{len(places):,} lines by what they say\n(t-SNE of all-MiniLM-L6-v2).\n\n"
        "A group of emotions that fills\none corner only would be told\nby its topics.",
        transform=panels[-1].transAxes, va="center", fontsize=9.5, color="#444444",
    )  # fmt: skip
    return figure
