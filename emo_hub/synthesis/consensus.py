"""What several annotators say of one text together, and how far they agree.

Intensities are kept as each annotator gave them; a label that an annotator leaves out counts as 0
there. So disagreement becomes a fainter label instead of being voted away.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from emo_hub.records import Look
from emo_hub.synthesis.affect import FAINTEST
from emo_hub.taxonomy import GOEMOTIONS

MOST = 5
# Means of one-decimal intensities that should be equal must not differ by a rounding error.
_DIGITS = 6


def agreement(looks: Sequence[Look]) -> float | None:
    """Say how far several looks at one text agree.

    The mean over all pairs of looks of their soft overlap: over the union of the labels of both,
    the sum of the lower intensities through the sum of the higher ones. A word from outside the
    taxonomy counts as a label of its own.

    Returns:
        0 (nothing in common) to 1 (the same labels, as strong); None for fewer than two looks.
    """
    if len(looks) < 2:
        return None
    said = [dict((*look.outside, *look.emotions)) for look in looks]
    overlaps = [_overlap(first, second) for first, second in combinations(said, 2)]
    return sum(overlaps) / len(overlaps)


def together(looks: Sequence[Look]) -> tuple[tuple[str, float], ...]:
    """Make one soft label of several looks at one text.

    Returns:
        Pairs of label and mean intensity over all looks, strongest first: those of at least 0.3,
        at most 5; where none is, the strongest alone, raised to 0.3. Neutral stands alone where it
        is stronger than every other label, and is left out elsewhere. Empty only where no look
        names a label.
    """
    total: dict[str, float] = {}
    for look in looks:
        for label, intensity in look.emotions:
            total[label] = total.get(label, 0.0) + intensity
    means = [(label, round(told / len(looks), _DIGITS)) for label, told in total.items()]
    # sorted is stable: of equals, the one named first stays first.
    means.sort(key=lambda pair: -pair[1])
    neutral = str(GOEMOTIONS.neutral)
    feelings = [pair for pair in means if pair[0] != neutral]
    if neutral in total and (not feelings or dict(means)[neutral] > feelings[0][1]):
        feelings = [pair for pair in means if pair[0] == neutral]
    clear = tuple(pair for pair in feelings if pair[1] >= FAINTEST)[:MOST]
    return clear or tuple((label, FAINTEST) for label, _ in feelings[:1])


def _overlap(first: dict[str, float], second: dict[str, float]) -> float:
    # A dict, not a set: the order of a sum decides its last digit.
    labels = dict.fromkeys((*first, *second))
    pairs = [(first.get(label, 0.0), second.get(label, 0.0)) for label in labels]
    higher = sum(max(pair) for pair in pairs)
    # Two looks that see nothing at all say the same.
    return sum(min(pair) for pair in pairs) / higher if higher else 1.0
