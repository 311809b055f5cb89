"""What a classifier can be adapted to, each one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from emo_hub.taxonomy import (
    GOEMOTIONS_TO_EKMAN,
    GOEMOTIONS_TO_EMOCONTEXT,
    GOEMOTIONS_TO_IEMOCAP_FOUR,
    GOEMOTIONS_TO_IEMOCAP_SIX,
    GOEMOTIONS_TO_ISEAR,
    Projection,
)


@dataclass(frozen=True, slots=True)
class Task:
    """A public set to adapt to. Its rows, labels, splits and metric are those of a benchmark.

    Args:
        name: how it is called on the command line.
        benchmark: the declared benchmark; what is adapted is known by this name.
        mapping: what each of the 28 labels becomes in its label set. An output starts from those
            of the 28 that become its label, where the base has them. None where its labels are
            the 28.
        folds: of cross-validation, for a set that has no split; 0 goes by the splits.
        shares: of rows in which each label holds where it is scored, as the set's authors state
            them, where train was made otherwise.
    """

    name: str
    benchmark: str
    mapping: Projection | None = None
    folds: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)


# What the organisers said of both evaluation sets before the task (Chatterjee et al. 2019): about
# 4 % each of happy, sad and angry, as in life; train has 14 to 18 % of each.
_EMOCONTEXT_SHARES = {"happy": 0.04, "sad": 0.04, "angry": 0.04, "others": 0.88}
TASKS: Mapping[str, Task] = MappingProxyType(
    {
        task.name: task
        for task in (
            Task("goemotions", "goemotions"),
            Task("ekman", "goemotions-ekman", GOEMOTIONS_TO_EKMAN),
            Task("isear", "isear", GOEMOTIONS_TO_ISEAR, folds=5),
            Task(
                "emocontext",
                "emocontext",
                GOEMOTIONS_TO_EMOCONTEXT,
                shares=_EMOCONTEXT_SHARES,
            ),
            Task("iemocap", "iemocap-4", GOEMOTIONS_TO_IEMOCAP_FOUR),
            Task("iemocap-6", "iemocap-6", GOEMOTIONS_TO_IEMOCAP_SIX),
        )
    }
)
