"""Proof that an exported encoder is the checkpoint's own: same vectors, same labels, on real texts.

The texts ship beside this module: lines of the corpus's teacher, from one word to a page. Every
fourth is read after the one before it, as its context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from emo_hub.calibration import Floats, sigmoid
from emo_hub.errors import CheckpointError
from emo_hub.modeling import EmotionModel

_TEXTS = Path(__file__).parent / "texts.txt"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far numbers of one precision may be from those of torch in float32.

    Args:
        cosine: the least, of any text's two vectors.
        score: a label whose score is no farther than this from its threshold may be decided either
            way.
    """

    cosine: float
    score: float


TOLERANCES: Mapping[str, Tolerance] = {
    "float32": Tolerance(cosine=0.99999, score=0.001),
    "bfloat16": Tolerance(cosine=0.999, score=0.05),
    "int8": Tolerance(cosine=0.999, score=0.05),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was measured.

    Args:
        precision: of the runtime.
        texts: how many were compared.
        labels: how many each was rated by.
        least_cosine: of a text's two vectors.
        mean_cosine: over all texts.
        largest_score_difference: over all texts and labels.
        same_decisions: share of (text, label) with the same side of the label's threshold.
        changed_decisions: how many changed though their score was beyond the tolerance.
        tolerance: what was allowed.
    """

    precision: str
    texts: int
    labels: int
    least_cosine: float
    mean_cosine: float
    largest_score_difference: float
    same_decisions: float
    changed_decisions: int
    tolerance: Tolerance

    def as_facts(self) -> dict[str, Any]:
        """Give the numbers for a file."""
        return asdict(self)


@cache
def proof_texts() -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Read the shipped texts, and the context of each."""
    texts = tuple(_TEXTS.read_text(encoding="utf-8").splitlines())
    contexts = tuple(texts[i - 1] if i % 4 == 3 else None for i in range(len(texts)))
    return texts, contexts


def prove(wanted: EmotionModel, found: EmotionModel, precision: str, name: str) -> Proof:
    """Compare two models that should be one.

    Args:
        wanted: torch, float32.
        found: the same checkpoint on the runtime to prove.
        precision: of that runtime.
        name: of the file, for the error.

    Raises:
        CheckpointError: they differ by more than the precision excuses.
    """
    texts, contexts = proof_texts()
    learnt = () if wanted.learnt is None else wanted.learnt.labels
    labels = tuple(dict.fromkeys((*wanted.head.trained_labels, *wanted.head.thresholds, *learnt)))
    labels = labels or ("joy", "anger", "sadness", "fear", "surprise")
    vectors = [model.encode_texts(texts, contexts) for model in (wanted, found)]
    # Labels are encoded by each for itself, as in use.
    scores = [
        sigmoid(model.scorer(labels).logits(v))
        for model, v in zip((wanted, found), vectors, strict=True)
    ]
    proof = _compared(vectors, scores, wanted.thresholds(labels), precision)
    limit = proof.tolerance
    if not proof.least_cosine >= limit.cosine or proof.changed_decisions:
        raise CheckpointError(
            f"{name} is not the encoder it was made from: least cosine {proof.least_cosine:.5f} "
            f"(wanted {limit.cosine}), {proof.changed_decisions} labels decided otherwise though "
            f"their score is over {limit.score} from its threshold. It was not kept."
        )
    return proof


def _compared(vectors: list[Floats], scores: list[Floats], cuts: Floats, precision: str) -> Proof:
    limit = TOLERANCES[precision]
    cosines = (vectors[0] * vectors[1]).sum(axis=1)
    above = [one >= cuts for one in scores]
    is_clear = np.abs(scores[0] - cuts) > limit.score
    return Proof(
        precision=precision,
        texts=len(cosines),
        labels=scores[0].shape[1],
        least_cosine=float(cosines.min()),
        mean_cosine=float(cosines.mean()),
        largest_score_difference=float(np.abs(scores[0] - scores[1]).max()),
        same_decisions=float((above[0] == above[1]).mean()),
        changed_decisions=int(((above[0] != above[1]) & is_clear).sum()),
        tolerance=limit,
    )
