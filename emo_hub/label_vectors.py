"""Vectors of labels, each the mean of the ways of saying it; the last ones are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.errors import InputError
from emo_hub.inputs import checked_label
from emo_hub.readings import LabelReader

_MOST = 8192  # label vectors kept: 12 MiB at D = 384


class LabelVectors:
    """Encodes labels that were not asked about lately.

    Args:
        encode: phrases to unit vectors (N, D).
    """

    def __init__(self, encode: Callable[[list[str]], Floats]) -> None:
        self._encode = encode
        self._kept: OrderedDict[tuple[str, str | None, bool], Floats] = OrderedDict()

    def of(
        self,
        labels: Sequence[str],
        descriptions: Mapping[str, str] | None,
        reader: LabelReader,
        *,
        competing: bool,
    ) -> Floats:
        """Give unit vectors (C, D); see `EmotionModel.encode_labels`.

        Raises:
            InputError: a label is not a string, or has no letter, digit or emoji.
        """
        if isinstance(labels, str) or len(labels) == 0:
            raise InputError(f"Give a list of at least one label; got {labels!r:.60}.")
        keys = [
            (checked_label(label), (descriptions or {}).get(label), competing) for label in labels
        ]
        # One look at what is kept: another thread may push a vector out between two.
        found = {k: v for k in dict.fromkeys(keys) if (v := self._kept.get(k)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        ways = [reader.ways(label, said, competing=every) for label, said, every in missing]
        flat = self._encode([way for group in ways for way in group])
        start = 0
        for key, group in zip(missing, ways, strict=True):
            signs = reader.signs_of_ways(len(group), *key[:2])
            mean = (flat[start : start + len(group)] * signs).mean(axis=0)
            found[key] = (mean / np.linalg.norm(mean)).astype(np.float32)
            start += len(group)
        self._kept.update(found)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return np.stack([found[key] for key in keys])
