"""Whether two checkpoints are one: the same vectors, and the same scores made of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from emo_hub.exporting.proof import proof_texts
from emo_hub.modeling import EmotionModel

_FEW = 8  # texts, by which encoders are told apart


def difference(one: EmotionModel, other: EmotionModel) -> str:
    """Name the first part in which two checkpoints differ; "" where they are the same.

    Where an encoder's weights come from, a base and low-rank updates or one file, is no difference.
    """
    texts, contexts = proof_texts()
    ours, theirs = (model.encode_texts(texts[:_FEW], contexts[:_FEW]) for model in (one, other))
    if ours.shape != theirs.shape or not np.allclose(ours, theirs, atol=1e-5):
        return "encoder"
    mine, others = _parts(one), _parts(other)
    return next((name for name in mine if not _alike(mine[name], others[name])), "")


def _parts(model: EmotionModel) -> dict[str, Any]:
    head = dataclasses.replace(model.head, adapter=None)
    vad = (model.vad_weight, model.vad_bias) if model.has_vad else ()
    return {
        "head": head,
        "calibration": model.moments,
        "set of offsets": model.offsets,
        "set of learnt labels": model.learnt,
        "head of dimensions": [tensor.detach().cpu().numpy() for tensor in vad],
    }


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Compare values that may hold arrays, of which `==` would give no single answer."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if dataclasses.is_dataclass(one) and type(one) is type(other):
        names = [field.name for field in dataclasses.fields(one) if field.compare]
        return all(_alike(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)
