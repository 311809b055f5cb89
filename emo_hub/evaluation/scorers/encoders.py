"""Batches for models of transformers that read a text, or a pair, and give logits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from emo_hub.errors import CheckpointError
from emo_hub.evaluation.scorers.contestant import ModelOptions
from emo_hub.pairs import longest_input

Floats = NDArray[np.float32]
Pair = tuple[str, str | None]


class PairEncoder:
    """A sequence classifier with its tokenizer: texts or pairs in, logits (N, K) out.

    Args:
        folder: with config, tokenizer and safetensors weights.
        options: device, batch size, and where inputs are cut.

    Raises:
        CheckpointError: the model does not load.
    """

    def __init__(self, folder: Path, options: ModelOptions) -> None:
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModelForSequenceClassification.from_pretrained(
                folder, use_safetensors=True, local_files_only=True, dtype=torch.float32
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(f"The model in {folder} does not load: {error}") from error
        self.model: Any = model.to(options.device).eval()
        self.config: Any = model.config
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if self.config.pad_token_id is None:
            self.config.pad_token_id = self.tokenizer.pad_token_id
        self.max_tokens = options.max_tokens or longest_input(self.tokenizer, self.config)
        self._batch_size = options.batch_size

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return sum(p.numel() for p in self.model.parameters())

    @torch.inference_mode()
    def logits(self, pairs: Sequence[Pair], *, cut: str = "longest_first") -> Floats:
        """Give the logits (N, K) of texts, or of pairs where there is a second part.

        Inputs of like length share a batch.

        Args:
            pairs: N first and second parts.
            cut: which part loses its end where both are too long, as tokenizers call it.
        """
        # Letters stand for tokens here: to tokenise all pairs first would fill the memory.
        order = sorted(range(len(pairs)), key=lambda i: sum(len(part or "") for part in pairs[i]))
        found = np.zeros((len(pairs), int(self.config.num_labels)), dtype=np.float32)
        for start in range(0, len(order), self._batch_size):
            rows = order[start : start + self._batch_size]
            tokens = [self._tokens(*pairs[i], cut) for i in rows]
            batch = self.tokenizer.pad(tokens, return_tensors="pt").to(self.model.device)
            found[rows] = self.model(**batch).logits.float().cpu().numpy()
        return found

    def _tokens(self, first: str, second: str | None, cut: str) -> Any:  # noqa: ANN401
        how = cut if second is not None else True
        return self.tokenizer(first, second, truncation=how, max_length=self.max_tokens)
