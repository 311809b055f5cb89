"""Everything about a corpus that can be counted in one pass, in memory that does not grow with it.

What needs embeddings or compares lines with lines is in `diversity` and `leaks`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import nan, sqrt
from typing import Any
from zlib import crc32

import numpy as np

from emo_hub.synthesis.checks import problem
from emo_hub.synthesis.stored import StoredLine
from emo_hub.synthesis.wording import named_emotion, overlap, words
from emo_hub.taxonomy import GOEMOTIONS, find_emotion, lexicon, normalise

NEUTRAL = GOEMOTIONS.index("neutral")
EXAMPLES = 3
TOP_WORDS = 60


class Numbers:
    """Mean, spread and a histogram of numbers that are not kept."""

    def __init__(self, edges: Sequence[float]) -> None:
        self.edges = tuple(edges)
        self._counts = [0] * (len(self.edges) - 1)
        self._sums = [0.0, 0.0, 0.0]

    def add(self, value: float) -> None:
        """Count a number; beyond the edges it counts in the outermost bin."""
        # A hair is added so that 0.3 as a 32-bit number falls into the bin that begins at 0.3.
        place = int(np.searchsorted(self.edges, value + 1e-6, side="right")) - 1
        self._counts[min(max(place, 0), len(self._counts) - 1)] += 1
        for power in range(3):
            self._sums[power] += value**power

    def facts(self) -> dict[str, Any]:
        """Give count, mean, sd and histogram."""
        count, total, squares = self._sums
        mean = total / count if count else nan
        sd = sqrt(max(squares / count - mean**2, 0.0)) if count else nan
        return {
            "count": int(count),
            "mean": _short(mean),
            "sd": _short(sd),
            "edges": [round(edge, 3) for edge in self.edges],
            "counts": list(self._counts),
        }


class Tallied:
    """Counts of one config."""

    def __init__(self, config: str) -> None:
        size = len(GOEMOTIONS)
        self.config = config
        self.rows: Counter[str] = Counter()
        self.registers: Counter[str] = Counter()
        self.worlds: Counter[str] = Counter()
        self.primary = np.zeros(size, np.int64)
        self.together = np.zeros((size, size), np.int64)
        self.labels_per_row: Counter[int] = Counter()
        self.intensities = Numbers(np.arange(0.3, 1.01, 0.1).tolist())
        self.lengths = Numbers([0, 3, 5, 8, 12, 16, 20, 25, 30, 40, 60, 80, 200])
        self.contexts = Numbers([0, 10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 200])
        self.overlaps = Numbers(np.arange(0.0, 1.01, 0.05).tolist())
        self.counts: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.outside: Counter[str] = Counter()
        self.looks = Counter[str]()

    def add(self, line: StoredLine) -> None:
        """Count a row."""
        self.rows[line.split] += 1
        self.registers[line.register] += 1
        self.worlds[line.world] += 1
        self.primary[line.primary] += 1
        self.labels_per_row[len(line.labels)] += 1
        found = list(line.labels)
        self.together[np.ix_(found, found)] += 1
        for intensity in line.intensities:
            self.intensities.add(intensity)
        self._read_text(line)
        if line.context:
            self._read_context(line)
        for phrase in line.descriptors:
            if (name := normalise(phrase)) not in _known():
                self.outside[name] += 1
        if len(line.looks) > 1:
            self._compare(line)

    def _read_text(self, line: StoredLine) -> None:
        told = words(line.text)
        self.lengths.add(len(told))
        if line.primary != NEUTRAL:
            self.counts["felt"] += 1
            if _names_its_emotion(told, line.primary):
                self._note("names_its_emotion", line.text)
        if named_emotion(line.text) is not None:
            self._note(
                "neutral_names_an_emotion" if line.primary == NEUTRAL else "names_an_emotion",
                line.text,
            )
        for text in filter(None, (line.text, line.context, line.original)):
            if (fault := problem(text)) is not None:
                self.problems[fault[0]] += 1
                self._example(fault[0], f"{fault[1]}: {text}")

    def _read_context(self, line: StoredLine) -> None:
        self.counts["contexts"] += 1
        self.contexts.add(len(words(line.context)))
        if (named := named_emotion(line.context)) is not None:
            self._note("context_names_an_emotion", f"'{named}': {line.context}")
        if _names_its_emotion(words(line.context), line.primary):
            self._note("context_names_its_emotion", line.context)
        if not line.original:
            return
        if words(line.text) == words(line.original):
            self._note("rewrite_is_a_copy", line.text)
        self.overlaps.add(overlap(line.text, line.original))

    def _compare(self, line: StoredLine) -> None:
        first, second = (set(look["labels"]) for look in line.looks[:2])
        tops = [look["labels"][0] if look["labels"] else -1 for look in line.looks[:2]]
        self.looks["rows"] += 1
        self.looks["same_top"] += tops[0] == tops[1]
        self.looks["some_label_shared"] += bool(first & second)
        self.looks["same_labels"] += first == second

    def _note(self, what: str, text: str) -> None:
        self.counts[what] += 1
        self._example(what, text)

    def _example(self, what: str, text: str) -> None:
        if len(shown := self.examples.setdefault(what, [])) < EXAMPLES:
            shown.append(text)

    def facts(self) -> dict[str, Any]:
        """Give all counts as plain JSON."""
        rows = self.rows.total()
        names = GOEMOTIONS.labels
        numbers = list(self.labels_per_row.elements())
        return {
            "rows": dict(self.rows),
            "registers": dict(self.registers.most_common()),
            "worlds": dict(self.worlds.most_common()),
            "distinct_worlds": len(self.worlds),
            "primary": dict(zip(names, self.primary.tolist(), strict=True)),
            "labels": dict(zip(names, self.together.diagonal().tolist(), strict=True)),
            "together": self.together.tolist(),
            "labels_per_row": {str(n): c for n, c in sorted(self.labels_per_row.items())},
            "mean_labels": _share(sum(numbers), rows),
            "neutral_share": _share(int(self.primary[NEUTRAL]), rows),
            "intensities": self.intensities.facts(),
            "lengths": self.lengths.facts(),
            "contexts": self.contexts.facts(),
            "overlap_with_original": self.overlaps.facts(),
            "shares": self._shares(),
            "problems": dict(self.problems.most_common()),
            "examples": self.examples,
            "outside_words": len(self.outside),
            "outside_top": dict(self.outside.most_common(TOP_WORDS)),
            "looks": self._looks(),
        }

    def _shares(self) -> dict[str, float]:
        rows, felt, contexts = self.rows.total(), self.counts["felt"], self.counts["contexts"]
        whole = {
            "names_its_emotion": felt,
            "names_an_emotion": felt,
            "neutral_names_an_emotion": rows - felt,
            "context_names_an_emotion": contexts,
            "context_names_its_emotion": contexts,
            "rewrite_is_a_copy": contexts,
        }
        return {name: _share(self.counts[name], of) for name, of in whole.items() if of}

    def _looks(self) -> dict[str, float]:
        rows = self.looks["rows"]
        compared = ("same_top", "some_label_shared", "same_labels")
        return {"rows": rows, **{name: _share(self.looks[name], rows) for name in compared}}


def tally(lines: Iterable[StoredLine]) -> dict[str, Tallied]:
    """Count lines, by config."""
    found: dict[str, Tallied] = {}
    for line in lines:
        if line.config not in found:
            found[line.config] = Tallied(line.config)
        found[line.config].add(line)
    return found


def distinct_n(texts: Sequence[str], most: int = 3) -> dict[str, float]:
    """Give the share of distinct runs of 1, 2, ... words among all such runs (Li et al. 2016).

    It falls as texts are added, so only equal numbers of texts can be compared.
    """
    found = {}
    told = [words(text) for text in texts]
    for n in range(1, most + 1):
        runs = [w[i : i + n] for w in told for i in range(len(w) - n + 1)]
        found[f"distinct_{n}"] = _share(len(set(runs)), len(runs))
    return found


def distinct_by_label(lines: Sequence[StoredLine], each: int) -> Mapping[str, dict[str, float]]:
    """Give distinct-n of each label, over the same number of its lines; fewer are left out."""
    groups: dict[int, list[str]] = {}
    for line in lines:
        groups.setdefault(line.primary, []).append(line.text)
    return {
        GOEMOTIONS.labels[label]: distinct_n(sorted(texts, key=_shuffled)[:each])
        for label, texts in sorted(groups.items())
        if len(texts) >= each
    }


def _shuffled(text: str) -> tuple[int, str]:
    return crc32(text.encode()), text


@cache
def _known() -> frozenset[str]:
    return frozenset(lexicon()) | {way for emotion in lexicon().values() for way in emotion.ways}


def _names_its_emotion(told: Sequence[str], label: int) -> bool:
    emotion = find_emotion(GOEMOTIONS.labels[label])
    ways = emotion.ways if emotion is not None else ()
    spaced = f" {' '.join(told)} "
    return any(f" {' '.join(words(way))} " in spaced for way in (GOEMOTIONS.labels[label], *ways))


def _share(part: float, whole: float) -> float:
    return _short(part / whole) if whole else nan


def _short(value: float) -> float:
    return round(float(value), 4)
