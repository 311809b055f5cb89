"""What single words and signs stand for: emotion words of many languages, word forms, and emoji.

The tables are files: `loanwords.toml` holds forms of English words and other languages' words in
English letters, `emoji.toml` emoji and faces made of letters. A word is found only as a whole, with
or without its accents.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

from emo_hub.taxonomy import lexicon, normalise

Source = Literal["label", "lexicon", "loanword", "emoji"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands for a label.

    Args:
        name: the English words that it is read as, in lower case.
        phrases: further ways to say it; empty where the lexicon, or nothing, has them.
        negated: whether the label says that the name does not hold.
        source: where the name was found; "label" where it is the label's own words.
    """

    name: str
    phrases: tuple[str, ...] = ()
    negated: bool = False
    source: Source = "label"


def find_word(text: str) -> Reading | None:
    """Look a whole normalised label up: lexicon, word forms, other languages, plain English."""
    if text in lexicon():
        return Reading(text, source="lexicon")
    exact, folded = _loanwords()
    return exact.get(text) or folded.get(_folded(text)) or _plain_english().get(text)


def find_face(text: str) -> Reading | None:
    """Look a face made of letters up, such as `:)`; None for anything else."""
    phrases = _signs()[1].get(text)
    return Reading(phrases[0], phrases[1:], source="emoji") if phrases else None


def find_emoji(symbols: str) -> Reading | None:
    """Read one or several emoji, their phrases together; None where something else is among them.

    Emoji that the table does not know are read by their Unicode names.
    """
    if not symbols or not all(is_symbol(c) or c == " " for c in symbols):
        return None
    phrases = tuple(dict.fromkeys(_pictured(symbols)))
    return Reading(phrases[0], phrases[1:], source="emoji") if phrases else None


def known_emoji() -> frozenset[str]:
    """Give the emoji of the table, without skin tones, genders and variation selectors."""
    return frozenset(_signs()[0])


def is_symbol(character: str) -> bool:
    """Say whether a character is an emoji or a part of one."""
    code = ord(character)
    pictorial = code >= 0x2190 and unicodedata.category(character) == "So"
    return pictorial or code in _MODIFIERS or character == JOINER or character in _signs()[2]


JOINER = "\u200d"
_MODIFIERS = frozenset([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)])  # variations, skin tones
_GENDERS = re.compile("\u200d[\u2640\u2642]")


def _bare(symbols: str) -> str:
    return _GENDERS.sub("", "".join(c for c in symbols if ord(c) not in _MODIFIERS))


def _pictured(symbols: str) -> Iterator[str]:
    table = _signs()[0]
    rest = _bare(symbols)
    while rest:
        known = [rest[:length] for length in (4, 3, 2, 1) if rest[:length] in table]
        sign = known[0] if known else rest[0]
        if known:
            yield from table[sign]
        elif sign not in (JOINER, " ") and (name := unicodedata.name(sign, "")):
            yield name.lower()
        rest = rest[len(sign) :]


@cache
def _signs() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Give the phrases of emoji, those of faces made of letters, and the characters of emoji."""
    table = _table("emoji.toml")
    faces = {normalise(face): tuple(said) for face, said in table.pop("emoticons").items()}
    emoji = {_bare(sign): tuple(said) for sign, said in table.items()}
    return emoji, faces, frozenset("".join(emoji))


@cache
def _loanwords() -> tuple[Mapping[str, Reading], Mapping[str, Reading]]:
    """Index the table by spelling, with accents and without."""
    table = _table("loanwords.toml")
    stays = {_folded(word.strip()) for word in table.pop("keep_english").split(",")}
    del table["plain_english"]
    exact: dict[str, Reading] = {}
    for word, said in table.pop("glosses").items():
        exact[normalise(word)] = Reading(said[0], tuple(said[1:]), source="loanword")
    for name, languages in table.items():
        phrases = tuple(languages.pop("phrases", ()))
        exact[name] = Reading(name, phrases, source="lexicon")
        for language, words in languages.items():
            source: Source = "lexicon" if language == "english" else "loanword"
            for word in words.split(","):
                exact[normalise(word)] = replace(exact[name], source=source)
    folded: dict[str, Reading] = {}
    for word, reading in exact.items():
        for spelling in _spellings(word):
            if spelling not in stays:
                folded.setdefault(spelling, reading)
    return exact, folded


@cache
def _plain_english() -> Mapping[str, Reading]:
    """List the words for feelings that are read as they stand, ways of the lexicon included."""
    words = _table("loanwords.toml")["plain_english"].split(",")
    ways = [way for emotion in lexicon().values() for way in emotion.ways]
    return {normalise(word): Reading(normalise(word)) for word in (*words, *ways)}


def _spellings(word: str) -> Iterator[str]:
    """Give the ways to type a word without accents: umlauts as a letter or as two, no hyphen."""
    yield _folded(word)
    yield _folded(word.replace("-", ""))
    if _TWO_LETTERS.keys() & set(map(ord, word)):
        yield _folded(word.translate(_TWO_LETTERS))


_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
# The Turkish i without a dot among them.
_PLAIN_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "\u0131": "i",
        "đ": "d",
        "-": " ",
        "'": "",
    }
)


@lru_cache(maxsize=16384)
def _folded(word: str) -> str:
    apart = unicodedata.normalize("NFD", word.translate(_PLAIN_LETTERS))
    return "".join(c for c in apart if not unicodedata.combining(c))


def _table(name: str) -> dict[str, Any]:
    text = resources.files("emo_hub").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
