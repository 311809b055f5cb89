"""`emo-hub train fewshot`: a user's own labels from a few examples of each."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emo_hub.cli.console import say
from emo_hub.cli.given import refuse_given
from emo_hub.cli.options import retold_benchmarks, retold_model
from emo_hub.errors import InputError, require

if TYPE_CHECKING:
    from emo_hub.fewshot import CurvePlan

_CURVE = "Learning curve"


def train_fewshot_command(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Where the model, or the learning curve, goes.")],
    examples: Annotated[
        Path | None,
        typer.Option(
            help="A .csv, .tsv, .jsonl or .parquet file: a column 'text', and a column 'label' "
            "with one label or several separated by '|', or a column of 0 and 1 for each label."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="The checkpoint to start from: a folder, a repository or 'default'.")
    ] = "default",
    shots: Annotated[
        int | None, typer.Option(help="Use a sample of so many examples of each label, 1 to 64.")
    ] = None,
    multi_label: Annotated[
        str, typer.Option(help="Whether a text may carry several labels: auto, yes or no.")
    ] = "auto",
    method: Annotated[
        str,
        typer.Option(
            help="'refine' moves what the labels' names say by the examples: seconds, and a "
            "checkpoint that rates any other label too. 'setfit' tunes the encoder: minutes, and a "
            "model of these labels alone."
        ),
    ] = "refine",
    prior: Annotated[
        str,
        typer.Option(
            help="What the labels' names count beside the examples: 'auto' (chosen by "
            "cross-validation on the examples), or a number in 0..1."
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Of the sample and of training.")] = 0,
    curve: Annotated[
        Path | None,
        typer.Option(
            help="A file of test rows with the same labels: draw how macro-F1 grows with the "
            "examples, beside plain MiniLM and zero-shot, and write no model.",
            rich_help_panel=_CURVE,
        ),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="NAME or NAME:SPLIT, such as isear:all: draw the curve on a benchmark, one half "
            "of its rows for examples and the other for the test.",
            rich_help_panel=_CURVE,
        ),
    ] = None,
    benchmarks: Annotated[
        str, typer.Option(help="Where it is: a folder, or 'hub'.", rich_help_panel=_CURVE)
    ] = "hub",
    seeds: Annotated[
        int, typer.Option(min=1, help="Samples to average over.", rich_help_panel=_CURVE)
    ] = 3,
    setfit: Annotated[
        int,
        typer.Option(
            min=0,
            help="On how many of the samples SetFit is tried too, here and on plain MiniLM; that "
            "takes minutes each.",
            rich_help_panel=_CURVE,
        ),
    ] = 1,
) -> None:
    """Learn your own labels from 1 to 64 examples of each.

    Rate by them with: emo-hub predict TEXT --model OUT. What --method setfit makes is for Python:
    emo_hub.fewshot.FewshotModel.
    """
    require("scipy", "fewshot", "Few-shot training")
    from datasets.utils.logging import disable_progress_bar

    from emo_hub.fewshot import MOST_SHOTS, PLAIN, SHOTS, CurvePlan, FewshotRecipe

    disable_progress_bar()
    if method not in ("refine", "setfit"):
        raise InputError(f"--method is 'refine' or 'setfit'; got '{method}'.")
    if method == "setfit" and (benchmark is not None or curve is not None):
        raise InputError("A curve shows both ways: leave --method, and say --setfit N instead.")
    if shots is not None and not 1 <= shots <= MOST_SHOTS:
        raise InputError(f"--shots must be within 1..{MOST_SHOTS}; got {shots}.")
    _refuse_unread(context, is_curve=curve is not None, on_benchmark=benchmark is not None)
    recipe = FewshotRecipe(seed=seed, prior=_weight(prior))
    plan = CurvePlan(
        models=tuple(dict.fromkeys((model, PLAIN))) if setfit else (model,),
        shots=[s for s in SHOTS if shots is None or s <= shots],
        seeds=range(seed, seed + seeds),
        recipe=recipe,
        setfit=setfit,
    )
    if benchmark is not None:
        if examples is not None or curve is not None:
            raise InputError("--benchmark brings its own examples: leave --examples and --curve.")
        _draw_on(benchmark, benchmarks, out, plan)
        return
    if examples is None:
        raise InputError("Give --examples FILE to learn from, or --benchmark NAME for a curve.")
    if curve is not None:
        _draw(examples, curve, out, plan, multi_label)
        return
    asked = {"model": model, "shots": shots, "multi_label": multi_label, "recipe": recipe}
    _learn(examples, out, method, asked)


def _refuse_unread(context: typer.Context, *, is_curve: bool, on_benchmark: bool) -> None:
    if on_benchmark:
        refuse_given(context, ("multi_label",), "beside --benchmark, which says it of its labels")
        return
    refuse_given(context, ("benchmarks",), "without --benchmark NAME")
    if not is_curve:
        refuse_given(
            context, ("seeds", "setfit"), "without a curve, --curve FILE or --benchmark NAME"
        )


def _learn(examples: Path, out: Path, method: str, asked: dict[str, Any]) -> None:
    from emo_hub.fewshot import train_by_setfit, train_fewshot

    if method == "setfit":
        tuned = train_by_setfit(examples, out, **asked, say=say)
        say(
            f"{out}: {tuned.facts['examples']:,} examples of {len(tuned.labels)} labels; zero-shot "
            f"scores weigh {tuned.prior.weight:.2f}. In Python: FewshotModel.load({str(out)!r})"
        )
        return
    train_fewshot(examples, out, **asked, say=say)
    named = shlex.quote(str(out))
    say(f"{out}: rate by what was learnt with: emo-hub predict TEXT --model {named}")


def _draw(examples: Path, curve: Path, out: Path, plan: CurvePlan, multi_label: str) -> None:
    from emo_hub.fewshot import read_examples, write_learning_curve

    pool = read_examples(examples, multi_label=multi_label)
    decided = "yes" if pool.multi_label else "no"
    rows = read_examples(curve, multi_label=decided, labels=pool.labels)
    write_learning_curve(pool, rows, out, plan=plan, say=say)
    say(_drawn(out))


def _draw_on(named: str, where: str, out: Path, plan: CurvePlan) -> None:
    from emo_hub.fewshot import AUTO_PRIOR, write_learning_curve
    from emo_hub.learning_curves.halves import halves

    name, _, split = named.partition(":")
    pool, rows = halves(name, where, split or "dev")
    model, prior = plan.models[0], plan.recipe.prior
    changed = "" if model in ("default", *plan.models[1:]) else retold_model("--model", model)
    changed += "" if prior == AUTO_PRIOR else f" --prior {prior}"
    command = (
        f"emo-hub train fewshot --benchmark {named}{retold_benchmarks(where)}{changed} "
        f"--shots {max(plan.shots)} --seeds {len(plan.seeds)} --seed {plan.seeds[0]} "
        f"--setfit {plan.setfit} --out FOLDER"
    )
    write_learning_curve(pool, rows, out, plan=dataclasses.replace(plan, command=command), say=say)
    say(_drawn(out))


def _drawn(out: Path) -> str:
    return f"{out / 'curve.md'}, curve.json and curve.png"


def _weight(given: str) -> float:
    from emo_hub.fewshot import AUTO_PRIOR

    if given == "auto":
        return AUTO_PRIOR
    try:
        weight = float(given)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise InputError(f"--prior must be 'auto' or a number in 0..1; got '{given}'.")
    return weight
