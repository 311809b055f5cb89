"""How far raters agree with each other and with the teacher: ratings.json and ratings.md.

The measures are those of Emo Pillars (arXiv 2504.16856, human evaluation): Cohen's kappa, accuracy
of the teacher where all raters agree and where at least two do, and recall on neutral.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_hub.agreement import (
    MISSING,
    Codes,
    agreement_interval,
    cohen_kappa,
    krippendorff_alpha,
    mean_kappa,
)
from emo_hub.errors import DataError, require
from emo_hub.metrics import Interval, bootstrap_interval
from emo_hub.rating.sheet import NONE, Sheet, read_sheet
from emo_hub.rating.store import Answer, AnswerStore

_UNKNOWN = Interval(nan, nan)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with the rows or answers it rests on, and its 95 % bootstrap interval.

    The value is NaN where nothing could be measured.
    """

    value: float
    count: int
    interval: Interval = _UNKNOWN


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Cohen's kappa of two raters, over the rows that both rated."""

    first: str
    second: str
    kappa: Measure


@dataclass(frozen=True, slots=True)
class RatingReport:
    """What the ratings of a sheet say.

    Args:
        raters: who answered, and how many rows each.
        rows: of the sheet; `rated` of them have an answer, `shared` two or more.
        pairs: of raters.
        mean_kappa: over the pairs.
        alpha: Krippendorff's, nominal, all raters.
        accuracy_all: of the teacher's strongest label where all raters of a row, at least two,
            chose the same.
        accuracy_two: where at least two chose the same, and no other choice had as many.
        among_labels: of those rows, the share whose choice is any of the teacher's labels.
        single: agreement of the teacher's strongest label with all single answers.
        neutral_recall: of the rows that raters call neutral, the share that the teacher does.
        neutral_confirmed: of the rows that the teacher calls neutral, the share that raters do.
        none: share of answers that are none of the choices.
        context_needed: share of yes among the answers to that question.
        naturalness: mean, 1 to 5.
    """

    raters: tuple[tuple[str, int], ...]
    rows: int
    rated: int
    shared: int
    pairs: tuple[PairAgreement, ...]
    mean_kappa: Measure
    alpha: Measure
    accuracy_all: Measure
    accuracy_two: Measure
    among_labels: Measure
    single: Measure
    neutral_recall: Measure
    neutral_confirmed: Measure
    none: Measure
    context_needed: Measure
    naturalness: Measure


def report(folder: Path, *, resamples: int = 500, seed: int = 0) -> RatingReport:
    """Measure the agreement of the ratings in a folder.

    With one rater there is no agreement between raters; her choices then stand for the reference of
    the two measures on neutral.

    Args:
        folder: where `emo-hub corpus rate` keeps its sheet and answers.
        resamples: draws of each bootstrap.
        seed: equal seeds give equal intervals.

    Raises:
        ImportError: scikit-learn is not installed.
        DataError: there is no sheet, or nobody has answered yet.
    """
    require("sklearn", "report", "The agreement of raters")
    sheet = read_sheet(folder)
    store = AnswerStore(folder)
    answers = {rater: store.read(rater) for rater in store.raters()}
    found = {
        rater: {item.id: given[item.id] for item in sheet.items if item.id in given}
        for rater, given in answers.items()
    }
    found = {rater: given for rater, given in found.items() if given}
    if not found:
        raise DataError(f"Nobody has rated anything in {folder} yet.")
    return _Counting(sheet, found, resamples, seed).report()


class _Counting:
    """One pass over the answers; categories are numbered in the order in which they first occur."""

    def __init__(
        self, sheet: Sheet, answers: dict[str, dict[str, Answer]], resamples: int, seed: int
    ) -> None:
        self.sheet = sheet
        self.answers = answers
        self.resamples = resamples
        self.seed = seed
        self.names = sorted({option for item in sheet.items for option in item.options})
        number = {name: i for i, name in enumerate(self.names)}
        self.table: Codes = np.full((len(sheet.items), len(answers)), MISSING, dtype=np.int64)
        for row, item in enumerate(sheet.items):
            for column, given in enumerate(answers.values()):
                if item.id in given:
                    self.table[row, column] = number.get(given[item.id].best, MISSING)
        self.chosen: list[list[str]] = [
            [self.names[code] for code in row if code != MISSING] for row in self.table
        ]
        self.primary = [item.labels[0] for item in sheet.items]

    def report(self) -> RatingReport:
        agreed = {row: choice for row in range(len(self.chosen)) if (choice := self._agreed(row))}
        unanimous = {
            row: names[0]
            for row, names in enumerate(self.chosen)
            if len(names) >= 2 and len(set(names)) == 1
        }
        alone = len(self.answers) == 1
        reference = {r: n[0] for r, n in enumerate(self.chosen) if n} if alone else agreed
        every = [(row, name) for row, names in enumerate(self.chosen) for name in names]
        given = [answer for found in self.answers.values() for answer in found.values()]
        return RatingReport(
            raters=tuple((rater, len(found)) for rater, found in self.answers.items()),
            rows=len(self.chosen),
            rated=sum(bool(names) for names in self.chosen),
            shared=sum(len(names) >= 2 for names in self.chosen),
            pairs=tuple(self._pairs()),
            mean_kappa=self._agreement(mean_kappa, self.table),
            alpha=self._agreement(krippendorff_alpha, self.table),
            accuracy_all=self._share([self.primary[r] == n for r, n in unanimous.items()]),
            accuracy_two=self._share([self.primary[r] == n for r, n in agreed.items()]),
            among_labels=self._share(
                [name in self.sheet.items[row].labels for row, name in agreed.items()]
            ),
            single=self._share([self.primary[row] == name for row, name in every]),
            neutral_recall=self._share(
                [self.primary[r] == "neutral" for r, n in reference.items() if n == "neutral"]
            ),
            neutral_confirmed=self._share(
                [n == "neutral" for r, n in reference.items() if self.primary[r] == "neutral"]
            ),
            none=self._share([name == NONE for _, name in every]),
            context_needed=self._share(
                [a.context_needed == "yes" for a in given if a.context_needed]
            ),
            naturalness=self._share([a.naturalness for a in given if a.naturalness is not None]),
        )

    def _agreed(self, row: int) -> str:
        counts = Counter(self.chosen[row]).most_common(2)
        if not counts or counts[0][1] < 2 or (len(counts) > 1 and counts[1][1] == counts[0][1]):
            return ""
        return counts[0][0]

    def _pairs(self) -> list[PairAgreement]:
        raters = list(self.answers)
        return [
            PairAgreement(
                raters[one],
                raters[other],
                self._agreement(_kappa_of_two, self.table[:, [one, other]]),
            )
            for one, other in combinations(range(len(raters)), 2)
        ]

    def _agreement(self, measure: Callable[[Codes], float], table: Codes) -> Measure:
        shared = table[(table != MISSING).sum(axis=1) >= 2]
        if not len(shared):
            return Measure(nan, 0)
        interval = agreement_interval(measure, shared, resamples=self.resamples, seed=self.seed)
        return Measure(measure(shared), len(shared), interval)

    def _share(self, values: Sequence[float]) -> Measure:
        if not values:
            return Measure(nan, 0)
        column = np.asarray(values, dtype=np.float64)
        interval = bootstrap_interval(_mean, column, resamples=self.resamples, seed=self.seed)
        return Measure(_mean(column), len(column), interval)


def _kappa_of_two(table: Codes) -> float:
    return cohen_kappa(table[:, 0], table[:, 1])


def _mean(column: NDArray[np.float64]) -> float:
    return float(column.mean())


def known(measure: Measure) -> bool:
    """Say whether something could be measured."""
    return not isnan(measure.value)
