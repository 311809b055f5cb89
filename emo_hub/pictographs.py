"""Emoji in texts. Encoders' vocabularies lack most of them, so a text that has some is read twice.

Once without them and once with a phrase in the place of each; its vector lies halfway. Spelled out
alone they would count for more than the words: people put a laughing face behind nearly anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.inputs import CHARACTERS_PER_TOKEN, check_text, is_blank, readable_end
from emo_hub.phrasebook import JOINER, find_emoji, known_emoji

TextAndContext = tuple[str, str | None]
Text = TypeVar("Text", str, str | None)

# Chosen on GoEmotions dev and EmoContext dev, and so was the halfway.
_ASIDE = " ({}) "
_ALONE = " {} "
_TONES = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"  # skin tones, and which face of a sign is meant
_GENDER = f"(?:{JOINER}[\u2640\u2642]{_TONES})?"


@dataclass(frozen=True, slots=True)
class ReadTwice:
    """N texts after their contexts, and behind them those that are read a second time.

    Args:
        pairs: of text and context, N + M.
        rows: (M,), which of the N each of the last M reads once more.
    """

    pairs: Sequence[TextAndContext]
    rows: tuple[int, ...]

    def halfway(self, vectors: Floats) -> Floats:
        """Bring unit vectors (N + M, D) of all pairs to those (N, D) of the texts."""
        if not self.rows:
            return vectors
        count = len(vectors) - len(self.rows)
        found, rows = vectors[:count], list(self.rows)
        both = found[rows] + vectors[count:]
        # Two readings of which nothing was known have no direction, nor has their mean.
        found[rows] = both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12)
        return found


def read_twice(pairs: Sequence[TextAndContext], longest: int) -> ReadTwice:
    """Take emoji out of texts and contexts, and line up what is read with them spelled out.

    A text of nothing but emoji is read spelled out alone.

    Args:
        pairs: of text and context.
        longest: input of the encoder in tokens; what lies far beyond it is left out.
    """
    first, again, rows = list(pairs), [], []
    for row, (text, context) in enumerate(pairs):
        if not has_emoji(text) and not has_emoji(context):
            continue
        check_text(text)
        told = text[: readable_end(text, longest)]
        before = context and context.rstrip()[-longest * CHARACTERS_PER_TOKEN :]
        bare = _replaced(told, lambda signs: " ")
        if any(map(str.isalnum, bare)):
            first[row] = bare, _replaced(before, lambda signs: " ")
            again.append((_spelled(told, _ASIDE), _spelled(before, _ASIDE)))
            rows.append(row)
        else:
            first[row] = _spelled(told, _ALONE), _spelled(before, _ASIDE)
    return ReadTwice([*first, *again], tuple(rows))


def has_emoji(text: object) -> bool:
    """Say whether this is a text that has an emoji which is read as a word."""
    if not isinstance(text, str) or text.isascii():
        return False
    one, run = _patterns()
    return one.search(text) is not None and run.search(text) is not None


def _spelled(text: Text, form: str) -> Text:
    def said(signs: Sequence[str]) -> str:
        read = [find_emoji(sign) for sign in signs]
        return form.format(", ".join(dict.fromkeys(found.name for found in read if found)))

    return _replaced(text, said)


def _replaced(text: Text, said: Callable[[Sequence[str]], str]) -> Text:
    if text is None or not has_emoji(text):
        return text
    sign, run = _sign(), _patterns()[1]
    found = run.sub(lambda match: said(sign.findall(match[0])), text).strip()
    return "" if is_blank(found) else found


@cache
def _sign() -> re.Pattern[str]:
    """Give the pattern of an emoji of the table with its modifiers, and of no part of another."""
    known = sorted(known_emoji(), key=len, reverse=True)
    signs = "|".join(_TONES.join(map(re.escape, sign)) for sign in known)
    return re.compile(f"(?<!{JOINER})(?:{signs}){_TONES}{_GENDER}(?!{_TONES}{JOINER})")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give the pattern of an emoji's first character, quickly looked for, and of a run of emoji."""
    firsts = "".join(sorted({re.escape(sign[0]) for sign in known_emoji()}))
    return re.compile(f"[{firsts}]"), re.compile(rf"(?:{_sign().pattern}\s*)+")
