"""Trains and scores the points, one after the other, and keeps what is done."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_hub.checkpoint import text_sha256
from emo_hub.config import recipe_hash
from emo_hub.dataset import read_corpus
from emo_hub.errors import InputError, require
from emo_hub.learning_curves.page import draw, number, put, write
from emo_hub.learning_curves.plan import KINDS, SETS, CurvePlan, Point, Reached, share_name
from emo_hub.version import __version__

if TYPE_CHECKING:
    from emo_hub.evaluation.loading import LoadedBenchmark
    from emo_hub.training.contrastive import ContrastiveRecipe

Say = Callable[[str], None]
Progress = Callable[[int, int, float], None]


def learning_curves(
    plan: CurvePlan,
    out: Path,
    *,
    command: str = "emo-hub train curves",
    say: Say = lambda _: None,
    progress: Progress | None = None,
) -> tuple[Point, ...]:
    """Train and score every point; write curves.json, curves.md and learning-curves.png.

    A checkpoint that stands under `out`/runs, made by the same recipe from the same rows, is
    reused, a run that was stopped goes on, and what was scored is not scored again. The numbers are
    written anew after each point, the picture after each kind.

    Args:
        plan: what is trained and scored.
        out: where checkpoints, numbers and picture go.
        command: what the files name as their origin.
        say: is told a sentence for each point trained and each point scored.
        progress: is told step, steps and loss while training.

    Returns:
        The points, by kind and then by share.

    Raises:
        EmoHubError: a corpus, a benchmark or a checkpoint that cannot be read.
        ImportError: training, scoring or drawing is not installed; names the extra.
    """
    require("matplotlib", "report", "Drawing learning curves")
    facts = plan_facts(plan, command)
    # Read first: what is missing is told before hours of training.
    work = Work(plan, out, open_sets(plan), command, say, progress)
    points: list[Point] = []
    for kind in dict.fromkeys(plan.kinds):
        for share in sorted(set(plan.shares)):
            taken: dict[str, Any] = {**KINDS[kind], "row_share": share}
            point = work.point(
                f"{kind} {share_name(share)}", dataclasses.replace(plan.recipe, **taken)
            )
            points.append(dataclasses.replace(point, kind=kind))
            write(out, points, facts)
        draw(out, points)
    return tuple(points)


def open_sets(plan: CurvePlan) -> list[LoadedBenchmark]:
    """Read the sets that every point is scored on.

    Raises:
        EmoHubError: one is missing or cannot be read.
    """
    from emo_hub.evaluation.benchmarks import benchmark
    from emo_hub.evaluation.loading import load
    from emo_hub.evaluation.seen import sample

    whole = [load(benchmark(name), plan.benchmarks, split) for name, split in SETS]
    return [sample(rows, plan.limit) for rows in whole]


@dataclass(frozen=True, slots=True)
class Work:
    """What every point is made with."""

    plan: CurvePlan
    out: Path
    sets: Sequence[LoadedBenchmark]
    command: str
    say: Say
    progress: Progress | None

    def point(self, title: str, recipe: ContrastiveRecipe) -> Point:
        """Train and score one model, or find it done."""
        from emo_hub.checkpoint import RUN_FILE
        from emo_hub.training.contrastive import train_contrastive

        place = title.replace(" ", "-").replace("/", "-")
        start = time.perf_counter()
        made = train_contrastive(
            self.plan.data,
            self.out / "runs" / place,
            recipe,
            texts=self.plan.texts,
            command=self.command,
            progress=self.progress,
        )
        told = json.loads((made.path / RUN_FILE).read_text(encoding="utf-8"))
        how = "reused" if made.reused else f"trained in {time.perf_counter() - start:.0f} s"
        self.say(f"{title}: {sum(told['rows'].values()):,} rows, {how}.")
        reached = _scored(made.path, self.sets, self.out / "scores" / f"{place}.json")
        numbers = ", ".join(f"{r.name} {r.metric} {number(r)}" for r in reached)
        self.say(f"{title}: {numbers}.")
        return Point(title, recipe.row_share, told["rows"], told["run"], made.notes, reached)


def _scored(model: Path, sets: Sequence[LoadedBenchmark], kept: Path) -> tuple[Reached, ...]:
    """Score a checkpoint, or take what is kept of this very model on these very rows."""
    from emo_hub.evaluation.run import evaluate_rows
    from emo_hub.evaluation.scorers import ModelOptions, open_model
    from emo_hub.evaluation.store import Question

    contestant = open_model(f"ours:{model}", ModelOptions(name=model.name))
    known = _read(kept)
    answers: dict[str, dict[str, Any]] = {}
    for rows in sets:
        question = f"{Question.of(contestant.fingerprint, rows).digest}-{_digest(rows.targets)}"
        if question in known:
            answers[question] = known[question]
            continue
        scored = evaluate_rows(contestant, rows)
        if scored is None:
            raise InputError(f"{rows.name} asks for no labels, so it has no place in the curves.")
        r = scored.result
        answers[question] = dataclasses.asdict(
            Reached(
                r.benchmark, r.split, r.headline, r.value, r.interval.low, r.interval.high, r.rows
            )
        )
        put(kept, json.dumps({**known, **answers}, indent=1))
    return tuple(Reached(**answer) for answer in answers.values())


def _digest(targets: Any) -> str:  # noqa: ANN401 - an array
    return text_sha256(json.dumps(targets.tolist()))[:12]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def plan_facts(plan: CurvePlan, command: str) -> dict[str, Any]:
    """Say what the numbers were made with, for the files that hold them."""
    corpus = read_corpus(plan.data)
    return {
        "command": command,
        "emo_hub": __version__,
        "corpus_version": corpus.version,
        "corpus_content": corpus.content,
        "recipe": dataclasses.asdict(plan.recipe),
        "recipe_hash": recipe_hash(plan.recipe),
    }
