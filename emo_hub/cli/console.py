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
    if not sys.stdout.isatty():
        # A log file shows no bar; ten lines say as much.
        yield _lines(what)
        return
    from rich.progress import TextColumn

    with _bar(what, TextColumn("loss {task.fields[loss]:.2f}"), loss=float("nan")) as bar:
        yield lambda step, steps, loss: bar(step, steps, loss=loss)


@contextmanager
def row_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many rows are done, many of which come at a time; else as `progress`."""
    if sys.stdout.isatty():
        with _bar(what) as bar:
            yield bar
        return
    said = -1

    def advance(done: int, rows: int) -> None:
        nonlocal said
        if (tenth := 10 * done // rows) > said:
            said = tenth
            say(f"{what}: {done:,} of {rows:,} rows")

    yield advance


@contextmanager
def _bar(what: str, *more: Any, **fields: Any) -> Iterator[Callable[..., None]]:  # noqa: ANN401
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    with Progress(*columns, TimeRemainingColumn(), *more) as bar:
        task = bar.add_task(what, total=None, visible=False, **fields)

        def advance(step: int, steps: int, **now: Any) -> None:  # noqa: ANN401
            bar.update(task, completed=step, total=steps, visible=True, **now)

        yield advance


def show_counts(counts: Mapping[str, Mapping[str, int]], rejects: Mapping[str, int]) -> None:
    """Print rows by config and split, and what was rejected."""
    for config, splits in counts.items():
        say(f"  {config:<12} " + "  ".join(f"{s} {n:,}" for s, n in splits.items()))
    rejected = ", ".join(f"{n} {reason}" for reason, n in rejects.items())
    say(
        f"  rejected     {rejected} (kept in rejected.jsonl)" if rejected else "  rejected     none"
    )
