"""The BTZSC protocol on its two emotion sets: strict zero-shot, the best sentence wins.

As the harness (IliasAarab/btzsc 0.1.2) does it: a model sees the text and one sentence per label,
nothing is tuned, the highest score decides, the first of equals. Macro-F1 counts the labels that
stand among the right answers or among the predictions and no others. The emotion group is the
plain mean of emotiondair and empathetic. How each family enters is its adapter: cosine of unit
vectors, the entailment logit of the bare sentence, a reranker's score, the letter an LLM picks.
An encoder of ours enters as any other (`protocol_cosine`); what its own contest of label names
gives is another line (`own_labels_score`), because there the sentences are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.run import Scorer
from emo_hub.evaluation.scored import Scored

Floats = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]

EMOTION, EMPATHETIC = "btzsc-emotion", "btzsc-empathetic"
STAND_IN = "btzsc-empathetic-dev"
# How many rows the harness has; fewer are a sample, which is not what its table compares.
FULL: Mapping[str, int] = {EMOTION: 2000, EMPATHETIC: 2542}

_INSTRUCTION = (
    "Instruct: Given a piece of text, retrieve relevant label descriptions that best match the "
    "text\nQuery: "
)


class Way(StrEnum):
    """How a model was asked; only the last is not the protocol."""

    COSINE = "cosine of text and sentence, as the harness's embedding adapter"
    SCORES = "own scores for the sentences"
    OWN_LABELS = "own reading of the label names, not the protocol"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model reached on one set.

    Args:
        model: name of the scorer.
        benchmark: EMOTION, EMPATHETIC or STAND_IN.
        split: which rows.
        way: how it was asked.
        rows: how many were scored.
        metrics: macro_f1, accuracy, macro_precision and macro_recall, in [0, 1].
    """

    model: str
    benchmark: str
    split: str
    way: Way
    rows: int
    metrics: Mapping[str, float]

    @property
    def macro_f1(self) -> float:
        """The number that the harness ranks by."""
        return self.metrics["macro_f1"]

    @property
    def is_comparable(self) -> bool:
        """Whether all test rows of the harness were scored."""
        return self.split == "test" and self.rows == FULL.get(self.benchmark)


def prefixes(model: str) -> tuple[str, str]:
    """Say what the harness's embedding adapter puts before a text and before a label sentence.

    This is what it does, which for two models is not what was meant: its instruction for
    e5-mistral is never reached, and that for Qwen3-Embedding only by a name in lower case.

    Args:
        model: name on the Hub.
    """
    if "e5-" in model.lower():
        return "query: ", "passage: "
    return (_INSTRUCTION, "") if "qwen3-embedding" in model else ("", "")


def cosine_scores(
    encode: Encode,
    texts: Sequence[str],
    sentences: Sequence[str],
    before: tuple[str, str] = ("", ""),
) -> Floats:
    """Compare texts and label sentences, read by one encoder, by cosine: (N, C) in [-1, 1].

    Args:
        encode: gives (N, D) vectors, of any length.
        texts: N.
        sentences: C.
        before: what is put before each text and each sentence; see `prefixes`.
    """
    queries = _unit(encode([before[0] + text for text in texts]))
    return np.asarray(queries @ _unit(encode([before[1] + s for s in sentences])).T, np.float32)


def protocol_cosine(
    encode: Encode, rows: LoadedBenchmark, before: tuple[str, str] = ("", "")
) -> NDArray[np.int64]:
    """Choose as the harness's embedding adapter: (N,) columns of `rows.labels`."""
    return _best(cosine_scores(encode, rows.texts, sentences_of(rows), before))


def protocol_score(scorer: Scorer, rows: LoadedBenchmark) -> NDArray[np.int64]:
    """Choose by the scorer's own scores of the label sentences: (N,) columns of `rows.labels`.

    This is what an adapter of one's own may do in the harness. A scorer that reads a label through
    templates of its own wraps them around the sentence; for an encoder take `protocol_cosine`. An
    NLI scorer has to give the sentence as the hypothesis, that is, the template "{}".
    """
    return _best(scorer.score(rows.texts, sentences_of(rows), multi_label=False))


def own_labels_score(scorer: Scorer, rows: LoadedBenchmark) -> NDArray[np.int64]:
    """Choose by the scorer's own contest of the label names; not the protocol, and marked so."""
    return _best(scorer.score(rows.texts, rows.labels, multi_label=False))


def sentences_of(rows: LoadedBenchmark) -> tuple[str, ...]:
    """Give the sentence of each label, in the order of `rows.labels`.

    Raises:
        InputError: the rows are not of a BTZSC set.
    """
    if len(rows.prompts) != len(rows.labels):
        raise InputError(
            f"{rows.name} has no sentence for each label: load {EMOTION}, {EMPATHETIC} or "
            f"{STAND_IN}."
        )
    return rows.prompts


def references(rows: LoadedBenchmark) -> NDArray[np.int64]:
    """Give the column of the right label of each row, (N,).

    Raises:
        InputError: a row has none or several.
    """
    targets = np.asarray(rows.targets)
    if not (targets.sum(axis=1) == 1).all():
        raise InputError(f"{rows.name} has rows without exactly one label; BTZSC has none such.")
    return _best(targets)


def measure(right: NDArray[Any], predicted: NDArray[Any]) -> dict[str, float]:
    """Compute the four metrics of the harness from two (N,) arrays of columns.

    A label that is neither right nor predicted anywhere counts in no mean; one that is only
    predicted counts as 0.

    Raises:
        InputError: the two differ in length, or are empty.
    """
    if len(right) != len(predicted) or not len(right):
        raise InputError(
            f"There are {len(right)} right answers and {len(predicted)} predictions; wanted as "
            "many of each, and some."
        )
    labels = np.union1d(right, predicted)
    hits = np.array([((right == i) & (predicted == i)).sum() for i in labels], dtype=float)
    there = np.array([(right == i).sum() for i in labels], dtype=float)
    said = np.array([(predicted == i).sum() for i in labels], dtype=float)
    return {
        "macro_f1": float((2 * hits / (there + said)).mean()),
        "accuracy": float((right == predicted).mean()),
        "macro_precision": float((hits / np.maximum(said, 1)).mean()),
        "macro_recall": float((hits / np.maximum(there, 1)).mean()),
    }


def outcome(model: str, rows: LoadedBenchmark, predicted: NDArray[Any], way: Way) -> Outcome:
    """Measure what was chosen on loaded rows."""
    metrics = measure(references(rows), np.asarray(predicted))
    return Outcome(model, rows.name, rows.split, way, len(rows.texts), metrics)


def outcome_of(scored: Scored, way: Way = Way.SCORES) -> Outcome:
    """Take over a run of `evaluate`, which asks a scorer for the sentences.

    Args:
        scored: the run.
        way: how the scorer reads the sentences; ours and sentence encoders compare them by cosine.

    Raises:
        InputError: the run is not of a BTZSC set.
    """
    if scored.rows.name not in {*FULL, STAND_IN} or scored.predicted is None:
        raise InputError(
            f"{scored.rows.name} is none of {EMOTION}, {EMPATHETIC} and {STAND_IN}: evaluate one "
            "of these by name."
        )
    return outcome(scored.model, scored.rows, _best(scored.predicted), way)


def emotion_mean(outcomes: Iterable[Outcome]) -> float:
    """Average macro-F1 of the two test sets of one model: the emotion group of BTZSC.

    Raises:
        InputError: they are not both sets, all test rows, of one model asked in one way.
    """
    found = list(outcomes)
    sets = sorted(one.benchmark for one in found)
    if sets != sorted(FULL) or len({(one.model, one.way) for one in found}) != 1:
        raise InputError(
            f"The emotion mean is over {EMOTION} and {EMPATHETIC} of one model asked in one way; "
            f"got {', '.join(sets) or 'nothing'}."
        )
    if not all(one.is_comparable for one in found):
        raise InputError(
            "The emotion mean is over all test rows, 2,000 and 2,542; got "
            + ", ".join(f"{one.rows:,} of {one.benchmark} {one.split}" for one in found)
            + "."
        )
    return sum(one.macro_f1 for one in found) / len(found)


def _best(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Give the column of the highest score of each row, the first of equals, as the harness."""
    return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
