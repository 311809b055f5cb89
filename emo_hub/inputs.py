"""What counts as a text, a label, a list of texts: refused here, in a sentence, before any work."""

from __future__ import annotations

from collections.abc import Sequence

from emo_hub.errors import InputError
from emo_hub.taxonomy import normalise

CHARACTERS_PER_TOKEN = 16  # English averages 5; what lies past this many would be cut anyway


def check_text(text: object) -> None:
    """Refuse what is not a text.

    Raises:
        InputError: says what was got.
    """
    if not isinstance(text, str):
        raise InputError(f"A text must be a string; got {text!r:.60}, a {type(text).__name__}.")
    if not text.strip():
        raise InputError("A text is empty; give at least one word.")


def checked_label(label: object) -> str:
    """Bring a label to the form in which it is looked up.

    Raises:
        InputError: it is no string, or holds no letter.
    """
    if not isinstance(label, str):
        raise InputError(f"A label must be a string; got {label!r:.60}, a {type(label).__name__}.")
    if not normalise(label):
        raise InputError("A candidate label is empty; give each label at least one letter.")
    return normalise(label)


def paired(
    texts: Sequence[str], contexts: Sequence[str | None] | None
) -> list[tuple[str, str | None]]:
    """Put each text beside its context.

    Raises:
        InputError: there are not as many of both.
    """
    if isinstance(texts, str):
        raise InputError("Give a list of texts; got one string.")
    if contexts is None:
        return [(text, None) for text in texts]
    if len(contexts) != len(texts):
        raise InputError(f"Got {len(texts)} texts and {len(contexts)} contexts; give one each.")
    return list(zip(texts, contexts, strict=True))
