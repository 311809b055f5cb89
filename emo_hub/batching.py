"""Texts to padded batches of token ids: many at once, inputs of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_hub.inputs import CHARACTERS_PER_TOKEN, check_text, readable_end
from emo_hub.pairs import separators, tokenized

Ids = NDArray[np.int64]
Tokens = Mapping[str, list[list[int]]]

# Padded tokens of a batch. More do not fit into a core's cache; fewer leave it idle between calls.
TOKENS_A_BATCH = 2048
_GPU_TOKENS = 131_072
_GPU_BYTES_A_TOKEN = 128 * 1024  # what a layer of a large encoder holds at once


class TokenReader:
    """Turns texts, each after its context where it has one, into token ids.

    A context too long to fit loses its beginning; the text itself is cut only where it alone
    exceeds the limit.

    Args:
        tokenizer: a fast tokenizer of transformers.
        longest: input in tokens, special ones included.
    """

    def __init__(self, tokenizer: Any, longest: int) -> None:  # noqa: ANN401
        self._tokenizer = tokenizer
        self._longest = longest

    def read(self, pairs: Sequence[tuple[str, str | None]]) -> dict[str, list[list[int]]]:
        """Give the ids of all pairs of text and context, by name of the encoder's input.

        Raises:
            InputError: a text is not a string or is empty.
        """
        for text, _ in pairs:
            check_text(text)
        room = self._longest * CHARACTERS_PER_TOKEN
        texts = [text[: readable_end(text, self._longest)] for text, _ in pairs]
        limits: dict[str, Any] = {"truncation": True, "max_length": self._longest}
        found = dict(tokenized(self._tokenizer, texts, **limits)) if texts else {}
        rows = [row for row, (_, context) in enumerate(pairs) if context and context.strip()]
        if not rows:
            return found
        most = self._longest - separators(self._tokenizer)
        left = [most - len(found["input_ids"][row]) for row in rows]
        cut = self._ends([str(pairs[row][1]).rstrip()[-room:] for row in rows], left)
        # Where a context has no room, or nothing of it is left, the text stands alone.
        some = [(row, before) for row, before in zip(rows, cut, strict=True) if before]
        if some:
            limits["truncation"] = "only_first"
            before = [context for _, context in some]
            both = tokenized(self._tokenizer, before, [texts[row] for row, _ in some], **limits)
            for name, lists in both.items():
                for (row, _), ids in zip(some, lists, strict=True):
                    found[name][row] = ids
        return found

    def _ends(self, contexts: list[str], counts: Sequence[int]) -> list[str]:
        """Cut contexts to their last so many tokens, in their own letters."""
        how = {"add_special_tokens": False, "return_offsets_mapping": True}
        encoded = tokenized(self._tokenizer, contexts, **how)
        cut = []
        for end, offsets, count in zip(contexts, encoded["offset_mapping"], counts, strict=True):
            whole = end[offsets[-count][0] :] if len(offsets) > count > 0 else end
            cut.append(whole if count > 0 else "")
        return cut


def batches(
    tokenizer: Any,  # noqa: ANN401
    tokens: Tokens,
    batch_size: int | None,
    tokens_a_batch: int = TOKENS_A_BATCH,
) -> Iterator[tuple[NDArray[np.intp], dict[str, Ids]]]:
    """Pad inputs of like length together, longest first: what memory needs is known at once.

    Args:
        tokenizer: says what padding is, and on which side.
        tokens: ids by name of the encoder's input.
        batch_size: inputs of a batch; None fills batches up to so many tokens, padding included.
        tokens_a_batch: how many those are.

    Yields:
        Which inputs they are, and the arrays (B, T) by name.
    """
    ids = tokens.get("input_ids", [])
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        fitting = tokens_a_batch // max(1, int(lengths[order[start]]))
        rows = order[start : start + (batch_size or max(1, fitting))]
        yield rows, _padded(tokenizer, tokens, rows, lengths[rows])
        start += len(rows)


def _padded(
    tokenizer: Any,  # noqa: ANN401
    tokens: Tokens,
    rows: NDArray[np.intp],
    lengths: Ids,
) -> dict[str, Ids]:
    width = int(lengths.max())
    place = np.arange(width)
    if tokenizer.padding_side == "left":
        place = place[::-1]
    real = place < lengths[:, None]
    padding = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    arrays = {}
    for name, lists in tokens.items():
        filled = np.full((len(rows), width), padding.get(name, 0), np.int64)
        flat = chain.from_iterable(lists[row] for row in rows)
        filled[real] = np.fromiter(flat, np.int64, int(lengths.sum()))
        arrays[name] = filled
    return arrays


def tokens_a_batch(device: torch.device) -> int:
    """Give the padded tokens of a batch that a device is busy with and has the memory for."""
    if device.type != "cuda":
        return TOKENS_A_BATCH
    free, _ = torch.cuda.mem_get_info(device)
    return max(TOKENS_A_BATCH, min(_GPU_TOKENS, free // 2 // _GPU_BYTES_A_TOKEN))
