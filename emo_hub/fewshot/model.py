"""A few-shot model: loaded and run with torch and transformers alone, nothing unpickled."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_hub import checkpoint as files
from emo_hub.calibration import Floats
from emo_hub.errors import CheckpointError
from emo_hub.fewshot.encoder import read_body, zero_shot_scores
from emo_hub.fewshot.head import LinearHead
from emo_hub.fewshot.prior import Prior, blend
from emo_hub.inputs import paired
from emo_hub.modeling import EmotionModel
from emo_hub.tensors import make_readable

TABLE_FILE = "fewshot.json"
ZERO_SHOT = "zero_shot"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class FewshotModel:
    """Probabilities of a user's own labels, learnt from a few examples of each.

    Args:
        labels: C names, in the order of the columns.
        thresholds: (C,), the probability from which each label counts; 0 where labels compete,
            since the best one is taken then.
        multi_label: whether a text may carry several labels, or none.
        body: the tuned encoder.
        head: the linear head on its vectors.
        zero_shot: the model whose scores are blended in; None where they weigh nothing.
        prior: how much they weigh, and how that was found.
        facts: what it was trained on, in counts, and with which versions.
    """

    labels: tuple[str, ...]
    thresholds: Floats
    multi_label: bool
    body: EmotionModel
    head: LinearHead
    zero_shot: EmotionModel | None
    prior: Prior
    facts: Mapping[str, Any]

    @classmethod
    def load(cls, folder: str | Path) -> FewshotModel:
        """Load what `emo-hub train fewshot` wrote; setfit need not be installed.

        Raises:
            CheckpointError: a file is missing or damaged; the message names it.
        """
        place = Path(folder)
        table = _read_table(place)
        try:
            labels = tuple(str(label) for label in table["labels"])
            several = bool(table["multi_label"])
            thresholds = np.array([table["thresholds"][label] for label in labels], np.float32)
            prior = Prior(**table["prior"])
            max_tokens = int(table["max_tokens"])
            facts = dict(table["facts"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{place / TABLE_FILE} is damaged ({error!r}); train it again."
            ) from error
        return cls(
            labels=labels,
            thresholds=thresholds,
            multi_label=several,
            body=read_body(place, max_tokens=max_tokens),
            head=LinearHead.read(place, labels=len(labels), multi_label=several),
            zero_shot=EmotionModel.load(place / ZERO_SHOT) if prior.weight > 0 else None,
            prior=prior,
            facts=facts,
        )

    def save(self, folder: Path) -> None:
        """Write the encoder in the sentence-transformers layout, the head and the table.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.body.backbone.save_pretrained(folder)
        self.body.tokenizer.save_pretrained(folder)
        max_tokens = self.body.head.max_tokens
        files.write_sentence_transformers_layout(
            folder, dimension=int(self.body.config.hidden_size), max_tokens=max_tokens
        )
        self.head.write(folder)
        if self.zero_shot is not None:
            self.zero_shot.save(folder / ZERO_SHOT)
        thresholds = zip(self.labels, self.thresholds.tolist(), strict=True)
        table = {
            "schema_version": SCHEMA_VERSION,
            "labels": self.labels,
            "multi_label": self.multi_label,
            "thresholds": dict(thresholds),
            "max_tokens": max_tokens,
            "prior": dataclasses.asdict(self.prior),
            "facts": self.facts,
        }
        text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
        (folder / TABLE_FILE).write_text(text, encoding="utf-8")
        make_readable(folder)

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Give the probability (N, C) of each label: the head's, with the zero-shot scores in.

        Raises:
            InputError: a text is not a string or is empty.
        """
        return self.pooled(self.head_proba(texts), texts)

    def pooled(self, own: Floats, texts: Sequence[str]) -> Floats:
        """Weigh the zero-shot scores of N texts into what the head says of them, (N, C)."""
        if self.zero_shot is None:
            return own
        several = self.multi_label
        scores = zero_shot_scores(self.zero_shot, texts, self.labels, multi_label=several)
        return blend(own, scores, self.prior.weight, multi_label=several)

    def head_proba(self, texts: Sequence[str]) -> Floats:
        """Give the probability (N, C) that SetFit's head alone gives each label.

        Raises:
            InputError: a text is not a string or is empty.
        """
        paired(texts, None)
        return self.head.proba(self.body.encode_texts(texts))

    def predict(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """Name the labels of each text: the best one, or all that reach their threshold.

        Raises:
            InputError: a text is not a string or is empty.
        """
        scores = self.predict_proba(texts)
        if not self.multi_label:
            return [(self.labels[int(best)],) for best in scores.argmax(axis=1)]
        return [
            tuple(label for label, said in zip(self.labels, row, strict=True) if said)
            for row in scores >= self.thresholds
        ]


def _read_table(folder: Path) -> dict[str, Any]:
    path = folder / TABLE_FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{folder} has no {TABLE_FILE} that can be read, so it is no few-shot model; make one "
            "with: emo-hub train fewshot"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path} is no JSON ({error}); train it again.") from error
    version = table.get("schema_version") if isinstance(table, dict) else None
    if version != SCHEMA_VERSION:
        raise CheckpointError(
            f"{path} has schema version {version}; this emo_hub reads {SCHEMA_VERSION}. Upgrade "
            "emo_hub, or train it again."
        )
    found: dict[str, Any] = table
    return found
