"""From token vectors to a text's vector, and from there to valence, arousal and dominance."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def mean_pool(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Average token vectors (B, T, D) over what is not padding, to unit vectors (B, D)."""
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return F.normalize(pooled, dim=-1)


def vad_from(embeddings: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Read valence, arousal, dominance (B, 3) off unit text vectors (B, D), kept within 1..5."""
    return 1.0 + 4.0 * torch.sigmoid(F.linear(embeddings, weight, bias))
