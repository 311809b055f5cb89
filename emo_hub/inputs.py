"""What counts as a text, a label, a list of texts: refused here, in a sentence, before any work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from unicodedata import category

from emo_hub.errors import InputError
from emo_hub.taxonomy import normalise

_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
CHARACTERS_PER_TOKEN = 16  # English averages 5; what lies past this many would be cut anyway


def check_text(text: object) -> None:
    """Refuse what is not a text.

    Raises:
        InputError: says what was got.
    """
    if not isinstance(text, str):
        raise InputError(f"A text must be a string; got {text!r:.60}, a {type(text).__name__}.")
    if is_blank(text):
        raise InputError("A text is empty; give at least one word.")
    check_letters(text, "text")


def check_letters(text: str, name: str) -> None:
    """Refuse half a character, as tools leave it that cut emoji in two: no encoder can read it.

    Raises:
        InputError: says what was got in which.
    """
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"A {name} holds half a character at place {error.start}: {text!r:.60}. Mend it with "
            "text.encode(errors='replace').decode(), or read its file anew as UTF-8."
        ) from error


def checked_context(context: object) -> str | None:
    """Refuse what is no context.

    Raises:
        InputError: says what was got.
    """
    if isinstance(context, str):
        check_letters(context, "context")
    elif context is not None:
        raise no_context(context)
    return context


def no_context(given: object) -> InputError:
    """Say what was got in place of a context."""
    return InputError(
        f"A context must be a string; got a {type(given).__name__}. Give None where there is none."
    )


def is_blank(text: str) -> bool:
    """Say whether nothing of a text can be seen: blanks, controls and marks without a width."""
    return all(category(character) in _INVISIBLE for character in text)


def readable_end(text: str, tokens: int) -> int:
    """Say where the part of a text ends that so many tokens could hold, blanks before it aside."""
    start = next((i for i, sign in enumerate(text) if category(sign) not in _INVISIBLE), 0)
    return start + tokens * CHARACTERS_PER_TOKEN


def checked_label(label: object) -> str:
    """Bring a label to the form in which it is looked up.

    Raises:
        InputError: it is no string, or holds no letter.
    """
    if not isinstance(label, str):
        raise InputError(f"A label must be a string; got {label!r:.60}, a {type(label).__name__}.")
    if not normalise(label):
        raise InputError("A candidate label is empty; give each label at least one letter.")
    check_letters(label, "candidate label")
    return normalise(label)


def paired(
    texts: Sequence[str], contexts: Sequence[str | None] | None
) -> list[tuple[str, str | None]]:
    """Put each text beside its context.

    Raises:
        InputError: there are not as many of both, or a context is none.
    """
    if isinstance(texts, str):
        raise InputError("Give a list of texts; got one string.")
    if contexts is None:
        return [(text, None) for text in texts]
    if isinstance(contexts, str):
        raise InputError("Give a list of contexts, one for each text; got one string.")
    if isinstance(contexts, Mapping) or not isinstance(contexts, Iterable):
        raise no_context(contexts)
    before = [None if context is None else checked_context(context) for context in contexts]
    if len(before) != len(texts):
        raise InputError(f"Got {len(texts)} texts and {len(before)} contexts; give one each.")
    return list(zip(texts, before, strict=True))
