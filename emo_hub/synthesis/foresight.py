"""Tells a context that gives away what has not happened yet.

The evidence is words: a name or an uncommon word that stands in what comes later, and neither in
what came before nor in the line, can hardly be in a context by chance. One such word may be a
paraphrase, two seldom are. How common a word is, is read off the vocabulary of the packaged
encoder, which is in order of frequency.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import cache

from emo_hub.synthesis.wording import shared_run, words

TELLS = "tells_later_events"
FEWEST_WORDS = 2
SHARED_RUN = 5
# A text this much longer has another word in common by chance.
_WORDS_PER_CHANCE = 700
_COMMON_UP_TO = 3600
_SHORTEST = 4
_NAME = re.compile(r"\b[A-Z]\w+")
_CAPITAL = re.compile(r"(?<![.!?:\"'\u201c\u201d\n-] )(?<!^)(?<=[a-z,;] )[A-Z]\w{2,}")


def context_problem(
    context: str,
    after: str,
    *,
    before: str,
    line: str = "",
    names: Collection[str] = (),
) -> tuple[str, str] | None:
    """Say whether a context tells what happens only after its line.

    Args:
        context: what is said to have happened before the line.
        after: the part of the story that has not happened yet.
        before: the part that has.
        line: what is said or thought at that moment.
        names: of all people of the story; one who appears only later counts as a telling word.

    Returns:
        `tells_later_events` and the words that tell, or None.
    """
    past = f"{before}\n{line}"
    run = shared_run(context, after, SHARED_RUN)
    if run is not None and shared_run(run, past, SHARED_RUN) is None and _telling(run.split()):
        return TELLS, f"'{run}' stands only in what comes later"
    known = {_stem(word) for word in words(past)}
    later = {_stem(word) for word in words(after)} - known
    people = {word for name in names for word in words(name)} | _capitals(after)
    named = {found.lower() for found in _NAME.findall(context)} & people
    found = {
        _stem(word): word
        for word in words(context)
        if _stem(word) in later and (word in named or _is_uncommon(word))
    }
    allowed = FEWEST_WORDS + len(words(after)) // _WORDS_PER_CHANCE
    if len(found) >= allowed:
        return TELLS, f"{', '.join(sorted(found.values()))} occur only in what comes later"
    return None


def _telling(run: Collection[str]) -> bool:
    return sum(_rank(word) > _COMMON_UP_TO // 2 for word in run) >= FEWEST_WORDS


def _capitals(text: str) -> set[str]:
    lower = set(re.findall(r"\b[a-z]+\b", text))
    return {found.lower() for found in _CAPITAL.findall(text)} - lower


def _is_uncommon(word: str) -> bool:
    return (
        len(word) >= _SHORTEST
        and not word.isdigit()
        and min(_rank(word), _rank(_stem(word))) > _COMMON_UP_TO
    )


def _stem(word: str) -> str:
    """Take off the commonest endings, so that "pebble" and "pebbles" are one word."""
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
        ("ly", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2]:
        word = word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


@cache
def _ranks() -> Mapping[str, int]:
    # Imported late: it brings torch, and most lines are checked without this.
    from emo_hub.checkpoint import PACKAGED_BASE, base_folder

    text = (base_folder(PACKAGED_BASE) / "tokenizer.json").read_text(encoding="utf-8")
    ranks: dict[str, int] = json.loads(text)["model"]["vocab"]
    return ranks


def _rank(word: str) -> int:
    return _ranks().get(word, len(_ranks()))
