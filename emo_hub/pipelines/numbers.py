"""`dtype`, by which transformers names the numbers of a model, in the words of emo_hub."""

from __future__ import annotations

from typing import Any

import torch

from emo_hub.errors import InputError


def take_dtype(kwargs: dict[str, Any]) -> torch.dtype | None:
    """Take `dtype`, or `torch_dtype` as it was called, out of a call's arguments.

    Args:
        kwargs: the arguments; both are gone from them afterwards.

    Returns:
        What was asked for; None where nothing was, or "auto".

    Raises:
        InputError: it is no kind of floating-point number.
    """
    older = kwargs.pop("torch_dtype", None)
    given = kwargs.pop("dtype", older)
    if given is None or (isinstance(given, str) and given == "auto"):
        return None
    found = getattr(torch, given, None) if isinstance(given, str) else given
    if not (isinstance(found, torch.dtype) and found.is_floating_point):
        raise InputError(
            f"dtype must be 'auto' or a floating-point type of torch, as torch.bfloat16 is; got "
            f"{given!r:.60}."
        )
    return found


def only_precision(dtype: torch.dtype, precision: str | None) -> str:
    """Give the precision that a dtype names.

    Raises:
        InputError: another one is asked for in the same call.
    """
    named = str(dtype).removeprefix("torch.")
    if precision not in (None, "auto", named):
        raise InputError(f"Got dtype {named} and precision {precision}; give one of the two.")
    return named
