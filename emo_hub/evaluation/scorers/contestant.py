"""What every opened model is, whatever stands behind it, and the settings that models share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.loading import FittingRows, LoadedBenchmark

if TYPE_CHECKING:
    from emo_hub.evaluation.run import Scorer

Floats = NDArray[np.float32]

ZERO_SHOT, TRANSFER, FINE_TUNED = "zero-shot", "transfer", "fine-tuned"
FROM_DEV = "thresholds from dev"  # what a role ends in, where rows of the benchmark fitted them
# Rows of a benchmark fit thresholds for that benchmark alone, which `run` does and says.
_SYNTHETIC = ("synthetic", "validation")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelOptions:
    """Settings of models; each kind of model takes what concerns it.

    Args:
        name: how the model is called in tables; empty takes the reference.
        revision: of a Hub repository; one in the reference itself wins.
        batch_size: texts, or pairs of a text and a label, per forward.
        device: where the weights go.
        max_tokens: where texts are cut; None takes the limit of the model.
        templates: ways to say a label to a sentence encoder, `{}` standing for its name; their
            vectors are averaged.
        hypothesis_template: how a label is said to an entailment model.
        with_context: whether models for single texts are given the context too: a classifier as
            the first of a pair, others before the text. Ours, and language models, always are.
        activation: of a classifier, "sigmoid" or "softmax"; None goes by its configuration, where
            models that rate each label by itself do not always say so.
        trained_on: names of benchmarks, or of their data sets on the Hub, on whose labels the model
            was trained; added to what its card says.
        standing: "zero-shot" or "transfer", for a file of predictions that does not say it.
        thresholds: "own" for those that come with the model, else one that is fitted where there
            are rows to fit it on, else one half; "synthetic" for a fitted one in any case; or a
            number in [0, 1] for all labels.
        fitting: rows on which one threshold may be fitted.
        base_url: of the server of a language model.
        llm: further settings of a language model, by name.
    """

    name: str = ""
    revision: str | None = None
    batch_size: int = 32
    device: str = "cpu"
    max_tokens: int | None = None
    templates: tuple[str, ...] = ("{}",)
    hypothesis_template: str = "This person feels {}."
    with_context: bool = False
    activation: Literal["sigmoid", "softmax"] | None = None
    trained_on: tuple[str, ...] = ()
    standing: str | None = None
    thresholds: Literal["own", "synthetic"] | float = "own"
    fitting: FittingRows | None = None
    base_url: str | None = None
    llm: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.batch_size < 1 or (self.max_tokens is not None and self.max_tokens < 1):
            raise InputError(
                f"A batch and a text need at least 1 row and token; got batch_size="
                f"{self.batch_size}, max_tokens={self.max_tokens}."
            )
        for template in (*self.templates, self.hypothesis_template):
            if template.count("{}") != 1:
                raise InputError(
                    f"A template needs one {{}} where the label goes; got {template!r:.60}."
                )
        if not self.templates:
            raise InputError("Give at least one template for labels, such as '{}'.")
        if self.activation not in (None, "sigmoid", "softmax"):
            raise InputError(f"An activation is sigmoid or softmax; got '{self.activation}'.")
        if self.standing not in (None, ZERO_SHOT, TRANSFER):
            raise InputError(
                f"A model stands as '{ZERO_SHOT}' or '{TRANSFER}'; got '{self.standing}'."
            )
        _check_thresholds(self.thresholds, self.fitting)


def _check_thresholds(thresholds: str | float, fitting: FittingRows | None) -> None:
    if isinstance(thresholds, str):
        if thresholds not in ("own", "synthetic"):
            raise InputError(
                f"thresholds is 'own', 'synthetic' or a number in [0, 1]; got '{thresholds}'."
            )
        if thresholds == "synthetic" and fitting is None:
            raise InputError("Thresholds from synthetic rows need such rows: give a corpus.")
        if fitting is not None and fitting.split not in _SYNTHETIC:
            raise InputError(
                f"A model's thresholds are fitted on synthetic rows; got rows of a {fitting.split} "
                "split. A benchmark's dev rows fit them for that benchmark alone."
            )
    elif not 0.0 <= thresholds <= 1.0:
        raise InputError(f"A threshold lies in [0, 1]; got {thresholds}.")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that is ready to be scored, and what a table must say of it.

    Args:
        scorer: gives the scores.
        fingerprint: SHA-256, in hex, of all that decides its scores and decisions.
        standing: "zero-shot" or "transfer".
        trained_on: names of benchmarks on whose labels it was trained.
        facts: plain values for the report: kind, parameters, thresholds, coverage and more.
        folded: benchmarks of which it was trained on folds, so that it saw rows that are scored.
    """

    scorer: Scorer
    fingerprint: str
    standing: str
    trained_on: frozenset[str]
    facts: Mapping[str, Any]
    folded: frozenset[str] = frozenset()

    def role_on(self, benchmark: str) -> str:
        """Say in which table a result on a benchmark belongs."""
        return FINE_TUNED if benchmark in self.trained_on else self.standing

    def scorer_for(self, rows: LoadedBenchmark) -> Scorer:
        """Give the scorer for one benchmark: a file of predictions has to know which rows.

        Raises:
            NotSuited: a file of predictions does not hold this benchmark.
            DataError: it lacks rows, or has wrong ones.
        """
        bind: Callable[[LoadedBenchmark], Scorer] | None = getattr(self.scorer, "bound_to", None)
        return bind(rows) if bind else self.scorer

    def missing(self, labels: Sequence[str]) -> tuple[str, ...]:
        """List the labels that this model does not have and that get 0 for every text."""
        ask: Callable[[Sequence[str]], tuple[str, ...]] | None
        ask = getattr(self.scorer, "missing", None)
        return ask(labels) if ask else ()

    def label_dimensions(self, labels: Sequence[str]) -> Floats | None:
        """Read valence, arousal, dominance (L, 3), each 1..5, off label vectors, where it can."""
        read: Callable[[Sequence[str]], Floats | None] | None
        read = getattr(self.scorer, "label_dimensions", None)
        return read(labels) if read else None
