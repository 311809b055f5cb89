"""Classifiers of ours, which say themselves what they were trained for and how they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emo_hub.classifier import EmotionClassifier
from emo_hub.evaluation.scorers.classifier import FixedLabelScorer, own_thresholds
from emo_hub.evaluation.scorers.contestant import TRANSFER, ZERO_SHOT, Contestant, ModelOptions
from emo_hub.evaluation.scorers.fingerprints import digest_of_code, fingerprint_of_model
from emo_hub.evaluation.scorers.label_names import coverage_of_benchmarks, known_set
from emo_hub.evaluation.scorers.provenance import benchmarks_of, described, lineage
from emo_hub.evaluation.scorers.references import Reference

Floats = NDArray[np.float32]

_RULES = 1  # counts changes of how logits become scores of a benchmark's labels
_CODE = ("calibration.py", "classifier.py", "classifier_settings.py", "pairs.py", "taxonomy.py")


def open_trained(reference: Reference, options: ModelOptions) -> Contestant:
    """Open what `emo-hub train encoder` made.

    It reads contexts where it saw some in training. Without any human label, in it or in what it
    started from, it stands as zero-shot, though its labels are fixed; else it transfers, or is
    fine-tuned on a benchmark.

    Raises:
        CheckpointError: a file is missing or damaged, or another kind of model lies there.
    """
    folder = reference.folder()
    model = EmotionClassifier.load(folder, device=options.device)
    if options.max_tokens is not None:
        model.max_tokens = options.max_tokens
    settings = model.settings
    thresholds = own_thresholds(options, model.labels, settings.thresholds)
    origin = lineage(folder, options, settings.task)

    def logits(texts: list[str], contexts: list[str | None]) -> Floats:
        found = model.logits(texts, contexts, batch_size=options.batch_size)
        return np.asarray(found / np.float32(settings.temperature), np.float32)

    scorer = FixedLabelScorer(
        logits,
        model.labels,
        thresholds,
        is_multi_label=True,
        with_context=model.uses_context,
        name=options.name or reference.source,
    )
    facts = {
        **described("encoder", reference, folder, thresholds),
        "task": settings.task,
        "parameters": sum(p.numel() for p in model.parameters()),
        "labels": list(model.labels),
        "label_set": known_set(model.labels) or "",
        "takes_prompts": False,
        "activation": f"sigmoid, temperature {settings.temperature:g}",
        "max_tokens": model.max_tokens,
        "context": "first of a pair" if model.uses_context else "not read",
        "coverage": coverage_of_benchmarks(model.labels),
        "trained_on_datasets": list(origin.named),
    }
    # What else the options say of contexts and templates does not concern this kind of model.
    mark = fingerprint_of_model(
        "encoder",
        _RULES,
        folder,
        replace(options, with_context=False),
        has_own=True,
        code=digest_of_code(*_CODE),
    )
    standing = TRANSFER if origin.human else ZERO_SHOT
    trained = benchmarks_of(origin.human)
    return Contestant(scorer, mark, standing, trained, facts, folded=origin.folded)
