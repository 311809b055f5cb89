"""What a visitor may ask: one text, perhaps what came before it, and a few words for feelings.

Whatever arrives, from the page or from the API, passes through `read_request`, so that limits hold
on the server and the sentence that explains them never repeats what the visitor typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emo_hub.errors import InputError

MAX_TEXT_CHARACTERS = 2_000
MAX_LABEL_CHARACTERS = 60
MAX_LABELS = 50

_SEPARATORS = re.compile(r"[,;\n\uff0c\u3001\uff1b]")


@dataclass(frozen=True, slots=True)
class Request:
    """A question that the model can answer; `context` is None where nothing came before."""

    text: str
    context: str | None
    labels: tuple[str, ...]


def split_labels(typed: object) -> tuple[str, ...]:
    """Turn what was typed into distinct labels: split at commas, tidy spaces, drop repeats.

    Args:
        typed: one string or a sequence of strings, each with one label or several.

    Raises:
        InputError: something among them is not text.
    """
    parts = [typed] if isinstance(typed, str) else typed
    if parts is None:
        return ()
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise InputError("Labels come as words, or as a list of words: this was something else.")
    found: dict[str, str] = {}
    for part in parts:
        for piece in _SEPARATORS.split(part):
            if label := " ".join(piece.split()):
                found.setdefault(label.casefold(), label)
    return tuple(found.values())


def read_request(text: object, context: object, labels: object) -> Request:
    """Check a question before the model sees it.

    Args:
        text: what was said, 1 to 2,000 characters.
        context: what happened before, up to 2,000 characters; None or blank where nothing did.
        labels: 1 to 50 labels of up to 60 characters, in any form that `split_labels` takes.

    Raises:
        InputError: in one sentence, what is missing or too long; it quotes nothing.
    """
    text = _read_passage(text, "text")
    if not text:
        raise InputError("There is no text yet: type what somebody said or wrote.")
    chosen = split_labels(labels)
    if not chosen:
        raise InputError("There are no labels yet: type a few feelings, or pick a ready-made set.")
    if len(chosen) > MAX_LABELS:
        raise InputError(
            f"These are {len(chosen):,} labels and at most {MAX_LABELS} can be compared at once: "
            "remove some."
        )
    longest = max(map(len, chosen))
    if longest > MAX_LABEL_CHARACTERS:
        raise InputError(
            f"One label has {longest:,} characters and a label may have {MAX_LABEL_CHARACTERS}: "
            "shorten it, or put commas between labels."
        )
    return Request(text, _read_passage(context, "context") or None, chosen)


def _read_passage(passage: object, name: str) -> str:
    if passage is None:
        return ""
    if not isinstance(passage, str):
        raise InputError(f"The {name} has to be a string: this was something else.")
    passage = passage.strip()
    if len(passage) > MAX_TEXT_CHARACTERS:
        raise InputError(
            f"The {name} has {len(passage):,} characters and {MAX_TEXT_CHARACTERS:,} are the most "
            "that can be read here: shorten it to the part that matters."
        )
    return passage
