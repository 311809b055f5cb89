"""What a report says about each benchmark: facts, metrics, pictures, labels, worst errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from emo_hub.evaluation.report.blocks import (
    Block,
    Cell,
    Notes,
    Paragraph,
    Picture,
    Section,
    Table,
    number,
    slug,
    table,
)
from emo_hub.evaluation.report.boards import interval_of, interval_text, rows_text
from emo_hub.evaluation.report.material import Bench
from emo_hub.evaluation.report.titles import best, digits, metric_title, ordered_metrics, role_title
from emo_hub.evaluation.report.worst import WorstRow, worst_blocks
from emo_hub.evaluation.results import LabelResult, Result


def details(bench: Bench, pictures: Sequence[Picture], worst: Sequence[WorstRow]) -> Section:
    """Build the section of one benchmark.

    Args:
        bench: what was scored on it.
        pictures: what was drawn of it.
        worst: the worst errors of its first model.
    """
    anchor = slug(f"{bench.name}-{bench.split}")
    parts = [Section("Results", tuple(_metric_tables(bench)))]
    if pictures:
        parts.append(Section("Pictures", tuple(pictures)))
    if bench.rows.kind == "regression":
        text = "This benchmark has ratings and no labels, so there is nothing to count per label."
        parts.append(Section("Labels", (Paragraph(text),)))
    else:
        parts.append(Section("Labels", tuple(_label_tables(bench))))
    blocks = worst_blocks(bench.scored[0], worst, bench.about.licence)
    parts.append(Section("Worst errors", tuple(blocks)))
    title = f"{bench.about.title} ({bench.split})"
    if bench.about.title.lower() != bench.name:
        title = f"{bench.about.title}: {bench.name} ({bench.split})"
    return Section(title, tuple(_facts(bench)), tuple(parts), anchor)


def _facts(bench: Bench) -> Iterator[Block]:
    first = bench.scored[0].result
    about = bench.about
    what = {
        "multi_label": f"{len(bench.rows.labels)} labels, any number of them for a text",
        "single_label": f"{len(bench.rows.labels)} labels, one for each text",
        "regression": f"ratings of {', '.join(bench.rows.labels)}",
    }[bench.rows.kind]
    facts = [
        f"Source: {about.source}." if about.source else "Source: not declared.",
        f"Copy on the Hub: {about.revision}." if about.revision else "",
        f"Licence: {about.licence}." if about.licence else "Licence: not stated.",
        f"Task: {what}. Headline: {metric_title(first.headline, first.kind)}.",
        f"Split: {bench.split}, {rows_text(first)} rows scored, {_dropped(first)}.",
        *(f"Known: {fault}" for fault in about.faults),
        *_repeats(bench),
    ]
    yield Notes(tuple(fact for fact in facts if fact))
    yield from _seen(bench)


def _dropped(result: Result) -> str:
    if not result.dropped:
        return "none left out"
    return (
        f"{result.dropped:,} left out before that (empty, without an answer, or excluded by the "
        "rule that is named here)"
    )


def _repeats(bench: Bench) -> Iterator[str]:
    for one in bench.scored:
        times = one.result.times_scored
        if times > 1:
            yield (
                f"{one.model} was scored {times:,} times on this split, as far as is recorded: its "
                "value may have been chosen among several."
            )


def _seen(bench: Bench) -> Iterator[Block]:
    rows = [
        (one.model, source, number(count, 0))
        for one in bench.scored
        for source, count in one.result.seen.items()
    ]
    if not rows:
        yield Paragraph("No training source was compared with the texts of this split.")
        return
    caption = (
        "Rows whose text also stands in a source of training, letter case, punctuation and spacing "
        "aside; counted over the whole split, before any row was left out for it or sampled."
    )
    yield table(caption, ("model", "source of training", "rows"), rows)


def _metric_tables(bench: Bench) -> Iterator[Block]:
    for role in bench.roles:
        results = [one.result for one in bench.of_role(role)]
        yield _metrics(bench, role, results)


def _metrics(bench: Bench, role: str, results: Sequence[Result]) -> Table:
    rows: list[list[Cell | str]] = []
    for metric in ordered_metrics(m for r in results for m in r.metrics):
        top = best(metric, [r.metrics[metric] for r in results if metric in r.metrics])
        cells: list[Cell | str] = [metric_title(metric, bench.rows.kind)]
        for r in results:
            value = r.metrics.get(metric)
            note = interval_text(interval_of(r, metric))
            strong = top is not None and value == top
            cells.append(number(value, digits(metric), note=note, strong=strong))
        rows.append(cells)
    rows += [
        ["rows scored", *(_right(rows_text(r)) for r in results)],
        ["times scored", *(_right(f"{r.times_scored:,}") for r in results)],
        ["thresholds from", *(_right(r.thresholds_from or "none used") for r in results)],
        ["seconds", *(_right(f"{r.seconds:.1f}") for r in results)],
    ]
    caption = (
        f"{bench.name} ({bench.split}), {role_title(role).lower()}: every metric, with 95 % "
        "intervals where they were computed."
    )
    return table(caption, ("metric", *(r.model for r in results)), rows)


def _right(text: str) -> Cell:
    return Cell(text, is_number=True)


def _label_tables(bench: Bench) -> Iterator[Block]:
    for role in bench.roles:
        results = [one.result for one in bench.of_role(role)]
        support = {label: found.support for label, found in results[0].per_label.items()}
        order = sorted(support, key=lambda label: (-support[label], label))
        rows: list[list[Cell | str]] = [
            [label, number(support[label], 0), *(_label(r.per_label, label) for r in results)]
            for label in order
        ]
        caption = (
            f"{bench.name} ({bench.split}), {role_title(role).lower()}: F1 of each label, and for "
            "how many rows the model predicted it. Few rows make an F1 of little weight."
        )
        header = ("label", "rows with it", *(f"F1 of {r.model}" for r in results))
        yield table(caption, header, rows)


def _label(per_label: Mapping[str, LabelResult], label: str) -> Cell:
    found = per_label.get(label)
    if found is None:
        return Cell("-", is_number=True)
    return number(found.f1, note=f"predicted {found.predicted:,}")
