"""The numbers of the curves as JSON, as a page and as a picture."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.durable import make_folder, write_whole
from emo_hub.learning_curves.plan import Point, Reached, share_name

NOTES = (
    "Every point is one run of a cheap recipe with one seed, so the numbers compare with each "
    "other and not with those of a finished model.",
    "goemotions dev is a split for choosing: its numbers choose data and belong on no leaderboard.",
    "Intervals are 95 % bootstrap intervals over the rows of the benchmark. They do not hold what "
    "another seed or another sample of training rows would change.",
    "A share is taken of each kind, and a smaller one lies within a larger one. Fewer rows are "
    "also fewer steps, since the number of epochs is the same.",
    "Calibration and thresholds come from validation rows that are the same at every share: of the "
    "corpus, and for comments and together also of annotated comments. Thresholds matter to "
    "goemotions dev alone; on the other sets the best label is taken.",
)


def write(out: Path, points: Sequence[Point], facts: Mapping[str, Any]) -> None:
    """Write curves.json and curves.md over older ones.

    Args:
        out: the folder of the curves.
        points: at least one.
        facts: what they were made with: command, recipe, corpus.
    """
    rows = [{**dataclasses.asdict(point), "total": point.total} for point in points]
    put(out / "curves.json", json.dumps({**facts, "notes": NOTES, "points": rows}, indent=1))
    put(out / "curves.md", _page(points, facts))


def draw(out: Path, points: Sequence[Point]) -> None:
    """Draw learning-curves.png: a panel for each set, a series for each kind of data.

    Args:
        out: the folder of the curves.
        points: at least one.
    """
    from emo_hub.evaluation.pictures import Curve, draw_curves
    from emo_hub.evaluation.pictures.names import metric_name

    spots: dict[tuple[str, str], list[tuple[float, float, float, float]]] = {}
    for point in points:
        for r in point.reached:
            measure = f"{r.name} {metric_name(r.metric)}"
            spot = (float(point.total), r.value, r.low, r.high)
            spots.setdefault((point.kind, measure), []).append(spot)
    curves = [
        Curve(kind, "training rows", tuple(found), measure)
        for (kind, measure), found in spots.items()
    ]
    draw_curves(curves, out / "learning-curves.png")


def _page(points: Sequence[Point], facts: Mapping[str, Any]) -> str:
    recipe = facts["recipe"]
    lines = [
        "# Learning curves",
        "",
        f"Made by `{facts['command']}` with emo_hub {facts['emo_hub']} from corpus "
        f"{facts['corpus_version']}. The recipe: epochs {recipe['epochs']}, adapter rank "
        f"{recipe['adapter_rank']}, extra phrases {recipe['extra_phrases']}.",
        "",
        *(f"- {note}" for note in NOTES),
        "",
        "![Learning curves](learning-curves.png)",
        "",
        "## Rows trained on",
        "",
        *_table(points, [f"{point.total:,}" for point in points]),
    ]
    for place, first in enumerate(points[0].reached):
        lines += ["", f"## {first.name}, {first.metric}, {first.rows:,} rows", ""]
        lines += _table(points, [number(point.reached[place]) for point in points])
        if rises := _rises(points, place):
            lines += ["", rises]
    return "\n".join(lines)


def _table(points: Sequence[Point], texts: Sequence[str]) -> list[str]:
    shares = sorted({point.share for point in points})
    cells = {(p.kind, p.share): text for p, text in zip(points, texts, strict=True)}
    kinds = dict.fromkeys(point.kind for point in points)
    return [
        f"| data | {' | '.join(share_name(share) for share in shares)} |",
        "|---|" + "--:|" * len(shares),
        *(f"| {k} | {' | '.join(cells.get((k, s), '-') for s in shares)} |" for k in kinds),
    ]


def _rises(points: Sequence[Point], place: int) -> str:
    """Say what the last step of each curve brought, which is whether more rows still help."""
    by_kind: dict[str, list[Point]] = {}
    for point in points:
        by_kind.setdefault(point.kind, []).append(point)
    steps = []
    for kind, (*_, before, last) in ((k, p) for k, p in by_kind.items() if len(p) > 1):
        change = last.reached[place].value - before.reached[place].value
        steps.append(f"{kind} {change:+.3f} ({before.total:,} to {last.total:,} rows)")
    return f"The last step of each curve: {', '.join(steps)}." if steps else ""


def number(reached: Reached) -> str:
    """Write a value with its interval."""
    return f"{reached.value:.3f} ({reached.low:.3f} to {reached.high:.3f})"


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    make_folder(path.parent)
    write_whole(path, f"{text}\n".encode())
