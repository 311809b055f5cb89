"""The numbers of a learning curve as JSON, as a table and as a picture."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.durable import check_place
from emo_hub.errors import require
from emo_hub.fewshot.curve import CurvePlan, CurvePoint, curve_points, unseen_rows
from emo_hub.fewshot.examples import Examples, Say, quiet
from emo_hub.fewshot.runs import KeptRuns
from emo_hub.version import __version__

CURVE_FILE = "curve.json"
RUNS_FILE = "runs.json"

NOTES = (
    "Macro-F1 on the test rows: the mean over the seeds and its standard deviation. Each seed "
    "draws its own examples.",
    "few-shot moves what the labels' names say by the examples and leaves the encoder as it is; "
    "SetFit, where it was tried, tunes the encoder and fits a head; zero-shot sees no example. "
    "Whatever is chosen, the examples choose, never a test row.",
)

USUAL_PLAN = CurvePlan()


def write_learning_curve(
    pool: Examples,
    rows: Examples,
    out: Path,
    *,
    plan: CurvePlan = USUAL_PLAN,
    say: Say = quiet,
) -> tuple[CurvePoint, ...]:
    """Draw the learning curves of checkpoints, of plain MiniLM and of zero-shot.

    `curve.json` and `curve.md` are written anew after each point, `curve.png` at the end. Each
    training is kept in `runs.json`, so that a curve that was stopped, or gets more shots or seeds,
    trains what is missing.

    Args:
        pool: what samples are drawn from.
        rows: test rows with the same labels.
        out: the folder of the three files.
        plan: models, shots and seeds.
        say: is told a sentence for each point.

    Raises:
        DataError: the labels do not fit, or no test row is left.
        InputError: something else stands at `out`, or an argument is out of range.
        ImportError: setfit or matplotlib is not installed; names the extra.
    """
    require("matplotlib", "report", "Drawing a learning curve")
    check_place(out, CURVE_FILE)
    points: list[CurvePoint] = []
    kept = KeptRuns(out / RUNS_FILE)
    if len(kept):
        say(f"{len(kept)} trainings of an earlier curve are kept; what is needed of them is used.")
    to_come = curve_points(pool, rows, plan, kept, say)
    facts = _facts(pool, unseen_rows(rows, pool), plan)
    if not (out / CURVE_FILE).exists():
        write(out, points, facts)  # by this file a run that goes on knows the folder for its own
    for point in to_come:
        points.append(point)
        write(out, points, facts)
    draw(out / "curve.png", points)
    return tuple(points)


def write(out: Path, points: Sequence[CurvePoint], facts: Mapping[str, Any]) -> None:
    """Write curve.json and curve.md over older ones."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [{**dataclasses.asdict(p), "mean": p.mean, "spread": p.spread} for p in points]
    text = json.dumps({**facts, "notes": NOTES, "points": rows}, indent=1, ensure_ascii=False)
    (out / CURVE_FILE).write_text(text + "\n", encoding="utf-8")
    (out / "curve.md").write_text(_page(points, facts), encoding="utf-8")


def draw(path: Path, points: Sequence[CurvePoint]) -> None:
    """Draw macro-F1 over the examples of each label, a line for each series."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.4), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, name in enumerate(dict.fromkeys(point.series for point in points)):
        mine = [point for point in points if point.series == name]
        x, y = [p.shots for p in mine], [p.mean for p in mine]
        flat = not any(p.examples for p in mine)
        line = "--" if flat else "-"
        marker = "" if flat else "osD^v"[place % 5]
        axes.plot(x, y, line, marker=marker, color=f"C{place}", label=name)
        low, high = ([p.mean + sign * p.spread for p in mine] for sign in (-1, 1))
        axes.fill_between(x, low, high, color=f"C{place}", alpha=0.15, linewidth=0)
    ticks = sorted({point.shots for point in points})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("examples of each label (log scale)")
    axes.set_ylabel("macro-F1")
    axes.set_title("Few-shot learning; bands: one standard deviation over seeds", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, format="png", metadata={"Software": "emo_hub"})


def _page(points: Sequence[CurvePoint], facts: Mapping[str, Any]) -> str:
    shots = sorted({point.shots for point in points})
    cells = {(p.series, p.shots): f"{p.mean:.3f} ± {p.spread:.3f}" for p in points}
    # One value has no spread, which is something else than none at all.
    cells |= {(p.series, p.shots): f"{p.mean:.3f}" for p in points if len(p.values) == 1}
    made = [f"Made by `{facts['command']}`.", ""] if facts["command"] else []
    times = min(facts["setfit"], len(facts["seeds"]))
    setfit = f" (SetFit: {', '.join(map(str, facts['seeds'][:times]))})" if times else ""
    lines = [
        "# Few-shot learning curve",
        "",
        *made,
        f"{facts['labels']} labels, {facts['test_rows']:,} test rows, seeds "
        f"{', '.join(map(str, facts['seeds']))}{setfit}, emo_hub {facts['emo_hub']}.",
        "",
        *(f"- {note}" for note in NOTES),
        "",
        "![Learning curve](curve.png)",
        "",
        f"| examples of each label | {' | '.join(map(str, shots))} |",
        "|---|" + "--:|" * len(shots),
    ]
    lines += [
        f"| {name} | {' | '.join(cells.get((name, s), '') for s in shots)} |"
        for name in dict.fromkeys(point.series for point in points)
    ]
    return "\n".join(lines) + "\n"


def _facts(pool: Examples, scored: Examples, plan: CurvePlan) -> dict[str, Any]:
    return {
        "emo_hub": __version__,
        "command": plan.command,
        "labels": len(pool.labels),
        "label_names": pool.labels,
        "multi_label": pool.multi_label,
        "pool": pool.counts,
        "test_rows": len(scored),
        "seeds": list(plan.seeds),
        "setfit": plan.setfit,
        "recipe": dataclasses.asdict(plan.recipe),
    }
