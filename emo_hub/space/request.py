"""What a visitor may ask: one text, perhaps what came before it, and a few words for feelings.

Whatever arrives, from the page or from the API, passes through `read_request`, so that limits hold
on the server and the sentence that explains them never repeats what the visitor typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emo_hub.errors import InputError
from emo_hub.inputs import is_blank
from emo_hub.space.texts import FALLBACK, say
from emo_hub.taxonomy import normalise

MAX_TEXT_CHARACTERS = 2_000
MAX_LABEL_CHARACTERS = 60
MAX_LABELS = 64

_SEPARATORS = re.compile(r"[,;\n\uff0c\u3001\uff1b]")


class RefusalError(InputError):
    """A question that is not asked, with a sentence in every language of the page."""

    def __init__(self, key: str, **facts: object) -> None:
        self.key = f"refusal_{key}"
        self.facts = facts
        super().__init__(self.said_in(FALLBACK))

    def said_in(self, language: str) -> str:
        """Say why, in a language of the page."""
        return say(language, self.key, **self.facts)


@dataclass(frozen=True, slots=True)
class Request:
    """A question that the model can answer; `context` is None where nothing came before."""

    text: str
    context: str | None
    labels: tuple[str, ...]


def split_labels(typed: object) -> tuple[str, ...]:
    """Turn what was typed into distinct labels: split at commas, tidy spaces, drop repeats.

    Labels repeat each other where the model takes them for one: it answers such a one only once.

    Args:
        typed: one string or a sequence of strings, each with one label or several.

    Raises:
        RefusalError: something among them is not text.
    """
    parts = [typed] if isinstance(typed, str) else typed
    if parts is None:
        return ()
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise RefusalError("odd_labels")
    found: dict[str, str] = {}
    for part in parts:
        for piece in _SEPARATORS.split(part):
            if label := " ".join(piece.split()):
                found.setdefault(normalise(label), label)
    return tuple(found.values())


def read_labels(typed: object) -> tuple[str, ...]:
    """Check labels: 1 to 64 of up to 60 characters, in any form that `split_labels` takes.

    Raises:
        RefusalError: there are none, too many, or one is too long.
    """
    chosen = split_labels(typed)
    if not chosen:
        raise RefusalError("no_labels")
    if len(chosen) > MAX_LABELS:
        raise RefusalError("many_labels", count=len(chosen), most=MAX_LABELS)
    longest = max(map(len, chosen))
    if longest > MAX_LABEL_CHARACTERS:
        raise RefusalError("long_label", count=longest, most=MAX_LABEL_CHARACTERS)
    return chosen


def read_request(text: object, context: object, labels: object) -> Request:
    """Check a question before the model sees it.

    Args:
        text: what was said, 1 to 2,000 characters.
        context: what happened before, up to 2,000 characters; None or blank where nothing did.
        labels: as `read_labels` takes them.

    Raises:
        RefusalError: in one sentence, what is missing or too long; it quotes nothing.
    """
    text = _read_passage(text, "text")
    if not text:
        raise RefusalError("no_text")
    return Request(text, _read_passage(context, "context") or None, read_labels(labels))


def _read_passage(passage: object, name: str) -> str:
    if passage is None:
        return ""
    if not isinstance(passage, str):
        raise RefusalError(f"odd_{name}")
    passage = "" if is_blank(passage) else passage.strip()
    if len(passage) > MAX_TEXT_CHARACTERS:
        raise RefusalError(f"long_{name}", count=len(passage), most=MAX_TEXT_CHARACTERS)
    return passage
