"""Reading the encoder of a checkpoint, whole or as updates of a base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from emo_hub import checkpoint as files
from emo_hub.errors import CheckpointError
from emo_hub.static import StaticBackbone, is_static


def read_encoder(folder: Path, head: files.Head) -> tuple[Any, PreTrainedModel | StaticBackbone]:
    """Read tokenizer and encoder, an adapter merged.

    Raises:
        CheckpointError: a file is missing or damaged, or the adapter is of another base.
    """
    base = folder if head.adapter is None else files.base_folder(head.base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        static = StaticBackbone.from_pretrained(base) if is_static(base) else None
        backbone = static or AutoModel.from_pretrained(base, dtype=torch.float32)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"The encoder in {base} does not load: {error}") from error
    if head.adapter is not None:
        files.check_base(base, head.adapter)
        files.merge_adapter(backbone, folder, head.adapter)
    return tokenizer, backbone
