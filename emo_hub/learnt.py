"""Labels that a checkpoint learnt from examples: their logits stand in place of zero-shot ones.

A zero-shot logit is a linear map of the text's vector, and so is a learnt one: whoever scores a
text need not know which of its labels were learnt. What they were learnt from is not kept.
"""

from __future__ import annotations

import json
import unicodedata
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
        labels: as their examples name them; those that were learnt last come first.
        latest: how many were learnt last.
        competing: whether each of their examples carried one label alone.
        rating_weight: (L, D) of their logits where each is rated by itself.
        rating_bias: (L,) of the same.
        contest_weight: (L, D) of their logits where labels compete.
        contest_bias: (L,) of the same.
        thresholds: (L,), the score from which each counts, in [0, 1].
    """

    labels: tuple[str, ...]
    latest: int
    competing: bool
    rating_weight: Floats
    rating_bias: Floats
    contest_weight: Floats
    contest_bias: Floats
    thresholds: Floats

    @property
    def usual_labels(self) -> tuple[str, ...]:
        """The labels that were learnt last, which calls without labels mean."""
        return self.labels[: self.latest]

    def found(
        self, labels: Sequence[str], reader: LabelReader
    ) -> tuple[list[int], list[int], Floats]:
        """Find learnt labels among those that are asked about.

        A label is first looked for as it stands, so that "not angry" can be learnt too; else by
        what both are read as, and where one of them is negated, the other is turned round.

        Returns:
            Places among `labels` (F), places among the learnt (F), and 1 or -1 (F,).
        """
        exact = {_plain(label): place for place, label in enumerate(self.labels)}
        meant: dict[str, tuple[int, float]] = {}
        for place, label in enumerate(self.labels):
            name, sign = _meant(label, reader)
            meant.setdefault(name, (place, sign))
        asked, places, signs = [], [], []
        for column, label in enumerate(labels):
            if (known := exact.get(_plain(label))) is not None:
                place, sign = known, 1.0
            else:
                name, turned = _meant(label, reader)
                place, sign = meant.get(name, (-1, 1.0)) if name else (-1, 1.0)
                sign *= turned
            if place >= 0:
                asked.append(column)
                places.append(place)
                signs.append(sign)
        return asked, places, np.array(signs, np.float32)

    def beside(self, older: LearntLabels) -> LearntLabels:
        """Put older learnt labels behind these, but for those that were learnt anew."""
        new = {_plain(label) for label in self.labels}
        kept = [row for row, label in enumerate(older.labels) if _plain(label) not in new]
        parts = {
            name: np.concatenate([getattr(self, name), getattr(older, name)[kept]])
            for name in _PARTS
        }
        labels = self.labels + tuple(older.labels[row] for row in kept)
        return LearntLabels(labels, self.latest, self.competing, **parts)

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
        latest = int(told["latest"])
        parts = {name: tensors[name].float().numpy() for name in _PARTS}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train it again.") from error
    distinct = len({_plain(label) for label in labels})
    if {len(part) for part in parts.values()} != {distinct} or not 0 < latest <= distinct:
        raise CheckpointError(
            f"{path} names {distinct} labels and does not hold as many: train it again."
        )
    return LearntLabels(labels, latest, competing, **parts)


def write_learnt(learnt: LearntLabels, folder: Path) -> None:
    """Write what was learnt from examples; no example is in it."""
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(getattr(learnt, name), np.float32))
        for name in _PARTS
    }
    told = {name: getattr(learnt, name) for name in ("labels", "latest", "competing")}
    text = json.dumps(told, ensure_ascii=False)
    save_file(tensors, folder / LEARNT_FILE, metadata={_TOLD: text})


def _plain(label: str) -> str:
    return normalise(unicodedata.normalize("NFC", label))


def _meant(label: str, reader: LabelReader) -> tuple[str, float]:
    """Give the words that a label is read as, and -1 where it denies them; "" for an emoji."""
    reading = reader.read(label)
    return "" if reading.phrases else reading.name, -1.0 if reading.negated else 1.0
