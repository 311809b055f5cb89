"""The command line: one verb per room, each a few lines."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
import wrapt

from emo_hub.cli.averaging import train_average_command
from emo_hub.cli.calibrating import train_calibrate_command
from emo_hub.cli.console import progress as _progress
from emo_hub.cli.console import say as _say
from emo_hub.cli.corpus import app as corpus_app
from emo_hub.cli.encoder import train_encoder_ablations_command, train_encoder_command
from emo_hub.cli.evaluation import evaluate
from emo_hub.cli.exporting import export_command
from emo_hub.cli.fewshot import train_fewshot_command
from emo_hub.cli.nano import train_nano_command
from emo_hub.cli.options import (
    Model,
    Settings,
    Texts,
    retold_base,
    retold_settings,
    retold_texts,
)
from emo_hub.cli.predicting import predict_command
from emo_hub.cli.publishing import app as publish_app
from emo_hub.errors import EmoHubError

app = typer.Typer(
    name="emo-hub",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help=(
        "Zero-shot emotion recognition, and everything it is made from.\n\n"
        "A tour: [b]quickstart[/b] makes a corpus, a model and a report in the current folder; "
        "[b]predict[/b] and [b]demo[/b] use the model that ships inside the package; "
        "[b]corpus[/b], [b]train[/b] and [b]evaluate[/b] are the steps by themselves."
    ),
)
train_app = typer.Typer(
    no_args_is_help=True,
    help="Distil a corpus into a model, a model into a faster one, or teach it your labels.",
)
app.add_typer(corpus_app, name="corpus")
app.add_typer(train_app, name="train")
app.add_typer(publish_app, name="publish")


@app.command()
def quickstart(
    folder: Annotated[Path, typer.Argument(help="Where everything is put.")] = Path(),
    settings: Settings = None,
) -> None:
    """Make a corpus, a model and a report in this folder, from the recorded teacher replies."""
    from emo_hub.quickstart import quickstart as run

    with _progress("training") as progress:
        made = run(folder, overrides=settings or (), say=_say, progress=progress)
    _say("")
    _say("Use what was made:")
    _say("    import emo_hub")
    _say("    from transformers import pipeline")
    _say(f"    clf = pipeline('zero-shot-emotion', model='{made.model}')")
    _say("    clf('So you kept it all this time.', candidate_labels=['touched', 'angry', 'bored'])")


app.command("predict")(predict_command)


@train_app.command("contrastive")
def train_contrastive_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "default",
    texts: Texts = "",
    base: Annotated[str | None, typer.Option(help="The encoder to start from.")] = None,
    settings: Settings = None,
) -> None:
    """Train the dual encoder that the zero-shot pipeline runs."""
    from emo_hub.config import read_recipe
    from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive

    overrides = [*(settings or ()), *([f'base="{base}"'] if base else ())]
    chosen = read_recipe(ContrastiveRecipe, recipe, overrides)
    where = retold_texts(texts)
    changed = retold_base(base) + retold_settings(settings)
    command = f"emo-hub train contrastive --recipe {recipe}{where}{changed}"
    with _progress("training") as progress:
        made = train_contrastive(
            data, out, chosen, texts=texts, command=command, progress=progress, say=_say
        )
    _say(f"{made.path}: {'reused' if made.reused else 'trained'}.")


@train_app.command("curves")
def train_curves_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    texts: Texts,
    benchmarks: Annotated[Path, typer.Option(help="A folder with a subfolder for each benchmark.")],
    out: Annotated[Path, typer.Option(help="Where models, numbers and picture go.")] = Path(
        "curves"
    ),
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "curve",
    limit: Annotated[int | None, typer.Option(help="A sample of so many rows of each set.")] = None,
    settings: Settings = None,
) -> None:
    """Draw what more rows bring: each kind of data alone and together, over 1/8, 1/4, 1/2 and all.

    Sixteen models are trained; a run that was stopped goes on where it was.
    """
    from emo_hub.config import read_recipe
    from emo_hub.learning_curves import CurvePlan, learning_curves
    from emo_hub.training.contrastive import ContrastiveRecipe

    chosen = read_recipe(ContrastiveRecipe, recipe, settings or ())
    plan = CurvePlan(data=data, texts=texts, benchmarks=benchmarks, recipe=chosen, limit=limit)
    changed = retold_settings(settings)
    where = _retold_plan(texts, limit)
    command = f"emo-hub train curves {where} --recipe {recipe}{changed}"
    with _progress("training") as progress:
        learning_curves(plan, out, command=command, say=_say, progress=progress)
    _say(f"{out / 'curves.md'}, curves.json and learning-curves.png")


@train_app.command("ablations")
def train_ablations_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    texts: Texts,
    benchmarks: Annotated[Path, typer.Option(help="A folder with a subfolder for each benchmark.")],
    out: Annotated[Path, typer.Option(help="Where models and numbers go.")] = Path("ablations"),
    recipe: Annotated[str, typer.Option(help="A shipped recipe, or a .toml file.")] = "curve",
    variants: Annotated[
        Path | None, typer.Option(help="A .toml file of changes; a list of them ships.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="A sample of so many rows of each set.")] = None,
    settings: Settings = None,
) -> None:
    """Change one setting of a recipe at a time, and see what each is worth on benchmarks.

    A run that was stopped goes on where it was.
    """
    from emo_hub.config import read_recipe
    from emo_hub.learning_curves import CurvePlan, ablations, read_variants
    from emo_hub.training.contrastive import ContrastiveRecipe

    chosen = read_recipe(ContrastiveRecipe, recipe, settings or ())
    plan = CurvePlan(data=data, texts=texts, benchmarks=benchmarks, recipe=chosen, limit=limit)
    changed = retold_settings(settings)
    where = _retold_plan(texts, limit)
    where += f" --variants {variants.name}" if variants else ""
    command = f"emo-hub train ablations {where} --recipe {recipe}{changed}"
    with _progress("training") as progress:
        ablations(plan, read_variants(variants), out, command=command, say=_say, progress=progress)
    _say(f"{out / 'ablations.md'} and ablations.json")


def _retold_plan(texts: str, limit: int | None) -> str:
    """Retell what is trained on and measured; folders of this machine mean nothing on another."""
    where = f"--data CORPUS --texts {texts if texts == 'hub' else 'FOLDER'} --benchmarks DIR"
    return where if limit is None else f"{where} --limit {limit}"


train_app.command("encoder")(train_encoder_command)
train_app.command("encoder-ablations")(train_encoder_ablations_command)
train_app.command("fewshot")(train_fewshot_command)
train_app.command("nano")(train_nano_command)
train_app.command("average")(train_average_command)
train_app.command("calibrate")(train_calibrate_command)
app.command("evaluate")(evaluate)
app.command("export")(export_command)


@app.command()
def demo(
    model: Model = "default",
    port: Annotated[int | None, typer.Option(help="A free one is found by default.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    rival: Annotated[
        str | None, typer.Option(help="A second checkpoint, to compare two models.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(help="A corpus to browse: a folder, or a dataset of the Hub.")
    ] = None,
) -> None:
    """Open the Space on this machine: type a text and labels in a browser."""
    from emo_hub.errors import require

    require("gradio", "space", "The demo")
    from emo_hub.space import launch

    launch(
        model=None if model == "default" else model,
        port=port,
        host=host,
        rival=rival,
        corpus=corpus,
    )


def main() -> None:
    """Run the command line; what emo_hub raises on purpose becomes one sentence and exit code 2."""
    # In a program of our own, and only there, the libraries' bars and notices are ours to silence.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", category=FutureWarning)
    wrapt.register_post_import_hook(_without_bars, "transformers.utils.logging")
    try:
        app()
    except (EmoHubError, ImportError) as error:
        typer.echo(f"emo-hub: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        # A full disk or a folder without permission: the system's own words, and its path.
        typer.echo(f"emo-hub: {error.strerror or error} {error.filename or ''}".rstrip(), err=True)
        sys.exit(2)


def _without_bars(logging: ModuleType) -> None:
    logging.disable_progress_bar()


if __name__ == "__main__":
    main()
