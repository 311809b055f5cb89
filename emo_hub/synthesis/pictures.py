"""Pictures of a corpus, drawn through the Figure API: no global state of matplotlib is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from emo_hub.calibration import Floats
from emo_hub.synthesis.maps import BLUE, ORANGE, Facts, draw_map, draw_together, new_figure
from emo_hub.synthesis.stored import StoredLine
from emo_hub.taxonomy import GOEMOTIONS

Axes = Any  # matplotlib is untyped here

_CONFIGS = (BLUE, ORANGE)
_WHERE = {"within": "within a voice", "across": "across voices"}
_LONGEST_NAME = 60
_FEWEST_ON_MAP = 3  # lines; of fewer, neighbours cannot be told from all


def draw_all(
    facts: Facts, lines: Sequence[StoredLine], vectors: Floats, out: Path, *, with_map: bool
) -> tuple[str, ...]:
    """Draw all pictures as PNG files.

    Args:
        facts: what was measured.
        lines: the sample.
        vectors: (N, D) unit vectors of the sample.
        out: the folder to write into.
        with_map: draws the map too, which takes scikit-learn.

    Returns:
        The names of the files; none where the corpus has no lines, which all of them show.
    """
    if not facts["configs"]:
        return ()
    drawn: dict[str, Callable[[], Figure]] = {
        "labels.png": lambda: _labels(facts["configs"]),
        "together.png": lambda: draw_together(facts["configs"]),
        "intensities.png": lambda: _intensities(facts["configs"]),
        "registers.png": lambda: _registers(facts["configs"]),
        "similarity.png": lambda: _similarity(facts["diversity"]["similarity"]),
    }
    if with_map and len(lines) >= _FEWEST_ON_MAP:
        drawn["map.png"] = lambda: draw_map(lines, vectors)
    for name, draw in drawn.items():
        figure = draw()
        FigureCanvasAgg(figure)
        figure.savefig(out / name, metadata={"Software": "emo_hub"})
    return tuple(drawn)


def _labels(configs: Facts) -> Figure:
    figure = new_figure(10.0, 7.4)
    panels = np.atleast_1d(figure.subplots(1, len(configs), sharey=True))
    counts = {name: sum(f["labels"][name] for f in configs.values()) for name in GOEMOTIONS.labels}
    order = sorted(counts, key=lambda label: (label != "neutral", counts[label]), reverse=True)
    places = np.arange(len(order))
    for axes, (config, found), colour in zip(panels, configs.items(), _CONFIGS, strict=False):
        strongest = np.array([found["primary"][label] for label in order])
        either = np.array([found["labels"][label] for label in order])
        axes.barh(places, strongest, color=colour)
        axes.barh(places, either - strongest, left=strongest, color=colour, alpha=0.4)
        axes.set_yticks(places, order)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_title(f"{config}, {sum(found['rows'].values()):,} rows", loc="left", fontsize=11)
        axes.set_xlabel("rows")
        _clean(axes, "x")
    shades = [Patch(color="#444444"), Patch(color="#444444", alpha=0.4)]
    figure.legend(
        shades, ["the strongest label of the row", "a further label of the row"],
        loc="outside upper right", ncols=2, frameon=False, fontsize=9.5,
    )  # fmt: skip
    return figure


def _intensities(configs: Facts) -> Figure:
    figure = new_figure(9.0, 3.4)
    panels = np.atleast_1d(figure.subplots(1, len(configs), sharey=True))
    for axes, (config, found), colour in zip(panels, configs.items(), _CONFIGS, strict=False):
        edges, counts = found["intensities"]["edges"], np.array(found["intensities"]["counts"])
        shares = counts / max(counts.sum(), 1)
        names = [f"{low:.1f}" for low in edges[:-2]] + [f"{edges[-2]:.1f} to 1"]
        axes.bar(range(len(shares)), shares, color=colour, width=0.86)
        axes.set_xticks(range(len(shares)), names)
        for place, share in enumerate(shares):
            axes.annotate(
                f"{share:.0%}",
                (place, share),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
            )
        axes.set_title(f"{config}, {counts.sum():,} labels", loc="left", fontsize=11)
        axes.set_xlabel("intensity, from")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        _clean(axes, "y")
    panels[0].set_ylabel("share of labels")
    return figure


def _registers(configs: Facts) -> Figure:
    totals: dict[str, int] = {}
    for found in configs.values():
        for name, count in found["registers"].items():
            totals[name] = totals.get(name, 0) + count
    order = sorted(totals, key=lambda name: (-totals[name], name))
    figure = new_figure(9.0, 1.4 + 0.34 * len(order))
    axes = figure.subplots()
    places, left = np.arange(len(order)), np.zeros(len(order))
    for (config, found), colour in zip(configs.items(), _CONFIGS, strict=False):
        counts = np.array([found["registers"].get(name, 0) for name in order])
        axes.barh(places, counts, left=left, color=colour, label=config)
        left += counts
    for place, total in zip(places, left, strict=True):
        axes.annotate(
            f"{int(total):,} ({total / max(left.sum(), 1):.0%})", (total, place), (5, 0),
            textcoords="offset points", va="center", fontsize=9,
        )  # fmt: skip
    axes.set_yticks(
        places, [(name or "(none)").replace("_", " ")[:_LONGEST_NAME] for name in order]
    )
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, left.max() * 1.16)
    axes.set_xlabel("rows")
    axes.legend(frameon=False, loc="lower right")
    _clean(axes, "x")
    return figure


def _similarity(found: Facts) -> Figure:
    figure = new_figure(9.0, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("all", "neutral"), strict=True):
        for where, colour, line in (("within", ORANGE, "-"), ("across", BLUE, "--")):
            facts = found[name][where]
            if not facts["pairs"]:
                continue
            shares = np.array(facts["counts"]) / facts["pairs"]
            axes.stairs(shares, facts["edges"], color=colour, fill=True, alpha=0.18)
            axes.stairs(
                shares, facts["edges"], color=colour, linewidth=1.8, linestyle=line,
                label=f"{_WHERE[where]}: mean {facts['mean']:.2f}",
            )  # fmt: skip
        axes.set_title(f"{name} lines", loc="left", fontsize=11)
        axes.set_xlabel("cosine of two lines")
        axes.set_xlim(-0.3, 0.9)
        axes.yaxis.set_major_locator(MultipleLocator(0.05))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(frameon=False, fontsize=9)
        _clean(axes, "y")
    panels[0].set_ylabel("share of pairs")
    return figure


def _clean(axes: Axes, grid: str) -> None:
    axes.grid(axis=grid, color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="both", length=0)
    for side in ("top", "right", *(["left"] if grid == "x" else [])):
        axes.spines[side].set_visible(False)
