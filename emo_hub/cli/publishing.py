"""The commands that publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from emo_hub.cli.console import say

app = typer.Typer(
    no_args_is_help=True,
    help="Put what was made on the Hub as a version: one commit and its tag, or nothing.",
)


@app.command()
def dataset(
    repo_id: Annotated[str, typer.Argument(help="As in namespace/emo-pillars.")],
    folder: Annotated[Path, typer.Argument(help="The corpus folder.")] = Path("emo-pillars"),
    tag: Annotated[
        str | None, typer.Option(help="As in v1.0.0; the corpus's own version by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Propose it; publish again once it is merged.")
    ] = False,
    private: Annotated[bool, typer.Option("--private", help="If it is made now.")] = False,
) -> None:
    """Publish a corpus; what is there already is not sent again."""
    from emo_hub.publishing import publish_dataset

    how: Literal["publish", "propose", "dry-run"] = "propose" if create_pr else "publish"
    how = "dry-run" if dry_run else how
    publish_dataset(repo_id, folder, tag=tag, how=how, private=private, say=say)


@app.command()
def collection(
    title: Annotated[str, typer.Argument(help="Of the collection; made if it is not there.")],
    repos: Annotated[
        list[str],
        typer.Argument(help="As in datasets/me/emo-pillars me/emo-model spaces/me/emo."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    private: Annotated[bool, typer.Option("--private", help="If it is made now.")] = False,
) -> None:
    """Group what was published on one page; what is in it already stays."""
    from emo_hub.publishing import publish_collection

    publish_collection(title, repos, dry_run=dry_run, private=private, say=say)
