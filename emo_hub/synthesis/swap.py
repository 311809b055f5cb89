"""The swap probe: does a context decide what its line expresses?

Contexts are exchanged among stories of a split, and the default model reads each line with its own
context, with none and with others'. Where contexts matter, the reading changes and agrees less with
the row's label. The model has learnt from train rows, so only validation and test rows are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from emo_hub.synthesis.stored import StoredLine, chance
from emo_hub.taxonomy import GOEMOTIONS

if TYPE_CHECKING:
    from emo_hub.modeling import EmotionModel

SPLITS_READ = ("validation", "test")
SWAPS = 5
_FEWEST = 20
_DRAWS = 2000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SwapProbe:
    """What the probe found; shares are 0..1, NaN where there were too few rows.

    Args:
        rows: contextual rows that were read.
        changed_by_swap: how often the top emotion is another one with a foreign context.
        changed_by_absence: how often it is another one without any.
        right: agreement with the primary label, with the row's own context.
        right_without: the same without any.
        right_swapped: the same with foreign contexts, averaged over several exchanges.
        right_original: the same for the wording that stands alone.
        drop: `right - right_swapped`.
        drop_low: lower end of the 95% interval of the drop, over stories.
        drop_high: upper end.
        model: which model read.
    """

    rows: int
    changed_by_swap: float
    changed_by_absence: float
    right: float
    right_without: float
    right_swapped: float
    right_original: float
    drop: float
    drop_low: float
    drop_high: float
    model: str

    def facts(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def swap_probe(lines: Sequence[StoredLine], model: EmotionModel) -> SwapProbe:
    """Read contextual lines with their own, no and foreign contexts.

    Args:
        lines: of which those of validation and test that have a context are read.
        model: that reads.
    """
    read = [line for line in lines if line.context and line.split in SPLITS_READ]
    if len(read) < _FEWEST or len({line.story for line in read}) < 2:
        return SwapProbe(len(read), *(nan,) * 9, model=model.name)
    texts = [line.text for line in read]
    wanted = np.array([line.primary for line in read])
    own = _tops(model, texts, [line.context for line in read])
    none = _tops(model, texts, None)
    original = _tops(model, [line.original or line.text for line in read], None)
    swapped = np.stack(
        [_tops(model, texts, exchanged(read, number)) for number in range(1, SWAPS + 1)]
    )
    lost = (own == wanted) - (swapped == wanted).mean(axis=0)
    low, high = _interval(lost, [line.story for line in read])
    return SwapProbe(
        rows=len(read),
        changed_by_swap=float((swapped != own).mean()),
        changed_by_absence=float((none != own).mean()),
        right=float((own == wanted).mean()),
        right_without=float((none == wanted).mean()),
        right_swapped=float((swapped == wanted).mean()),
        right_original=float((original == wanted).mean()),
        drop=float(lost.mean()),
        drop_low=low,
        drop_high=high,
        model=model.name,
    )


def exchanged(lines: Sequence[StoredLine], number: int) -> list[str]:
    """Give each line the context of a line of another story of its split; always the same way.

    Args:
        lines: of at least two stories in each split, or else a line keeps its own context.
        number: which of the possible exchanges.
    """
    contexts = [line.context for line in lines]
    for split in sorted({line.split for line in lines}):
        places = [n for n, line in enumerate(lines) if line.split == split]
        order = sorted(places, key=lambda n: chance(lines[n].id, f"swap{number}"))
        for at, place in enumerate(order):
            further = (order[(at + step) % len(order)] for step in range(1, len(order)))
            other = next((n for n in further if lines[n].story != lines[place].story), place)
            contexts[place] = lines[other].context
    return contexts


def _tops(model: EmotionModel, texts: Sequence[str], contexts: Sequence[str] | None) -> Ints:
    vectors = model.encode_texts(texts, contexts)
    labels = GOEMOTIONS.labels
    logits = model.logits(vectors, model.encode_labels(labels), labels)
    return np.asarray(logits.argmax(axis=1), np.int64)


def _interval(lost: npt.NDArray[np.float64], stories: Sequence[str]) -> tuple[float, float]:
    """Bootstrap over stories: lines of one story are no independent draws."""
    names = sorted(set(stories))
    member = np.array([names.index(story) for story in stories])
    sums = np.bincount(member, weights=lost, minlength=len(names))
    sizes = np.bincount(member, minlength=len(names))
    drawn = np.random.default_rng(0).integers(0, len(names), (_DRAWS, len(names)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
