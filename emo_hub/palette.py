"""The palette: a closed list of words for feelings and for what is done with words.

A teacher that writes free descriptors names what strikes it, and what it leaves out may hold too.
Asked of a closed list, it decides on every word: one that was not chosen is known not to hold.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class PaletteWord:
    """One word of the palette in its two forms.

    Args:
        adjective: how the palette names it.
        noun: the same as a thing that one feels or does.
        family: the group in which it is shown to whoever chooses.
    """

    adjective: str
    noun: str
    family: str


@cache
def palette() -> tuple[PaletteWord, ...]:
    """Give every word, family by family."""
    text = resources.files("emo_hub").joinpath("palette.toml").read_text(encoding="utf-8")
    return tuple(
        PaletteWord(adjective, noun, family.replace("-", " "))
        for family, words in tomllib.loads(text).items()
        for adjective, noun in words.items()
    )


@cache
def _by_form() -> dict[str, PaletteWord]:
    return {form: word for word in palette() for form in (word.adjective, word.noun)}


def palette_forms(label: str) -> tuple[str, ...]:
    """Give adjective and noun of a normalised label that is a word of the palette, else nothing."""
    word = _by_form().get(label)
    return () if word is None else (word.adjective, word.noun)


@cache
def palette_names() -> tuple[str, ...]:
    """Give the adjectives, which name the words, in the order of `palette`."""
    return tuple(word.adjective for word in palette())
