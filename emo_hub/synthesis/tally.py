"""What the card says of a corpus, counted while its records pass."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from dataclasses import dataclass, field
from math import nan
from statistics import median
from typing import Any

import numpy as np

from emo_hub.records import (
    Affect,
    Annotation,
    ContextualUtterance,
    Look,
    Narrative,
    Rejection,
    Utterance,
)
from emo_hub.synthesis.consensus import agreement
from emo_hub.synthesis.statistics import cohen_kappa, pearson
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import GOEMOTIONS


@dataclass
class _Counts:
    """The counts of one config."""

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    neutral: int = 0
    phrases: set[str] = field(default_factory=set)
    lengths: Counter[int] = field(default_factory=Counter)
    worded: int = 0
    looked_at: int = 0
    agreement: float = 0.0

    def affect(self, affect: Affect) -> None:
        self.rows += 1
        self.labels.update(affect.labels)
        self.neutral += affect.primary == GOEMOTIONS.neutral
        self.phrases.update(phrase.lower() for phrase in affect.descriptors)
        self.worded += bool(affect.words)

    def looks(self, looks: tuple[Look, ...]) -> None:
        if (agreed := agreement(looks)) is not None:
            self.looked_at += 1
            self.agreement += agreed


@dataclass
class _Twice:
    """The first and second looks at public texts, 26 bytes each, to be matched at the end."""

    texts: array[int] = field(default_factory=lambda: array("Q"))
    looks: array[int] = field(default_factory=lambda: array("B"))
    tops: array[int] = field(default_factory=lambda: array("B"))
    valences: array[float] = field(default_factory=lambda: array("d"))
    arousals: array[float] = field(default_factory=lambda: array("d"))

    def add(self, annotation: Annotation) -> None:
        if annotation.look in (1, 2):
            name = hashlib.blake2b(annotation.group.encode(), digest_size=8).digest()
            self.texts.append(int.from_bytes(name))
            self.looks.append(annotation.look)
            self.tops.append(GOEMOTIONS.index(annotation.affect.primary))
            self.valences.append(annotation.affect.valence)
            self.arousals.append(annotation.affect.arousal)

    def facts(self) -> dict[str, float]:
        """Compare the two looks at the texts that were looked at twice.

        Returns:
            `texts` compared; `agreement` of the top label, and its Cohen's kappa; Pearson's
            `valence_r` and `arousal_r`. NaN where nothing can be computed.
        """
        texts, looks = np.array(self.texts, dtype=np.uint64), np.array(self.looks)
        first, second = np.flatnonzero(looks == 1), np.flatnonzero(looks == 2)
        _, one, two = np.intersect1d(texts[first], texts[second], return_indices=True)
        places = list(zip(first[one].tolist(), second[two].tolist(), strict=True))
        tops = [(self.tops[i], self.tops[j]) for i, j in places]
        return {
            "texts": len(places),
            "agreement": _share(sum(i == j for i, j in tops), len(tops)),
            "kappa": cohen_kappa(tops),
            "valence_r": pearson([(self.valences[i], self.valences[j]) for i, j in places]),
            "arousal_r": pearson([(self.arousals[i], self.arousals[j]) for i, j in places]),
        }


@dataclass
class _Panel:
    """How the votes of panels fell, beside the first annotation of the same text."""

    texts: int = 0
    neutral: int = 0
    shared: int = 0
    agreed: int = 0

    def add(self, annotation: Annotation) -> None:
        votes = dict(annotation.votes)
        if not votes:
            return
        most = max(votes.values())
        self.texts += 1
        self.neutral += votes.get(GOEMOTIONS.neutral or "", 0) == most
        self.shared += len(votes) > 1
        self.agreed += votes.get(annotation.affect.primary, 0) == most

    def facts(self) -> dict[str, float]:
        return {
            "texts": self.texts,
            "neutral": _share(self.neutral, self.texts),
            "shared": _share(self.shared, self.texts),
            "agreement": _share(self.agreed, self.texts),
        }


@dataclass
class Tally:
    """Counts labels, words, descriptors, looks and rejections; of annotations the first look."""

    teachers: set[str] = field(default_factory=set)
    _rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    _twice: _Twice = field(default_factory=_Twice)
    _panel: _Panel = field(default_factory=_Panel)
    _counts: dict[str, _Counts] = field(
        default_factory=lambda: {
            config: _Counts() for config in ("contextless", "contextual", "descriptors")
        }
    )

    def keep(self, record: Utterance | ContextualUtterance | Annotation | Narrative) -> None:
        """Count a record that becomes a row."""
        self.teachers.add(record.provenance.teacher)
        match record:
            case Utterance():
                self._line(self._counts["contextless"], record)
            case ContextualUtterance():
                self._line(self._counts["contextual"], record)
            case Annotation():
                self._twice.add(record)
                self.teachers.update({record.voter} - {""})
                if record.look == 1:
                    self._counts["descriptors"].affect(record.affect)
                    self._panel.add(record)

    def reject(self, rejection: Rejection) -> None:
        """Count what does not become a row."""
        self._rejected[rejection.stage, rejection.reason] += 1

    @property
    def rejected(self) -> int:
        """Count all that was rejected."""
        return self._rejected.total()

    @property
    def rejects(self) -> list[dict[str, Any]]:
        """Count rejections by stage and reason, the most frequent first."""
        return [
            {"stage": stage, "reason": reason, "count": count}
            for (stage, reason), count in sorted(
                self._rejected.items(), key=lambda entry: (-entry[1], entry[0])
            )
        ]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Count rejections by reason alone, the most frequent first."""
        counts: Counter[str] = Counter()
        for (_, reason), count in self._rejected.items():
            counts[reason] += count
        return counts.most_common()

    def facts(self) -> dict[str, Any]:
        """Give what the card states of labels, words, descriptors and looks."""
        counts = self._counts
        lines = {name: counts[name] for name in ("contextless", "contextual")}
        return {
            "label_counts": {
                label: {name: found.labels[label] for name, found in counts.items()}
                for label in GOEMOTIONS.labels
            },
            "mean_labels": {
                name: _share(found.labels.total(), found.rows) for name, found in counts.items()
            },
            "neutral_share": {
                name: _share(found.neutral, found.rows) for name, found in counts.items()
            },
            "distinct_descriptors": {name: len(found.phrases) for name, found in counts.items()},
            "worded": {name: found.worded for name, found in counts.items()},
            "median_words": {
                name: float(median(found.lengths.elements())) if found.rows else nan
                for name, found in lines.items()
            },
            "looked_at": {name: found.looked_at for name, found in lines.items()},
            "agreement": {
                name: _share(found.agreement, found.looked_at) for name, found in lines.items()
            },
            "second_look": self._twice.facts(),
            "panel": self._panel.facts(),
        }

    def _line(self, counts: _Counts, line: Utterance | ContextualUtterance) -> None:
        counts.affect(line.affect)
        counts.lengths[len(words(line.text))] += 1
        counts.looks(line.looks)
        self.teachers.update(look.teacher for look in line.looks)


def _share(part: float, whole: int) -> float:
    return part / whole if whole else nan
