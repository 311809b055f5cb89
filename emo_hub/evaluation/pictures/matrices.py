"""Which labels are taken for which, and which go together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.pictures.heat import SMALLEST_CELL, Heat, Shares, draw_heats, grid_for
from emo_hub.evaluation.pictures.names import plain, short_names
from emo_hub.evaluation.pictures.subject import by_support, on_one_benchmark, rows_of
from emo_hub.evaluation.scored import Scored

Counts = NDArray[np.int64]

_MOST = 80
_FEW = 12  # up to so many labels, counts stand in the cells
_NOTHING = "(none)"
_PAGE = 9.6  # inches that two matrices one below the other may take


def draw_confusion(one: Scored, path: Path) -> None:
    """Draw, for the rows annotated with each label, the share in which each label was predicted.

    Where a row has one label this is the confusion matrix with rows that sum to one. Where it may
    have several, a row of the picture counts all that was predicted beside the label too.

    Args:
        one: a model on a split.
        path: the PNG file to write.

    Raises:
        InputError: it is a regression.
    """
    on_one_benchmark([one], "confusion of labels")
    heat = _confusion(one)
    (name,) = short_names([one.model], longest=60)
    several = one.rows.kind == "multi_label"
    title = (
        f"{name}: share in which each label was predicted, for the rows annotated with a label "
        f"({rows_of([one])})"
    )
    notes = ["White: never. In brackets: rows with the label, by which labels are ordered."]
    if several:
        notes[0] += " Rows may carry several labels, so shares need not sum to 1."
    if heat.counts is not None:
        notes[0] += " Numbers in cells: rows."
    grid = grid_for(heat.rows, heat.columns)
    draw_heats([heat], grid, title, notes + _cut(one), path)


def draw_cooccurrence(one: Scored, path: Path) -> None:
    """Draw which labels go together in annotations, and in predictions, to be compared by eye.

    A cell is the share of rows with the label of its row that also carry that of its column. The
    two stand side by side where type of 8 pt allows it, else one below the other.

    Args:
        one: a model on a split whose rows may have several labels.
        path: the PNG file to write.

    Raises:
        InputError: rows have one label each, so nothing occurs together, or it is a regression.
    """
    on_one_benchmark([one], "co-occurrence of labels")
    if one.rows.kind != "multi_label":
        raise InputError(
            f"The rows of {one.rows.name} have one label each, so no labels occur together: draw "
            "its confusion instead."
        )
    targets, predicted, names = _kept(one)
    heats = [
        Heat(_together(matrix), tuple(names), tuple(names), title=title, across="also carry")
        for matrix, title in ((targets, "annotated"), (predicted, "predicted"))
    ]
    beside = grid_for(names, names, panels=2)
    stacked = beside.cell < SMALLEST_CELL + 0.001
    grid = beside
    if stacked:
        cell = min(grid_for(names, names).cell, _PAGE / 2 / len(names))
        grid = replace(beside, cell=max(cell, SMALLEST_CELL))
    (name,) = short_names([one.model], longest=60)
    title = (
        f"{name}: share of the rows with one label that carry another label too, in annotations "
        f"and in predictions ({rows_of([one])})"
    )
    notes = ["White: never. Grey: the label itself, or a label that no row carries."]
    draw_heats(heats, grid, title, notes + _cut(one), path, stacked=stacked)


def _kept(one: Scored) -> tuple[Counts, Counts, list[str]]:
    """Give targets and predictions of the most frequent labels, and their names, by support."""
    order = by_support(one.rows.targets)[:_MOST]
    targets = np.asarray(one.rows.targets)[:, order].astype(np.int64)
    predicted = np.asarray(one.predicted)[:, order].astype(np.int64)
    return targets, predicted, [plain(one.rows.labels[i], 22) for i in order]


def _cut(one: Scored) -> list[str]:
    count = len(one.rows.labels)
    return [f"The {_MOST} most frequent of {count} labels are shown."] if count > _MOST else []


def _confusion(one: Scored) -> Heat:
    targets, predicted, names = _kept(one)
    few = len(names) <= _FEW
    targets, rows = _with_nothing(targets, np.asarray(one.rows.targets), names)
    predicted, columns = _with_nothing(predicted, np.asarray(one.predicted), names)
    counts = targets.T @ predicted
    support = targets.sum(axis=0)
    shares = counts / np.where(support > 0, support, np.nan)[:, None]
    said = tuple(f"{name} ({n:,})" for name, n in zip(rows, support, strict=True))
    return Heat(shares, said, tuple(columns), counts if few else None)


def _with_nothing(
    kept: Counts, every: NDArray[np.int8], names: list[str]
) -> tuple[Counts, list[str]]:
    """Add a column for the rows without any label at all, where there are some."""
    empty = ~every.any(axis=1)
    if not empty.any():
        return kept, names
    return np.column_stack([kept, empty.astype(np.int64)]), [*names, _NOTHING]


def _together(matrix: Counts) -> Shares:
    """Give the share of rows with label i that also have label j, NaN for i = j."""
    support = matrix.sum(axis=0)
    shares: Shares = (matrix.T @ matrix) / np.where(support > 0, support, np.nan)[:, None]
    np.fill_diagonal(shares, np.nan)
    return shares
