"""Options that were typed, so that none is taken and then not heeded."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from emo_hub.errors import InputError


def refuse_given(context: typer.Context, names: Sequence[str], why: str) -> None:
    """Refuse options that nothing would read, unless all of them were left at their defaults.

    Args:
        context: of the command.
        names: of its parameters.
        why: nothing reads them, the second half of a sentence.

    Raises:
        InputError: names those that were typed.
    """
    typed = [name for name in names if _is_typed(context, name)]
    if typed:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in typed)
        raise InputError(
            f"{options} would be ignored {why}: leave {'it' if len(typed) == 1 else 'them'}."
        )


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
