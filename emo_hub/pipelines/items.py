"""What a call of the zero-shot pipeline asks: texts, contexts and labels in every accepted form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from emo_hub.errors import InputError
from emo_hub.inputs import check_letters, check_text, checked_context
from emo_hub.pipelines.spreading import contexts_of, one_each, rows_of
from emo_hub.readings import read_label
from emo_hub.taxonomy import normalise

CandidateLabels = str | Sequence[str] | Mapping[str, str]
Candidates = tuple[tuple[str, str | None], ...]  # each label with its description


class Item(NamedTuple):
    """One text, what came before it, and what it is rated by."""

    text: str
    context: str | None
    labels: Candidates


def one_item(text: Any, labels: CandidateLabels | None, context: str | None) -> Item:  # noqa: ANN401
    """Check one text with its labels and context.

    Raises:
        InputError: says what is wrong with which.
    """
    before = checked_context(context)
    if _is_nested(labels):
        raise InputError("Got a list of label lists with one text; give one list of labels.")
    found = candidates(labels)
    check_text(text)
    return Item(text, before, found)


def each_item(texts: Any, labels: Any, context: Any) -> Iterator[Item]:  # noqa: ANN401
    """Give each text its own labels and context where lists of them came, else the shared ones.

    Raises:
        InputError: there are not as many of them, or one of them cannot be used.
    """
    # Shared labels are read once, however many texts there are.
    own_labels: Iterator[Candidates]
    if _is_nested(labels):
        own_labels = map(candidates, one_each(labels, texts, "label list"))
    else:
        own_labels = itertools.repeat(candidates(labels))
    rows = zip(rows_of(texts), own_labels, contexts_of(context, texts), strict=False)
    for text, mine, before in rows:
        check_text(text)
        yield Item(text, checked_context(before), mine)


def candidates(labels: CandidateLabels | None) -> Candidates:
    """Bring every accepted form of candidate labels to label and description, without repeats.

    Of labels that differ in case, spaces or underscores alone, the first spelling is kept.

    Raises:
        InputError: there is none, or one of them cannot be used.
    """
    if isinstance(labels, str):
        labels = [part.strip() for part in labels.split(",") if part.strip()]
    if labels is None or (isinstance(labels, Sequence | Mapping) and len(labels) == 0):
        raise InputError("No candidate labels: give at least one, e.g. candidate_labels=['joy'].")
    if not isinstance(labels, Sequence | Mapping):
        raise InputError(
            f"candidate_labels must be a list, a comma-separated string or a dict of descriptions; "
            f"got a {type(labels).__name__}."
        )
    said = labels.items() if isinstance(labels, Mapping) else ((label, None) for label in labels)
    pairs = tuple(said)
    for label, description in pairs:
        if not isinstance(label, str) or not label.strip():
            raise InputError(f"A candidate label must be a non-empty string; got {label!r:.60}.")
        check_letters(label, "candidate label")
        if description is not None and not isinstance(description, str):
            raise InputError(
                f"The description of '{label}' must be a string; got {description!r:.60}."
            )
        check_letters(description or "", "description")
    return _distinct(pairs)


@lru_cache(maxsize=64)
def _distinct(pairs: Candidates) -> Candidates:
    found: dict[tuple[str, str | None], str] = {}
    for label, description in pairs:
        name = normalise(label)
        read_label(name)
        found.setdefault((name, description), label)
    return tuple({label: description for (_, description), label in found.items()}.items())


def _is_nested(labels: object) -> bool:
    return (
        isinstance(labels, Sequence)
        and not isinstance(labels, str)
        and len(labels) > 0
        and isinstance(labels[0], (list, tuple, Mapping))
    )
