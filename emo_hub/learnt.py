"""Labels that a checkpoint learnt from examples: their logits stand in place of zero-shot ones.

A zero-shot logit is a linear map of the text's vector, and so is a learnt one: whoever scores a
text need not know which of its labels were learnt. What they were learnt from is not kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from emo_hub.calibration import Floats
from emo_hub.errors import CheckpointError
from emo_hub.readings import LabelReader
from emo_hub.taxonomy import normalise
from emo_hub.tensors import LEARNT_FILE, read_tensors

_PARTS = ("rating_weight", "rating_bias", "contest_weight", "contest_bias", "thresholds")
_TOLD = "learnt"  # the key of the file's metadata


@dataclass(frozen=True, slots=True)
class LearntLabels:
    """What was learnt of L labels.

    Args:
        labels: as their examples name them.
        competing: whether each example carried one label alone.
        rating_weight: (L, D) of their logits where each is rated by itself.
        rating_bias: (L,) of the same.
        contest_weight: (L, D) of their logits where labels compete.
        contest_bias: (L,) of the same.
        thresholds: (L,), the score from which each counts, in [0, 1].
    """

    labels: tuple[str, ...]
    competing: bool
    rating_weight: Floats
    rating_bias: Floats
    contest_weight: Floats
    contest_bias: Floats
    thresholds: Floats

    def found(
        self, labels: Sequence[str], reader: LabelReader
    ) -> tuple[list[int], list[int], Floats]:
        """Find learnt labels among those that are asked about.

        A label is first looked for as it stands, so that "not angry" can be learnt too; else by
        what it is read as, and a negated one is turned round.

        Returns:
            Places among `labels` (F), places among the learnt (F), and 1 or -1 (F,).
        """
        learnt = {normalise(label): place for place, label in enumerate(self.labels)}
        asked, places, signs = [], [], []
        for column, label in enumerate(labels):
            name, sign = normalise(label), 1.0
            if name not in learnt:
                reading = reader.read(label)
                name = "" if reading.phrases else reading.name
                sign = -1.0 if reading.negated else 1.0
            if name in learnt:
                asked.append(column)
                places.append(learnt[name])
                signs.append(sign)
        return asked, places, np.array(signs, np.float32)

    def beside(self, older: LearntLabels) -> LearntLabels:
        """Put older learnt labels behind these, but for those that were learnt anew."""
        new = {normalise(label) for label in self.labels}
        kept = [row for row, label in enumerate(older.labels) if normalise(label) not in new]
        parts = {
            name: np.concatenate([getattr(self, name), getattr(older, name)[kept]])
            for name in _PARTS
        }
        labels = self.labels + tuple(older.labels[row] for row in kept)
        return LearntLabels(labels, self.competing, **parts)

    def cuts(self, labels: Sequence[str], zero_shot: Floats, reader: LabelReader) -> Floats:
        """Put the thresholds of learnt labels in place of zero-shot ones (C,)."""
        asked, places, signs = self.found(labels, reader)
        cuts = zero_shot.copy()
        cuts[asked] = np.where(signs > 0, self.thresholds[places], 1.0 - self.thresholds[places])
        return cuts


def read_learnt(folder: Path) -> LearntLabels | None:
    """Read what a checkpoint learnt from examples; None where there is nothing of that kind.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / LEARNT_FILE
    if not path.exists():
        return None
    tensors = read_tensors(path)
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})[_TOLD])
        labels, competing = tuple(map(str, told["labels"])), bool(told["competing"])
        parts = {name: tensors[name].float().numpy() for name in _PARTS}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train it again.") from error
    if not labels or {len(part) for part in parts.values()} != {len(labels)}:
        raise CheckpointError(
            f"{path} names {len(labels)} labels and does not hold as many: train it again."
        )
    return LearntLabels(labels, competing, **parts)


def write_learnt(learnt: LearntLabels, folder: Path) -> None:
    """Write what was learnt from examples; no example is in it."""
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(getattr(learnt, name), np.float32))
        for name in _PARTS
    }
    told = json.dumps({"labels": learnt.labels, "competing": learnt.competing}, ensure_ascii=False)
    save_file(tensors, folder / LEARNT_FILE, metadata={_TOLD: told})
