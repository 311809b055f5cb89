"""Fits the readout that maps words outside the labels, and measures how sure it may be.

`python -m emo_hub.synthesis.outside_fit CORPUS` writes it anew: after the default model changed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from emo_hub.dataset import StoredCorpus, read_corpus
from emo_hub.errors import DataError, require
from emo_hub.synthesis.outside import READOUT, Readout, encode_words, model_hash
from emo_hub.taxonomy import GOEMOTIONS, normalise

if TYPE_CHECKING:
    from emo_hub.calibration import Floats
    from emo_hub.modeling import EmotionModel

Pairs = dict[str, Counter[int]]
Bools = npt.NDArray[np.bool_]

CONFIGS = ("contextless", "contextual", "descriptors")
LEVELS = (0.5, 0.7, 0.9)
_SOFTNESS = 3.0  # of the regression; 1 and 10 gave 0.633 and 0.635 of held-out words, this 0.645
_SUREST = 0.95  # a few hundred words cannot tell 0.95 from 1
_KNOTS = 9


def labelled_words(corpus: StoredCorpus, split: str) -> Pairs:
    """Count, for each descriptor of rows that carry a single label, these labels."""
    found: Pairs = {}
    for config in CONFIGS:
        rows = corpus.split(config, split)
        for labels, phrases in zip(rows["labels"], rows["descriptors"], strict=True):
            if len(labels) == 1:
                for phrase in phrases:
                    found.setdefault(normalise(phrase), Counter())[labels[0]] += 1
    return found


def all_words(corpus: StoredCorpus, split: str) -> set[str]:
    """Name every descriptor of a split."""
    return {
        normalise(phrase)
        for config in CONFIGS
        for phrases in corpus.split(config, split)["descriptors"]
        for phrase in phrases
    }


def fit_readout(corpus: StoredCorpus, model: EmotionModel) -> Readout:
    """Fit the readout on train rows, and its confidence on words that only other splits hold.

    Raises:
        DataError: the corpus holds too few such words.
        ImportError: scikit-learn is missing.
    """
    require("sklearn", "report", "fitting the map of words outside the labels")
    known = all_words(corpus, "train")
    parts = []
    for split in ("validation", "test"):
        pairs = {w: c for w, c in labelled_words(corpus, split).items() if w not in known}
        parts.append(pairs)
        known |= set(pairs)
    if min(map(len, parts)) < 10 * _KNOTS:
        raise DataError("The corpus holds too few descriptors outside train to measure anything.")
    weight, bias = _regress(labelled_words(corpus, "train"), model)
    raw = Readout(weight, bias, np.zeros(1, np.float32), np.ones(1, np.float32), "", {})
    scored = [_scored(raw, pairs, model) for pairs in parts]
    scores, rates = _curve(*(np.concatenate(side) for side in zip(*scored, strict=True)))
    return Readout(weight, bias, scores, rates, model_hash(), _measure(scored))


def write_readout(readout: Readout, path: Path = READOUT) -> None:
    """Write a readout as safetensors; the same readout gives the same bytes."""
    from safetensors.numpy import save_file

    facts = {"model": readout.model, "measured": readout.measured}
    tensors: dict[str, npt.NDArray[np.generic]] = {
        # Safetensors writes the buffer as it lies, and the regression hands out columns first.
        "weight": np.ascontiguousarray(readout.weight, np.float16),
        "bias": readout.bias.astype(np.float16),
        "scores": readout.scores,
        "rates": readout.rates,
    }
    save_file(tensors, path, metadata={"readout": json.dumps(facts, sort_keys=True)})
    path.chmod(0o644)


def _regress(pairs: Mapping[str, Counter[int]], model: EmotionModel) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    names = sorted(pairs)
    vectors = encode_words(model, names)
    places, targets, weights = [], [], []
    for place, name in enumerate(names):
        total = pairs[name].total()
        for label, count in sorted(pairs[name].items()):
            places.append(place)
            targets.append(label)
            # A word of a thousand rows counts more than one of a single row, not a thousandfold.
            weights.append(np.log1p(total) * count / total)
    missing = set(range(len(GOEMOTIONS))) - set(targets)
    if missing:
        raise DataError(f"No train row carries {GOEMOTIONS.labels[min(missing)]} alone.")
    fitted = LogisticRegression(C=_SOFTNESS, max_iter=1000).fit(
        vectors[places], targets, sample_weight=weights
    )
    return fitted.coef_.astype(np.float32), fitted.intercept_.astype(np.float32)


def _scored(readout: Readout, pairs: Pairs, model: EmotionModel) -> tuple[Floats, Bools]:
    """Give the best score of each word and whether its label is the one that most rows have."""
    names = sorted(pairs)
    found = readout.probabilities(encode_words(model, names))
    wanted = [max(sorted(pairs[name]), key=lambda label: pairs[name][label]) for name in names]
    return found.max(axis=1), found.argmax(axis=1) == np.array(wanted)


def _curve(scores: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Give the share of right answers by score: means of equal groups, made never to fall."""
    order = np.argsort(scores, kind="stable")
    groups = np.array_split(order, _KNOTS)
    blocks: list[list[float]] = []
    for group in groups:
        # One answer of each kind is added, so that no group is sure of anything.
        blocks.append([(right[group].sum() + 1) / (len(group) + 2), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            size = last[1] + before[1]
            blocks.append([(last[0] * last[1] + before[0] * before[1]) / size, size])
    rates = np.repeat([mean for mean, _ in blocks], [int(size) for _, size in blocks])
    knots = np.array([scores[group].mean() for group in groups], np.float32)
    return knots, np.minimum(rates, _SUREST).astype(np.float32)


def _measure(scored: Sequence[tuple[Floats, Bools]]) -> dict[str, float]:
    """Measure with a curve from the one split on the other, both ways round."""
    sure, right = [], []
    for this, other in ((0, 1), (1, 0)):
        knots, rates = _curve(*scored[other])
        sure.append(np.interp(scored[this][0], knots, rates))
        right.append(scored[this][1])
    confidence, hits = np.concatenate(sure), np.concatenate(right)
    found = {"words": float(len(hits)), "accuracy": float(hits.mean())}
    for level in LEVELS:
        told = confidence >= level
        found[f"share_at_{level}"] = float(told.mean())
        found[f"accuracy_at_{level}"] = float(hits[told].mean()) if told.any() else float("nan")
    return {name: round(value, 4) for name, value in found.items()}


if __name__ == "__main__":
    from emo_hub.modeling import EmotionModel

    fitted = fit_readout(read_corpus(Path(sys.argv[1])), EmotionModel.load())
    write_readout(fitted)
    sys.stdout.write(json.dumps(fitted.measured, indent=2) + "\n")
