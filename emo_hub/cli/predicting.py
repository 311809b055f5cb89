"""`emo-hub predict`: a text, or a whole file of them, rated by labels that the user types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emo_hub.cli.console import row_progress, say
from emo_hub.cli.options import Model
from emo_hub.errors import InputError
from emo_hub.records import DIMENSIONS

if TYPE_CHECKING:
    from emo_hub.learnt import LearntLabels

_TEXT, _FILE = "For one text", "For a file"


def predict_command(
    text: Annotated[str | None, typer.Argument(help="What somebody wrote or said.")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Your labels, separated by commas. Without them, those that the checkpoint learnt "
            "from examples, rated as the examples were."
        ),
    ] = None,
    model: Model = "default",
    threshold: Annotated[str | None, typer.Option(help="'auto', or a number in 0..1.")] = None,
    single: Annotated[bool, typer.Option("--single", help="Labels compete, sum 1.")] = False,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Every text carries one of the labels, or more.")
    ] = False,
    backend: Annotated[
        str, typer.Option(help="What runs it: auto, torch, onnx, openvino or nano.")
    ] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32, bfloat16 or int8.")] = "auto",
    context: Annotated[
        str | None, typer.Option(help="What happened before.", rich_help_panel=_TEXT)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON.", rich_help_panel=_TEXT)
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Show which words carried the best label.", rich_help_panel=_TEXT
        ),
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            help="Texts: .txt (one a line), .csv, .tsv, .jsonl, .json or .parquet.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where they go, with the scores: .csv, .tsv, .jsonl or .parquet.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="Where the texts stand; found where there is one column of texts, or one named "
            "text, utterance, sentence or comment.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    context_column: Annotated[
        str | None, typer.Option(help="Where what came before stands.", rich_help_panel=_FILE)
    ] = None,
    even: Annotated[
        bool,
        typer.Option(
            "--even",
            help="With --single: each label fits about as many of the file's texts as another, and "
            "is matched to that.",
            rich_help_panel=_FILE,
        ),
    ] = False,
    processes: Annotated[
        int, typer.Option(help="How many rate at once, each with its model.", rich_help_panel=_FILE)
    ] = 1,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace an --out that exists.", rich_help_panel=_FILE),
    ] = False,
) -> None:
    """Rate how much a text expresses each of your labels, or each text of a file.

    A file may be of any length. What is rated is kept beside --out as OUT.partial: after a kill
    the same command goes on where it was. The output has the input's columns and behind them the
    best label, with --threshold the labels that reach it, and a column of scores for each label.
    """
    of_text = {"--context": context, "--json": as_json, "--explain": explain}
    of_file = {
        "--out": out,
        "--column": column,
        "--context-column": context_column,
        "--even": even,
        "--processes": processes if processes != 1 else None,
        "--overwrite": overwrite,
    }
    how: dict[str, Any] = {
        "model": None if model == "default" else model,
        "backend": backend,
        "precision": precision,
    }
    learnt = _learnt(model, backend) if labels is None else None
    asked: dict[str, Any] = {
        "labels": labels if learnt is None else learnt.usual_labels,
        "threshold": _threshold(threshold),
        "single": single or (learnt is not None and learnt.competing and not exhaustive),
        "exhaustive": exhaustive,
    }
    if file is not None:
        if text is not None:
            raise InputError("Give a text or --file, not both.")
        _refuse(of_text, "belongs to one text; it does not go with --file")
        _predict_file(file, how | asked, of_file)
        return
    if text is None:
        raise InputError("Give a text, or a file of them: --file in.csv --out scores.csv.")
    _refuse(of_file, "belongs to --file")
    _predict_text(text, how, asked, of_text)


def _learnt(model: str, backend: str) -> LearntLabels:
    """Give what the model that is to run has learnt from examples."""
    from emo_hub.checkpoint import HEAD_FILE, locate
    from emo_hub.learnt import read_learnt

    learnt = None
    if model != "default":
        folder = locate(model)
        is_nano = backend == "nano" and (folder / "nano" / HEAD_FILE).is_file()
        learnt = read_learnt(folder / "nano" if is_nano else folder)
    if learnt is None:
        raise InputError(
            f"Give labels, for instance --labels 'joy,anger': {model} has learnt none from "
            "examples."
        )
    return learnt


def _predict_text(
    text: str, how: dict[str, Any], asked: dict[str, Any], of_text: dict[str, Any]
) -> None:
    from emo_hub.pipelines import pipeline

    clf = pipeline(**how)
    labels, context, explain = asked["labels"], of_text["--context"], of_text["--explain"]
    given: dict[str, Any] = {"context": context, "multi_label": not asked["single"]}
    answer = clf(
        text,
        candidate_labels=labels,
        threshold=asked["threshold"],
        vad=clf.model.has_vad,
        exhaustive=asked["exhaustive"],
        explain=explain and of_text["--json"],
        **given,
    )
    if of_text["--json"]:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    _show(answer)
    if explain and answer["labels"]:
        from emo_hub.cli.marking import show_words

        show_words(clf.explain(text, labels, only=answer["labels"][:1], **given))
    if "valence" in answer:
        typer.echo("  ".join(f"{name} {answer[name]:.1f}" for name in DIMENSIONS) + "  (1 to 5)")


def _show(answer: dict[str, Any]) -> None:
    width = max((len(label) for label in answer["labels"]), default=0)
    for label, score in zip(answer["labels"], answer["scores"], strict=True):
        bar = "█" * round(score * 30)
        typer.echo(f"{label:<{width}}  {score:.3f}  {bar}")
    if answer.get("none_of_these"):
        typer.echo("none of these")


def _predict_file(file: Path, how: dict[str, Any], given: dict[str, Any]) -> None:
    from datasets.utils.logging import CRITICAL, set_verbosity

    from emo_hub.predicting import FileJob, How, predict_file

    out = given["--out"]
    if out is None:
        raise InputError("--file needs --out: where its texts go with their scores.")
    set_verbosity(CRITICAL)  # what it says of a damaged file is said again, in a sentence
    job = FileJob(
        file=file,
        out=out,
        how=How(**how),
        column=given["--column"],
        context_column=given["--context-column"],
        even=given["--even"],
        processes=1 if given["--processes"] is None else given["--processes"],
        overwrite=given["--overwrite"],
    )
    try:
        with row_progress("rating") as progress:
            done = predict_file(job, say=say, progress=progress)
    except KeyboardInterrupt:
        say("Stopped. The same command goes on after the rows that are rated.")
        raise typer.Exit(130) from None
    if done.blank:
        say(f"Blank texts, which have empty answers: {done.blank:,}.")
    speed = done.rated / done.seconds if done.rated else 0.0
    said = f", {speed:,.{0 if speed >= 10 else 1}f} texts a second" if speed else ""
    say(f"{out}: {done.rows:,} rows{said}.")


def _refuse(options: dict[str, Any], why: str) -> None:
    for name, value in options.items():
        if value:
            raise InputError(f"{name} {why}.")


def _threshold(given: str | None) -> str | float | None:
    if given is None or given == "auto":
        return given
    try:
        return float(given)
    except ValueError:
        raise InputError(
            f"--threshold must be 'auto' or a number in 0..1; got '{given}'."
        ) from None
