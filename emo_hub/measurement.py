"""Models and baselines on the corpus's test rows and on public benchmarks, in one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Say = Callable[[str], None]

DEFAULT = "default"  # the name of the embedded model on the command line


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What is measured on what.

    Args:
        models: checkpoints: folders, repositories, or "default" for the embedded one.
        corpus: its test rows are scored, and its validation rows fit the baselines.
        benchmarks: a folder with a subfolder for each benchmark; None for the corpus alone.
        only: benchmarks to score; None takes all that are there.
        limit: a seeded sample of so many rows of each benchmark.
        baselines: whether majority and MiniLM as it is stand in the same table.
    """

    models: tuple[str, ...]
    corpus: Path
    benchmarks: Path | None = None
    only: tuple[str, ...] | None = None
    limit: int | None = None
    baselines: bool = True


def measure(
    plan: Measurement, out: Path, *, command: str, say: Say = lambda _: None
) -> dict[str, list[Any]]:
    """Score everything and write report.json, report.md and report.png.

    Args:
        plan: what is measured on what.
        out: where the report goes.
        command: what the report names as its origin.
        say: is told a sentence for each model and benchmark.

    Returns:
        The results of each model, by the name it was given.

    Raises:
        EmoHubError: a checkpoint, a corpus or a benchmark that cannot be read.
    """
    from emo_hub.evaluation.own import own_split
    from emo_hub.evaluation.report import write_report
    from emo_hub.evaluation.run import evaluate, evaluate_rows
    from emo_hub.modeling import EmotionModel

    named: dict[str, Any] = {
        name: EmotionModel.load(None if name == DEFAULT else name) for name in plan.models
    }
    if plan.baselines:
        named.update({scorer.name: scorer for scorer in _baselines(plan)})
    results = {}
    for name, scorer in named.items():
        found = []
        if plan.only is None:
            found.append(evaluate_rows(scorer, own_split(plan.corpus), role="teacher's labels"))
        if plan.benchmarks is not None:
            found += evaluate(
                scorer,
                plan.benchmarks,
                plan.only,
                partial(_say_of, say, name),
                plan.limit,
            )
        results[name] = [result for result in found if result is not None]
    facts = {"command": command, "corpus": plan.corpus.name, "models": ", ".join(plan.models)}
    write_report(results, facts, out)
    return results


def _say_of(say: Say, name: str, line: str) -> None:
    say(f"{name}: {line}")


def _baselines(plan: Measurement) -> Sequence[Any]:
    from emo_hub.evaluation.baselines import MajorityScorer, SentenceEncoderScorer, majority_for
    from emo_hub.evaluation.own import fitting_rows

    fitting = fitting_rows(plan.corpus)
    majority = MajorityScorer.fitted(fitting)
    if plan.benchmarks is not None:
        # A benchmark's own majority wins over the corpus's where both have the 28 labels.
        choices = {**majority.choices, **majority_for(plan.benchmarks, plan.only).choices}
        majority = MajorityScorer(choices)
    return SentenceEncoderScorer.fitted(fitting), majority
