"""What a report is made from, put in order: benchmarks, models, roles and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emo_hub.errors import InputError
from emo_hub.evaluation.benchmarks import BENCHMARKS
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.pictures import Curve, LabelMap
from emo_hub.evaluation.published import PUBLISHED, Published
from emo_hub.evaluation.report.titles import ordered_roles
from emo_hub.evaluation.scored import Scored


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a benchmark beside its rows."""

    title: str
    source: str = ""
    licence: str = ""
    revision: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bench:
    """One split of one benchmark and all that was scored on it, in the order of the models."""

    name: str
    split: str
    scored: tuple[Scored, ...]
    about: About

    @property
    def rows(self) -> LoadedBenchmark:
        """The rows as the first model saw them."""
        return self.scored[0].rows

    @property
    def roles(self) -> list[str]:
        """The roles that occur here."""
        return ordered_roles(one.result.role for one in self.scored)

    def of_role(self, role: str) -> list[Scored]:
        """Give what was scored in a role."""
        return [one for one in self.scored if one.result.role == role]

    @property
    def quoted(self) -> list[Published]:
        """Give the published numbers that stand beside it."""
        return [p for p in PUBLISHED if p.benchmark == self.name]


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report is made from."""

    scored: tuple[Scored, ...]
    facts: Mapping[str, Any]
    benches: tuple[Bench, ...]
    maps: tuple[LabelMap, ...] = ()
    curves: tuple[Curve, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        """The models in the order in which they first appear."""
        return list(dict.fromkeys(one.model for one in self.scored))

    @property
    def roles(self) -> list[str]:
        """The roles in which something was measured."""
        return ordered_roles(one.result.role for one in self.scored)

    @property
    def quoted(self) -> list[Published]:
        """Every published number that stands beside a measured one."""
        names = dict.fromkeys(bench.name for bench in self.benches)
        return [p for name in names for p in PUBLISHED if p.benchmark == name]


def gather(
    scored: Sequence[Scored],
    facts: Mapping[str, Any],
    maps: Sequence[LabelMap],
    curves: Sequence[Curve],
    environment: Mapping[str, str],
) -> Material:
    """Put everything in order: own splits first, then benchmarks as they are declared.

    Raises:
        InputError: there is no result at all.
    """
    if not scored:
        raise InputError("There is no result to report: evaluate at least one split first.")
    keys = list(dict.fromkeys((one.rows.name, one.rows.split) for one in scored))
    declared = list(BENCHMARKS)
    keys.sort(key=lambda key: declared.index(key[0]) if key[0] in declared else -1)
    benches = []
    for name, split in keys:
        here = tuple(one for one in scored if (one.rows.name, one.rows.split) == (name, split))
        benches.append(Bench(name, split, here, _about(here)))
    return Material(tuple(scored), facts, tuple(benches), tuple(maps), tuple(curves), environment)


def _about(here: Sequence[Scored]) -> About:
    rows = here[0].rows
    declared = BENCHMARKS.get(rows.name)
    if declared is None:
        return About(rows.title or rows.name, rows.source, rows.licence, "", tuple(rows.faults))
    hub = declared.hub
    revision = f"{hub.repo} at revision {hub.revision}" if hub and hub.revision else ""
    return About(
        declared.title, declared.source, declared.licence, revision, tuple(declared.faults)
    )
