"""Leave words out and look what changes: one batch of variants, for all labels at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from emo_hub.calibration import Floats
from emo_hub.explaining.words import Passage
from emo_hub.modeling import EmotionModel

MOST_VARIANTS = 60  # of one text; a longer text is looked at in stretches first
_STRETCHES = 24

Judge = Callable[[Floats], Floats]


@torch.inference_mode()
def encode(model: EmotionModel, variants: Sequence[Mapping[str, list[int]]]) -> Floats:
    """Encode tokenised inputs to unit vectors (N, D) as one batch."""
    batch = model.tokenizer.pad([dict(v) for v in variants], return_tensors="pt")
    vectors: Floats = model(**batch.to(model.device)).cpu().numpy()
    return vectors


def occlude(model: EmotionModel, passage: Passage, judge: Judge) -> Floats:
    """Give how much each label's logit falls when a word is left out: (C, W).

    A text of up to 60 words is encoded once without each. In a longer one, stretches of words are
    left out first; the words of the stretches that matter most are then left out one by one, and
    the words of the others share their stretch's weight. So no text costs more than 60 variants.

    Args:
        model: the model.
        passage: the text, of W words.
        judge: turns vectors (N, D) into logits (N, C).
    """
    count = len(passage.words)
    if count <= MOST_VARIANTS:
        return _falls(model, passage, judge, [[i] for i in range(count)])
    stretches = [part.tolist() for part in np.array_split(np.arange(count), _STRETCHES)]
    falls = _falls(model, passage, judge, stretches)
    weights = np.zeros((len(falls), count), np.float32)
    for column, stretch in enumerate(stretches):
        weights[:, stretch] = falls[:, [column]] / len(stretch)
    chosen: list[int] = []
    for column in np.argsort(-np.abs(falls).max(axis=0), kind="stable"):
        if len(chosen) + len(stretches[column]) > MOST_VARIANTS - _STRETCHES:
            break
        chosen += stretches[column]
    if chosen:
        weights[:, chosen] = _falls(model, passage, judge, [[i] for i in chosen])
    return weights


def _falls(
    model: EmotionModel, passage: Passage, judge: Judge, left_out: Sequence[Sequence[int]]
) -> Floats:
    variants = [passage.tokens, *(passage.without(numbers) for numbers in left_out)]
    logits = judge(encode(model, variants))
    return np.asarray((logits[0] - logits[1:]).T, np.float32)
