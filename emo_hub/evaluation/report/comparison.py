"""Two models side by side as a page: what changed, and what of it is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.errors import InputError
from emo_hub.evaluation.compare import Comparison, facts_of
from emo_hub.evaluation.pictures import draw_comparison
from emo_hub.evaluation.report import json, markdown, page
from emo_hub.evaluation.report.blocks import (
    Block,
    Cell,
    Document,
    Notes,
    Paragraph,
    Picture,
    Section,
    number,
    sentence_list,
    table,
)
from emo_hub.evaluation.report.drawing import FOLDER
from emo_hub.evaluation.report.method import environment, flatten
from emo_hub.evaluation.report.titles import metric_title
from emo_hub.evaluation.report.writing import drawing_beside, put_in_place

TITLE = "Emotion benchmarks: comparison of two models"
SCHEMA_VERSION = 1

Row = Mapping[str, Any]

_METHOD = (
    "Rows are paired: both models answered the same ones, so what both find easy or hard cancels "
    "out.",
    "The interval of a difference is the 2.5th to 97.5th percentile of a paired bootstrap over "
    "rows; the p-value comes from approximate randomisation, which swaps the two models' answers "
    "row by row. Where rows belong to dialogues, whole dialogues are drawn and swapped.",
    "p (Holm) is corrected for the number of benchmarks; 'more than noise' means that it is below "
    "0.05. Differences of single labels are not tested.",
    "Neither knows of training noise: two seeds of one recipe may differ by more.",
)


@dataclass(frozen=True, slots=True)
class Pages:
    """One page in two forms."""

    markdown: str
    html: str


def write_comparison(
    comparison: Comparison, out: Path, facts: Mapping[str, Any] | None = None
) -> Path:
    """Write comparison.html, comparison.md, comparison.json and a picture into a folder.

    Args:
        comparison: of `compare.compare`.
        out: the folder, which is made if need be.
        facts: what else a reader should know, such as command and date.

    Returns:
        The path of comparison.html.

    Raises:
        InputError: nothing was compared.
        DataError: the folder cannot be written.
    """
    values = comparison.to_json()
    told = {**facts_of(comparison), **(facts or {})}
    kept = {
        "schema_version": SCHEMA_VERSION, "facts": told, "environment": environment(), **values,
    }  # fmt: skip
    with drawing_beside(out) as desk:
        picture = desk / FOLDER / "comparison.png"
        picture.parent.mkdir()
        draw_comparison(comparison, picture)
        pages = comparison_page(
            told, values["changes"], labels=values["labels"], picture=picture, folder=desk
        )
        files = {
            "comparison.json": json.render(kept),
            "comparison.md": pages.markdown.encode(),
            "comparison.html": pages.html.encode(),
        }
        put_in_place(out, desk, files)
    return out / "comparison.html"


def comparison_page(
    facts: Mapping[str, Any],
    rows: Sequence[Row],
    *,
    labels: Sequence[Row] = (),
    changed: Sequence[Row] = (),
    picture: Path | None = None,
    folder: Path = Path(),
) -> Pages:
    """Render a comparison.

    Args:
        facts: must name the models as `first` and `second`; the rest is shown as given.
        rows: one for each benchmark, with the fields of `compare.Change`.
        labels: labels whose F1 changed, with the fields of `compare.LabelChange`.
        changed: counts of rows by benchmark: fixed, broken and, where known, both_wrong; empty
            takes them from `rows`.
        picture: a drawing of it.
        folder: where the Markdown will lie; the picture is linked from there.

    Raises:
        InputError: there is no row.
    """
    if not rows:
        raise InputError("There is nothing to compare: the two models share no benchmark.")
    first, second = str(facts["first"]), str(facts["second"])
    document = Document(
        TITLE,
        (Paragraph(_summary(first, second, rows)),),
        tuple(
            _sections(facts, rows, labels, changed or rows, _shown(picture, first, second, rows))
        ),
    )
    return Pages(markdown.render(document, folder), page.render(document))


def verdict_text(verdict: str) -> str:
    """Write a verdict as a reader meets it."""
    words = {"better": "better by more than noise", "worse": "worse by more than noise"}
    return words.get(verdict.removesuffix(" than noise"), "no more than noise")


def _summary(first: str, second: str, rows: Sequence[Row]) -> str:
    by_verdict: dict[str, list[str]] = {}
    for row in rows:
        by_verdict.setdefault(verdict_text(row["verdict"]), []).append(
            f"{row['benchmark']} ({row['difference']:+.3f})"
        )
    said = [
        f"From {first} to {second}, on {len(rows)} "
        + ("benchmarks." if len(rows) > 1 else "benchmark.")
    ]
    for verdict, names in by_verdict.items():
        if verdict == "no more than noise":
            said.append(f"The difference is no more than noise on {sentence_list(names)}.")
        else:
            said.append(f"{second} is {verdict} on {sentence_list(names)}.")
    return " ".join(said)


def _shown(picture: Path | None, first: str, second: str, rows: Sequence[Row]) -> Picture | None:
    if picture is None:
        return None
    alt = "; ".join(f"{row['benchmark']} {row['difference']:+.3f}" for row in rows)
    caption = f"Differences from {first} to {second}, with 95 % intervals."
    return Picture(picture, caption, f"Differences of the headline metric: {alt}.")


def _sections(
    facts: Mapping[str, Any],
    rows: Sequence[Row],
    labels: Sequence[Row],
    changed: Sequence[Row],
    picture: Picture | None,
) -> Iterator[Section]:
    first, second = str(facts["first"]), str(facts["second"])
    roles = list(dict.fromkeys(str(row.get("role", "")) for row in rows))
    tables: list[Block] = [
        _differences(first, second, role, [r for r in rows if str(r.get("role", "")) == role])
        for role in roles
    ]
    yield Section("Benchmarks", (*tables, *([picture] if picture else [])), (), "benchmarks")
    yield Section("Labels", tuple(_labels(first, second, labels)), (), "labels")
    yield Section("Rows", (_changed(first, second, changed),), (), "rows")
    yield Section("Method", (Notes(_METHOD),), (), "method")
    told = [*flatten(facts), *((f"version of {k}", v) for k, v in environment().items())]
    origin = table("How this comparison was made.", ("fact", "value"), told, prose=True)
    yield Section("Origin", (origin,), (), "origin")


def _differences(first: str, second: str, role: str, rows: Sequence[Row]) -> Block:
    cells: list[list[Cell | str]] = [
        [
            f"{row['benchmark']} ({row['split']})",
            metric_title(row["metric"]),
            number(row["first"]),
            number(row["second"]),
            Cell(
                f"{row['difference']:+.3f}",
                f"{row['low']:+.3f} to {row['high']:+.3f}",
                is_number=True,
            ),
            number(row["p_value"], 4),
            number(row["p_holm"], 4),
            verdict_text(row["verdict"]),
            _count(row),
        ]
        for row in rows
    ]
    header = (
        "benchmark", "metric", first, second, "difference", "p", "p (Holm)", "verdict", "rows",
    )  # fmt: skip
    said = f" Role: {role}." if role else ""
    caption = f"{second} less {first}, with the 95 % interval of the difference.{said}"
    return table(caption, header, cells)


def _count(row: Row) -> Cell:
    left_out = row.get("left_out", 0)
    note = f"{left_out:,} that only one scored left out" if left_out else ""
    return number(row["rows"], 0, note=note)


def _labels(first: str, second: str, labels: Sequence[Row]) -> Iterator[Block]:
    if not labels:
        yield Paragraph("No label's F1 changed, or what was compared has no labels.")
        return
    caption = "Labels whose F1 changed most. Single labels are not tested: few rows move far."
    rows: list[list[Cell | str]] = [
        [
            row["benchmark"],
            row["label"],
            number(row["first"]),
            number(row["second"]),
            Cell(f"{row['difference']:+.3f}", is_number=True),
            number(row["support"], 0),
        ]
        for row in labels
    ]
    yield table(caption, ("benchmark", "label", first, second, "difference", "rows with it"), rows)


def _changed(first: str, second: str, changed: Sequence[Row]) -> Block:
    known = [row for row in changed if row.get("fixed") or row.get("broken")]
    if not known:
        return Paragraph(
            "No row became right or wrong as a whole, or what was compared has no labels."
        )
    has_both = any("both_wrong" in row for row in known)
    rows: list[list[Cell | str]] = [
        [
            row["benchmark"],
            number(row["fixed"], 0),
            number(row["broken"], 0),
            *([number(row.get("both_wrong"), 0)] if has_both else []),
        ]
        for row in known
    ]
    header = [
        "benchmark", f"right in {second} alone", f"right in {first} alone",
        *(["wrong in both"] if has_both else []),
    ]  # fmt: skip
    return table("Rows whose labels are all right.", header, rows)
