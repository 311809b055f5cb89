"""A text after its context, as one input of a classifier: context first, text second.

What is too long loses the far end of its context, which is its beginning. The text itself is cut
only where it alone exceeds the limit. Training and use read pairs through here, so that a model
sees in use what it saw in training.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from emo_hub.inputs import CHARACTERS_PER_TOKEN, check_text, readable_end

_UNLIMITED = 100_000  # tokenizers without a limit of their own state 10^30
_OFFSET = 2  # positions that models in the manner of RoBERTa keep for padding
_USUAL = 512
_IN_USE: WeakKeyDictionary[Any, Lock] = WeakKeyDictionary()  # tokenizers

if hasattr(os, "register_at_fork"):
    # A worker of a DataLoader would find a lock held for ever that a thread held at its birth.
    os.register_at_fork(after_in_child=_IN_USE.clear)


def tokenized(tokenizer: Any, *texts: Any, **how: Any) -> Any:  # noqa: ANN401
    """Call a fast tokenizer of transformers, one thread at a time.

    It notes down in itself where to cut and reads that when it encodes: a call from another thread
    in between would cut the texts of this one.

    Args:
        tokenizer: which one.
        texts: what it reads.
        how: its other arguments.
    """
    with _IN_USE.setdefault(tokenizer, Lock()):
        return tokenizer(*texts, **how)


def longest_input(tokenizer: Any, config: Any) -> int:  # noqa: ANN401
    """Give the most tokens, special ones included, that a model reads at once.

    Args:
        tokenizer: what it states wins, as it does in the stock pipelines of transformers.
        config: of the model; its positions count where the tokenizer states nothing.
    """
    stated = int(min(tokenizer.model_max_length, _UNLIMITED))
    if stated < _UNLIMITED:
        return stated
    return int(getattr(config, "max_position_embeddings", _USUAL + _OFFSET)) - _OFFSET


def segments_of(config: Any) -> int | None:  # noqa: ANN401
    """Give how many kinds of segments a model tells apart; None where its kind has no such table.

    BERT has two. RoBERTa has one, which says nothing, unless its table was widened.
    """
    count = getattr(config, "type_vocab_size", None)
    return None if count is None else int(count)


def separators(tokenizer: Any) -> int:  # noqa: ANN401
    """Give how many more special tokens a pair has than a text: one for BERT, two for RoBERTa."""
    alone = tokenizer.num_special_tokens_to_add()
    return int(tokenizer.num_special_tokens_to_add(pair=True) - alone)


def tokenize_pair(
    tokenizer: Any,  # noqa: ANN401
    text: str,
    context: str | None,
    *,
    max_tokens: int,
    segments: int | None = None,
) -> dict[str, list[int]]:
    """Turn a text, after its context where it has one, into the inputs of a classifier.

    Args:
        tokenizer: a fast one of transformers.
        text: what is rated.
        context: what happened or was said before it; blank counts as none.
        max_tokens: the most that the model reads, special tokens included.
        segments: how many kinds of segments the model tells apart. With two the context is
            segment 0 and the text segment 1, whether the tokenizer writes segments or not; with
            fewer nothing is written. None leaves it to the tokenizer.

    Raises:
        InputError: the text is not a string or is empty.
    """
    check_text(text)
    text = text[: readable_end(text, max_tokens)]
    alone = tokenized(tokenizer, text, truncation=True, max_length=max_tokens)
    room = max_tokens - len(alone["input_ids"]) - separators(tokenizer)
    before = _end_of(context or "", tokenizer, room)
    if not before:
        return _inputs(alone, tokenizer, segments)
    both = tokenized(tokenizer, before, text, truncation="only_first", max_length=max_tokens)
    return _inputs(both, tokenizer, segments)


def _end_of(context: str, tokenizer: Any, room: int) -> str:  # noqa: ANN401
    """Cut a context to its last so many tokens, in its own letters."""
    if room < 1 or not context.strip():
        return ""
    end = context.rstrip()[-room * CHARACTERS_PER_TOKEN :]
    how = {"add_special_tokens": False, "return_offsets_mapping": True}
    while True:
        encoded = tokenized(tokenizer, end, **how)
        offsets = encoded["offset_mapping"]
        if len(offsets) <= room:
            return end if end.strip() else ""
        # A word that is cut may come out as more pieces than it was: look again. Several pieces
        # may be of one letter, so each cut takes at least that.
        end = end[max(1, offsets[-room][0]) :]


def _inputs(encoded: Any, tokenizer: Any, segments: int | None) -> dict[str, list[int]]:  # noqa: ANN401
    inputs = dict(encoded)
    if segments is None:
        return inputs
    written = inputs.pop("token_type_ids", None)
    if segments >= 2:
        own = "token_type_ids" in tokenizer.model_input_names
        inputs["token_type_ids"] = written if own and written else _made(encoded)
    return inputs


def _made(encoded: Any) -> list[int]:  # noqa: ANN401
    """Number the segments where a tokenizer does not: 1 from the first token of the text on."""
    parts = encoded.sequence_ids(0)
    start = parts.index(1) if 1 in parts else len(parts)
    return [int(place >= start) for place in range(len(parts))]
