"""The classifier: an encoder with one output per label, that rates a text after its context.

Letters in shapes: B batch, L labels, N texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from emo_hub import checkpoint as files
from emo_hub import tensors
from emo_hub.calibration import Floats, sigmoid
from emo_hub.classifier_settings import ClassifierSettings
from emo_hub.errors import CheckpointError, InputError
from emo_hub.inputs import check_text, checked_context, paired
from emo_hub.pairs import longest_input, segments_of, tokenize_pair


class EmotionClassifier(nn.Module):
    """A fine-tuned encoder with fixed labels, each rated by itself.

    `EmotionClassifier.load(path_or_repo)` opens what `emo-hub train encoder` made. Texts and
    contexts go in as strings; numpy arrays come out, columns in the order of `labels`.

    Args:
        model: a sequence classifier of transformers.
        tokenizer: its fast tokenizer.
        settings: how scores are read off its logits.
    """

    def __init__(self, model: Any, tokenizer: Any, settings: ClassifierSettings) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.settings = settings
        self.config = model.config
        self.max_tokens = longest_input(tokenizer, model.config)
        self.name = "emo_hub"
        self.eval()

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        *,
        device: str | torch.device = "cpu",
        **download: Any,  # noqa: ANN401
    ) -> EmotionClassifier:
        """Load a checkpoint from a folder or from the Hub; weights are safetensors alone.

        Args:
            name_or_path: the folder or the repository.
            device: where the weights go.
            download: for a repository: revision, token, cache_dir, local_files_only.

        Raises:
            CheckpointError: a file is missing or damaged, or another kind of model lies there.
        """
        folder = files.locate(name_or_path, **download)
        settings = ClassifierSettings.read(folder)
        for pattern in ("*.safetensors", "tokenizer.json"):
            if not any(folder.glob(pattern)):
                raise CheckpointError(
                    f"{folder} has no {pattern}: fetch the checkpoint again. Weights of another "
                    "format are not read, for they may run code."
                )
        model, tokenizer = _opened(folder, settings)
        loaded = cls(model, tokenizer, settings)
        loaded.name = str(name_or_path)
        return loaded.to(device)

    @classmethod
    def from_pretrained(cls, name_or_path: str, **kwargs: Any) -> EmotionClassifier:  # noqa: ANN401
        """Load as transformers' `pipeline()` asks for it; options of the Hub and dtype count."""
        loaded = cls.load(name_or_path, **{k: kwargs[k] for k in files.DOWNLOAD if kwargs.get(k)})
        dtype = kwargs.get("dtype")
        return loaded.to(dtype) if isinstance(dtype, torch.dtype) else loaded

    def save(self, folder: Path) -> None:
        """Write the checkpoint as transformers' own classes read it.

        Raises:
            OSError: the folder cannot be written.
        """
        self.settings.write_into(self.config)
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        tensors.make_readable(folder)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the columns of scores."""
        return self.settings.labels

    @property
    def uses_context(self) -> bool:
        """Whether contexts were seen in training; without, none is taken."""
        return self.settings.uses_context

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.model.parameters()).device  # type: ignore[no-any-return]

    @property
    def dtype(self) -> torch.dtype:
        """The weights' number format."""
        return next(self.model.parameters()).dtype  # type: ignore[no-any-return]

    def forward(self, **inputs: Tensor) -> Tensor:
        """Give the logits (B, L) of tokenised input."""
        return self.model(**inputs).logits.float()  # type: ignore[no-any-return]

    def tokenize(self, text: str, context: str | None = None) -> dict[str, list[int]]:
        """Turn one text, after its context where it has one, into token ids; see `tokenize_pair`.

        Raises:
            InputError: the text is not a string or is empty, or a context is given to a model that
                was trained without.
        """
        check_text(text)
        checked_context(context)
        if context and context.strip() and not self.uses_context:
            raise InputError(
                f"{self.name} was trained without contexts and cannot read one: leave the context "
                "out, or use a checkpoint whose config.json says uses_context."
            )
        return tokenize_pair(
            self.tokenizer,
            text,
            context,
            max_tokens=self.max_tokens,
            segments=segments_of(self.config),
        )

    @torch.inference_mode()
    def logits(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        batch_size: int = 64,
    ) -> Floats:
        """Give the logits (N, L) of texts, each after its context where it has one, uncalibrated.

        Inputs of like length share a batch; rows come out in the order of the texts.

        Raises:
            InputError: a text is not a string or is empty, there are not as many contexts, or the
                model reads none.
        """
        pairs = paired(texts, contexts)
        for text, _ in pairs:
            check_text(text)
        # Letters stand for tokens here: to tokenise all pairs first would fill the memory.
        order = sorted(range(len(pairs)), key=lambda i: sum(len(part or "") for part in pairs[i]))
        found = np.zeros((len(pairs), len(self.labels)), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            tokens = [self.tokenize(*pairs[i]) for i in rows]
            batch = self.tokenizer.pad(tokens, return_tensors="pt")
            found[rows] = self(**batch.to(self.device)).cpu().numpy()
        return found

    def score(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        batch_size: int = 64,
    ) -> Floats:
        """Give the probability (N, L), in [0, 1], that each text expresses each label.

        Raises:
            InputError: as for `logits`.
        """
        return self.calibrated(self.logits(texts, contexts, batch_size=batch_size))

    def calibrated(self, logits: Floats) -> Floats:
        """Turn logits (..., L) into probabilities: the sigmoid of logits over temperature."""
        return sigmoid(logits / np.float32(self.settings.temperature))

    def thresholds(self, labels: Sequence[str] | None = None) -> Floats:
        """Give the score from which each label counts, of all labels (L,) or of those named.

        Raises:
            InputError: it has no such label.
        """
        wanted = self.labels if labels is None else labels
        if unknown := [label for label in wanted if label not in self.labels]:
            raise InputError(
                f"{self.name} has no label {', '.join(unknown)}; its own are: "
                f"{', '.join(self.labels)}."
            )
        return np.array([self.settings.thresholds[label] for label in wanted], np.float32)


def _opened(folder: Path, settings: ClassifierSettings) -> tuple[Any, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model, found = AutoModelForSequenceClassification.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"The classifier in {folder} does not load: {error}") from error
    if missing := sorted(found["missing_keys"]):
        raise CheckpointError(
            f"The weights in {folder} lack {', '.join(missing[:4])}, which chance would fill: "
            "fetch the checkpoint again."
        )
    if not tokenizer.is_fast:
        raise CheckpointError(
            f"The tokenizer in {folder} does not say where its tokens stand in a text, by which a "
            "context is cut: save it as a fast one, tokenizer.json."
        )
    outputs, labels = int(model.config.num_labels), len(settings.labels)
    if outputs != labels:
        raise CheckpointError(
            f"{folder} has {outputs} outputs for {labels} labels: fetch the checkpoint again."
        )
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise CheckpointError(
            f"The tokenizer in {folder} knows {len(tokenizer)} tokens, the model {rows}: they "
            "belong to different models."
        )
    return model, tokenizer
