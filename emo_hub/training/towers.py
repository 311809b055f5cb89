"""The trainable side of the dual encoder: one encoder, the scale, the bias, the VAD head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel

from emo_hub.checkpoint import base_folder
from emo_hub.pooling import mean_pool, vad_from
from emo_hub.training.losses import contest_loss, multi_positive_sigmoid_loss, vad_loss

# What the architectures of encoders call it: BERT and its kin, ModernBERT, DistilBERT.
_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "attention_dropout",
    "embedding_dropout", "mlp_dropout", "dropout",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class TowerSettings:
    """What is trained; see the recipe for the meaning of each."""

    base: str
    adapter_rank: int
    adapter_alpha: int
    dropout: float
    logit_scale: float
    logit_bias: float
    vad_weight: float
    contest_weight: float


class Towers(nn.Module):
    """Text tower and label tower in shared weights.

    The forward pass takes one process's tensors and returns its share of the global batch's loss,
    already multiplied by the number of processes: gradients that are averaged over processes then
    equal those of one process with the whole batch.
    """

    def __init__(self, settings: TowerSettings) -> None:
        super().__init__()
        folder = base_folder(settings.base)
        config = with_dropout(AutoConfig.from_pretrained(folder), settings.dropout)
        backbone = AutoModel.from_pretrained(folder, config=config, dtype=torch.float32)
        # A PreTrainedModel, or peft's wrapper of one, which answers to the same calls.
        self.backbone: Any = _with_adapter(backbone, settings)
        # Of one number each, not scalars, which FSDP cannot share out.
        self.log_scale = nn.Parameter(torch.tensor([math.log(settings.logit_scale)]))
        self.bias = nn.Parameter(torch.tensor([float(settings.logit_bias)]))
        self.vad = nn.Linear(int(backbone.config.hidden_size), 3)
        self.vad_share = settings.vad_weight
        self.contest_share = settings.contest_weight
        # What the loss never reaches must not wait for gradients in a distributed run.
        self.vad.requires_grad_(settings.vad_weight > 0)
        for name, parameter in self.backbone.named_parameters():
            if ".pooler." in f".{name}":
                parameter.requires_grad = False

    def embed(self, inputs: dict[str, Tensor]) -> Tensor:
        """Encode tokenised texts or phrases to unit vectors (B, D)."""
        hidden = self.backbone(**inputs).last_hidden_state
        return mean_pool(hidden.float(), inputs["attention_mask"])

    def forward(
        self,
        texts: dict[str, Tensor],
        phrases: Sequence[dict[str, Tensor]],
        targets: Tensor,
        weights: Tensor,
        vad: Tensor,
        share: float,
    ) -> Tensor:
        """Give the loss () of these rows, times `share`.

        The phrases come in parts of like length, whose order is that of the targets' columns.
        """
        text = self.embed(texts)
        phrase = torch.cat([self.embed(part) for part in phrases])
        # The encoder may run in half precision; a hundred pair losses are summed in full.
        with torch.autocast(text.device.type, enabled=False):
            loss = multi_positive_sigmoid_loss(
                text, phrase, self.log_scale.exp(), self.bias, targets, weights
            )
            if self.contest_share > 0:
                contest = contest_loss(text, phrase, self.log_scale.exp(), targets, weights)
                loss = loss + self.contest_share * contest
            if self.vad_share > 0:
                predicted = vad_from(text, self.vad.weight, self.vad.bias)
                loss = loss + self.vad_share * vad_loss(predicted, vad)
        return loss * share


def with_dropout(config: PretrainedConfig, dropout: float) -> PretrainedConfig:
    """Set every dropout of an encoder's configuration, whatever its architecture calls it."""
    for name in _DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, dropout)
    return config


def _with_adapter(backbone: PreTrainedModel, settings: TowerSettings) -> Any:  # noqa: ANN401
    if settings.adapter_rank == 0:
        return backbone
    from peft import LoraConfig, get_peft_model

    # Every linear layer but the pooler, which mean pooling never reads.
    names = [
        name
        for name, module in backbone.named_modules()
        if isinstance(module, nn.Linear) and not name.startswith("pooler")
    ]
    config = LoraConfig(
        r=settings.adapter_rank, lora_alpha=settings.adapter_alpha, target_modules=names
    )
    return get_peft_model(backbone, config)


def padded(
    tokenizer: Any,  # noqa: ANN401
    tokens: Sequence[dict[str, list[int]]],
    device: torch.device,
) -> dict[str, Tensor]:
    """Pad token lists to one batch on a device."""
    return dict(tokenizer.pad(list(tokens), return_tensors="pt").to(device))
