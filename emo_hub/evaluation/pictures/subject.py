"""What the pictures of one benchmark have in common: which models, which rows, how to say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.pictures.names import plain, short_names
from emo_hub.evaluation.pictures.style import MOST_SERIES
from emo_hub.evaluation.scored import Scored


def on_one_benchmark(scored: Sequence[Scored], wanted: str) -> list[Scored]:
    """Check that models can stand in one picture, and keep as many as can be told apart.

    Args:
        scored: the models.
        wanted: what is to be drawn, for the sentence of an error.

    Raises:
        InputError: there is none, they are of several splits or label sets, or it is a regression.
    """
    if not scored:
        raise InputError(f"There is nothing to draw for {wanted}: give at least one scored model.")
    splits = {(one.rows.name, one.rows.split, one.rows.labels) for one in scored}
    if len(splits) > 1:
        raise InputError(
            f"The picture of {wanted} shows one split of one benchmark; got "
            f"{', '.join(sorted({f'{name} {split}' for name, split, _ in splits}))}."
        )
    for one in scored:
        if one.predicted is None:
            raise InputError(
                f"{one.rows.name} asks for valence, arousal and dominance, so it has no {wanted}."
            )
    return list(scored[:MOST_SERIES])


def rows_of(scored: Sequence[Scored]) -> str:
    """Say which rows: "goemotions test, n = 5,427"."""
    rows = scored[0].rows
    count = said_number([one.result.rows for one in scored])
    return f"{plain(rows.name)} {plain(rows.split)}, n = {count}"


def said_number(numbers: Sequence[int]) -> str:
    """Write a count, or the range of several."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def names_of(scored: Sequence[Scored]) -> list[str]:
    """Give the legend names of models, with their roles where these differ."""
    models = list(dict.fromkeys(one.model for one in scored))
    short = dict(zip(models, short_names(models), strict=True))
    if len({one.result.role for one in scored}) == 1:
        return [short[one.model] for one in scored]
    return [f"{short[one.model]}, {plain(one.result.role)}" for one in scored]


def left_out(count: int) -> list[str]:
    """Say how many models are not drawn, where some are not."""
    more = count - MOST_SERIES
    return [f"{more} further models are in the tables only."] if more > 0 else []


def by_support(targets: NDArray[Any]) -> NDArray[np.intp]:
    """Order labels (columns) from the most frequent to the rarest; ties keep their order."""
    return np.argsort(-np.asarray(targets).sum(axis=0, dtype=np.int64), kind="stable")
