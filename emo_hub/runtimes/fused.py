"""A BERT that reads inputs of one length by torch's own transformer layers, in one call each.

With one short text most of the time goes into the two dozen calls of a layer, not into its sums.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Hidden(NamedTuple):
    """What an encoder gives, under the name that transformers gives it."""

    last_hidden_state: Tensor


class FusedBert(nn.Module):
    """A BERT for inference, whose weights stay as they are while this is used.

    Padded batches go through the encoder itself, which masks faster.

    Args:
        bert: as `can_fuse` wants it; it is not changed, and nearly all weights are shared with it.
    """

    def __init__(self, bert: Any) -> None:  # noqa: ANN401
        super().__init__()
        config = bert.config
        self.bert = bert
        layer = nn.TransformerEncoderLayer(
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=config.layer_norm_eps,
            batch_first=True,
            device="meta",
        )
        self.layers = nn.TransformerEncoder(
            layer, config.num_hidden_layers, enable_nested_tensor=False
        )
        for ours, theirs in zip(self.layers.layers, bert.encoder.layer, strict=True):
            ours.load_state_dict(_weights(theirs), assign=True)
        self.layers.eval().requires_grad_(requires_grad=False)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Hidden:
        """Encode token ids (B, T) to vectors (B, T, D)."""
        given = {"input_ids": input_ids, "token_type_ids": token_type_ids}
        if not bool(attention_mask.all()):
            found = self.bert(**given, attention_mask=attention_mask)
            return Hidden(found.last_hidden_state)
        return Hidden(self.layers(self.bert.embeddings(**given)))


def can_fuse(backbone: nn.Module) -> bool:
    """Say whether an encoder is a BERT on the CPU, as `FusedBert` computes it."""
    config: Any = getattr(backbone, "config", None)
    return (
        getattr(config, "model_type", "") == "bert"
        and config.hidden_act == "gelu"
        and not (config.is_decoder or config.add_cross_attention)
        and hasattr(getattr(backbone, "encoder", None), "layer")
        and next(backbone.parameters()).device.type == "cpu"
    )


def _weights(layer: Any) -> dict[str, Tensor]:  # noqa: ANN401
    attention = layer.attention
    read = (attention.self.query, attention.self.key, attention.self.value)
    parts = {
        "self_attn.out_proj": attention.output.dense,
        "linear1": layer.intermediate.dense,
        "linear2": layer.output.dense,
        "norm1": attention.output.LayerNorm,
        "norm2": layer.output.LayerNorm,
    }
    found: dict[str, Tensor] = {
        "self_attn.in_proj_weight": torch.cat([part.weight for part in read]),
        "self_attn.in_proj_bias": torch.cat([part.bias for part in read]),
    }
    for name, part in parts.items():
        found |= {f"{name}.weight": part.weight, f"{name}.bias": part.bias}
    # Detached: the layers hold the same numbers, and what is asked of them is not asked of bert.
    return {name: tensor.detach() for name, tensor in found.items()}
