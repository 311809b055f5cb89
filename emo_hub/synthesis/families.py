"""Families of descriptors: which emotion a free word or phrase tells, and how often each occurs.

The table `families.toml` is written by hand. It keeps apart what is no label and no degree of one
(shame, envy, awe), finer shades of a label (fury, terror), and the labels' own words, which never
count as an emotion outside the 28.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from emo_hub.errors import DataError
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import GOEMOTIONS

# What an open vocabulary should hold: so many families, each in so many rows.
FAMILIES_WANTED = 150
ROWS_WANTED = 40
_NEAR = 0.5
_MOST_FORMS = 8
_MOST_UNKNOWN = 60
# What follows one of these is not felt: mock outrage, no hope, loss of trust.
_UNFELT = {"mock", "feigned", "fake", "pretended", "no", "not", "without", "never", "lacking"}
_UNFELT_OF = {"lack", "loss", "absence", "end"}

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """The words and phrases that tell one emotion.

    Args:
        name: its plainest noun.
        group: `outside`, `shades`, `labels` or `manners`, as the table explains them.
        label: the label that a shade belongs to, or that a label's own words mean; else empty.
        forms: runs of words.
    """

    name: str
    group: str
    label: str
    forms: tuple[Tokens, ...]


@dataclass(frozen=True, slots=True)
class FamilyTable:
    """All families, and which form belongs to which."""

    families: tuple[Family, ...]
    by_form: Mapping[Tokens, Family]
    longest: int

    def told(self, phrase: str) -> tuple[tuple[Family, Tokens], ...]:
        """Find the families that a descriptor tells, each form once, the longest form first taken.

        A form that is mocked or denied ("mock outrage", "loss of trust") is left out.
        """
        told = words(phrase.replace("-", " "))
        found: dict[Tokens, Family] = {}
        at = 0
        while at < len(told):
            form = next(
                (
                    told[at : at + size]
                    for size in range(min(self.longest, len(told) - at), 0, -1)
                    if told[at : at + size] in self.by_form
                ),
                None,
            )
            if form is not None and not _unfelt(told[:at]):
                found[form] = self.by_form[form]
            at += len(form) if form else 1
        return tuple((family, form) for form, family in found.items())


@cache
def families() -> FamilyTable:
    """Read the table of the package.

    Raises:
        DataError: two families share a form, or a label is none of the 28.
    """
    text = resources.files("emo_hub.synthesis").joinpath("families.toml").read_text("utf-8")
    return table_of(tomllib.loads(text))


def table_of(groups: Mapping[str, Any]) -> FamilyTable:
    """Make a table of its TOML form.

    Raises:
        DataError: two families share a form, or a label is none of the 28.
    """
    found = [Family(n, "outside", "", _forms(f)) for n, f in groups.get("outside", {}).items()]
    for label, shades in groups.get("shades", {}).items():
        found += [Family(name, "shades", label, _forms(forms)) for name, forms in shades.items()]
    found += [Family(n, "labels", n, _forms(f)) for n, f in groups.get("labels", {}).items()]
    found += [Family(n, "manners", "", _forms(f)) for n, f in groups.get("manners", {}).items()]
    by_form: dict[Tokens, Family] = {}
    for family in found:
        if family.label and family.label not in GOEMOTIONS.labels:
            raise DataError(f"The family '{family.name}' is under '{family.label}', no label.")
        for form in family.forms:
            if form in by_form:
                raise DataError(
                    f"'{' '.join(form)}' is told of two families, '{by_form[form].name}' and "
                    f"'{family.name}': leave it in one."
                )
            by_form[form] = family
    return FamilyTable(tuple(found), by_form, max(map(len, by_form), default=0))


def vocabulary_facts(
    rows: Iterable[Sequence[str]], table: FamilyTable | None = None
) -> dict[str, Any]:
    """Count families over the descriptors of rows; a row counts once for a family.

    Returns:
        `rows` that have descriptors; `reached`, the number of families outside the labels with at
        least `rows_wanted` rows; `reached_with_shades`; `families` outside and shades, most
        frequent first, each with its most frequent descriptors; `near`, those from half of the
        wish; `unknown`, frequent descriptors of no family.
    """
    counted = _Counted(table or families())
    for descriptors in rows:
        counted.add(descriptors)
    wide = counted.wide()
    wide.sort(key=lambda entry: (-entry["rows"], entry["name"]))
    reached = [entry for entry in wide if entry["rows"] >= ROWS_WANTED]
    return {
        "rows": counted.rows,
        "rows_wanted": ROWS_WANTED,
        "families_wanted": FAMILIES_WANTED,
        "reached": sum(not entry["shade_of"] for entry in reached),
        "reached_with_shades": len(reached),
        "near": [
            entry["name"] for entry in wide if _NEAR * ROWS_WANTED <= entry["rows"] < ROWS_WANTED
        ],
        "families": wide,
        "unknown": dict(counted.unknown.most_common(_MOST_UNKNOWN)),
    }


class _Counted:
    def __init__(self, table: FamilyTable) -> None:
        self.table = table
        self.rows = 0
        self.families: Counter[Family] = Counter()
        self.phrases: dict[Family, Counter[str]] = {}
        self.unknown: Counter[str] = Counter()

    def add(self, descriptors: Sequence[str]) -> None:
        self.rows += bool(descriptors)
        seen: set[Family] = set()
        for phrase in {phrase.lower().strip(): None for phrase in descriptors}:
            told = {family for family, _ in self.table.told(phrase)}
            if not told:
                self.unknown[phrase] += 1
            for family in told:
                self.phrases.setdefault(family, Counter())[phrase] += 1
            seen |= told
        self.families.update(seen)

    def wide(self) -> list[dict[str, Any]]:
        return [
            {
                "name": family.name,
                "shade_of": family.label,
                "rows": self.families[family],
                "descriptors": dict(_most_common(self.phrases.get(family, Counter()))),
            }
            for family in self.table.families
            if family.group in ("outside", "shades")
        ]


def _most_common(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FORMS]


def _forms(forms: Sequence[str]) -> tuple[Tokens, ...]:
    return tuple(dict.fromkeys(words(form.replace("-", " ")) for form in forms))


def _unfelt(before: Sequence[str]) -> bool:
    if not before:
        return False
    if before[-1] in _UNFELT:
        return True
    return len(before) > 1 and before[-1] == "of" and before[-2] in _UNFELT_OF
