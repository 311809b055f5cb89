"""The commands that publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from emo_hub.cli.console import say

app = typer.Typer(
    no_args_is_help=True,
    help="Put a corpus on the Hub as a version: one commit and its tag, or nothing.",
)


@app.callback()
def publishing() -> None:
    """Keep the name of the only command so far."""


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
