"""`emo-hub train encoder`: a classifier of the 28 emotions that reads a text after its context."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import progress as show_progress
from emo_hub.cli.console import say
from emo_hub.cli.options import Settings, Texts, retold_settings, retold_texts


def train_encoder_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    base: Annotated[
        str | None,
        typer.Option(
            help="The encoder to start from: a folder, a Hub repository, a zero-shot checkpoint of "
            "ours, or 'default' for the one inside the package."
        ),
    ] = None,
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "encoder",
    texts: Texts = "",
    settings: Settings = None,
) -> None:
    """Fine-tune an encoder to the 28 emotions of a text, given its context where it has one."""
    from emo_hub.config import read_recipe
    from emo_hub.training.encoder import EncoderRecipe, train_encoder

    named = [*(settings or ()), *([f'base="{base}"'] if base else ())]
    chosen = read_recipe(EncoderRecipe, recipe, named)
    where = retold_texts(texts)
    where += f" --base {'FOLDER' if Path(base).is_dir() else base}" if base else ""
    changed = retold_settings(settings)
    command = f"emo-hub train encoder --recipe {recipe}{where}{changed}"
    with show_progress("training") as progress:
        made = train_encoder(
            data, out, chosen, texts=texts, command=command, progress=progress, say=say
        )
    say(f"{made.path}: {'reused' if made.reused else 'trained'}.")
