"""The commands that publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emo_hub.cli.console import say

if TYPE_CHECKING:
    from emo_hub.publishing.version import How

app = typer.Typer(
    no_args_is_help=True,
    help="Put a corpus, a model or the page on the Hub as a version: one commit and its tag, "
    "or nothing.",
)

Tag = Annotated[str, typer.Option(help="As in v1.0.0; it is never moved.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
CreatePr = Annotated[
    bool, typer.Option("--create-pr", help="Propose it; publish again once it is merged.")
]
Private = Annotated[bool, typer.Option("--private", help="If it is made now.")]


@app.command()
def dataset(
    repo_id: Annotated[str, typer.Argument(help="As in namespace/emo-pillars.")],
    folder: Annotated[Path, typer.Argument(help="The corpus folder.")] = Path("emo-pillars"),
    tag: Annotated[
        str | None, typer.Option(help="As in v1.0.0; the corpus's own version by default.")
    ] = None,
    dry_run: DryRun = False,
    create_pr: CreatePr = False,
    private: Private = False,
) -> None:
    """Publish a corpus; what is there already is not sent again."""
    from emo_hub.publishing import publish_dataset

    how = _how(dry_run=dry_run, create_pr=create_pr)
    publish_dataset(repo_id, folder, tag=tag, how=how, private=private, say=say)


@app.command()
def model(
    repo_id: Annotated[str, typer.Argument(help="As in namespace/zero-shot-emotion.")],
    path: Annotated[str, typer.Argument(help="The checkpoint's folder, or 'default'.")],
    tag: Tag = "v1.0.0",
    dry_run: DryRun = False,
    create_pr: CreatePr = False,
    private: Private = False,
) -> None:
    """Publish a checkpoint, with its card and the code that runs it without emo_hub."""
    from emo_hub.publishing.model import publish_model

    how = _how(dry_run=dry_run, create_pr=create_pr)
    publish_model(repo_id, path, tag=tag, how=how, private=private, say=say)


@app.command()
def space(
    repo_id: Annotated[str, typer.Argument(help="As in namespace/zero-shot-emotion.")],
    folder: Annotated[
        Path | None, typer.Argument(help="The Space; emo_hub's own page by default.")
    ] = None,
    model_id: Annotated[
        str | None, typer.Option("--model", help="The repository that it runs and names.")
    ] = None,
    datasets: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            help="The corpus that its page browses, then others that it names; repeatable.",
        ),
    ] = None,
    tag: Tag = "v1.0.0",
    dry_run: DryRun = False,
    create_pr: CreatePr = False,
    private: Private = False,
) -> None:
    """Publish the page as a Space, with exact requirements."""
    from emo_hub.publishing import Page, publish_space

    page = Page(folder=folder, model=model_id, datasets=datasets or ())
    how = _how(dry_run=dry_run, create_pr=create_pr)
    publish_space(repo_id, page, tag=tag, how=how, private=private, say=say)


@app.command()
def collection(
    title: Annotated[str, typer.Argument(help="Of the collection; made if it is not there.")],
    repos: Annotated[
        list[str],
        typer.Argument(help="As in datasets/me/emo-pillars me/emo-model spaces/me/emo."),
    ],
    dry_run: DryRun = False,
    private: Private = False,
) -> None:
    """Group what was published on one page; what is in it already stays."""
    from emo_hub.publishing import publish_collection

    publish_collection(title, repos, dry_run=dry_run, private=private, say=say)


def _how(*, dry_run: bool, create_pr: bool) -> How:
    if dry_run:
        return "dry-run"
    return "propose" if create_pr else "publish"
