"""Which labels an answer shows, for every pipeline: what may be asked, refused in a sentence."""

from __future__ import annotations

from emo_hub.errors import InputError


def check_choice(threshold: float | str | None, top_k: int | None) -> None:
    """Refuse a threshold or a number of labels that cannot be meant.

    Raises:
        InputError: says what was got.
    """
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if threshold not in (None, "auto") and not (is_number and 0 <= float(threshold) <= 1):
        raise InputError(f"threshold must be 'auto' or within 0..1; got {threshold!r}.")
    if top_k is not None and (not isinstance(top_k, int) or top_k < 1):
        raise InputError(f"top_k must be a whole number from 1; got {top_k!r}.")
