"""Leaderboards: one per role, never mixed, with published numbers beside ours and marked."""

from __future__ import annotations

from collections.abc import Sequence

from emo_hub.evaluation.published import Published
from emo_hub.evaluation.report.blocks import (
    Block,
    Cell,
    Paragraph,
    Picture,
    Section,
    Table,
    link_of,
    number,
    slug,
    table,
)
from emo_hub.evaluation.report.material import Bench, Material
from emo_hub.evaluation.report.titles import (
    best,
    digits,
    metric_title,
    ordered_metrics,
    ordered_roles,
    role_meaning,
    role_title,
)
from emo_hub.evaluation.results import Result
from emo_hub.metrics import Interval

QUOTED = "quoted"
MEASURED = "measured"
_UNKNOWN = (Cell("-", is_number=True), Cell("-", is_number=True))
_QUOTED_NOTE = (
    "Rows marked 'quoted' were not measured here: the value is as its source prints it, and the "
    "last column says how its protocol differs. 'Second-hand' means that the source was read in "
    "somebody else's quotation."
)


def leaderboards(material: Material, picture: Picture) -> Section:
    """Build the section with one leaderboard for each role.

    Args:
        material: everything scored.
        picture: the drawn leaderboard.
    """
    roles = ordered_roles([*material.roles, *(p.role for p in material.quoted)])
    parts = tuple(_board(material, role) for role in roles)
    opening = (
        "One table for each way in which a model can stand to a benchmark; numbers of different "
        "tables do not compare. Intervals are 95 % bootstrap intervals over rows. The highest "
        "measured value stands out, which says nothing about whether it is higher by more than "
        "noise: emo-hub evaluate --compare tests that."
    )
    blocks: tuple[Block, ...] = (Paragraph(opening),)
    if material.quoted:
        blocks += (Paragraph(_QUOTED_NOTE),)
    blocks += (picture,)
    return Section("Leaderboards", blocks, parts, "leaderboards")


def interval_of(result: Result, metric: str) -> Interval | None:
    """Give the 95 % interval of a metric, where one was computed."""
    return result.interval if metric == result.headline else result.intervals.get(metric)


def interval_text(interval: Interval | None) -> str:
    """Write an interval; empty where there is none."""
    return f"{interval.low:.3f} to {interval.high:.3f}" if interval else ""


def rows_text(result: Result) -> str:
    """Say how many rows were scored, and of how many where it was a sample."""
    if result.rows < result.available:
        return f"{result.rows:,} of {result.available:,} (sample)"
    return f"{result.rows:,}"


def _board(material: Material, role: str) -> Section:
    blocks: list[Block] = []
    if meaning := role_meaning(role):
        blocks.append(Paragraph(meaning))
    measured = [bench for bench in material.benches if bench.of_role(role)]
    if not measured:
        blocks.append(Paragraph("No model was measured in this role; what stands here is quoted."))
    models = [m for m in material.models if any(_of(b, m, role) for b in measured)]
    if len(measured) > 1:
        blocks.append(_overview(measured, models, role))
    blocks.append(_beside_published(material, role))
    return Section(role_title(role), tuple(blocks), (), f"role-{slug(role)}")


def _of(bench: Bench, model: str, role: str) -> Result | None:
    return next((one.result for one in bench.of_role(role) if one.model == model), None)


def _overview(benches: Sequence[Bench], models: Sequence[str], role: str) -> Table:
    """Show the headline of each benchmark under each model of a role."""
    rows = []
    for bench in benches:
        found = [_of(bench, model, role) for model in models]
        top = best(bench.rows.headline, [r.value for r in found if r])
        cells: list[Cell | str] = [
            Cell(bench.name, f"{bench.split}, {metric_title(bench.rows.headline, bench.rows.kind)}")
        ]
        cells += [
            number(r.value, note=interval_text(r.interval), strong=r.value == top)
            if r
            else Cell("-", is_number=True)
            for r in found
        ]
        rows.append(cells)
    caption = f"{role_title(role)}: the headline metric of every benchmark, 95 % intervals below."
    return table(caption, ("benchmark", *models), rows)


def _beside_published(material: Material, role: str) -> Table:
    rows: list[list[Cell | str]] = []
    for bench in material.benches:
        quoted = [p for p in bench.quoted if p.role == role]
        results = [one.result for one in bench.of_role(role)]
        wanted = [bench.rows.headline] if results else []
        for metric in ordered_metrics([*wanted, *(p.metric for p in quoted)]):
            rows += _rows_of(bench, metric, results, quoted)
    header = (
        "benchmark", "metric", "model", "value", "95 % interval", "rows", "status",
        "source and protocol",
    )  # fmt: skip
    caption = f"{role_title(role)}: measured models, with published numbers beside them."
    return table(caption, header, rows)


def _rows_of(
    bench: Bench, metric: str, results: Sequence[Result], quoted: Sequence[Published]
) -> list[list[Cell | str]]:
    """Give one metric of one benchmark, measured and quoted, highest first."""
    title = metric_title(metric, bench.rows.kind)
    mine = [r for r in results if metric in r.metrics]
    top = best(metric, [r.metrics[metric] for r in mine])
    places = digits(metric)
    found: list[tuple[float, list[Cell | str]]] = []
    for r in mine:
        value = r.metrics[metric]
        cells: list[Cell | str] = [
            f"{bench.name} ({bench.split})", title, r.model,
            number(value, places, strong=value == top),
            Cell(interval_text(interval_of(r, metric)) or "-", is_number=True),
            Cell(rows_text(r), is_number=True), MEASURED, "this report",
        ]  # fmt: skip
        found.append((value, cells))
    for p in quoted:
        if p.metric == metric:
            where = f"{bench.name} ({p.split})" if p.split else bench.name
            model = Cell(p.model, p.size)
            source = Cell(p.source, _protocol(p, bench), link=link_of(p.source))
            cells = [where, title, model, number(p.value, places), *_UNKNOWN, QUOTED, source]
            found.append((p.value, cells))
    return [cells for _, cells in sorted(found, key=lambda pair: -pair[0])]


def _protocol(published: Published, bench: Bench) -> str:
    remarks = ["second-hand"] if published.second_hand else []
    if published.split and published.split != bench.split:
        remarks.append(f"on {published.split}, ours is on {bench.split}")
    if published.remark:
        remarks.append(published.remark)
    return "; ".join(remarks)
