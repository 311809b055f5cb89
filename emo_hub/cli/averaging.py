"""`emo-hub train average`: several runs, one model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import say
from emo_hub.cli.options import Texts, retold_texts


def train_average_command(
    runs: Annotated[list[Path], typer.Argument(help="Finished runs of train contrastive.")],
    data: Annotated[
        Path, typer.Option(help="The corpus that they, or the last of them, were trained on.")
    ],
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    texts: Texts = "",
) -> None:
    """Average runs that differ in settings or version of the corpus; calibrate the model anew."""
    from emo_hub.training.averaging import average_runs

    where = retold_texts(texts)
    command = f"emo-hub train average {' '.join(run.name for run in runs)}{where}"
    made = average_runs(runs, data, out, texts=texts, command=command, say=say)
    say(f"{made.path}: {'reused' if made.reused else 'averaged'}.")
