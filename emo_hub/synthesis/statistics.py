"""What the card says of a corpus, counted and computed from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import nan, sqrt
from statistics import mean, median
from typing import Any

from emo_hub.records import Affect, Annotation, ContextualUtterance, Rejection, Utterance
from emo_hub.synthesis.screening import normalised
from emo_hub.taxonomy import GOEMOTIONS


def label_facts(
    contextless: Sequence[Utterance],
    contextual: Sequence[ContextualUtterance],
    annotations: Sequence[Annotation],
) -> dict[str, Any]:
    """Count labels, words and descriptors; of the annotations only the first look counts."""
    first = [annotation for annotation in annotations if annotation.look == 1]
    affects: dict[str, list[Affect]] = {
        "contextless": [line.affect for line in contextless],
        "contextual": [line.affect for line in contextual],
        "descriptors": [annotation.affect for annotation in first],
    }
    counts = {
        config: Counter(label for affect in found for label in affect.labels)
        for config, found in affects.items()
    }
    return {
        "label_counts": {
            label: {config: counts[config][label] for config in affects}
            for label in GOEMOTIONS.labels
        },
        "mean_labels": {
            config: _mean([len(affect.labels) for affect in found])
            for config, found in affects.items()
        },
        "neutral_share": {
            config: _mean([affect.primary == "neutral" for affect in found])
            for config, found in affects.items()
        },
        "distinct_descriptors": {
            config: len({phrase.lower() for affect in found for phrase in affect.descriptors})
            for config, found in affects.items()
        },
        "median_words": {
            "contextless": _median([len(normalised(line.text)) for line in contextless]),
            "contextual": _median([len(normalised(line.text)) for line in contextual]),
        },
    }


def rejection_facts(rejections: Sequence[Rejection]) -> list[dict[str, Any]]:
    """Count rejections by stage and reason, the most frequent first."""
    counts = Counter((rejection.stage, rejection.reason) for rejection in rejections)
    return [
        {"stage": stage, "reason": reason, "count": count}
        for (stage, reason), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry))
    ]


def second_look(annotations: Sequence[Annotation]) -> dict[str, float]:
    """Compare the two looks at the texts that were looked at twice.

    Returns:
        `texts` compared; `agreement` of the top label, and its Cohen's kappa; Pearson's
        `valence_r` and `arousal_r`. NaN where nothing can be computed.
    """
    looks: dict[str, dict[int, Affect]] = {}
    for annotation in annotations:
        looks.setdefault(annotation.group, {})[annotation.look] = annotation.affect
    pairs = [(found[1], found[2]) for found in looks.values() if {1, 2} <= set(found)]
    tops = [(first.primary, second.primary) for first, second in pairs]
    return {
        "texts": len(pairs),
        "agreement": _mean([first == second for first, second in tops]),
        "kappa": cohen_kappa(tops),
        "valence_r": pearson([(first.valence, second.valence) for first, second in pairs]),
        "arousal_r": pearson([(first.arousal, second.arousal) for first, second in pairs]),
    }


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Give the agreement of two annotators beyond chance, at most 1 (Cohen 1960).

    Returns:
        NaN where there are no pairs, or where chance alone already agrees on all of them.
    """
    if not pairs:
        return nan
    observed = _mean([first == second for first, second in pairs])
    firsts, seconds = (Counter(names) for names in zip(*pairs, strict=True))
    chance = sum(firsts[name] * seconds[name] for name in firsts) / len(pairs) ** 2
    return (observed - chance) / (1 - chance) if chance < 1 else nan


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    """Give the correlation of two series in -1..1, NaN where one of them is constant or empty."""
    if not pairs:
        return nan
    xs, ys = ([float(value) for value in series] for series in zip(*pairs, strict=True))
    x_mean, y_mean = mean(xs), mean(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in pairs)
    spread = sqrt(sum((x - x_mean) ** 2 for x in xs) * sum((y - y_mean) ** 2 for y in ys))
    return covariance / spread if spread else nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else nan


def _median(values: Sequence[int]) -> float:
    return float(median(values)) if values else nan
