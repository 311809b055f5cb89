"""Results as files that can be cited: report.html and .md for readers, .json with every number.

The HTML page is one file that asks for nothing: no script, pictures inside. A test split's texts
stand in the pages alone, among the worst errors, and never in the JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.evaluation.pictures import Curve, LabelMap
from emo_hub.evaluation.report import json, markdown, page
from emo_hub.evaluation.report.blocks import Document, Paragraph, Section
from emo_hub.evaluation.report.boards import leaderboards
from emo_hub.evaluation.report.comparison import Pages, comparison_page, write_comparison
from emo_hub.evaluation.report.details import details
from emo_hub.evaluation.report.drawing import draw_bench, draw_learning, draw_maps, draw_overview
from emo_hub.evaluation.report.extras import btzsc, btzsc_lines, label_map, learning_curves
from emo_hub.evaluation.report.json import SCHEMA_VERSION
from emo_hub.evaluation.report.material import Material, gather
from emo_hub.evaluation.report.method import environment, method, origin
from emo_hub.evaluation.report.summary import summary
from emo_hub.evaluation.report.worst import WorstRow, worst_rows
from emo_hub.evaluation.report.writing import drawing_beside, put_in_place
from emo_hub.evaluation.scored import Scored

__all__ = ["SCHEMA_VERSION", "Pages", "comparison_page", "write_comparison", "write_report"]

TITLE = "Emotion benchmarks: evaluation report"


def write_report(
    scored: Sequence[Scored],
    facts: Mapping[str, Any],
    out: Path,
    *,
    maps: Sequence[LabelMap] = (),
    curves: Sequence[Curve] = (),
) -> Path:
    """Write report.html, report.md, report.json and pictures/*.png into a folder.

    Args:
        scored: every model on every benchmark; models stand in the order of first appearance.
        facts: what else a reader should know (command, date, data); written as given.
        out: the folder, which is made if need be.
        maps: where models put label names in valence and arousal.
        curves: learning curves.

    Returns:
        The path of report.html.

    Raises:
        InputError: there is no result at all.
        DataError: the folder cannot be written.
    """
    material = gather(scored, facts, maps, curves, environment())
    worst = [worst_rows(bench.scored[0]) for bench in material.benches]
    lines = btzsc_lines(material)
    numbers = json.render(json.as_values(material, worst, lines))
    last = origin(material, hashlib.sha256(numbers).hexdigest())
    with drawing_beside(out) as desk:
        document = Document(
            TITLE,
            (Paragraph(summary(material)),),
            (
                leaderboards(material, draw_overview(material, desk)),
                *btzsc(material, lines),
                *_benchmarks(material, worst, desk),
                label_map(material.maps, draw_maps(material, desk) if material.maps else None),
                *_curves(material, desk),
                method(material),
                last,
            ),
        )
        pages = {
            "report.json": numbers,
            "report.md": markdown.render(document, desk).encode(),
            "report.html": page.render(document).encode(),
        }
        put_in_place(out, desk, pages)
    return out / "report.html"


def _benchmarks(
    material: Material, worst: Sequence[Sequence[WorstRow]], out: Path
) -> list[Section]:
    parts = tuple(
        details(bench, draw_bench(bench, out), found)
        for bench, found in zip(material.benches, worst, strict=True)
    )
    return [Section("Benchmarks", (), parts, "benchmarks")]


def _curves(material: Material, out: Path) -> list[Section]:
    if not material.curves:
        return []
    return [learning_curves(material.curves, draw_learning(material, out))]
