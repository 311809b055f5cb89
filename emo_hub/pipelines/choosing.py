"""Which labels an answer shows, for every pipeline: what may be asked, refused in a sentence."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np

from emo_hub.errors import InputError


def check_choice(threshold: object, top_k: object) -> None:
    """Refuse a threshold or a number of labels that cannot be meant.

    Raises:
        InputError: says what was got.
    """
    is_auto = threshold is None or (isinstance(threshold, str) and threshold == "auto")
    is_number = isinstance(threshold, Real) and not isinstance(threshold, bool)
    if not is_auto and not (is_number and 0 <= float(threshold) <= 1):  # type: ignore[arg-type]
        raise InputError(f"threshold must be 'auto' or within 0..1; got {threshold!r:.60}.")
    check_count("top_k", top_k)


def check_count(name: str, value: object) -> None:
    """Refuse what is no whole number from 1; None stands for what nobody asked for.

    Raises:
        InputError: says what was got.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if value is not None and not (is_whole and int(value) >= 1):  # type: ignore[call-overload]
        raise InputError(f"{name} must be a whole number from 1; got {value!r:.60}.")


def check_switch(name: str, value: object) -> None:
    """Refuse what is neither True nor False; None stands for what nobody asked for.

    Raises:
        InputError: says what was got.
    """
    if value is not None and not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False; got {value!r:.60}.")


def check_explained(explain: object) -> None:
    """Refuse what names no labels: True, one label, or a list of labels.

    Raises:
        InputError: says what was got.
    """
    is_list = isinstance(explain, list | tuple) and all(isinstance(x, str) for x in explain)
    if not (explain is None or isinstance(explain, bool | str) or is_list):
        raise InputError(f"explain must be True, a label or a list of labels; got {explain!r:.60}.")
