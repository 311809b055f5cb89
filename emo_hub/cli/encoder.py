"""`emo-hub train encoder`: a classifier of the 28 emotions that reads a text after its context."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emo_hub.cli.console import progress as show_progress
from emo_hub.cli.console import say
from emo_hub.cli.given import refuse_given
from emo_hub.cli.options import Settings, Texts, retold_base, retold_settings, retold_texts
from emo_hub.errors import InputError

if TYPE_CHECKING:
    from emo_hub.training.encoder import EncoderRecipe

_TASK = "Adaptation"


def train_encoder_command(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Where the checkpoint goes.")],
    data: Annotated[Path | None, typer.Option(help="The corpus folder.")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="The encoder to start from: a folder, a Hub repository, a zero-shot checkpoint of "
            "ours, or 'default' for the one inside the package."
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="A shipped recipe, or a .toml file; 'encoder', or 'adapted' with --task."
        ),
    ] = None,
    texts: Texts = "",
    settings: Settings = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="Adapt to goemotions, ekman, isear, emocontext, iemocap (4 classes), iemocap-6, "
            "or rows of your own: a file as train fewshot reads it, or a folder with train, dev "
            "and test.",
            rich_help_panel=_TASK,
        ),
    ] = None,
    benchmarks: Annotated[
        Path | None,
        typer.Option(help="A folder with a subfolder for each benchmark.", rich_help_panel=_TASK),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Runs to average over.", rich_help_panel=_TASK)
    ] = 3,
) -> None:
    """Fine-tune an encoder to the 28 emotions of a text, given its context where it has one.

    With --task it is adapted to a public set or to your own rows instead of a corpus.
    """
    from emo_hub.config import read_recipe
    from emo_hub.training.encoder import EncoderRecipe, train_encoder

    if task is None:
        refuse_given(
            context, ("benchmarks", "seeds"), "without --task, for a corpus is trained on once"
        )
    else:
        refuse_given(context, ("data", "texts"), "beside --task, which brings its own rows")
    recipe = recipe or ("adapted" if task else "encoder")
    named = [*(settings or ()), *([f'base="{base}"'] if base else ())]
    chosen = read_recipe(EncoderRecipe, recipe, named)
    where = retold_texts(texts) if task is None else _retold_task(task, benchmarks, seeds)
    where += retold_base(base)
    changed = retold_settings(settings)
    command = f"emo-hub train encoder --recipe {recipe}{where}{changed}"
    if task is not None:
        _adapt((task, benchmarks, seeds), out, chosen, command)
        return
    if data is None:
        raise InputError("Give the corpus folder with --data, or what to adapt to with --task.")
    with show_progress("training") as progress:
        made = train_encoder(
            data, out, chosen, texts=texts, command=command, progress=progress, say=say
        )
    say(f"{made.path}: {'reused' if made.reused else 'trained'}.")


def train_encoder_ablations_command(
    data: Annotated[Path, typer.Option(help="The corpus folder.")],
    texts: Texts,
    benchmarks: Annotated[Path, typer.Option(help="A folder with a subfolder for each benchmark.")],
    out: Annotated[Path, typer.Option(help="Where models and numbers go.")] = Path("courses"),
    recipe: Annotated[str, typer.Option(help="Of the stages on the corpus.")] = "encoder",
    task_recipe: Annotated[str, typer.Option(help="Of the stages on GoEmotions.")] = "adapted",
    base: Annotated[
        str, typer.Option(help="What both start from where the list names nothing else.")
    ] = "default",
    courses: Annotated[
        Path | None, typer.Option(help="A .toml file of courses; a list of them ships.")
    ] = None,
    settings: Settings = None,
) -> None:
    """See what synthetic rows, human rows, contexts, targets and the start are worth to an encoder.

    Settings hold for the stages on the corpus and on GoEmotions. A run that was stopped goes on.
    """
    from emo_hub.adaptation import CoursePlan, compare_courses, read_courses, read_task
    from emo_hub.adaptation.courses_page import write_courses
    from emo_hub.config import read_recipe
    from emo_hub.training.encoder import EncoderRecipe

    named = [*(settings or ()), f'base="{base}"']
    plan = CoursePlan(
        data=data,
        texts=texts,
        assignment=read_task("goemotions", benchmarks),
        corpus_recipe=read_recipe(EncoderRecipe, recipe, named),
        task_recipe=read_recipe(EncoderRecipe, task_recipe, named),
    )
    listed = read_courses(courses)
    command = (
        f"emo-hub train encoder-ablations --data CORPUS{retold_texts(texts)} --benchmarks DIR"
        f" --recipe {recipe} --task-recipe {task_recipe}{retold_base(base)}"
        f"{f' --courses {courses.name}' if courses else ''}{retold_settings(settings)}"
    )
    with show_progress("training") as progress:
        compare_courses(
            plan,
            listed,
            out=out / "runs",
            say=say,
            progress=progress,
            told=lambda found: write_courses(out, plan, listed, found, command),
        )
    say(f"{out / 'courses.md'} and courses.json")


def _adapt(
    chosen: tuple[str, Path | None, int], out: Path, recipe: EncoderRecipe, command: str
) -> None:
    from emo_hub.adaptation import adapt, read_task

    task, benchmarks, seeds = chosen
    rows = read_task(task, benchmarks)
    with show_progress("training") as progress:
        adapt(rows, out, recipe, seeds=seeds, command=command, progress=progress, say=say)
    say(f"{out / 'adaptation.md'}, adaptation.json")


def _retold_task(task: str, benchmarks: Path | None, seeds: int) -> str:
    from emo_hub.adaptation import TASKS

    name = task if task in TASKS else "FOLDER_OR_FILE"
    return f" --task {name}{' --benchmarks DIR' if benchmarks else ''} --seeds {seeds}"
