"""Ablations: a cheap recipe, and named changes of it, each trained and scored alike.

What was tried and did not help stands here beside what did.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.config import fill, read_named
from emo_hub.errors import InputError
from emo_hub.learning_curves.page import number, put
from emo_hub.learning_curves.plan import CurvePlan, Point
from emo_hub.learning_curves.run import Progress, Say, Work, open_sets, plan_facts
from emo_hub.training.contrastive import ContrastiveRecipe

NOTES = (
    "Every line is one run of a cheap recipe with one seed, so the numbers compare with each other "
    "and not with those of a finished model.",
    "No test split is read. A change within the interval may be chance.",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """A change of the recipe.

    Args:
        name: of the line in the table; also of its checkpoint's folder.
        why: what it asks, in a sentence.
        settings: of the recipe that differ; none for the recipe as it is.
    """

    name: str
    why: str
    settings: Mapping[str, Any]


def read_variants(source: Path | None = None) -> tuple[Variant, ...]:
    """Read variants from a TOML file, or those that ship.

    Raises:
        SettingsError: the file cannot be read, a variant has no `why`, or there is none.
    """
    return read_named(
        source,
        "ablations.toml",
        lambda name, table: Variant(name, table.pop("why"), table),
        form="list of variants, each a TOML table with `why` and the settings that it changes",
    )


def ablations(
    plan: CurvePlan,
    variants: Sequence[Variant],
    out: Path,
    *,
    command: str = "emo-hub train ablations",
    say: Say = lambda _: None,
    progress: Progress | None = None,
) -> tuple[Point, ...]:
    """Train and score each variant; write ablations.json and ablations.md after each.

    Finished runs are reused and stopped ones go on, as in `learning_curves`.

    Args:
        plan: the recipe that is changed, its data and benchmarks; shares and kinds are not read.
        variants: by themselves, each a change of the recipe alone and not of the one before it.
        out: where checkpoints and numbers go.
        command: what the files name as their origin.
        say: is told a sentence for each run.
        progress: is told step, steps and loss while training.

    Raises:
        InputError: two variants of one name.
        SettingsError: a variant sets what is no setting.
        EmoHubError: a corpus, a benchmark or a checkpoint that cannot be read.
    """
    names = [variant.name for variant in variants]
    if len(set(names)) < len(names):
        raise InputError(f"Variants need names of their own; got {', '.join(names)}.")
    base = dataclasses.asdict(plan.recipe)
    recipes = [fill(ContrastiveRecipe, {**base, **v.settings}, where=v.name) for v in variants]
    facts = plan_facts(plan, command)
    work = Work(plan, out, open_sets(plan), command, say, progress)
    points: list[Point] = []
    for variant, recipe in zip(variants, recipes, strict=True):
        points.append(work.point(variant.name, recipe))
        _write(out, variants, points, facts)
    return tuple(points)


def _write(
    out: Path, variants: Sequence[Variant], points: Sequence[Point], facts: Mapping[str, Any]
) -> None:
    told = list(zip(variants, points, strict=False))
    rows = [{**dataclasses.asdict(v), **dataclasses.asdict(p), "total": p.total} for v, p in told]
    put(out / "ablations.json", json.dumps({**facts, "notes": NOTES, "variants": rows}, indent=1))
    put(out / "ablations.md", _page(told, facts))


def _page(told: Sequence[tuple[Variant, Point]], facts: Mapping[str, Any]) -> str:
    first = told[0][1]
    measures = [f"{r.name} {r.metric}" for r in first.reached]
    return "\n".join(
        [
            "# Ablations",
            "",
            f"Made by `{facts['command']}` with emo_hub {facts['emo_hub']} from corpus "
            f"{facts['corpus_version']}. Rows scored: "
            f"{', '.join(f'{r.name} {r.rows:,}' for r in first.reached)}.",
            "",
            *(f"- {note}" for note in NOTES),
            "",
            f"| variant | rows | {' | '.join(measures)} |",
            "|---|--:|" + "--:|" * len(measures),
            *(_line(point, first) for _, point in told),
            "",
            *(f"- **{v.name}**: {v.why} {_changed(v)}" for v, _ in told),
        ]
    )


def _line(point: Point, first: Point) -> str:
    cells = [
        number(reached)
        if point is first
        else f"{reached.value:.3f} ({reached.value - start.value:+.3f})"
        for reached, start in zip(point.reached, first.reached, strict=True)
    ]
    return f"| {point.kind} | {point.total:,} | {' | '.join(cells)} |"


def _changed(variant: Variant) -> str:
    told = ", ".join(f"`{name} = {json.dumps(value)}`" for name, value in variant.settings.items())
    return f"({told})" if told else "(the recipe as it is)"
