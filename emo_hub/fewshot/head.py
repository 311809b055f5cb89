"""The linear head: weights that turn text vectors into probabilities of the user's labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file

from emo_hub.calibration import Floats, sigmoid, softmax
from emo_hub.errors import CheckpointError
from emo_hub.tensors import read_tensors

HEAD_FILE = "fewshot_head.safetensors"

_CERTAIN = 40.0  # a logit whose probability is 1 in every number format


@dataclass(frozen=True, slots=True)
class LinearHead:
    """A logistic regression as two arrays.

    Args:
        weight: (C, D).
        bias: (C,).
        multi_label: whether each label is decided by itself, or all of them compete.
    """

    weight: Floats
    bias: Floats
    multi_label: bool

    @classmethod
    def of(
        cls,
        fitted: Any,  # noqa: ANN401 - of sklearn
        dimension: int,
        *,
        multi_label: bool,
    ) -> LinearHead:
        """Read a fitted LogisticRegression, or a OneVsRestClassifier of such.

        Args:
            fitted: the estimator.
            dimension: D.
            multi_label: whether it is a one-vs-rest of labels that may hold together.
        """
        weight: npt.NDArray[Any]
        bias: npt.NDArray[Any]
        if multi_label:
            pairs = [_binary(one, dimension) for one in fitted.estimators_]
            weight = np.stack([pair[0] for pair in pairs])
            bias = np.array([pair[1] for pair in pairs], np.float32)
        else:
            weight, bias = np.asarray(fitted.coef_), np.asarray(fitted.intercept_)
            if len(fitted.classes_) == 2:
                # Of two classes sklearn keeps one row; half of it each way gives the same softmax.
                weight = np.concatenate([-weight, weight]) / 2
                bias = np.concatenate([-bias, bias]) / 2
        return cls(weight.astype(np.float32), bias.astype(np.float32), multi_label)

    def proba(self, vectors: Floats) -> Floats:
        """Give the probability (N, C) of each label for text vectors (N, D)."""
        logits = vectors @ self.weight.T + self.bias
        return sigmoid(logits) if self.multi_label else softmax(logits)

    def write(self, folder: Path) -> None:
        """Write `fewshot_head.safetensors`."""
        tensors = {
            "weight": torch.from_numpy(np.ascontiguousarray(self.weight)),
            "bias": torch.from_numpy(np.ascontiguousarray(self.bias)),
        }
        save_file(tensors, folder / HEAD_FILE)

    @classmethod
    def read(cls, folder: Path, *, labels: int, multi_label: bool) -> LinearHead:
        """Read `fewshot_head.safetensors`.

        Raises:
            CheckpointError: it is missing or damaged, or is of other labels.
        """
        tensors = read_tensors(folder / HEAD_FILE)
        weight, bias = tensors.get("weight"), tensors.get("bias")
        if weight is None or bias is None or len(weight) != labels or bias.shape != (labels,):
            raise CheckpointError(
                f"{folder / HEAD_FILE} does not hold a weight and a bias of {labels} labels, as "
                "its table says: train it again."
            )
        return cls(weight.float().numpy(), bias.float().numpy(), multi_label)


def _binary(one: Any, dimension: int) -> tuple[Floats, float]:  # noqa: ANN401 - of sklearn
    if hasattr(one, "coef_"):
        return one.coef_[0], float(one.intercept_[0])
    # A label that all rows carry, or none: one-vs-rest keeps the answer in place of weights.
    always = bool(one.predict(np.zeros((1, dimension)))[0])
    return np.zeros(dimension, np.float32), _CERTAIN if always else -_CERTAIN
