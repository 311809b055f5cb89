"""A scorer on benchmarks to results: the only place that reads test splits, and it fits nothing.

Multi-label sets are decided at thresholds that the scorer had before, single-label sets by the best
score. A scorer that can be told is told where every text carries one of the labels. A benchmark
with a projection (GoEmotions as Ekman) asks for the 28 labels and carries what was predicted over:
this is what somebody gets who has a model for 28 labels and reads 7. A neutral label is a label
like any other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emo_hub.calibration import fit_thresholds
from emo_hub.errors import DataError, InputError, NotSuited
from emo_hub.evaluation.declaration import Benchmark
from emo_hub.evaluation.loading import LoadedBenchmark, choose
from emo_hub.evaluation.preparing import (
    Prepared,
    dev_rows,
    has_scored_split,
    prepare,
    why_not_scored,
)
from emo_hub.evaluation.results import decide, measure_decisions, measure_dimensions
from emo_hub.evaluation.scored import Scored, row_ids
from emo_hub.evaluation.scorers.contestant import FROM_DEV, Contestant
from emo_hub.evaluation.seen import TrainingTexts
from emo_hub.evaluation.sources import Where
from emo_hub.evaluation.store import Kept, Question, ScoreStore
from emo_hub.records import DIMENSIONS

Scores = NDArray[np.float32]
Progress = Callable[[str], None]

ZERO_SHOT = "zero-shot"
# How many positives the threshold of all labels is worth against a label's own.
_DEV_SHRINK = 20.0
_REMEMBERED = 2
_NONE: frozenset[str] = frozenset()


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

        Raises:
            NotSuited: the scorer has nothing to say about these labels.
        """

    def thresholds(self, labels: Sequence[str]) -> Scores:
        """Give the (C,) scores from which a label counts as there."""

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Scores | None:
        """Give (N, 3) valence, arousal, dominance in 1..5, or None without such a head."""


@runtime_checkable
class ExhaustiveScorer(Protocol):
    """A scorer that can be told that every text carries one of the labels."""

    def score_exhaustive(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
    ) -> Scores:
        """Score every text for every label, of which it carries one or more: (N, C) in [0, 1]."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How an evaluation is done, the same for every model of a report.

    Args:
        limit: score a seeded sample of at most so many rows, for a quick look.
        thresholds: the scorer's own, or fitted for each benchmark on its dev split, which makes
            another table of it.
        sources: texts of training, looked for among the scored rows.
        drop_seen: leave out rows whose text stands in a source, in the benchmark's own train
            split, or in its dev split where thresholds come from there.
        store: where scores are kept, so that a split is scored once per model.
        score_again: why what is kept is not used; empty uses it.
    """

    limit: int | None = None
    thresholds: Literal["own", "dev"] = "own"
    sources: tuple[TrainingTexts, ...] = ()
    drop_seen: bool = False
    store: ScoreStore | None = None
    score_again: str = ""


def evaluate(
    model: Scorer | Contestant,
    where: Where,
    only: Iterable[str] | None = None,
    progress: Progress | None = None,
    *,
    terms: Terms | None = None,
) -> list[Scored]:
    """Score every benchmark that is there, or those that are named.

    Args:
        model: what is measured; a bare scorer counts as zero-shot, and nothing of it is kept.
        where: a folder with a subfolder per benchmark, or the Hub.
        only: names to score; each must be there. None takes all that are.
        progress: told one sentence per benchmark.
        terms: how it is done.

    Raises:
        InputError: an unknown name, scores of a wrong shape or range, or a model that was trained
            on folds of a benchmark that is named.
        DataError: nothing to score, or a file or column is missing.
    """
    asking = _Asking(_contestant(model), terms or Terms())
    tell = progress or (lambda _sentence: None)
    found: list[Scored] = []
    for declared in choose(where, only):
        if only is None and not has_scored_split(declared, where):
            tell(f"{declared.name}: left out, its folder holds no split that is reported.")
            continue
        if reason := why_not_scored(declared.name, asking.model.folded):
            if only is not None:
                raise InputError(f"{asking.name} is not scored on {declared.name}. {reason}")
            tell(f"{declared.name}: left out. {reason}")
            continue
        prepared, dev = _prepared(declared, where, asking.terms)
        try:
            scored = asking.scored(prepared.rows, dev=dev)
        except NotSuited as error:
            tell(f"{declared.name}: left out. {error}")
            continue
        except DataError as error:
            # A file of predictions for one benchmark need not name it; a named one has to be there.
            if only is not None or asking.model.facts.get("kind") != "predictions":
                raise
            tell(f"{declared.name}: left out. {error}")
            continue
        if scored is None:
            tell(f"{declared.name}: left out, {asking.name} gives no valence, arousal, dominance.")
            continue
        result = replace(scored.result, available=prepared.available, seen=prepared.seen)
        found.append(replace(scored, result=result))
        tell(
            f"{declared.name}: {result.rows:,} rows in {result.seconds:.1f} s, "
            f"{result.headline} {result.value:.3f}."
        )
    return found


def evaluate_rows(
    model: Scorer | Contestant, rows: LoadedBenchmark, role: str | None = None
) -> Scored | None:
    """Score rows that are already loaded, such as the test split of one's own corpus.

    Args:
        model: what is measured.
        rows: what it is scored on.
        role: the table that the result belongs in; None leaves it to the model.

    Returns:
        The record, or None where the rows want valence-arousal-dominance and the model has none.

    Raises:
        InputError: the model gives scores of a wrong shape or range.
    """
    scored = _Asking(_contestant(model), Terms()).scored(rows, dev=None)
    if scored is None or role is None:
        return scored
    return replace(scored, result=replace(scored.result, role=role))


def _prepared(
    declared: Benchmark, where: Where, terms: Terms
) -> tuple[Prepared, LoadedBenchmark | None]:
    """Read what is scored and, where thresholds come from them, the dev rows."""
    dev = None if terms.thresholds == "own" else dev_rows(declared, where)
    made = prepare(
        declared, where, terms.sources, dev=dev, drop_seen=terms.drop_seen, limit=terms.limit
    )
    return made, dev


def _contestant(model: Scorer | Contestant) -> Contestant:
    return model if isinstance(model, Contestant) else Contestant(model, "", ZERO_SHOT, _NONE, {})


@dataclass(frozen=True, slots=True)
class _Asking:
    """One model under the terms of an evaluation."""

    model: Contestant
    terms: Terms
    latest: dict[str, Kept] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model.scorer.name

    def scored(self, rows: LoadedBenchmark, dev: LoadedBenchmark | None) -> Scored | None:
        kept = self._scores(rows)
        if kept is None:
            return None
        role = self.model.role_on(rows.name)
        if rows.kind == "regression":
            result = measure_dimensions(self.name, rows, kept.scores, kept.seconds)
            result = replace(result, role=role, times_scored=kept.times)
            return Scored(self.name, rows, kept.scores, None, None, result, row_ids(rows))
        thresholds, origin = self._thresholds(rows, dev)
        decision = decide(rows, kept.scores, thresholds)
        result = replace(
            measure_decisions(self.name, rows, decision, kept.seconds),
            role=f"{role}, {FROM_DEV}" if self._is_from_dev(origin) else role,
            times_scored=kept.times,
            thresholds_from="" if thresholds is None else origin,
        )
        return Scored(
            model=self.name,
            rows=rows,
            scores=decision.scores,
            predicted=decision.predicted,
            thresholds=None if rows.projection else thresholds,
            result=result,
            row_ids=row_ids(rows),
        )

    def _is_from_dev(self, origin: str) -> bool:
        """Say whether dev rows fitted the thresholds: here, or before they came with the model."""
        came_so = self.model.facts.get("thresholds_split") == "dev"
        return origin == FROM_DEV or (came_so and bool(origin))

    @property
    def _own_thresholds(self) -> str:
        return str(self.model.facts.get("thresholds", "the model's own"))

    def _thresholds(
        self, rows: LoadedBenchmark, dev: LoadedBenchmark | None
    ) -> tuple[Scores | None, str]:
        if rows.kind != "multi_label":
            return None, ""
        asked = rows.prompts or rows.asked_labels
        if dev is None:
            scorer = self.model.scorer_for(rows)
            return np.asarray(scorer.thresholds(asked), np.float32), self._own_thresholds
        fitting = dev.for_fitting()
        kept = self._scores(dev)
        if kept is None:
            raise InputError(f"{self.name} gave the dev rows of {rows.name} no scores.")
        targets = np.asarray(fitting.targets).astype(bool)
        fitted, _ = fit_thresholds(kept.scores, targets, fitting.labels, shrink=_DEV_SHRINK)
        return np.array([fitted[label] for label in fitting.labels], np.float32), FROM_DEV

    def _scores(self, rows: LoadedBenchmark) -> Kept | None:
        """Take what is kept of these rows, or ask the scorer and keep it."""
        store, again = self.terms.store, self.terms.score_again
        told = isinstance(self.model.scorer, ExhaustiveScorer)
        question = Question.of(self.model.fingerprint, rows, told=told)
        if known := self.latest.get(question.digest):
            return known
        if store and not again and (known := store.find(question)):
            return known
        start = time.perf_counter()
        scores = self._ask(rows)
        seconds = time.perf_counter() - start
        if scores is None:
            return None
        kept = Kept(scores, seconds, "", 1)
        # What a server left unanswered is no property of the model, so it is not kept as one.
        is_whole = bool(getattr(self.model.scorer, "is_complete", True))
        if store is not None and is_whole:
            kept = store.keep(question, scores, seconds=seconds, model=self.name, reason=again)
        # Benchmarks that ask the same of the same texts are neighbours: test and dev rows suffice.
        while len(self.latest) >= _REMEMBERED:
            del self.latest[next(iter(self.latest))]
        self.latest[question.digest] = kept
        return kept

    def _ask(self, rows: LoadedBenchmark) -> Scores | None:
        contexts = rows.contexts if any(rows.contexts) else None
        count = len(rows.texts)
        scorer = self.model.scorer_for(rows)
        if rows.kind == "regression":
            values = scorer.dimensions(rows.texts, contexts)
            if values is not None:
                self._check(values, (count, len(DIMENSIONS)), (-np.inf, np.inf))
            return values
        asked = rows.prompts or rows.asked_labels
        several = rows.kind == "multi_label"
        if several and rows.is_exhaustive and isinstance(scorer, ExhaustiveScorer):
            scores = scorer.score_exhaustive(rows.texts, asked, contexts)
        else:
            scores = scorer.score(rows.texts, asked, contexts, multi_label=several)
        self._check(scores, (count, len(asked)), (0.0, 1.0))
        return scores

    def _check(self, scores: Scores, shape: tuple[int, int], bounds: tuple[float, float]) -> None:
        name = self.name
        if scores.shape != shape:
            raise InputError(f"{name} gave scores of shape {scores.shape}; wanted {shape}.")
        if not np.isfinite(scores).all() or scores.min() < bounds[0] or scores.max() > bounds[1]:
            raise InputError(
                f"{name} gave scores from {scores.min()} to {scores.max()}; wanted finite numbers "
                f"in [{bounds[0]:g}, {bounds[1]:g}]."
            )
