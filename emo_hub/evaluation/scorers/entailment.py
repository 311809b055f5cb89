"""Entailment models: does the text entail "This person feels LABEL."?

Scores are those of transformers' `zero-shot-classification` pipeline; pairs go through the model in
batches of like length, and each pair of a text and a hypothesis goes once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_hub.calibration import softmax
from emo_hub.cards import datasets_of_card
from emo_hub.errors import CheckpointError
from emo_hub.evaluation.scorers.contestant import Contestant, ModelOptions
from emo_hub.evaluation.scorers.deciding import SAMPLE, ThresholdedScorer, Thresholds
from emo_hub.evaluation.scorers.encoders import PairEncoder
from emo_hub.evaluation.scorers.fingerprints import fingerprint_of_model
from emo_hub.evaluation.scorers.label_names import is_prompt
from emo_hub.evaluation.scorers.memory import VectorMemory
from emo_hub.evaluation.scorers.provenance import (
    benchmarks_of,
    described,
    standing_of,
)
from emo_hub.evaluation.scorers.references import Reference, entailment_column, read_json
from emo_hub.inputs import check_text, paired

Floats = NDArray[np.float32]

_RULES = 1  # counts changes of how logits become scores


class EntailmentScorer(ThresholdedScorer):
    """An entailment model with a hypothesis per label.

    Args:
        encoder: gives logits (N, K) of pairs.
        entailed: the column of "entailment".
        thresholds: from which scores labels count.
        options: hypothesis template, and whether the context is put before the text.
        name: how it is called in tables.
    """

    def __init__(
        self,
        encoder: PairEncoder,
        entailed: int,
        thresholds: Thresholds,
        options: ModelOptions,
        *,
        name: str,
    ) -> None:
        super().__init__(thresholds)
        self.name = name
        self.encoder = encoder
        self._options = options
        # As the pipeline has it: what stands against entailment is the first column, or the last
        # where entailment is the first.
        self._columns = [-1 if entailed == 0 else 0, entailed]
        self.pairs = VectorMemory(self._logits)

    def _logits(self, premises: list[str], hypotheses: list[str | None]) -> Floats:
        pairs = list(zip(premises, hypotheses, strict=True))
        # The hypothesis is never cut: without it there is no question.
        return self.encoder.logits(pairs, cut="only_first")[:, self._columns]

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give the probability (N, C), in [0, 1], that each text entails each label.

        Labels are rated each by itself, entailment against contradiction, or, without
        `multi_label`, against each other by their entailment.

        Raises:
            InputError: a text is empty or no string.
        """
        pairs = paired(texts, contexts)
        for text, _ in pairs:
            check_text(text)
        keep = self._options.with_context
        premises = [f"{before}\n{text}" if before and keep else text for text, before in pairs]
        template = self._options.hypothesis_template
        said = [
            label if is_prompt(label) else template.format(label.replace("_", " "))
            for label in labels
        ]
        flat = self.pairs(
            [premise for premise in premises for _ in said], [h for _ in premises for h in said]
        )
        logits = flat.reshape(len(texts), len(labels), 2)
        if multi_label or len(labels) == 1:
            return softmax(logits)[..., 1]
        return softmax(logits[..., 1])


def open_entailment(reference: Reference, options: ModelOptions) -> Contestant:
    """Open an entailment model.

    Raises:
        CheckpointError: it does not load, or has no label "entailment".
    """
    folder = reference.folder()
    entailed = entailment_column(read_json(folder / "config.json"))
    if entailed is None:
        raise CheckpointError(
            f"'{reference.source}' has no label that starts with 'entail' in label2id of its "
            "config.json: name it there, or open the model as classifier:."
        )
    encoder = PairEncoder(folder, options)
    thresholds = Thresholds(options, most=SAMPLE)
    named = (*options.trained_on, *datasets_of_card(folder))
    trained = benchmarks_of(named)
    facts = {
        **described("entailment", reference, folder, thresholds),
        "parameters": encoder.parameters,
        "labels": "any",
        "takes_prompts": True,
        "hypothesis_template": options.hypothesis_template,
        "max_tokens": encoder.max_tokens,
        "context": "put before the text" if options.with_context else "not read",
        "trained_on_datasets": list(named),
    }
    mark = fingerprint_of_model(
        "entailment", _RULES, folder, options, template=options.hypothesis_template
    )
    scorer = EntailmentScorer(
        encoder, entailed, thresholds, options, name=options.name or reference.source
    )
    standing = standing_of(options, trained)
    return Contestant(scorer, mark, standing, trained, facts)
