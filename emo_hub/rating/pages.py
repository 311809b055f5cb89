"""The agreement of raters as files: ratings.json for programs, ratings.md to read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emo_hub.rating.report import Measure, RatingReport, known, report

# What Emo Pillars and GoEmotions report of their own raters, to compare with.
_PUBLISHED = (
    "For comparison, Emo Pillars reports a mean kappa of 0.365 (GoEmotions: 0.293), accuracy 0.86 "
    "where all three raters agree and 0.70 where at least two do, and recall 0.9 on neutral."
)


def write_rating_report(
    folder: Path, out: Path | None = None, *, resamples: int = 500, seed: int = 0
) -> RatingReport:
    """Measure the agreement of the ratings in a folder, and write ratings.json and ratings.md.

    Args:
        folder: where `emo-hub corpus rate` keeps its sheet and answers.
        out: where the files go, made if need be; None takes the same folder.
        resamples: draws of each bootstrap.
        seed: equal seeds give equal intervals.

    Raises:
        ImportError: scikit-learn is not installed.
        DataError: there is no sheet, or nobody has answered yet.
    """
    found = report(folder, resamples=resamples, seed=seed)
    target = folder if out is None else out
    target.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_finite(asdict(found)), indent=2, ensure_ascii=False, allow_nan=False)
    (target / "ratings.json").write_text(text + "\n", encoding="utf-8")
    (target / "ratings.md").write_text(_as_markdown(found), encoding="utf-8")
    return found


def _finite(value: Any) -> Any:  # noqa: ANN401
    """Put null where nothing was measured: JSON knows no NaN."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_markdown(found: RatingReport) -> str:
    raters = ", ".join(f"{rater} ({count})" for rater, count in found.raters)
    parts = [
        "# Human ratings",
        f"{found.rated} of {found.rows} rows were rated, {found.shared} of them by two or more. "
        f"Raters and their rows: {raters}.",
        "## Agreement between raters",
        _agreement(found),
        "## The teacher against the raters",
        _table(
            [
                ("strongest label, where all raters agree", found.accuracy_all),
                ("strongest label, where at least two agree", found.accuracy_two),
                ("any of its labels, where at least two agree", found.among_labels),
                ("strongest label, every single answer", found.single),
                ("recall on neutral", found.neutral_recall),
                ("neutral rows that raters call neutral", found.neutral_confirmed),
            ]
        ),
        _reference(found),
        "## The texts",
        _table(
            [
                ("answers with none of the choices", found.none),
                ("context was needed", found.context_needed),
                ("naturalness, 1 to 5", found.naturalness),
            ]
        ),
        _PUBLISHED,
    ]
    return "\n\n".join(parts) + "\n"


def _agreement(found: RatingReport) -> str:
    if len(found.raters) == 1:
        return (
            "There is only one rater, so there is no agreement between raters to measure: ask a "
            "second person to rate the same sheet."
        )
    if not found.shared:
        return (
            f"There are {len(found.raters)} raters, but no row was rated by two of them: agreement "
            "needs rows in common."
        )
    pairs = [(f"kappa of {pair.first} and {pair.second}", pair.kappa) for pair in found.pairs]
    return _table(
        [
            *pairs,
            ("Cohen's kappa, mean of the pairs", found.mean_kappa),
            ("Krippendorff's alpha, nominal", found.alpha),
        ]
    )


def _reference(found: RatingReport) -> str:
    if len(found.raters) == 1:
        return "On neutral, the choices of the one rater stand for the truth."
    return "On neutral, the truth is what at least two raters agree on."


def _table(rows: Sequence[tuple[str, Measure]]) -> str:
    lines = ["| measure | value | 95 % interval | n |", "|---|--:|---|--:|"]
    for name, measure in rows:
        if known(measure):
            low, high = measure.interval.low, measure.interval.high
            lines.append(f"| {name} | {measure.value:.2f} | {_span(low, high)} | {measure.count} |")
        else:
            lines.append(f"| {name} | not measured |  | {measure.count} |")
    return "\n".join(lines)


def _span(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.2f} to {high:.2f}"
