"""A scorer on benchmarks to results: the only place that reads test splits, and it fits nothing.

Multi-label sets are decided at the scorer's own thresholds, single-label sets by the best score.
A benchmark with a projection (GoEmotions as Ekman) asks for the 28 labels and carries what was
predicted over: this is what somebody gets who has a model for 28 labels and reads 7. A neutral
label is a label like any other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.benchmarks import BENCHMARKS, benchmark
from emo_hub.evaluation.loading import DIMENSIONS, Benchmark, LoadedBenchmark, load_for_scoring
from emo_hub.evaluation.results import Result, measure_decisions, measure_dimensions

Scores = NDArray[np.float32]
Progress = Callable[[str], None]


class Scorer(Protocol):
    """Anything that gives texts a score per label, with thresholds it had before any benchmark."""

    @property
    def name(self) -> str:
        """How the scorer is called in tables."""

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Scores:
        """Score every text for every label: (N, C) in [0, 1].

        Labels are rated each by itself, or, without `multi_label`, against each other.
        """

    def thresholds(self, labels: Sequence[str]) -> Scores:
        """Give the (C,) scores from which a label counts as there."""

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Scores | None:
        """Give (N, 3) valence, arousal, dominance in 1..5, or None without such a head."""


def evaluate(
    scorer: Scorer,
    folder: Path,
    only: Iterable[str] | None = None,
    progress: Progress | None = None,
    limit: int | None = None,
) -> list[Result]:
    """Score every benchmark that a folder holds, or those that are named.

    Args:
        scorer: what is measured.
        folder: holds a subfolder per benchmark.
        only: names to score; each must be there. None takes all whose subfolder exists.
        progress: told one sentence per benchmark.
        limit: score a seeded sample of at most so many rows, for a quick look.

    Raises:
        InputError: an unknown name, or scores of a wrong shape or range.
        DataError: nothing to score, or a file or column is missing.
    """
    tell = progress or (lambda _sentence: None)
    results: list[Result] = []
    memory: dict[tuple[str, str, tuple[str, ...]], tuple[Scores, float]] = {}
    for declared in _choose(folder, only):
        full = load_for_scoring(declared, folder)
        rows = _sample(full, limit)
        key = (declared.folder, rows.split, rows.asked_labels)
        known = memory.get(key) if rows.kind != "regression" else None
        result, scored = _evaluate(scorer, rows, known)
        if result is None or scored is None:
            tell(f"{declared.name}: left out, {scorer.name} gives no valence, arousal, dominance.")
            continue
        # Only the latest scores are kept: benchmarks that share rows are neighbours.
        memory = {key: scored}
        results.append(replace(result, available=len(full.texts)))
        tell(
            f"{declared.name}: {result.rows:,} rows in {result.seconds:.1f} s, "
            f"{result.headline} {result.value:.3f}."
        )
    return results


def evaluate_rows(scorer: Scorer, rows: LoadedBenchmark, role: str = "zero-shot") -> Result | None:
    """Score rows that are already loaded, such as the test split of one's own corpus.

    Returns:
        The result, or None where the rows want valence-arousal-dominance and the scorer has none.

    Raises:
        InputError: the scorer gives scores of a wrong shape or range.
    """
    result, _ = _evaluate(scorer, rows, None)
    return replace(result, role=role) if result else None


def _choose(folder: Path, only: Iterable[str] | None) -> list[Benchmark]:
    if only is not None:
        chosen = [benchmark(name) for name in only]
    else:
        chosen = [b for b in BENCHMARKS.values() if (folder / b.folder).is_dir()]
    if not chosen:
        wanted = ", ".join(dict.fromkeys(b.folder for b in BENCHMARKS.values()))
        raise DataError(
            f"There is nothing to score in {folder}: it should hold a subfolder for each benchmark "
            f"that you have, of {wanted}."
        )
    return chosen


def _sample(rows: LoadedBenchmark, limit: int | None) -> LoadedBenchmark:
    if limit is None or limit >= len(rows.texts):
        return rows
    if limit < 1:
        raise InputError(f"A sample needs at least one row; got limit={limit}.")
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows.texts))[:limit])
    return replace(
        rows,
        texts=tuple(rows.texts[i] for i in chosen),
        contexts=tuple(rows.contexts[i] for i in chosen),
        targets=rows.targets[chosen],
    )


def _evaluate(
    scorer: Scorer, rows: LoadedBenchmark, known: tuple[Scores, float] | None
) -> tuple[Result | None, tuple[Scores, float] | None]:
    """Score and measure; scores of the same rows and labels may be given to be used again."""
    contexts = rows.contexts if any(rows.contexts) else None
    if known is None:
        start = time.perf_counter()
        if rows.kind == "regression":
            scores = scorer.dimensions(rows.texts, contexts)
            if scores is None:
                return None, None
            _check(scorer.name, scores, (len(rows.texts), len(DIMENSIONS)), (-np.inf, np.inf))
        else:
            multi_label = rows.kind == "multi_label"
            scores = scorer.score(rows.texts, rows.asked_labels, contexts, multi_label=multi_label)
            _check(scorer.name, scores, (len(rows.texts), len(rows.asked_labels)), (0.0, 1.0))
        known = (scores, time.perf_counter() - start)
    scores, seconds = known
    if rows.kind == "regression":
        return measure_dimensions(scorer.name, rows, scores, seconds), known
    decides = rows.kind == "multi_label"
    thresholds = scorer.thresholds(rows.asked_labels) if decides else None
    return measure_decisions(scorer.name, rows, scores, thresholds, seconds), known


def _check(name: str, scores: Scores, shape: tuple[int, int], bounds: tuple[float, float]) -> None:
    if scores.shape != shape:
        raise InputError(f"{name} gave scores of shape {scores.shape}; wanted {shape}.")
    if not np.isfinite(scores).all() or scores.min() < bounds[0] or scores.max() > bounds[1]:
        raise InputError(
            f"{name} gave scores from {scores.min()} to {scores.max()}; wanted finite numbers in "
            f"[{bounds[0]:g}, {bounds[1]:g}]."
        )
