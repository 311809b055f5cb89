"""Fade words out and follow the slope: one short pass for one label, however long the text.

Integrated gradients (arXiv 1703.01365), along a path that the model can read at every step: from no
word being there to all of them. How far a word is there weighs it in every attention and in the
pooled vector. The usual path, over word embeddings, agreed less with leaving words out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from emo_hub.calibration import Floats
from emo_hub.explaining.occlusion import Judge
from emo_hub.explaining.words import Passage
from emo_hub.modeling import EmotionModel
from emo_hub.pooling import mean_pool

_STEPS = (1 / 6, 1 / 2, 5 / 6)  # midpoints of thirds of the way
_NUDGE = 1e-2
_OWN_MASKS = ("deberta", "deberta-v2")  # their attention takes no weights from outside


def can_fade(model: EmotionModel) -> bool:
    """Say whether the encoder lets a word be there in part."""
    backbone = model.backbone
    return isinstance(backbone, PreTrainedModel) and model.config.model_type not in _OWN_MASKS


def follow_slope(model: EmotionModel, passage: Passage, judge: Judge) -> Floats:
    """Give what each word adds to each label's logit on its way in: (C, W).

    A label's weights add up to how far all words together move its logit, but for the few steps.

    Args:
        model: the model.
        passage: the text, of W words.
        judge: turns vectors (N, D) into logits (N, C).
    """
    places = [place for word in passage.places for place in word]
    # A caller's inference mode would leave nothing to follow.
    with torch.inference_mode(mode=False), torch.enable_grad():
        presence = torch.ones(len(_STEPS), len(passage.tokens["input_ids"]), device=model.device)
        presence[:, places] = torch.tensor(_STEPS, device=model.device).unsqueeze(1)
        presence.requires_grad_()
        vectors = _encode(model, passage, presence)
        slopes = torch.from_numpy(_slopes(judge, vectors.detach().cpu().numpy()))
        rows = [
            torch.autograd.grad(vectors, presence, slope.to(model.device), retain_graph=True)[0]
            for slope in slopes
        ]
    tokens = torch.stack(rows).mean(dim=1).cpu().numpy()
    weights = np.zeros((len(tokens), len(passage.places)), np.float32)
    for column, word in enumerate(passage.places):
        weights[:, column] = tokens[:, list(word)].sum(axis=1)
    return weights


def _encode(model: EmotionModel, passage: Passage, presence: Tensor) -> Tensor:
    steps, length = presence.shape
    inputs = {
        name: torch.tensor([row], device=model.device).expand(steps, -1)
        for name, row in passage.tokens.items()
        if name != "attention_mask"
    }
    mask = torch.log(presence).to(model.dtype)[:, None, None, :].expand(-1, 1, length, -1)
    hidden = model.backbone(**inputs, attention_mask=mask).last_hidden_state
    return mean_pool(hidden.float(), presence)


def _slopes(judge: Judge, vectors: Floats) -> Floats:
    """Measure how the logits rise along each axis of the vectors: (C, N, D)."""
    nudges = _NUDGE * np.eye(vectors.shape[1], dtype=np.float32)
    rises = [(judge(v + nudges) - judge(v - nudges)) / (2 * _NUDGE) for v in vectors]
    return np.ascontiguousarray(np.stack(rises).transpose(2, 0, 1), np.float32)
