"""The leaderboard: headline of every benchmark with its interval, published numbers beside ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emo_hub.errors import InputError
from emo_hub.evaluation.pictures.names import metric_name, plain, short_names, widest_of, width_of
from emo_hub.evaluation.pictures.style import (
    MOST_SERIES,
    NORMAL,
    QUIET,
    SMALL,
    WIDTH,
    Axes,
    clean,
    new_sheet,
    series_entry,
    style_of,
)
from emo_hub.evaluation.pictures.subject import left_out, said_number
from emo_hub.evaluation.pictures.values import Quoted
from emo_hub.evaluation.results import Result
from emo_hub.evaluation.scored import Scored
from emo_hub.evaluation.scorers.contestant import FROM_DEV

_ROW = 0.165  # inches per model
_ABOVE, _BELOW = 0.3, 0.26  # inches for the title and the numbers of a panel
_ROLES = {
    "zero-shot": "no emotion label given by people was trained on",
    "transfer": "trained on human labels of other data",
    "fine-tuned": "trained on the train split of the same benchmark",
    "teacher's labels": "measured against labels of the teacher, not of people",
}
_DEV = f", {FROM_DEV}"
_MOST_QUOTED = 5


@dataclass(slots=True)
class _Block:
    """One benchmark within one panel."""

    benchmark: str
    split: str
    metric: str
    ours: list[tuple[int, Result]] = field(default_factory=list)
    quoted: list[Quoted] = field(default_factory=list)

    @property
    def size(self) -> int:
        return max(2, len(self.ours) + len(self.quoted))

    @property
    def label(self) -> str:
        metric = metric_name(self.metric)
        if not self.ours:  # what is quoted may stand for another split
            return f"{plain(self.benchmark, 30)}\n{metric}"
        name = plain(f"{self.benchmark} {self.split}", 30)
        return f"{name}\n{metric}, n = {said_number([r.rows for _, r in self.ours])}"


def draw_leaderboard(scored: Sequence[Scored], quoted: Sequence[Quoted], path: Path) -> None:
    """Draw the headline of every benchmark with its 95 % interval, one panel per role.

    A published number stands in the panel of its role, as a hollow mark that is labelled "quoted",
    beside our numbers on the same benchmark and in the same metric; others are left to the tables.

    Args:
        scored: models and benchmarks in the order of the tables; regression is welcome.
        quoted: published numbers.
        path: the PNG file to write.

    Raises:
        InputError: there is nothing to draw.
    """
    if not scored:
        raise InputError("There is no result for a leaderboard: score at least one benchmark.")
    models = list(dict.fromkeys(one.model for one in scored))
    shown = [one for one in scored if one.model in models[:MOST_SERIES]]
    panels = _panels(shown, quoted, models)
    heights = [sum(b.size + 0.5 for b in blocks) * _ROW for blocks in panels.values()]
    blocks = [block for found in panels.values() for block in found]
    notes = ["Bars: 95 % bootstrap interval over rows. n: rows scored."]
    if any(block.quoted for block in blocks):
        notes = [notes[0] + " Hollow: published by others, quoted, not measured here."]
    if any(q.remark for block in blocks for q in block.quoted):
        notes[0] += " *: its protocol differs from ours, see the table of quoted numbers."
    names = short_names(models[:MOST_SERIES])
    sheet = new_sheet(
        f"Headline metric of {_models(len(names))} on {_benchmarks(shown)}, by how a model stands "
        "to a benchmark",
        sum(heights) + (_ABOVE + _BELOW) * len(heights) + 0.2,
        [series_entry(place, name) for place, name in enumerate(names)],
        [*notes, *left_out(len(models))],
    )
    limits = _limits(blocks)
    left = widest_of([x for b in blocks for x in b.label.split("\n")], SMALL) + 0.22
    width = WIDTH - left - 0.2
    down = 0.0
    for (role, found), height in zip(panels.items(), heights, strict=True):
        panel = sheet.place(left, down + _ABOVE, width, height)
        panel.set_xlim(*limits)
        _draw_panel(panel, found, width / (limits[1] - limits[0]))
        sheet.write(_say_role(role), 0.12, down + _ABOVE - 0.07)
        down += _ABOVE + height + _BELOW
    panel.set_xlabel("headline metric (named at each benchmark; 1 is perfect)", fontsize=NORMAL)
    sheet.save(path)


def _models(count: int) -> str:
    return "one model" if count == 1 else f"{count} models"


def _benchmarks(scored: Sequence[Scored]) -> str:
    count = len({one.rows.name for one in scored})
    return "one benchmark" if count == 1 else f"{count} benchmarks"


def _panels(
    scored: Sequence[Scored], quoted: Sequence[Quoted], models: Sequence[str]
) -> dict[str, list[_Block]]:
    """Group by role, then by benchmark, split and metric."""
    found: dict[str, dict[tuple[str, str, str], _Block]] = {}
    splits: dict[tuple[str, str], str] = {}
    for one in scored:
        result = one.result
        key = (result.benchmark, result.split, result.headline)
        block = found.setdefault(result.role, {}).setdefault(key, _Block(*key))
        block.ours.append((models.index(one.model), result))
        splits.setdefault((result.benchmark, result.headline), result.split)
    for number in sorted(quoted, key=lambda q: -q.value):
        split = splits.get((number.benchmark, number.metric))
        if split is None:
            continue
        key = (number.benchmark, split, number.metric)
        block = found.setdefault(number.role, {}).setdefault(key, _Block(*key))
        if len(block.quoted) < _MOST_QUOTED:
            block.quoted.append(number)
    order = [known + rest for known in _ROLES for rest in ("", _DEV)]
    roles = sorted(found, key=lambda role: order.index(role) if role in order else len(order))
    places = {key: i for i, key in enumerate(dict.fromkeys(k for by in found.values() for k in by))}
    return {
        role: [found[role][key] for key in sorted(found[role], key=places.__getitem__)]
        for role in roles
    }


def _say_role(role: str) -> str:
    base = role.removesuffix(_DEV)
    said = f"{base}: {_ROLES[base]}" if base in _ROLES else plain(role)
    said = said[:1].upper() + said[1:]
    return f"{said}; {FROM_DEV}" if base != role else said


def _limits(blocks: Sequence[_Block]) -> tuple[float, float]:
    results = [result for block in blocks for _, result in block.ours]
    numbers = [q.value for block in blocks for q in block.quoted]
    low = min([0.0, *(r.value for r in results), *(r.interval.low for r in results)])
    high = max([*numbers, *(r.value for r in results), *(r.interval.high for r in results)])
    lowest = math.floor(low * 10 - 0.2) / 10 if low < 0 else 0.0
    return lowest, min(1.02, math.ceil(high * 10 + 0.5) / 10)


def _draw_panel(axes: Axes, blocks: Sequence[_Block], inches: float) -> None:
    top = 0.0
    ticks: list[float] = []
    for number, block in enumerate(blocks):
        if number % 2 == 0:
            axes.axhspan(top, top + block.size + 0.5, color="#f4f4f4", linewidth=0, zorder=0)
        lines = len(block.ours) + len(block.quoted)
        row = top + 0.75 + (block.size - lines) / 2
        for place, result in block.ours:
            _draw_ours(axes, row, place, result)
            row += 1
        for quoted in block.quoted:
            _draw_quoted(axes, row, quoted, inches)
            row += 1
        ticks.append(top + 0.25 + block.size / 2)
        top += block.size + 0.5
    clean(axes)
    axes.set_yticks(ticks, [block.label for block in blocks], fontsize=SMALL)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(top, 0)
    if axes.get_xlim()[0] < 0:
        axes.axvline(0, color=QUIET, linewidth=0.8, zorder=1)


def _draw_ours(axes: Axes, row: float, place: int, result: Result) -> None:
    style = style_of(place)
    low, high = min(result.interval.low, result.value), max(result.interval.high, result.value)
    axes.plot([low, high], [row, row], color=style.colour, linewidth=1.6, zorder=2)
    axes.plot(
        result.value, row, style.marker, color=style.colour, markersize=6, zorder=3,
        markeredgecolor="white", markeredgewidth=0.5, clip_on=False,
    )  # fmt: skip
    axes.annotate(
        f"{result.value:.3f}", (high, row), (5, 0), textcoords="offset points",
        va="center_baseline", fontsize=SMALL, color="#222222",
    )  # fmt: skip


def _draw_quoted(axes: Axes, row: float, quoted: Quoted, inches: float) -> None:
    text = f"{plain(quoted.model, 40)} (quoted){'*' if quoted.remark else ''}"
    axes.plot(
        quoted.value, row, "o", markerfacecolor="white", markeredgecolor=QUIET, markersize=5.5,
        markeredgewidth=1.2, zorder=3, clip_on=False,
    )  # fmt: skip
    after = (axes.get_xlim()[1] - quoted.value) * inches >= width_of(f"{text} 0.000", SMALL) + 0.15
    axes.annotate(
        f"{quoted.value:.3f}  {text}" if after else f"{text}  {quoted.value:.3f}",
        (quoted.value, row), (6 if after else -6, 0), textcoords="offset points",
        ha="left" if after else "right", va="center_baseline", fontsize=SMALL, color=QUIET,
    )  # fmt: skip
