"""Outputs that begin as the zero-shot model's own reading of their labels.

A dual encoder has no outputs, but it can rate any label. Outputs that are fitted to its ratings
before the first step know something of labels that hold in a dozen rows, which those rows alone
could not teach.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from emo_hub.calibration import Floats, sigmoid
from emo_hub.errors import InputError
from emo_hub.training.classification import PairReader, classified
from emo_hub.training.outputs import Opened, output_layer
from emo_hub.training.rows import TrainingRow

_MOST_ROWS = 4000  # ten times the features of the packaged encoder; more teach little
_RIDGE = 0.005  # of the features' mean square


def begin_as_read(
    opened: Opened,
    labels: Sequence[str],
    rows: Sequence[TrainingRow],
    shares: Floats,
    *,
    seed: int,
) -> Opened:
    """Fit new outputs to what the dual encoder that the weights come from says of the rows' texts.

    No label of the rows is looked at; that each label holds as often as `shares` say is all that
    its bias is told. Labels that nobody could read leave the outputs as they are.

    Args:
        opened: the classifier, with the dual encoder as its `reader`.
        labels: of the outputs, L.
        rows: whose texts and contexts are read.
        shares: (L,) of rows in which each label holds.
        seed: chooses the rows that are read, where there are many.
    """
    dual = opened.reader
    if dual is None:
        return opened
    try:
        vectors = dual.encode_labels(labels)
    except InputError:
        return replace(opened, reader=None)
    some = random.Random(f"{seed}/first").sample(list(rows), min(len(rows), _MOST_ROWS))
    texts, contexts = [row.text for row in some], [row.context for row in some]
    wanted = dual.logits(dual.encode_texts(texts, contexts), vectors, labels)
    features = _features(opened, some, len(labels))
    weight = _ridge(features, wanted)
    layer = output_layer(opened.model, len(labels))
    layer.weight.data.copy_(torch.from_numpy(weight))
    if layer.bias is not None:
        bias = _biases(features @ weight.T, shares)
        layer.bias.data.copy_(torch.from_numpy(bias))
    start = f"{opened.start}, its outputs from how that model reads their labels"
    return replace(opened, start=start, reader=None)


def _features(opened: Opened, rows: Sequence[TrainingRow], count: int) -> Floats:
    """Give what reaches the outputs (N, F) for each row."""
    read = PairReader(opened)
    tokens = [read(row.text, row.context) for row in rows]
    layer = output_layer(opened.model, count)
    place = next(name for name, module in opened.model.named_modules() if module is layer)
    owner, _, name = place.rpartition(".")
    setattr(opened.model.get_submodule(owner), name, nn.Identity())
    try:
        return classified(opened.model, opened.tokenizer, tokens, layer.in_features)
    finally:
        setattr(opened.model.get_submodule(owner), name, layer)


def _ridge(features: Floats, wanted: Floats) -> Floats:
    """Give the weights (L, F) whose outputs are nearest to what is wanted, but for a constant."""
    x = (features - features.mean(axis=0)).astype(np.float64)
    y = (wanted - wanted.mean(axis=0)).astype(np.float64)
    squares = x.T @ x
    squares += (_RIDGE * np.trace(squares) / len(squares) + 1e-9) * np.eye(len(squares))
    return np.asarray(np.linalg.solve(squares, x.T @ y).T, np.float32)


def _biases(logits: Floats, shares: Floats) -> Floats:
    """Give the biases (L,) with which each label's mean score is its share."""
    low, high = np.full(len(shares), -50.0), np.full(len(shares), 50.0)
    low, high = low - logits.max(axis=0), high - logits.min(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        is_low = sigmoid(logits + middle).mean(axis=0) < shares
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.asarray((low + high) / 2, np.float32)
