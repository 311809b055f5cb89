"""Sentence encoders as they are: the cosine of a text and a label's prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.cards import datasets_of_card
from emo_hub.errors import CheckpointError, require
from emo_hub.evaluation.btzsc import cosine_scores, prefixes
from emo_hub.evaluation.scorers.contestant import Contestant, ModelOptions
from emo_hub.evaluation.scorers.deciding import ThresholdedScorer, Thresholds
from emo_hub.evaluation.scorers.fingerprints import fingerprint_of_model
from emo_hub.evaluation.scorers.label_names import is_prompt
from emo_hub.evaluation.scorers.memory import VectorMemory
from emo_hub.evaluation.scorers.provenance import (
    benchmarks_of,
    described,
    standing_of,
)
from emo_hub.evaluation.scorers.references import Reference

Floats = NDArray[np.float32]

EXTRA = "sentences"
_RULES = 2  # counts changes of how vectors become scores


class SentenceScorer(ThresholdedScorer):
    """A sentence-transformers model: (1 + cosine) / 2 of a text and a label.

    Args:
        model: a `SentenceTransformer`.
        thresholds: from which scores labels count.
        options: batch size, templates, and whether the context is put before the text.
        source: the folder or repository, whose name some protocols go by.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        thresholds: Thresholds,
        options: ModelOptions,
        *,
        source: str,
    ) -> None:
        super().__init__(thresholds)
        self.name = options.name or source
        self._source = source
        self.model = model
        self._options = options
        self.vectors = VectorMemory(self._encode)

    def _encode(self, texts: list[str], contexts: list[str | None]) -> Floats:
        pairs = zip(texts, contexts, strict=True)
        read = [f"{context}\n{text}" if context else text for text, context in pairs]
        if not read:
            return np.zeros((0, self.model.get_embedding_dimension()), dtype=np.float32)
        found = self.model.encode(
            read,
            batch_size=self._options.batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(found, dtype=np.float32)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give (1 + cosine) / 2 of each text and each label: (N, C) in [0, 1].

        Raises:
            InputError: a text or label is empty or no string.
        """
        if all(map(is_prompt, labels)):
            # A protocol's own sentences, read as its harness does, model by model.
            before = prefixes(self._source)
            cosines = cosine_scores(self.vectors, texts, labels, before)
        else:
            read = self.vectors(texts, contexts if self._options.with_context else None)
            cosines = read @ self._of_labels(labels).T
        return np.asarray(np.clip((1.0 + cosines) / 2.0, 0.0, 1.0), dtype=np.float32)

    def _of_labels(self, labels: Sequence[str]) -> Floats:
        """Give unit vectors (C, D), each the mean over the templates."""
        templates = self._options.templates
        said = [
            template.format(label.replace("_", " ")) for label in labels for template in templates
        ]
        mean = self.vectors(said).reshape(len(labels), len(templates), -1).mean(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)


def open_sentences(reference: Reference, options: ModelOptions) -> Contestant:
    """Open a sentence-transformers model.

    Raises:
        ImportError: sentence-transformers is not installed.
        CheckpointError: the model does not load.
    """
    require("sentence_transformers", EXTRA, "A sentence encoder")
    folder = reference.folder()
    model = _loaded(folder, options)
    thresholds = Thresholds(options)
    named = (*options.trained_on, *datasets_of_card(folder))
    trained = benchmarks_of(named)
    facts = {
        **described("sentence encoder", reference, folder, thresholds),
        "parameters": sum(p.numel() for p in model.parameters()),
        "labels": "any",
        "takes_prompts": "by cosine",
        "templates": list(options.templates),
        "max_tokens": model.max_seq_length,
        "context": "put before the text" if options.with_context else "not read",
        "trained_on_datasets": list(named),
    }
    mark = fingerprint_of_model("sentences", _RULES, folder, options, templates=options.templates)
    scorer = SentenceScorer(model, thresholds, options, source=reference.source)
    standing = standing_of(options, trained)
    return Contestant(scorer, mark, standing, trained, facts)


def _loaded(folder: Path, options: ModelOptions) -> Any:  # noqa: ANN401
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(folder),
            device=options.device,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": "float32"},
        )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise CheckpointError(f"The sentence encoder in {folder} does not load: {error}") from error
    if options.max_tokens is not None:
        model.max_seq_length = options.max_tokens
    return model.eval()
