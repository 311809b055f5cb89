"""How evenly a corpus is spread: leads of labels, registers, tones, explicit words, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from emo_hub.records import short_id
from emo_hub.synthesis.families import families
from emo_hub.synthesis.plainness import SIGNS, signs
from emo_hub.synthesis.plan import Plan
from emo_hub.synthesis.stored import StoredLine
from emo_hub.synthesis.utterances import NAME
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import GOEMOTIONS

LEADS_WANTED = 200
NEUTRAL_WANTED = 700
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_NEUTRAL = GOEMOTIONS.index("neutral")


def wanted_leads(label: str) -> int:
    """Say how many rows a label should lead."""
    return NEUTRAL_WANTED if label == GOEMOTIONS.neutral else LEADS_WANTED


def names_itself(text: str, label: int) -> bool:
    """Say whether a text has a word of its label or a form or plain synonym of it."""
    told = words(text)
    return any(
        told[at : at + len(form)] == form
        for form in _own_forms().get(label, ())
        for at in range(len(told) - len(form) + 1)
    )


def tones_of(plan: Plan) -> Mapping[str, str]:
    """Name the tone that each line was asked for in, by the id of its row."""
    return {
        short_id(NAME, request.request, slot.number): slot.tone
        for request in plan.utterances
        for slot in request.slots
    }


def balance_facts(
    lines: Iterable[StoredLine], tones: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Count how lines are spread, by config.

    Args:
        lines: rows of a corpus.
        tones: by id of a row, where they are known.

    Returns:
        By config: `rows`; `leads` of each label and `short`, what is missing to the wish;
        `registers`; `tones`; `explicit`, the share of rows that are not neutral and name their
        label, as a whole and `explicit_by_label`; `length_quantiles` in words; `plainness`.
    """
    found: dict[str, _Spread] = {}
    for line in lines:
        found.setdefault(line.config, _Spread()).add(line, (tones or {}).get(line.id, ""))
    return {config: spread.facts() for config, spread in found.items()}


class _Spread:
    def __init__(self) -> None:
        self.leads: Counter[int] = Counter()
        self.explicit: Counter[int] = Counter()
        self.registers: Counter[str] = Counter()
        self.tones: Counter[str] = Counter()
        self.lengths: Counter[int] = Counter()
        self.signs: Counter[str] = Counter()

    def add(self, line: StoredLine, tone: str) -> None:
        self.leads[line.primary] += 1
        self.explicit[line.primary] += names_itself(line.text, line.primary)
        self.registers[line.register] += 1
        if tone:
            self.tones[tone] += 1
        self.lengths[len(words(line.text))] += 1
        self.signs.update(signs(line.text))

    def facts(self) -> dict[str, Any]:
        leads = {name: self.leads[n] for n, name in enumerate(GOEMOTIONS.labels)}
        felt = self.leads.total() - self.leads[_NEUTRAL]
        told = self.explicit.total() - self.explicit[_NEUTRAL]
        return {
            "rows": self.leads.total(),
            "leads": leads,
            "short": {
                name: wanted_leads(name) - count
                for name, count in leads.items()
                if count < wanted_leads(name)
            },
            "registers": dict(self.registers.most_common()),
            "tones": dict(self.tones.most_common()),
            "explicit": round(told / felt, 4) if felt else None,
            "explicit_by_label": {
                name: round(self.explicit[n] / self.leads[n], 4)
                for n, name in enumerate(GOEMOTIONS.labels)
                if self.leads[n] and n != _NEUTRAL
            },
            "length_quantiles": dict(zip(map(str, QUANTILES), self._lengths(), strict=True)),
            "plainness": {name: round(self.signs[name] / self.leads.total(), 4) for name in SIGNS},
        }

    def _lengths(self) -> list[float]:
        numbers = np.fromiter(self.lengths, np.int64)
        counts = np.fromiter(self.lengths.values(), np.int64)
        return [float(q) for q in np.quantile(np.repeat(numbers, counts), QUANTILES)]


@cache
def _own_forms() -> Mapping[int, tuple[tuple[str, ...], ...]]:
    return {
        GOEMOTIONS.index(family.label): family.forms
        for family in families().families
        if family.group == "labels"
    }
