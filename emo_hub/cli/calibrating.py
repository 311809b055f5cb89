"""`emo-hub train calibrate`: what a trained model's scores mean, fitted anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import say
from emo_hub.cli.options import Settings, Texts, retold_settings, retold_texts


def train_calibrate_command(
    run: Annotated[str, typer.Argument(help="A finished run of train contrastive, or 'default'.")],
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "default",
    texts: Texts = "",
    settings: Settings = None,
) -> None:
    """Fit label offsets, calibration and thresholds of a trained model anew; minutes, not hours.

    Of the recipe only those settings count that choose rows and that say what scores mean.
    """
    from emo_hub.config import read_recipe
    from emo_hub.training.calibrating import calibrate
    from emo_hub.training.contrastive import ContrastiveRecipe

    chosen = read_recipe(ContrastiveRecipe, recipe, settings or ())
    name = run if run == "default" else Path(run).name
    changed = retold_texts(texts) + retold_settings(settings)
    command = f"emo-hub train calibrate {name} --recipe {recipe}{changed}"
    made = calibrate(run, data, out, chosen, texts=texts, command=command, say=say)
    say(f"{made.path}: {'reused' if made.reused else 'calibrated'}.")
