"""Does a model use context? Right with the right one, with none, with another story's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emo_hub.metrics.resampling import bootstrap_interval

Floats = NDArray[np.float32]
# Texts and contexts to scores or logits (N, L).
Scorer = Callable[[Sequence[str], Sequence[str | None]], Floats]

_SWAPS = 5


class Line(Protocol):
    """A text of a story, after what came before it."""

    @property
    def id(self) -> str:
        """Tell it apart from other lines."""

    @property
    def text(self) -> str:
        """Give what is rated."""

    @property
    def context(self) -> str | None:
        """Give what came before, or None."""

    @property
    def primary(self) -> str:
        """Give the label that holds most; empty where nobody said."""

    @property
    def story(self) -> str:
        """Name the story that it is from; empty for a line by itself."""


def swap_probe(score: Scorer, rows: Sequence[Line], labels: Sequence[str]) -> dict[str, Any]:
    """Ask whether a model uses context: is it right with the right one, with none, with another's?

    A line is right where the label that scores highest is its primary emotion. Contexts are
    exchanged among stories, several times; intervals are 95 %, over stories.

    Args:
        score: texts and contexts to scores or logits.
        rows: of which those with a context and a primary emotion are read.
        labels: of the outputs.

    Returns:
        How many rows, and the share of them, in [0, 1], that is right each way; 0 rows where there
        are fewer than two stories.
    """
    read = [row for row in rows if row.context and row.primary in labels]
    stories = [row.story or row.id for row in read]
    if len(set(stories)) < 2:
        return {"rows": 0}
    texts = [row.text for row in read]
    wanted = np.array([labels.index(row.primary) for row in read])

    def right(contexts: Sequence[str | None]) -> Floats:
        return np.asarray(score(texts, contexts).argmax(axis=1) == wanted, np.float32)

    own, none = right([row.context for row in read]), right([None] * len(read))
    swapped = np.mean([right(exchanged(read, n)) for n in range(_SWAPS)], axis=0)
    facts: dict[str, Any] = {"rows": len(read), "stories": len(set(stories))}
    facts |= {
        name: round(float(values.mean()), 4)
        for name, values in (("right", own), ("none", none), ("swapped", swapped))
    }
    for name, values in (("right_over_none", own - none), ("right_over_swapped", own - swapped)):
        found = bootstrap_interval(lambda drawn: float(drawn.mean()), values, groups=stories)
        facts[name] = [round(x, 4) for x in (float(values.mean()), found.low, found.high)]
    return facts


def exchanged(rows: Sequence[Line], number: int) -> list[str | None]:
    """Give each row the context of a row of another story; always the same way.

    Args:
        rows: of at least two stories.
        number: which of the possible exchanges.
    """
    order = sorted(range(len(rows)), key=lambda place: _chance(rows[place].id, number))
    contexts: list[str | None] = [None] * len(rows)
    for at, place in enumerate(order):
        story = rows[place].story or rows[place].id
        further = (rows[order[(at + step) % len(order)]] for step in range(1, len(order)))
        other = next(row for row in further if (row.story or row.id) != story)
        contexts[place] = other.context
    return contexts


def _chance(key: str, number: int) -> bytes:
    return hashlib.sha256(f"{key}/swap{number}".encode()).digest()
