"""Options that several commands take, and how a card retells the command they stood in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="A checkpoint: a folder, a Hub repository, or 'default'.")]
Texts = Annotated[
    str,
    typer.Option(help="The annotated comments' texts: a folder with train.parquet, or 'hub'."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting that wins over the recipe, as key=value; repeatable."),
]


def retold_texts(texts: str) -> str:
    """Retell `--texts`; folders of this machine mean nothing on another, so their kind is named."""
    return f" --texts {texts if texts == 'hub' else 'FOLDER'}" if texts else ""


def retold_benchmarks(where: str) -> str:
    """Retell `--benchmarks`, which is a folder, or the Hub with or without revisions."""
    return f" --benchmarks {where if where.startswith('hub') else 'DIR'}"


def retold_settings(settings: Sequence[str] | None) -> str:
    """Retell each `--set`; folders of this machine mean nothing on another."""
    pairs = (pair.partition("=") for pair in settings or ())
    return "".join(f" --set {key}{equals}{_retold_place(value)}" for key, equals, value in pairs)


def retold_base(base: str | None) -> str:
    """Retell what training starts from."""
    return retold_model("--base", base)


def retold_model(option: str, model: str | None) -> str:
    """Retell an option that names a model; folders of this machine mean nothing on another."""
    return f" {option} {_retold_place(model)}" if model else ""


def _retold_place(value: str) -> str:
    name = value.strip("'\"")
    return "FOLDER" if name and Path(name).is_dir() else value
