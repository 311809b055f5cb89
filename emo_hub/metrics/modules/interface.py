"""What the metric modules share: their inputs, their settings, and lists turned into arrays.

The modules import this as a module and not its class by name, because `evaluate.load` takes the
first metric class that it finds in a script.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, Literal

import datasets
import evaluate
import numpy as np

from emo_hub import metrics
from emo_hub.errors import InputError
from emo_hub.metrics.shapes import Array

Threshold = float | Literal["best"] | None
_CONFIGS = ("default", "multilabel", "multiclass")


class EmotionMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric whose settings may be given when it is made, when it computes, or both.

    The settings are the keywords of its `_compute`. `evaluate.combine` hands every keyword to every
    metric, so a setting of one alone belongs into `evaluate.load(path, average="micro")`.
    """

    _compute: Callable[..., dict[str, Any]]

    def __init__(self, config_name: str | None = None, **given: object) -> None:
        """Make the metric.

        Raises:
            InputError: an unknown setting, or a configuration that is none of "multilabel" and
                "multiclass".
        """
        if (config_name or "default") not in _CONFIGS:
            raise InputError(
                f"Got the configuration {config_name!r}; there are {', '.join(_CONFIGS)}."
            )
        known = inspect.signature(evaluate.EvaluationModule.__init__).parameters
        settings = {name: value for name, value in given.items() if name not in known}
        self._check(settings)
        super().__init__(config_name, **{k: v for k, v in given.items() if k in known})
        if settings:
            self._compute = functools.partial(self._compute, **settings)

    def about(
        self, description: str | None, forms: list[datasets.Features]
    ) -> evaluate.EvaluationModuleInfo:
        """Describe the metric for `evaluate`, with the class's docstring as its usage."""
        return evaluate.EvaluationModuleInfo(
            description=description or "",
            citation="",
            inputs_description=inspect.getdoc(type(self)) or "",
            features=forms[0] if len(forms) == 1 else forms,
            license="Apache-2.0",
        )

    def _check(self, settings: Iterable[str]) -> None:
        wanted = set(inspect.signature(self._compute).parameters) - {"predictions", "references"}
        for name in settings:
            if name not in wanted:
                raise InputError(
                    f"{type(self).__name__} has no setting {name!r}; its settings are: "
                    f"{', '.join(sorted(wanted)) or 'none'}."
                )


def decision_forms(config_name: str) -> list[datasets.Features]:
    """What a metric of decisions takes: matrices, ids, or scores of labels beside an id."""
    return _forms(config_name, [_MATRICES, _COLUMNS, _SCORES_AND_IDS])


def score_forms(config_name: str) -> list[datasets.Features]:
    """What a metric of scores takes: scores beside a row of 0 and 1, or beside an id."""
    return _forms(config_name, [_MATRICES, _SCORES_AND_IDS])


def column_forms() -> list[datasets.Features]:
    """What a metric of two columns of numbers takes."""
    return [_COLUMNS]


def share_forms() -> list[datasets.Features]:
    """What a metric of annotators' shares takes."""
    return [_MATRICES]


def read_decisions(
    references: list[Any],
    predictions: list[Any],
    threshold: Threshold,
    *,
    labels: int | None = None,
) -> tuple[Array, Array]:
    """Turn what `evaluate` stored into two 0/1 matrices (N, L).

    Two columns of ids get `labels` columns, or without it one for each id that occurs.

    Raises:
        InputError: rows of different length, ids out of range, or numbers that are neither 0 nor 1
            without a threshold that would decide them.
    """
    values = _array(predictions)
    if values.ndim == 1:
        return _two_columns(_array(references), values, labels)
    if threshold == "best" or (threshold is None and are_ids(references)):
        predicted: Array = metrics.predict_best(values)
    elif threshold is not None:
        predicted = metrics.predict_at(values, np.asarray(threshold))
    else:
        predicted = _binary(values, "predictions")
    return _targets(references, values.shape[1]), predicted


def are_ids(references: list[Any]) -> bool:
    """Say whether the references are label ids and not rows."""
    return _array(references).ndim == 1


def read_scores(references: list[Any], predictions: list[Any]) -> tuple[Array, Array]:
    """Turn what `evaluate` stored into a 0/1 matrix (N, L) and scores (N, L).

    Raises:
        InputError: rows of different length, or ids that are no column of the scores.
    """
    scores = _array(predictions)
    return _targets(references, scores.shape[1]), scores


def read_arrays(references: list[Any], predictions: list[Any]) -> tuple[Array, Array]:
    """Turn what `evaluate` stored into two arrays of numbers as they are.

    Raises:
        InputError: rows of different length.
    """
    return _array(references), _array(predictions)


def _two_columns(targets: Array, predicted: Array, labels: int | None) -> tuple[Array, Array]:
    width = labels or int(max(targets.max(), predicted.max(), 0)) + 1
    both = _one_hot(targets, width), _one_hot(predicted, width)
    if labels is not None:
        return both
    occurs = both[0].any(axis=0) | both[1].any(axis=0)
    return both[0][:, occurs], both[1][:, occurs]


def _targets(references: list[Any], width: int) -> Array:
    found = _array(references)
    return _one_hot(found, width) if found.ndim == 1 else _binary(found, "references")


def _array(values: list[Any]) -> Array:
    lengths = {len(row) if isinstance(row, list) else -1 for row in values}
    if len(lengths) != 1:
        raise InputError(
            f"Every row needs the same number of labels, and there must be one; got {lengths}."
        )
    return np.asarray(values)


def _one_hot(ids: Array, width: int) -> Array:
    places = ids.astype(np.int64)
    if (places != ids).any() or places.min() < 0 or places.max() >= width:
        raise InputError(
            f"Label ids go from {ids.min():g} to {ids.max():g}; wanted whole numbers from 0 to "
            f"{width - 1}."
        )
    return np.eye(width, dtype=np.int8)[places]


def _binary(values: Array, name: str) -> Array:
    if not np.isin(values, (0, 1)).all():
        raise InputError(
            f"The {name} hold numbers other than 0 and 1. Scores become decisions with "
            'threshold=0.5 or another number, or with threshold="best".'
        )
    return values.astype(np.int8)


def _forms(config_name: str, forms: list[datasets.Features]) -> list[datasets.Features]:
    if config_name == "multilabel":
        return forms[:1]
    return forms[1:] if config_name == "multiclass" else forms


def _features(predictions: object, references: object) -> datasets.Features:
    return datasets.Features({"predictions": predictions, "references": references})


# Everything is stored as float64: `evaluate` would cut scores down to 0 to make integers of them,
# and say nothing.
_NUMBER = datasets.Value("float64")
_NUMBERS = datasets.Sequence(_NUMBER)
_MATRICES, _COLUMNS, _SCORES_AND_IDS = (
    _features(_NUMBERS, _NUMBERS),
    _features(_NUMBER, _NUMBER),
    _features(_NUMBERS, _NUMBER),
)
