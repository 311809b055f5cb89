"""Scorers to compare with, each behind the same protocol as a model of ours.

`MajorityScorer` knows nothing of a text. `SentenceEncoderScorer` is all-MiniLM-L6-v2 as it is
published, with label names as prompts: what distillation starts from and has to beat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from emo_hub.checkpoint import PACKAGED_BASE, base_folder
from emo_hub.errors import NotSuited
from emo_hub.evaluation.declaration import Benchmark
from emo_hub.evaluation.loading import (
    FittingRows,
    LoadedBenchmark,
    Where,
    choose,
    load,
    splits,
)
from emo_hub.evaluation.scorers.contestant import ZERO_SHOT, Contestant
from emo_hub.evaluation.scorers.fingerprints import digest_of_folder, digest_of_rows, fingerprint
from emo_hub.metrics import global_threshold

Floats = NDArray[np.float32]

MAX_TOKENS = 256  # the length at which the sentence encoder was published


Choices = Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class MajorityScorer:
    """Gives every text the label that is most frequent in its benchmark.

    Args:
        choices: the label to predict, by the labels that are asked for, of rows of no benchmark.
        by_benchmark: the same for each benchmark by its name, where its own rows tell it: two of
            them may share their labels, and not their most frequent one.
    """

    choices: Choices
    name: str = "majority label"
    by_benchmark: Mapping[str, Choices] = field(default_factory=dict)

    @classmethod
    def fitted(cls, *rows: FittingRows) -> MajorityScorer:
        """Take the most frequent label of each of several groups of rows."""
        return cls({tuple(r.labels): _most_frequent(r.labels, r.targets) for r in rows})

    def bound_to(self, rows: LoadedBenchmark) -> MajorityScorer:
        """Give the scorer of these rows: with the choice of their benchmark, where it has one."""
        own = self.by_benchmark.get(rows.name)
        return self if own is None else replace(self, choices=own)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Score the chosen label 1 and every other label 0.

        Raises:
            NotSuited: nothing was chosen for these labels.
        """
        choice = self.choices.get(tuple(labels))
        if choice is None:
            raise NotSuited(
                f"The majority scorer has no choice for the labels {', '.join(labels)}: give it "
                "rows that carry them."
            )
        scores = np.zeros((len(texts), len(labels)), dtype=np.float32)
        scores[:, list(labels).index(choice)] = 1.0
        return scores

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give one half for every label."""
        return np.full(len(labels), 0.5, dtype=np.float32)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give nothing: a constant has no correlation with anything."""
        return None


def majority_for(where: Where, only: Iterable[str] | None = None) -> MajorityScorer:
    """Choose the majority label for each benchmark that a place holds.

    It comes from dev where there is a dev split that is not itself reported. Elsewhere the most
    frequent label of the reported rows is taken, an oracle that no method may use; the report says
    for which benchmarks. Where these are a test split, the train split says it.

    Args:
        where: a folder with a subfolder per benchmark, or the Hub.
        only: names to choose for; None takes all that are there.

    Raises:
        InputError: an unknown name.
        DataError: a file or column is missing.
    """
    found: dict[str, Choices] = {}
    for declared in choose(where, only):
        if declared.labels is None:
            continue
        split = _telling_split(declared, splits(declared, where))
        if split is not None:
            # The labels as they are asked for: a projection is applied to predictions, later.
            rows = load(replace(declared, projection=None), where, split)
            asked = _asked(declared)
            found[declared.name] = {asked: _most_frequent(asked, rows.targets)}
    return MajorityScorer({}, by_benchmark=found)


def _asked(declared: Benchmark) -> tuple[str, ...]:
    return declared.prompts or declared.asked_labels


def _telling_split(declared: Benchmark, present: Sequence[str]) -> str | None:
    """Name the split whose most frequent label is taken, never a test split."""
    scored = next((split for split in declared.scored if split in present), None)
    if "dev" in present and scored != "dev":
        return "dev"
    if scored not in (None, "test"):
        return scored
    return "train" if "train" in present else None


def _most_frequent(labels: Sequence[str], targets: NDArray[np.int8]) -> str:
    return labels[int(np.asarray(targets).sum(axis=0).argmax())]


def baselines(
    fitting: FittingRows, where: Where | None = None, only: Iterable[str] | None = None
) -> tuple[Contestant, ...]:
    """Make contestants of the sentence encoder as it is and of the majority label.

    Args:
        fitting: rows that fit the threshold, and the majority for their own labels.
        where: holds the benchmarks whose majority is wanted.
        only: names of those; None takes all that are there.

    Raises:
        InputError: an unknown name.
        DataError: a file or column is missing.
    """
    majority = MajorityScorer.fitted(fitting)
    if where is not None:
        majority = replace(majority, by_benchmark=majority_for(where, only).by_benchmark)
    encoder = SentenceEncoderScorer.fitted(fitting)
    files = digest_of_folder(base_folder(PACKAGED_BASE))
    decided = {"kind": "MiniLM as it is", "files": files, "rows": digest_of_rows(fitting)}
    chosen = sorted(
        [name, list(labels), label]
        for name, choices in (("", majority.choices), *majority.by_benchmark.items())
        for labels, label in choices.items()
    )
    words = f"one for every label, of the best macro-F1 on {len(fitting.texts):,} synthetic rows"
    return (
        Contestant(
            encoder,
            fingerprint(decided),
            ZERO_SHOT,
            frozenset(),
            {"kind": "baseline", "labels": "any", "context": "not read", "thresholds": words},
        ),
        Contestant(
            majority,
            fingerprint({"kind": "majority", "choices": chosen}),
            ZERO_SHOT,
            frozenset(),
            {"kind": "baseline", "context": "not read", "thresholds": "none are needed"},
        ),
    )


class SentenceEncoderScorer:
    """all-MiniLM-L6-v2 as it is: cosine of a text and a label's name, mapped to [0, 1].

    One threshold serves every label. It reads the text alone: with the context put before it, it
    was worse on film dialogue, and a baseline is given its better form.

    Args:
        threshold: from which a label counts as there, in [0, 1].
        batch_size: texts per forward.
    """

    def __init__(self, threshold: float = 0.6, *, batch_size: int = 64) -> None:
        folder = base_folder(PACKAGED_BASE)
        self.name = "all-MiniLM-L6-v2 as it is"
        self._threshold = threshold
        self._batch_size = batch_size
        self._model: PreTrainedModel = AutoModel.from_pretrained(folder, local_files_only=True)
        self._model.eval()
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, local_files_only=True
        )

    @classmethod
    def fitted(cls, rows: FittingRows, *, batch_size: int = 64) -> SentenceEncoderScorer:
        """Fit the one threshold to the best macro-F1 on rows that may be fitted on."""
        scorer = cls(batch_size=batch_size)
        scores = scorer.score(rows.texts, rows.labels, rows.contexts)
        scorer._threshold = global_threshold(np.asarray(rows.targets), scores)
        return scorer

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give (1 + cosine) / 2 of each text and each label's name: (N, C) in [0, 1]."""
        prompts = [label.replace("_", " ") for label in labels]
        cosines = self._encode(texts) @ self._encode(prompts).T
        return np.asarray(np.clip((1.0 + cosines) / 2.0, 0.0, 1.0), dtype=np.float32)

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the one threshold, once per label: (C,)."""
        return np.full(len(labels), self._threshold, dtype=np.float32)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give nothing: the sentence encoder has no such head."""
        return None

    def _encode(self, texts: Sequence[str]) -> Floats:
        """Give unit vectors (N, D), the mean over tokens; texts of like length share a batch."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        width = int(self._model.config.hidden_size)
        vectors = np.empty((len(texts), width), dtype=np.float32)
        for start in range(0, len(order), self._batch_size):
            places = order[start : start + self._batch_size]
            batch = self._tokenizer(
                [texts[i] for i in places],
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            vectors[places] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return vectors
