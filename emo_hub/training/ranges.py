"""Ranges that the numbers of a recipe must lie in, checked before any work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from emo_hub.errors import SettingsError

# Written so that what is no number at all lies in none of them.
_RANGES: Mapping[str, Callable[[float], bool]] = {
    "at least 1": lambda value: value >= 1,
    "at least 0": lambda value: value >= 0,
    "greater than 0": lambda value: value > 0,
    "in 0..1": lambda value: 0 <= value <= 1,
    "greater than 0 and at most 1": lambda value: 0 < value <= 1,
    "at least 0 and below 1": lambda value: 0 <= value < 1,
}


def check_ranges(recipe: object, wanted: Mapping[str, Sequence[str]]) -> None:
    """Refuse settings that no run could go by.

    Args:
        recipe: holds the settings under their names.
        wanted: which settings must lie in which range, the range in words.

    Raises:
        SettingsError: names the first setting that does not.
    """
    for words, names in wanted.items():
        for name in names:
            if not _RANGES[words](value := getattr(recipe, name)):
                raise SettingsError(f"{name} must be {words}; got {value}.")
