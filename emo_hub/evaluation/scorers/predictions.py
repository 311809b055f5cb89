"""Opens a file of predictions: what its sidecar says of the model, and what it does not say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.scorers.contestant import (
    FINE_TUNED,
    FROM_DEV,
    TRANSFER,
    ZERO_SHOT,
    Contestant,
    ModelOptions,
)
from emo_hub.evaluation.scorers.deciding import HALF
from emo_hub.evaluation.scorers.fingerprints import fingerprint
from emo_hub.evaluation.scorers.label_names import coverage_of_benchmarks
from emo_hub.evaluation.scorers.prediction_files import read_predictions, sidecar
from emo_hub.evaluation.scorers.prediction_scorer import PredictionScorer
from emo_hub.evaluation.scorers.provenance import benchmarks_of
from emo_hub.evaluation.scorers.references import Reference


def open_predictions(reference: Reference, options: ModelOptions) -> Contestant:
    """Open a file of predictions.

    Raises:
        DataError: it cannot be read, or its sidecar has thresholds or names of data sets that are
            none.
        InputError: thresholds should be fitted, which takes a model.
    """
    if options.thresholds == "synthetic":
        raise InputError(
            "A threshold cannot be fitted for a file of predictions: it has no scores for the rows "
            "to fit on. Write thresholds into its sidecar, or give a number."
        )
    path = Path(reference.source)
    file = read_predictions(path)
    facts = file.facts
    cuts, words = _cuts(options, facts.get("thresholds", facts.get("threshold")), path)
    are_own = isinstance(options.thresholds, str)
    standing, stated = _standing(options, facts)
    named = (*options.trained_on, *_trained_on(facts, path))
    trained = benchmarks_of(named) | _tuned_on(facts)
    if not trained and str(facts.get("role", "")).startswith(FINE_TUNED):
        raise DataError(
            f"The role in the sidecar of {path} is '{FINE_TUNED}', and nothing says on what: "
            'write the names of benchmarks under "trained_on".'
        )
    said = {
        "kind": "predictions",
        "source": path.name,
        "rows": len(file),
        "labels": list(file.scores),
        "takes_prompts": False,
        "standing_stated": stated,
        "thresholds": words,
        # What says of itself that dev rows fitted its thresholds stays in that table.
        "thresholds_split": "dev" if are_own and _is_from_dev(facts) else "",
        "coverage": coverage_of_benchmarks(file.scores),
    }
    parts = {"kind": "predictions", **_sha256_of_both(path), "thresholds": options.thresholds}
    name = str(facts.get("model") or options.name or path.stem)
    scorer = PredictionScorer(name, file, cuts)
    return Contestant(scorer, fingerprint(parts), standing, trained, said)


def _trained_on(facts: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Read the names of data sets: a list, or one alone."""
    given = facts.get("trained_on", [])
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(
            f'What {path} was "trained_on" should be the name of a data set, or a list of names; '
            f"got {json.dumps(given):.60}. Write [] where it saw no labels of any."
        )
    return tuple(names)


def _is_from_dev(facts: Mapping[str, Any]) -> bool:
    return str(facts.get("role") or facts.get("standing") or "").endswith(FROM_DEV)


def _cuts(
    options: ModelOptions,
    given: Any,  # noqa: ANN401
    path: Path,
) -> tuple[Mapping[str, float] | float, str]:
    if not isinstance(options.thresholds, str):
        return float(options.thresholds), f"{options.thresholds:g} for every label, as given"
    if given is None:
        return HALF, "0.5 for every label; the file says nothing"
    numbers = list(given.values()) if isinstance(given, Mapping) else [given]
    if not all(isinstance(cut, int | float) and 0 <= cut <= 1 for cut in numbers):
        raise DataError(
            f"The thresholds of {path} should be a number in [0, 1], or one for each label by "
            f"name; got {str(given)[:80]}."
        )
    if isinstance(given, Mapping):
        return {str(label): float(cut) for label, cut in given.items()}, "of the file"
    return float(given), "of the file, one for every label"


def _tuned_on(facts: Mapping[str, Any]) -> frozenset[str]:
    """Name the benchmark of a record that says "fine-tuned" of itself."""
    is_tuned = str(facts.get("role", "")).startswith(FINE_TUNED)
    return frozenset({str(facts["benchmark"])} if is_tuned and "benchmark" in facts else ())


def _sha256_of_both(path: Path) -> dict[str, str]:
    beside = sidecar(path)
    return {"file": _sha256(path), "sidecar": _sha256(beside) if beside else ""}


def _standing(options: ModelOptions, facts: Mapping[str, Any]) -> tuple[str, bool]:
    """Say how the model stands; one that does not say it makes the smaller claim."""
    stated = options.standing or str(facts.get("role") or facts.get("standing") or "")
    return (ZERO_SHOT if stated.startswith(ZERO_SHOT) else TRANSFER), bool(stated)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
