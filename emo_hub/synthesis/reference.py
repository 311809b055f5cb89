"""How varied the lines of a corpus are beside texts that people wrote.

Both measures move with the number and the length of texts: distinct-n falls as texts are added, and
long texts are more alike than short ones. So every pool of a comparison gives the same number of
texts, and of each text its first words are read, the same number everywhere; shorter texts are left
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.calibration import Floats
from emo_hub.errors import DataError
from emo_hub.synthesis.counting import NEUTRAL, distinct_n
from emo_hub.synthesis.diversity import packaged_vectors
from emo_hub.synthesis.plainness import plainness
from emo_hub.synthesis.stored import StoredLine, chance
from emo_hub.synthesis.wording import words

MOST = 1000
# A smaller pool is left out, or else it would make all the others small.
FEWEST = 200
ACCOUNT = "self_report"

Encode = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, slots=True)
class Reference:
    """Texts of a benchmark that the corpus is put beside.

    Args:
        name: for people.
        file: below the folder of benchmarks.
        column: which column has the texts.
        skip: a column that is true where the text is none; empty where there is no such column.
    """

    name: str
    file: str
    column: str
    skip: str = ""


REFERENCES = (
    Reference("GoEmotions train", "goemotions/train.parquet", "text"),
    Reference("ISEAR", "isear/all.parquet", "SIT_clean", "non_response"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pools of texts that are compared on equal terms.

    Args:
        title: which kind of text it is about.
        size: so many first words of each text are read.
        pools: texts by the name of their pool.
    """

    title: str
    size: int
    pools: Mapping[str, Sequence[str]]


def reference_texts(benchmarks: Path | None) -> dict[str, list[str]]:
    """Read the reference texts that are there, by name.

    Raises:
        DataError: a file of theirs cannot be read.
    """
    found: dict[str, list[str]] = {}
    if benchmarks is None:
        return found
    for reference in REFERENCES:
        file = benchmarks / reference.file
        if file.is_file():
            found[reference.name] = _texts(file, reference)
    return found


def comparisons(lines: Iterable[StoredLine], people: Mapping[str, list[str]]) -> list[Comparison]:
    """Sort lines into the pools of three comparisons: utterances, neutral ones, contextual ones."""
    pools: dict[str, list[str]] = {}
    for line in lines:
        if line.config == "contextual":
            pools.setdefault("contextual lines", []).append(line.text)
            pools.setdefault("contexts", []).append(line.context)
            continue
        pools.setdefault("utterances", []).append(line.text)
        if line.register == ACCOUNT:
            pools.setdefault("accounts", []).append(line.text)
        is_neutral = line.primary == NEUTRAL
        pools.setdefault("neutral" if is_neutral else "not neutral", []).append(line.text)

    def beside(title: str, size: int, *names: str) -> Comparison:
        own = {name: pools[name] for name in names if name in pools}
        return Comparison(title, size, {**own, **people})

    return [
        beside("utterances", 12, "utterances", "accounts", "contexts"),
        beside("neutral utterances", 8, "neutral", "not neutral"),
        beside("contextual lines", 6, "contextual lines", "utterances"),
    ]


def reference_facts(
    lines: Iterable[StoredLine], benchmarks: Path | None, encode: Encode = packaged_vectors
) -> list[dict[str, Any]]:
    """Measure distinct-2 and self-similarity of the corpus's kinds beside reference texts.

    Args:
        lines: of the corpus.
        benchmarks: the folder of the reference texts; None for the corpus alone.
        encode: turns texts into unit vectors (N, D).

    Returns:
        For each comparison `title`, `words` read of each text, `texts` of each pool, and by pool
        what `varied` gives; whole texts' `plainness` beside it.

    Raises:
        DataError: a reference file cannot be read.
    """
    return [measured(found, encode) for found in comparisons(lines, reference_texts(benchmarks))]


def measured(comparison: Comparison, encode: Encode) -> dict[str, Any]:
    """Measure the pools of a comparison on equal numbers of texts of equal length."""
    cut = {name: _cut(texts, comparison.size) for name, texts in comparison.pools.items()}
    large = {name: texts for name, texts in cut.items() if len(texts) >= FEWEST}
    count = min(MOST, *map(len, large.values())) if large else 0
    return {
        "title": comparison.title,
        "words": comparison.size,
        "texts": count,
        "pools": {
            name: varied(texts[:count], encode) | {"plainness": plainness(comparison.pools[name])}
            for name, texts in large.items()
        },
    }


def varied(texts: Sequence[str], encode: Encode) -> dict[str, float]:
    """Measure how varied texts are.

    Returns:
        `distinct_1`, `distinct_2`, the share of distinct words and pairs of words (Li et al.
        2016); `similarity`, the mean cosine over all pairs, and `nearest`, the mean cosine of each
        text with the one closest to it.
    """
    vectors = encode(texts).astype(np.float64)
    count = len(texts)
    whole = vectors.sum(axis=0)
    pairs = float(whole @ whole) - float((vectors**2).sum())
    return {
        **distinct_n(texts, 2),
        "similarity": round(pairs / (count * (count - 1)), 4),
        "nearest": round(float(_nearest(vectors).mean()), 4),
    }


def _nearest(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    return np.asarray(cosines.max(axis=1), np.float64)


def _cut(texts: Sequence[str], size: int) -> list[str]:
    told = {" ".join(found[:size]) for text in texts if len(found := words(text)) >= size}
    return sorted(told, key=lambda text: (chance(text, "reference"), text))


def _texts(file: Path, reference: Reference) -> list[str]:
    columns = [name for name in (reference.column, reference.skip) if name]
    try:
        rows = pq.read_table(file, columns=columns).to_pylist()
        return [
            row[reference.column]
            for row in rows
            if row[reference.column] and not (reference.skip and row[reference.skip])
        ]
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read as {reference.name} ({error}).") from error
