"""Our checkpoints: every text is encoded once, and everything else is read off its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emo_hub import checkpoint as files
from emo_hub.calibration import one_at_least, sigmoid, softmax
from emo_hub.evaluation.scorers.contestant import (
    TRANSFER,
    ZERO_SHOT,
    Contestant,
    ModelOptions,
)
from emo_hub.evaluation.scorers.deciding import ThresholdedScorer, Thresholds
from emo_hub.evaluation.scorers.fingerprints import (
    digest_of_code,
    digest_of_folder,
    digest_of_thresholds,
    fingerprint,
)
from emo_hub.evaluation.scorers.label_names import is_prompt
from emo_hub.evaluation.scorers.memory import VectorMemory
from emo_hub.evaluation.scorers.provenance import benchmarks_of, described, lineage
from emo_hub.evaluation.scorers.references import DEFAULT, Reference
from emo_hub.modeling import EmotionModel
from emo_hub.registration import default_model_folder

Floats = NDArray[np.float32]


class OurScorer(ThresholdedScorer):
    """`EmotionModel` with a memory for the vectors of texts; its scores are the same.

    Args:
        model: a loaded checkpoint.
        thresholds: from which scores labels count.
        batch_size: texts per forward.
        name: how it is called in tables.
    """

    def __init__(
        self, model: EmotionModel, thresholds: Thresholds, *, batch_size: int, name: str
    ) -> None:
        super().__init__(thresholds)
        self.name = name
        self.model = model
        self._batch_size = batch_size
        self.vectors = VectorMemory(self._encode)

    def _encode(self, texts: list[str], contexts: list[str | None]) -> Floats:
        return self.model.encode_texts(texts, contexts, batch_size=self._batch_size)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give the probability (N, C), in [0, 1], that each text expresses each label.

        Labels are rated each by itself, or, without `multi_label`, against each other. Sentences
        that a protocol prescribes are no names to be said in our ways: they are compared as they
        stand, and (1 + cosine) / 2 is given, as a sentence encoder is asked.

        Raises:
            InputError: a text or label is empty or no string.
        """
        vectors = self.vectors(texts, contexts)
        if all(map(is_prompt, labels)):
            cosines = vectors @ self.vectors(labels).T
            return np.asarray(np.clip((1.0 + cosines) / 2.0, 0.0, 1.0), dtype=np.float32)
        labelled = self.model.encode_labels(labels, competing=not multi_label)
        if multi_label:
            return sigmoid(self.model.logits(vectors, labelled, labels))
        return softmax(self.model.competing_logits(vectors, labelled, labels))

    def score_exhaustive(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
    ) -> Floats:
        """Give the probability (N, C) of each label where every text carries one, or more.

        Raises:
            InputError: a text or label is empty or no string.
        """
        if all(map(is_prompt, labels)):
            return self.score(texts, labels, contexts)
        each = self.score(texts, labels, contexts)
        return one_at_least(each, self.score(texts, labels, contexts, multi_label=False))

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give valence, arousal, dominance (N, 3), each 1..5; None where the head is absent."""
        if not self.model.has_vad:
            return None
        return self.model.read_vad(self.vectors(texts, contexts))

    def label_dimensions(self, labels: Sequence[str]) -> Floats | None:
        """Read valence, arousal, dominance (L, 3), each 1..5, off the vectors of labels."""
        if not self.model.has_vad:
            return None
        return self.model.read_vad(self.model.encode_labels(labels))


def open_ours(reference: Reference, options: ModelOptions) -> Contestant:
    """Open a checkpoint of ours, or the embedded one.

    It stands as zero-shot where no human label entered it, nor what it started from.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    embedded = reference.source == DEFAULT
    folder = default_model_folder() if embedded else reference.folder()
    model = EmotionModel.load(folder, device=options.device)
    if options.max_tokens is not None:
        model.head = replace(model.head, max_tokens=options.max_tokens)
    words = "of the checkpoint, fitted on synthetic rows"
    if model.learnt is not None:
        words += ", those of learnt labels on their examples"
    thresholds = Thresholds(options, own=model.thresholds, own_words=words)
    name = options.name or ("emo_hub default" if embedded else reference.source)
    digests = digest_of_folder(folder)
    if model.head.adapter is not None:
        base = digest_of_folder(files.base_folder(model.head.base))
        digests.update({f"base/{file}": digest for file, digest in base.items()})
    facts = {
        **described("ours", reference, folder, thresholds),
        "parameters": sum(p.numel() for p in model.parameters()),
        "labels": "any",
        "takes_prompts": "by cosine",
        "max_tokens": model.head.max_tokens,
        "context": "read before the text",
    }
    parts = {
        "kind": "ours",
        "files": digests,
        "code": digest_of_code(),
        "max_tokens": options.max_tokens,
        "thresholds": digest_of_thresholds(options, has_own=True),
    }
    scorer = OurScorer(model, thresholds, batch_size=options.batch_size, name=name)
    origin = lineage(folder, options)
    standing = TRANSFER if origin.human else ZERO_SHOT
    if origin.human:
        facts["trained_on_datasets"] = list(origin.named)
    if model.learnt is not None:
        # Somebody labelled what these were learnt from; on what benchmark, `trained_on` can say.
        standing, facts["learnt_labels"] = TRANSFER, list(model.learnt.labels)
    trained = benchmarks_of(origin.human)
    return Contestant(scorer, fingerprint(parts), standing, trained, facts, folded=origin.folded)
