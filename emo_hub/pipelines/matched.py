"""Contests put right by reference texts; see `emo_hub.matching`. The last ones are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from emo_hub.calibration import Floats
from emo_hub.errors import InputError
from emo_hub.inputs import check_text, checked_context
from emo_hub.matching import FEWEST, matching_bias
from emo_hub.pipelines.spreading import text_and_own_context
from emo_hub.scoring import LinearScorer

Reference = tuple[str, str | None]  # a text, and what came before it

_MOST_KEPT = 16


def references(given: object) -> tuple[Reference, ...]:
    """Bring reference texts to one form.

    Args:
        given: strings, or dicts of "text" and "context".

    Raises:
        InputError: they are too few, or one of them cannot be used.
    """
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Sequence):
        raise InputError(f"reference_texts must be a list of texts; got a {type(given).__name__}.")
    if len(given) < FEWEST:
        raise InputError(
            f"reference_texts must be at least {FEWEST} texts, some hundreds are better; got "
            f"{len(given)}."
        )
    return tuple(map(_reference, given))


def check_matching(how: Mapping[str, Any]) -> None:
    """Refuse reference texts where they would change nothing, or where what changed is not told.

    Args:
        how: what a call asks for, by name.

    Raises:
        InputError: labels do not compete, or an explanation is asked for.
    """
    if "matched_to" not in how:
        return
    if how.get("multi_label", True):
        raise InputError(
            "reference_texts match labels that compete: give multi_label=False with them, or leave "
            "them out."
        )
    if how.get("explained", False) is not False:
        raise InputError(
            "explain says what words do to labels as they are, not as reference_texts match them: "
            "leave one of the two out."
        )


def _reference(given: object) -> Reference:
    text, before = text_and_own_context(given)
    check_text(text)
    return str(text), checked_context(before)


class MatchedScorers:
    """Puts scorers of contests right, each by its reference texts.

    Args:
        encode: texts and what came before each to vectors (N, D).
    """

    def __init__(self, encode: Callable[[Sequence[str], Sequence[str | None]], Floats]) -> None:
        self._encode = encode
        # By scorer, which stands for its labels: the model keeps it as long as it is the same.
        self._kept: OrderedDict[int, tuple[LinearScorer, tuple[Reference, ...], LinearScorer]]
        self._kept = OrderedDict()
        self._vectors: tuple[tuple[Reference, ...], Floats] | None = None
        self._lock = Lock()

    def of(self, scorer: LinearScorer, texts: tuple[Reference, ...]) -> LinearScorer:
        """Give the scorer with what matching adds to its bias."""
        with self._lock:  # a demo answers in several threads
            kept = self._kept.get(id(scorer))
            if kept is not None and kept[0] is scorer and kept[1] == texts:
                return kept[2]
            bias = matching_bias(scorer.logits(self._encoded(texts)))
            found = LinearScorer(scorer.weight, scorer.bias + bias)
            self._kept[id(scorer)] = (scorer, texts, found)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return found

    def _encoded(self, texts: tuple[Reference, ...]) -> Floats:
        if self._vectors is None or self._vectors[0] != texts:
            vectors = self._encode([text for text, _ in texts], [before for _, before in texts])
            self._vectors = (texts, vectors)
        return self._vectors[1]
