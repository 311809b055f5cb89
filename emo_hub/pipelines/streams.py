"""Reading a stream in chunks that are worth a batch, without keeping anybody waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()
_PATIENCE = 0.01  # seconds


def growing_chunks(items: Iterator[T], most: int) -> Iterator[list[T]]:
    """Read 1, 2, 4 ... items at a time.

    A source that is slower than the model, as a chat is, has each of its items answered when it
    comes; a fast one is soon read in large chunks. No more than one chunk is held.

    Args:
        items: the stream.
        most: items of a chunk.

    Raises:
        Exception: what the stream raises, after the items that came before it.
    """
    size = 1
    chunk: list[T] = []
    while True:
        since = time.monotonic()
        try:
            item = next(items, _END)
        # Every kind is meant, as none is held back: what came before the fault is given, then it.
        except Exception:
            if chunk:
                yield chunk
            raise
        if item is _END:
            break
        is_slow = time.monotonic() - since > _PATIENCE
        chunk.append(item)
        if is_slow or len(chunk) >= size:
            yield chunk
            size, chunk = (1 if is_slow else min(2 * size, most)), []
    if chunk:
        yield chunk
