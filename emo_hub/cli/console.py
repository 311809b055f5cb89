"""What the commands share: one line out, and a progress bar or lines in its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer


def say(line: str) -> None:
    """Print one line."""
    typer.echo(line)


def _lines(what: str) -> Callable[[int, int, float], None]:
    def advance(step: int, steps: int, loss: float) -> None:
        if step == steps or step % max(1, steps // 10) == 0:
            say(f"{what}: step {step} of {steps}, loss {loss:.2f}")

    return advance


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int, float], None]]:
    """Show how far training has come: a bar on a terminal, some ten lines in a file."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    if not sys.stdout.isatty():
        # A log file shows no bar; ten lines say as much.
        yield _lines(what)
        return
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.2f}"),
    ]
    with Progress(*columns) as bar:
        task = bar.add_task(what, total=None, loss=float("nan"), visible=False)

        def advance(step: int, steps: int, loss: float) -> None:
            bar.update(task, completed=step, total=steps, loss=loss, visible=True)

        yield advance


def show_counts(counts: Mapping[str, Mapping[str, int]], rejects: Mapping[str, int]) -> None:
    """Print rows by config and split, and what was rejected."""
    for config, splits in counts.items():
        say(f"  {config:<12} " + "  ".join(f"{s} {n:,}" for s, n in splits.items()))
    rejected = ", ".join(f"{n} {reason}" for reason, n in rejects.items())
    say(
        f"  rejected     {rejected} (kept in rejected.jsonl)" if rejected else "  rejected     none"
    )
