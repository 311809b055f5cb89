"""Rows of a scored split that a model may have seen: counted always, dropped where one wants.

A text counts as seen when it is equal, letter case, punctuation and spacing aside, to one that a
model or its teacher was given in training. Short ones ("thank you so much") are said by everybody,
so those of six words and more are counted by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from emo_hub.errors import InputError
from emo_hub.evaluation.loading import LoadedBenchmark

LONG = 6
_WORD = re.compile(r"\w+")


def plain(text: str) -> str:
    """Reduce a text to its words in small letters."""
    return " ".join(_WORD.findall(text.casefold()))


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """Texts of training, by what they are called in tables.

    Args:
        name: such as "train split" or the name of a corpus.
        texts: reduced by `plain`.
    """

    name: str
    texts: frozenset[str]

    @classmethod
    def of(cls, name: str, texts: Iterable[str]) -> TrainingTexts:
        """Remember texts; those without a word are left out."""
        return cls(name, frozenset(p for p in map(plain, texts) if p))


def count_seen(rows: LoadedBenchmark, sources: Iterable[TrainingTexts]) -> Mapping[str, int]:
    """Count the rows whose text stands in each source, of any length and of six words and more."""
    reduced = [plain(text) for text in rows.texts]
    counts: dict[str, int] = {}
    for source in sources:
        found = [text for text in reduced if text in source.texts]
        counts[source.name] = len(found)
        long = sum(len(text.split()) >= LONG for text in found)
        counts[f"{source.name}, {LONG} words and more"] = long
    return counts


def without_seen(rows: LoadedBenchmark, sources: Iterable[TrainingTexts]) -> LoadedBenchmark:
    """Leave out the rows whose text stands in any source."""
    known = frozenset().union(*(source.texts for source in sources))
    kept = np.array([plain(text) not in known for text in rows.texts], dtype=bool)
    return take(rows, np.flatnonzero(kept))


def sample(rows: LoadedBenchmark, limit: int | None) -> LoadedBenchmark:
    """Take a seeded sample of at most so many rows, in their order; None takes all.

    Raises:
        InputError: fewer than one row is asked for.
    """
    if limit is None or limit >= len(rows.texts):
        return rows
    if limit < 1:
        raise InputError(f"A sample needs at least one row; got limit={limit}.")
    return take(rows, np.sort(np.random.default_rng(0).permutation(len(rows.texts))[:limit]))


def take(rows: LoadedBenchmark, places: Iterable[int]) -> LoadedBenchmark:
    """Keep the rows at these places, in this order."""
    chosen = [int(i) for i in places]
    return replace(
        rows,
        texts=tuple(rows.texts[i] for i in chosen),
        contexts=tuple(rows.contexts[i] for i in chosen),
        targets=rows.targets[chosen],
        ids=tuple(rows.ids[i] for i in chosen) if rows.ids else (),
        groups=tuple(rows.groups[i] for i in chosen) if rows.groups else (),
        distributions=None if rows.distributions is None else rows.distributions[chosen],
    )
