"""`emo-hub train nano`: a model without a transformer, from one that has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import progress as show_progress
from emo_hub.cli.console import say
from emo_hub.cli.options import Settings, Texts, retold_model, retold_settings, retold_texts


def train_nano_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    teacher: Annotated[
        str | None,
        typer.Option(help="What is distilled: a folder, a Hub repository, or 'default'."),
    ] = None,
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "nano",
    texts: Texts = "",
    settings: Settings = None,
) -> None:
    """Distil a model into a table of token vectors: tens of thousands of texts a second."""
    from emo_hub.config import read_recipe
    from emo_hub.training.nano import NanoRecipe, train_nano

    named = [*(settings or ()), *([f'teacher="{teacher}"'] if teacher else ())]
    chosen = read_recipe(NanoRecipe, recipe, named)
    where = retold_texts(texts)
    changed = retold_model("--teacher", teacher) + retold_settings(settings)
    command = f"emo-hub train nano --recipe {recipe}{where}{changed}"
    with show_progress("distilling") as progress:
        made = train_nano(
            data, out, chosen, texts=texts, command=command, progress=progress, say=say
        )
    say(f"{made.path}: distilled.")
