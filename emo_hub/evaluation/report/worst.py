"""The rows on which a model was most confidently wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.evaluation.report.blocks import Block, Cell, Paragraph, cut, number, table
from emo_hub.evaluation.scored import Scored

SHOWN = 10
_TOP_LABELS = 3
_TEXT_CHARACTERS = 300
_CONTEXT_CHARACTERS = 200
_LEAST = 1e-6  # a score of 0 or 1 would cost infinitely much


@dataclass(frozen=True, slots=True)
class WorstRow:
    """One row that went wrong.

    Args:
        row: its place among the scored rows, from 0.
        id: how the benchmark calls it; empty where it says nothing.
        loss: how wrong, in nats for labels and in squared units for dimensions.
        annotated: what people said, as names or as name and value.
        top: the labels with the highest scores, or the values given.
    """

    row: int
    id: str
    loss: float
    annotated: tuple[str, ...]
    top: tuple[tuple[str, float], ...]


def worst_rows(scored: Scored, most: int = SHOWN) -> list[WorstRow]:
    """Find the wrongly decided rows with the highest loss, worst first.

    The loss of a label set is the mean binary cross-entropy over its labels; of a single label the
    negative log of the share that the right label has in all scores of the row; of dimensions the
    mean squared distance. Of rows with labels only those that were decided wrongly count.
    """
    losses = row_losses(scored)
    if scored.predicted is not None:
        wrong = (scored.predicted != scored.rows.targets).any(axis=1)
        losses = np.where(wrong, losses, -np.inf)
    order = np.argsort(-losses, kind="stable")[:most]
    return [_row(scored, int(i), float(losses[i])) for i in order if losses[i] > 0]


def row_losses(scored: Scored) -> NDArray[np.float64]:
    """Compute the loss of every row, (N,)."""
    targets = scored.rows.targets.astype(np.float64)
    found = scored.scores.astype(np.float64)
    if scored.rows.kind == "regression":
        return np.asarray(((targets - found) ** 2).mean(axis=1))
    found = np.clip(found, _LEAST, 1 - _LEAST)
    if scored.rows.kind == "single_label":
        share = (found * targets).sum(axis=1) / found.sum(axis=1)
        return np.asarray(-np.log(np.clip(share, _LEAST, 1.0)))
    entropy = targets * np.log(found) + (1 - targets) * np.log(1 - found)
    return np.asarray(-entropy.mean(axis=1))


def _row(scored: Scored, place: int, loss: float) -> WorstRow:
    rows = scored.rows
    targets, found = rows.targets[place], scored.scores[place]
    if rows.kind == "regression":
        annotated = tuple(f"{d} {v:.2f}" for d, v in zip(rows.labels, targets, strict=True))
        order: Sequence[Any] = range(len(rows.labels))
    else:
        annotated = tuple(rows.labels[i] for i in np.flatnonzero(targets))
        order = np.argsort(-found, kind="stable")[:_TOP_LABELS].tolist()
    top = tuple((rows.labels[i], float(found[i])) for i in order)
    name = rows.ids[place] if rows.ids else ""
    return WorstRow(place, name, loss, annotated, top)


def worst_blocks(scored: Scored, worst: Sequence[WorstRow], licence: str) -> list[Block]:
    """Say which rows went most wrong, with their texts where they are at hand."""
    if not worst:
        return [Paragraph(f"{scored.model} decided no row of this split wrongly.")]
    has_text = any(scored.rows.texts[found.row] for found in worst)
    opening = (
        f"These are texts of the benchmark, shown for study under its licence: {licence}."
        if has_text and licence
        else "These are texts of the benchmark; no licence is stated for it."
        if has_text
        else "The texts are not at hand: these numbers were read from the record of an earlier run."
    )
    text = ("text",) if has_text else ()
    header = ("row", "loss", *text, "annotated", "scored highest")
    if scored.rows.kind == "regression":
        header = ("row", "loss", *text, "annotated", "given")
    rows = []
    for found in worst:
        shown = (_text(scored, found.row),) if has_text else ()
        top = ", ".join(f"{label} {score:.2f}" for label, score in found.top)
        where = Cell(f"{found.row + 1:,}", found.id)
        annotated = ", ".join(found.annotated) or "no label"
        rows.append((where, number(found.loss, 2), *shown, annotated, top))
    caption = (
        f"The {len(worst)} worst errors of {scored.model} on {scored.rows.name} "
        f"({scored.rows.split}): wrong with the highest loss. Rows are counted from 1 among those "
        "that were scored."
    )
    return [Paragraph(opening), table(caption, header, rows, prose=True)]


def _text(scored: Scored, place: int) -> Cell:
    context = scored.rows.contexts[place]
    note = f"after: {cut(context, _CONTEXT_CHARACTERS)}" if context else ""
    return Cell(cut(scored.rows.texts[place], _TEXT_CHARACTERS), note)
