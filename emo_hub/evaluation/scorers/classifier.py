"""Text classifiers with labels of their own, carried onto the labels of a benchmark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.calibration import sigmoid, softmax
from emo_hub.cards import datasets_of_card
from emo_hub.errors import CheckpointError, NotSuited
from emo_hub.evaluation.loading import FittingRows
from emo_hub.evaluation.scorers.contestant import TRANSFER, Contestant, ModelOptions
from emo_hub.evaluation.scorers.deciding import HALF, ThresholdedScorer, Thresholds, restricted
from emo_hub.evaluation.scorers.encoders import PairEncoder
from emo_hub.evaluation.scorers.fingerprints import fingerprint_of_model
from emo_hub.evaluation.scorers.label_names import (
    Columns,
    coverage_of_benchmarks,
    known_set,
    match,
)
from emo_hub.evaluation.scorers.memory import Encode, VectorMemory
from emo_hub.evaluation.scorers.provenance import benchmarks_of, described
from emo_hub.evaluation.scorers.references import Reference, read_json
from emo_hub.taxonomy import normalise

Floats = NDArray[np.float32]

_UNNAMED = re.compile(r"LABEL_\d+")
_RULES = 1  # counts changes of how logits become scores of a benchmark's labels


class FixedLabelScorer(ThresholdedScorer):
    """Any model with labels of its own; labels that it does not have get 0.

    Args:
        logits: M texts and their contexts to logits (M, K).
        own: its K labels.
        thresholds: from which scores labels count.
        is_multi_label: whether its labels are rated each by itself.
        with_context: whether it reads contexts.
        name: how it is called in tables.
    """

    def __init__(
        self,
        logits: Encode,
        own: Sequence[str],
        thresholds: Thresholds,
        *,
        is_multi_label: bool,
        with_context: bool,
        name: str,
    ) -> None:
        super().__init__(thresholds)
        self.name = name
        self.own = tuple(own)
        self._with_context = with_context
        self._activation = sigmoid if is_multi_label else softmax
        self.vectors = VectorMemory(logits)

    def missing(self, labels: Sequence[str]) -> tuple[str, ...]:
        """List the labels that the classifier does not have."""
        found = match(self.own, labels)
        return tuple(label for label in labels if label not in found)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give the classifier's own scores (N, C), in [0, 1], whatever the labels' contest.

        A label for which several of its labels stand gets the largest of their scores.

        Raises:
            NotSuited: it has none of the labels.
            InputError: a text is empty or no string.
        """
        columns = self._columns(labels)
        own = self._activation(self.vectors(texts, contexts if self._with_context else None))
        scores = np.zeros((len(texts), len(labels)), dtype=np.float32)
        for place, label in enumerate(labels):
            if label in columns:
                scores[:, place] = own[:, list(columns[label])].max(axis=1)
        return scores

    def _columns(self, labels: Sequence[str]) -> Columns:
        columns = match(self.own, labels)
        if not columns:
            raise NotSuited(
                f"{self.name} has none of the labels that are asked for "
                f"({', '.join(labels[:8])}{', ...' if len(labels) > 8 else ''}); its own are: "
                f"{', '.join(self.own)}."
            )
        return columns


class ClassifierScorer(FixedLabelScorer):
    """A classifier of transformers, that reads a context and a text as a pair.

    Args:
        encoder: gives logits (N, K).
        own: its K labels.
        thresholds: from which scores labels count.
        is_multi_label: whether its labels are rated each by itself.
        with_context: whether it reads the context and the text as a pair.
        name: how it is called in tables.
    """

    def __init__(
        self,
        encoder: PairEncoder,
        own: Sequence[str],
        thresholds: Thresholds,
        *,
        is_multi_label: bool,
        with_context: bool,
        name: str,
    ) -> None:
        self.encoder = encoder
        super().__init__(
            self._logits,
            own,
            thresholds,
            is_multi_label=is_multi_label,
            with_context=with_context,
            name=name,
        )

    def _logits(self, texts: list[str], contexts: list[str | None]) -> Floats:
        pairs = zip(texts, contexts, strict=True)
        return self.encoder.logits([(c, t) if c else (t, None) for t, c in pairs])


def open_classifier(reference: Reference, options: ModelOptions) -> Contestant:
    """Open a text-classification model of transformers.

    Raises:
        CheckpointError: it does not load, names no labels, or has damaged thresholds.
    """
    folder = reference.folder()
    encoder = PairEncoder(folder, options)
    config = read_json(folder / "config.json")
    own = _labels_of(encoder.config, reference.source)
    fixed = thresholds_of(config, own, reference.source)
    thresholds = own_thresholds(options, own, fixed)
    by_itself = encoder.config.problem_type == "multi_label_classification"
    activation = options.activation or ("sigmoid" if by_itself else "softmax")
    scorer = ClassifierScorer(
        encoder,
        own,
        thresholds,
        is_multi_label=activation == "sigmoid",
        with_context=options.with_context,
        name=options.name or reference.source,
    )
    named = (*options.trained_on, *datasets_of_card(folder))
    trained = benchmarks_of(named)
    facts = {
        **described("classifier", reference, folder, thresholds),
        "parameters": encoder.parameters,
        "labels": list(own),
        "label_set": known_set(own) or "",
        "takes_prompts": False,
        "activation": activation,
        "max_tokens": encoder.max_tokens,
        "context": "first of a pair" if options.with_context else "not read",
        "coverage": coverage_of_benchmarks(own),
        "trained_on_datasets": list(named),
    }
    mark = fingerprint_of_model(
        "classifier", _RULES, folder, options, has_own=True, activation=activation
    )
    return Contestant(scorer, mark, TRANSFER, trained, facts)


def _labels_of(config: Any, source: str) -> tuple[str, ...]:  # noqa: ANN401
    labels = tuple(str(config.id2label[column]) for column in range(config.num_labels))
    if config.problem_type == "regression" or len(labels) < 2:
        raise CheckpointError(f"'{source}' is a model for regression, not a classifier.")
    if all(_UNNAMED.fullmatch(label) for label in labels):
        raise CheckpointError(
            f"'{source}' calls its labels {labels[0]}, {labels[1]} and so on, which says nothing "
            "of what they are: write their names into id2label of its config.json."
        )
    return labels


def thresholds_of(
    config: Mapping[str, Any], own: Sequence[str], source: str
) -> dict[str, float] | None:
    """Read the thresholds that a classifier ships in its configuration, by label.

    They stand under `thresholds`, or under `emo_hub`, `thresholds`: a list in the order of the
    labels, a mapping by label, or one number.

    Returns:
        The threshold of each label; None where the configuration has none.

    Raises:
        CheckpointError: there are not as many as labels, or one is outside [0, 1].
    """
    section = config.get("emo_hub")
    found = config.get("thresholds", section.get("thresholds") if isinstance(section, dict) else 0)
    if not found:
        return None
    if isinstance(found, int | float):
        found = [found] * len(own)
    if isinstance(found, Mapping):
        by_name = {normalise(str(label)): value for label, value in found.items()}
        found = [by_name.get(normalise(label)) for label in own]
    in_range = isinstance(found, list) and all(
        isinstance(value, int | float) and 0 <= value <= 1 for value in found
    )
    if not in_range or len(found) != len(own):
        raise CheckpointError(
            f"The config.json of '{source}' has thresholds that are not one number in [0, 1] for "
            f"each of its {len(own)} labels: {str(found)[:80]}."
        )
    return {label: float(value) for label, value in zip(own, found, strict=True)}


def own_thresholds(
    options: ModelOptions, own: Sequence[str], fixed: Mapping[str, float] | None
) -> Thresholds:
    """Give the thresholds of a classifier for any labels that its own stand for.

    Args:
        options: what the caller wants.
        own: its labels.
        fixed: thresholds that come with it, by label; None where it has none.

    Raises:
        NotSuited: one should be fitted on rows of which it has no label.
    """
    if options.fitting is not None:
        covered = match(own, options.fitting.labels)
        rows = restricted(options.fitting, tuple(covered)) if covered else None
        options = _with_rows(options, rows)

    def of_labels(labels: Sequence[str]) -> Floats:
        columns = match(own, labels)
        numbers = [(fixed or {}).get(label, HALF) for label in own]
        # Several labels of the model may stand for one: the mean of theirs decides.
        means = [
            np.mean([numbers[c] for c in columns.get(label, ())] or [HALF]) for label in labels
        ]
        return np.asarray(means, dtype=np.float32)

    words = "of the model's configuration" if fixed else "0.5 for every label; the model has none"
    return Thresholds(options, own=of_labels, own_words=words)


def _with_rows(options: ModelOptions, rows: FittingRows | None) -> ModelOptions:
    if rows is None and options.thresholds == "synthetic":
        raise NotSuited(
            "A classifier has none of the labels of the rows on which a threshold should be "
            "fitted: give a number instead."
        )
    return replace(options, fitting=rows)
