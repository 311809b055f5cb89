"""After the last step: what the scores mean and where to cut them, learnt from validation rows.

Only teacher-labelled rows are seen here. No benchmark's label enters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_hub.calibration import (
    Calibration,
    Floats,
    NullMoments,
    fit_calibration,
    fit_competition,
    fit_thresholds,
    sigmoid,
)
from emo_hub.modeling import EmotionModel
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.batches import DescriptorVocabulary
from emo_hub.training.rows import TrainingRow

_REFERENCE_TEXTS = 4000  # enough for the moments of D = 384 dimensions, ten seconds of encoding
_OPEN_LABELS = 100  # free words that stand for the labels users type


@dataclass(frozen=True, slots=True)
class Judgement:
    """What validation rows taught about the scores."""

    moments: NullMoments
    calibration: Calibration
    thresholds: Mapping[str, float]
    default_threshold: float
    facts: Mapping[str, Any]


def judge(
    model: EmotionModel,
    rows: Sequence[TrainingRow],
    validation: Sequence[TrainingRow],
    *,
    shrink: float,
) -> Judgement:
    """Measure the reference moments, fit the calibration, and fit the thresholds.

    The moments are those of training utterances by themselves, or of comments where there are none.
    The calibration is fitted on the 28 names and on free words together, the thresholds of the 28
    on annotated comments where there are any, since those are what people really wrote.
    """
    plain = [r for r in rows if r.context is None and r.source != "comment"] or list(rows)
    reference = plain[:: max(1, len(plain) // _REFERENCE_TEXTS)]
    moments = NullMoments.measure(model.encode_texts([r.text for r in reference]))
    texts = model.encode_texts([r.text for r in validation], [r.context for r in validation])
    names, words = list(GOEMOTIONS.labels), _open_labels(validation)
    labels = model.encode_labels([*names, *words])
    raw = model.raw_logits(texts, labels)
    mean, spread = moments.of_labels(labels)
    standing_out = (texts @ labels.T - mean) / spread
    targets = np.concatenate([_named(validation, names), _free(validation, words)], axis=1)
    calibration = fit_calibration(raw, standing_out, targets)
    open_part = slice(len(names), None)
    calibration = fit_competition(calibration, standing_out[:, open_part], targets[:, open_part])
    scores = sigmoid(calibration.logits(raw, standing_out))
    comments = np.array([r.source == "comment" for r in validation])
    judges = comments if comments.any() else np.ones(len(validation), bool)
    named = targets[judges][:, : len(names)] > 0
    thresholds, _ = fit_thresholds(scores[judges][:, : len(names)], named, names, shrink=shrink)
    own = ~comments
    free = targets[own][:, open_part]
    # A pair of which nothing is known is neither right nor wrong, however high it scores.
    judged = np.where(np.isnan(free), 0.0, scores[own][:, open_part])
    _, default = fit_thresholds(judged, np.nan_to_num(free) > 0, words, shrink=shrink)
    facts = {
        "validation_rows": dict(Counter(r.source for r in validation)),
        "thresholds_from": "annotated comments" if comments.any() else "synthetic rows",
        "reference_texts": len(reference),
        "open_labels": len(words),
    }
    return Judgement(moments, calibration, thresholds, default, facts)


def _open_labels(rows: Sequence[TrainingRow]) -> list[str]:
    counts = Counter(d for r in rows for d in r.descriptors if d not in GOEMOTIONS.labels)
    return [word for word, _ in counts.most_common(_OPEN_LABELS)]


def _named(rows: Sequence[TrainingRow], names: Sequence[str]) -> Floats:
    """Whether each of the 28 holds, (N, L): a teacher that gave a label at all meant it."""
    return np.array([[float(name in row.labels) for name in names] for row in rows], np.float32)


def _free(rows: Sequence[TrainingRow], words: Sequence[str]) -> Floats:
    """Whether each free word holds, (N, C): NaN where it may, though nobody said so."""
    vocabulary = DescriptorVocabulary(rows)
    table = np.zeros((len(rows), len(words)), np.float32)
    for r, row in enumerate(rows):
        for c, word in enumerate(words):
            if word in row.descriptors:
                table[r, c] = 1.0
            elif vocabulary.may_hold(row, word):
                table[r, c] = np.nan
    return table
