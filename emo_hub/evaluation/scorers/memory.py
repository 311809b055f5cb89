"""Vectors of texts, computed once each, for benchmarks that share texts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emo_hub.inputs import check_text, paired

Floats = NDArray[np.float32]
Encode = Callable[[list[str], list[str | None]], Floats]

LIMIT = 200_000  # vectors kept: 293 MiB at 384 numbers each


class VectorMemory:
    """Asks an encoder for what it has not encoded yet, in one call, and remembers the rest.

    Args:
        encode: M texts and their contexts to vectors (M, D).
        limit: vectors kept; the oldest go first.
    """

    def __init__(self, encode: Encode, *, limit: int = LIMIT) -> None:
        self._encode = encode
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str | None], Floats] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __call__(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats:
        """Give the vectors (N, D) of texts, each after its context where it has one.

        Raises:
            InputError: a text is not a string or is empty, or there are not as many contexts.
        """
        if len(texts) == 0:
            return self._encode([], [])
        keys = [(text, context or None) for text, context in paired(texts, contexts)]
        wanted = dict.fromkeys(keys)
        for text, _ in wanted:
            check_text(text)
        found = {key: vector for key in wanted if (vector := self._kept.get(key)) is not None}
        missing = [key for key in wanted if key not in found]
        if missing:
            vectors = self._encode([text for text, _ in missing], [before for _, before in missing])
            # A copy of each row: a view would keep the whole array alive when others have gone.
            fresh = {key: row.copy() for key, row in zip(missing, vectors, strict=True)}
            found.update(fresh)
            self._kept.update(fresh)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return np.stack([found[key] for key in keys])
