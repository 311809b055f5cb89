"""GLiClass models: a text and all labels in one forward, through their own package."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.cards import datasets_of_card
from emo_hub.errors import CheckpointError, InputError, require
from emo_hub.evaluation.scorers.contestant import Contestant, ModelOptions
from emo_hub.evaluation.scorers.deciding import SAMPLE, ThresholdedScorer, Thresholds
from emo_hub.evaluation.scorers.fingerprints import fingerprint_of_model
from emo_hub.evaluation.scorers.provenance import (
    benchmarks_of,
    described,
    standing_of,
)
from emo_hub.evaluation.scorers.references import Reference, read_json
from emo_hub.inputs import check_text, paired

Floats = NDArray[np.float32]

EXTRA = "gliclass"
_MAX_TOKENS = 1024  # of the package's own pipeline
_RULES = 1  # counts changes of how its answers become scores


class GLiClassScorer(ThresholdedScorer):
    """A GLiClass model behind its package's pipeline.

    Args:
        pipeline: a `ZeroShotClassificationPipeline` of the package.
        thresholds: from which scores labels count.
        options: batch size, and whether the context is put before the text.
        name: how it is called in tables.
    """

    def __init__(
        self,
        pipeline: Any,  # noqa: ANN401
        thresholds: Thresholds,
        options: ModelOptions,
        *,
        name: str,
    ) -> None:
        super().__init__(thresholds)
        self.name = name
        self._pipeline = pipeline
        self._options = options

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give the model's scores (N, C) in [0, 1].

        Labels are rated each by itself, or, without `multi_label`, against each other.

        Raises:
            InputError: a text is empty or no string, or two labels are the same to the model.
        """
        pairs = paired(texts, contexts)
        for text, _ in pairs:
            check_text(text)
        said = [label.replace("_", " ") for label in labels]
        if len(set(said)) < len(said):
            raise InputError(f"GLiClass needs labels that differ; got {', '.join(said)}.")
        if not pairs:
            return np.zeros((0, len(said)), dtype=np.float32)
        keep = self._options.with_context
        room = self._room(said)
        found = self._pipeline(
            [
                self._cut(f"{before}\n{text}" if before and keep else text, room)
                for text, before in pairs
            ],
            said,
            threshold=0.0,
            batch_size=self._options.batch_size,
            classification_type="multi-label" if multi_label else "single-label",
            return_hierarchical=True,  # the one form of answer that has every label in it
        )
        return np.array([[row[label] for label in said] for row in found], dtype=np.float32)

    def _room(self, labels: Sequence[str]) -> int:
        """Count the tokens that the labels leave to a text, which the package puts before them."""
        inner = self._pipeline.pipe
        if inner.model.config.architecture_type != "uni-encoder":
            return int(inner.max_length)
        asked = "".join(f"{inner.label_token}{label}" for label in labels) + inner.sep_token
        room = int(inner.max_length) - len(inner.tokenizer(asked)["input_ids"])
        if room < 1:
            raise InputError(
                f"{self.name} reads {inner.max_length} tokens, which {len(labels)} labels fill "
                "already: ask for fewer, or raise max_tokens."
            )
        return room

    def _cut(self, text: str, room: int) -> str:
        """Cut a text, so that labels are never what is cut."""
        tokenizer = self._pipeline.pipe.tokenizer
        read = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        offsets = read["offset_mapping"]
        return text[: offsets[room - 1][1]] if len(offsets) > room else text


def open_gliclass(reference: Reference, options: ModelOptions) -> Contestant:
    """Open a GLiClass model.

    Raises:
        ImportError: the package gliclass is not installed.
        CheckpointError: the model does not load, or would run code of its own.
    """
    require("gliclass", EXTRA, "A GLiClass model")
    folder = reference.folder()
    refuse_unknown_parts(read_json(folder / "config.json"), reference.source)
    model, tokenizer = _loaded(folder)
    # A fixed room for labels, 25 by default, would drop those of larger sets.
    model.config.max_labels_alloc = "dynamic"
    longest = options.max_tokens or _MAX_TOKENS
    pipeline = importlib.import_module("gliclass").ZeroShotClassificationPipeline(
        model, tokenizer, max_length=longest, device=options.device, progress_bar=False
    )
    thresholds = Thresholds(options, most=SAMPLE)
    named = (*options.trained_on, *datasets_of_card(folder))
    trained = benchmarks_of(named)
    facts = {
        **described("GLiClass", reference, folder, thresholds),
        "parameters": sum(p.numel() for p in model.parameters()),
        "architecture": model.config.architecture_type,
        "labels": "any",
        "takes_prompts": True,
        "max_tokens": longest,
        "context": "put before the text" if options.with_context else "not read",
        "trained_on_datasets": list(named),
    }
    mark = fingerprint_of_model("gliclass", _RULES, folder, options)
    scorer = GLiClassScorer(pipeline, thresholds, options, name=options.name or reference.source)
    standing = standing_of(options, trained)
    return Contestant(scorer, mark, standing, trained, facts)


def _loaded(folder: Path) -> tuple[Any, Any]:
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    package = importlib.import_module("gliclass")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = package.GLiClassModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"The GLiClass model in {folder} does not load: {error}") from error
    return model, tokenizer


def refuse_unknown_parts(config: Mapping[str, Any], source: str) -> None:
    """Refuse a model with an encoder that the package would fetch together with code to run.

    Raises:
        CheckpointError: transformers itself does not know the type of a part.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    for part in _parts(config):
        # The package takes a part without a type for DeBERTa.
        kind = part.get("model_type", "deberta-v2")
        if kind not in CONFIG_MAPPING:
            raise CheckpointError(
                f"'{source}' has an encoder of type '{kind}', which transformers does not know. "
                "The package gliclass would fetch code for it and run that, so it is not opened."
            )


def _parts(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("encoder_config", "label_model_config"):
        if isinstance(config.get(key), Mapping):
            yield config[key]
