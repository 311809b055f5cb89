"""`emo-hub train fewshot`: a user's own labels from a few examples of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import say
from emo_hub.errors import InputError, require

_CURVE = "Learning curve"


def train_fewshot_command(
    examples: Annotated[
        Path,
        typer.Option(
            help="A .csv, .tsv, .jsonl or .parquet file: a column 'text', and a column 'label' "
            "with one label or several separated by '|', or a column of 0 and 1 for each label."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where the model, or the learning curve, goes.")],
    model: Annotated[
        str, typer.Option(help="The checkpoint to start from: a folder, a repository or 'default'.")
    ] = "default",
    shots: Annotated[
        int | None, typer.Option(help="Use a sample of so many examples of each label, 1 to 64.")
    ] = None,
    multi_label: Annotated[
        str, typer.Option(help="Whether a text may carry several labels: auto, yes or no.")
    ] = "auto",
    prior: Annotated[
        str,
        typer.Option(
            help="What the zero-shot scores count beside the examples: 'auto' (chosen by "
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
    seeds: Annotated[
        int, typer.Option(min=1, help="Samples to average over.", rich_help_panel=_CURVE)
    ] = 3,
) -> None:
    """Learn your own labels from 1 to 64 examples of each."""
    require("setfit", "fewshot", "Few-shot training")
    from datasets.utils.logging import disable_progress_bar

    from emo_hub.fewshot import (
        PLAIN,
        SHOTS,
        CurvePlan,
        FewshotRecipe,
        train_fewshot,
        write_learning_curve,
    )

    disable_progress_bar()
    recipe = FewshotRecipe(seed=seed, prior=_weight(prior))
    if curve is None:
        made = train_fewshot(
            examples, out, model=model, shots=shots, multi_label=multi_label, recipe=recipe, say=say
        )
        say(
            f"{out}: {made.facts['examples']:,} examples of {len(made.labels)} labels; zero-shot "
            f"scores weigh {made.prior.weight:.2f}."
        )
        return
    plan = CurvePlan(
        models=tuple(dict.fromkeys((model, PLAIN))),
        shots=[s for s in SHOTS if shots is None or s <= shots],
        seeds=range(seed, seed + seeds),
        recipe=recipe,
    )
    write_learning_curve(examples, curve, out, plan=plan, multi_label=multi_label, say=say)
    say(f"{out / 'curve.md'}, curve.json and curve.png")


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
