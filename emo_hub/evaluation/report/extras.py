"""Sections beside the benchmarks: label map, learning curves, standings by the BTZSC protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emo_hub import metrics
from emo_hub.evaluation.btzsc import FULL, Way, outcome_of
from emo_hub.evaluation.btzsc_standings import Standing, standings
from emo_hub.evaluation.pictures import Curve, LabelMap
from emo_hub.evaluation.report.blocks import (
    Block,
    Cell,
    Paragraph,
    Picture,
    Section,
    link_of,
    number,
    table,
)
from emo_hub.evaluation.report.material import Material


def label_map(maps: Sequence[LabelMap], picture: Picture | None) -> Section:
    """Say where models put label names in valence and arousal, and how near to people."""
    if picture is None:
        text = (
            "No model gave valence and arousal for label names: none has such a head or was asked."
        )
        return Section("Label map", (Paragraph(text),), (), "label-map")
    blocks: list[Block] = [picture]
    blocks += (_map_table(one) for one in maps)
    return Section("Label map", tuple(blocks), (), "label-map")


def agreement(one: LabelMap) -> dict[str, float] | None:
    """Correlate a model's label positions with those of people; None for fewer than 3 labels."""
    known = [i for i, label in enumerate(one.labels) if one.human and label in one.human]
    if len(known) < 3 or one.human is None:
        return None
    people = np.array([one.human[one.labels[i]] for i in known], dtype=np.float64)
    return {
        "labels": float(len(known)),
        "valence_pearson": metrics.pearson(people[:, 0], np.asarray(one.valence)[known]),
        "arousal_pearson": metrics.pearson(people[:, 1], np.asarray(one.arousal)[known]),
    }


def _map_table(one: LabelMap) -> Block:
    human = one.human or {}
    rows: list[list[Cell | str]] = []
    for label, valence, arousal in zip(one.labels, one.valence, one.arousal, strict=True):
        cells: list[Cell | str] = [label, number(float(valence), 2), number(float(arousal), 2)]
        if human:
            people = human.get(label, (None, None))
            cells += [number(people[0], 2), number(people[1], 2)]
        rows.append(cells)
    caption = (
        f"Label vectors of {one.model}: valence from 1, unpleasant, to 5, pleasant; arousal from "
        "1, calm, to 5, excited."
    )
    if found := agreement(one):
        caption += (
            f" Over {found['labels']:.0f} labels that people rated, r is "
            f"{found['valence_pearson']:.3f} for valence and {found['arousal_pearson']:.3f} for "
            "arousal."
        )
    header = ["label", "valence", "arousal"]
    return table(
        caption, [*header, "people, valence", "people, arousal"] if human else header, rows
    )


def learning_curves(curves: Sequence[Curve], picture: Picture) -> Section:
    """Show learning curves and the numbers behind them."""
    rows: list[list[Cell | str]] = [
        [curve.title, curve.measure, f"{x:,g} {curve.axis}",
         number(value, note=f"{low:.3f} to {high:.3f}")]
        for curve in curves
        for x, value, low, high in curve.points
    ]  # fmt: skip
    caption = "Points of the learning curves, with 95 % intervals."
    found = table(caption, ("curve", "measure", "at", "value"), rows)
    return Section("Learning curves", (picture, found), (), "learning-curves")


def btzsc_lines(material: Material) -> list[Standing]:
    """Place the zero-shot runs on all test rows of BTZSC's two sets among the published lines.

    Empty where there is no such run: a sample, another split or another role does not compare.
    """
    outcomes = [
        outcome_of(one, _way(material, one.model))
        for one in material.scored
        if one.rows.name in FULL and one.result.role == "zero-shot"
    ]
    comparable = [one for one in outcomes if one.is_comparable]
    return standings(comparable) if comparable else []


def _way(material: Material, model: str) -> Way:
    known = material.facts.get("contestants", {}).get(model, {})
    return Way.COSINE if known.get("takes_prompts") == "by cosine" else Way.SCORES


def btzsc(material: Material, lines: Sequence[Standing]) -> list[Section]:
    """Build the section about BTZSC; none where no set of it was scored."""
    scored = [one for one in material.scored if one.rows.name.startswith("btzsc-")]
    if not scored:
        return []
    if not lines:
        text = (
            "Sets of BTZSC were scored, but no model was scored zero-shot on all test rows of one, "
            "so nothing compares with its published table."
        )
        return [Section("BTZSC standings", (Paragraph(text),), (), "btzsc")]
    rows: list[list[Cell | str]] = [
        [
            Cell(line.model, _size(line.millions), strong=line.is_measured),
            line.kind,
            number(line.emotion),
            number(line.empathetic),
            number(line.mean),
            " + ".join(f"{count:,}" for count in line.rows),
            "measured" if line.is_measured else "quoted",
            Cell(line.source, line.remark, link=link_of(line.source)),
        ]
        for line in lines
    ]
    header = (
        "model", "kind", "emotiondair", "empathetic", "mean", "rows", "status",
        "source and protocol",
    )  # fmt: skip
    caption = (
        "Macro-F1 by the protocol of BTZSC: strict zero-shot, one sentence for each label, the "
        "best score decides. Ours stand out; the others are quoted."
    )
    return [Section("BTZSC standings", (table(caption, header, rows),), (), "btzsc")]


def _size(millions: float | None) -> str:
    return f"{millions:,g} M" if millions else ""
