"""What goes with each text of a call: shared by all of them, or one each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emo_hub.errors import InputError
from emo_hub.inputs import no_context

_KEYS = {"text", "context"}


def rows_of(texts: Any) -> Iterable[Any]:  # noqa: ANN401
    """Give the texts in turn, whatever holds them."""
    # KeyDataset has a length and items, but is no iterable.
    return texts if isinstance(texts, Iterable) else (texts[i] for i in range(len(texts)))


def one_each(values: Iterable[Any], texts: Any, name: str) -> Iterator[Any]:  # noqa: ANN401
    """Give a text's own value in turn; ask for a text first, then for its value.

    Args:
        values: in the order of the texts.
        texts: compared in number, where both can be counted.
        name: of one value, for the error.

    Raises:
        InputError: there are not as many values as texts.
    """
    wanted, got = _count(texts), _count(values)
    if None not in (wanted, got) and wanted != got:
        raise InputError(f"Got {wanted} texts and {got} {name}s; give one each.")
    given = 0
    for value in values:
        given += 1
        yield value
    raise InputError(f"Text {given + 1} has no {name} of its own; give one each.")


def _count(values: Any) -> int | None:  # noqa: ANN401
    try:
        return len(values)
    except TypeError:  # a generator, or a loader of a dataset that cannot be counted
        return None


def contexts_of(context: Any, texts: Any) -> Iterator[Any]:  # noqa: ANN401
    """Give each text the shared context, or its own where a list of them came.

    Raises:
        InputError: it is neither, or there are not as many contexts as texts.
    """
    if context is None or isinstance(context, str):
        return itertools.repeat(context)
    if not isinstance(context, Iterable) or isinstance(context, Mapping):
        raise no_context(context)
    return one_each(context, texts, "context")


def text_and_own_context(given: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Take apart a dict of a text and its context; anything else is a text without one.

    Raises:
        InputError: the dict has other keys.
    """
    if not isinstance(given, Mapping):
        return given, None
    if "text" not in given or not set(given) <= _KEYS:
        raise InputError(
            "A dict must be {'text': ..., 'context': ...}; got the keys "
            f"{', '.join(map(str, given)) or 'none'}."
        )
    return given["text"], given.get("context")
