"""Which words of a text, and what of its context, carried a label.

The weight of a word is the change of the label's calibrated logit when the word is left out: above
zero it spoke for the label, below zero against it. `words` finds the words, `occlusion` leaves them
out one by one, `gradient` is the quick way for one label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.errors import InputError
from emo_hub.explaining.gradient import can_fade, follow_slope
from emo_hub.explaining.occlusion import MOST_VARIANTS, Judge, encode, occlude
from emo_hub.explaining.words import Passage, Word, read_passage
from emo_hub.inputs import is_blank
from emo_hub.modeling import EmotionModel
from emo_hub.pictographs import has_emoji

__all__ = ["Explanation", "Method", "WeighedWord", "Word", "explain"]

Method = Literal["occlusion", "gradient"]

_METHODS = ("occlusion", "gradient")
_SHARE = 0.3  # of the heaviest word's weight: what weighs less is hardly seen beside it
_FAINTEST = 0.1  # logits; moves a score of 0.5 to 0.525


@dataclass(frozen=True, slots=True)
class WeighedWord:
    """A word, where it stands in the original text, and its weight in logits."""

    word: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What carried each label of one text.

    Args:
        text: the text, as it was given.
        labels: C names.
        words: W words that the model read, in reading order; what lies past its longest input is
            not among them.
        weights: (C, W), in logits.
        context: (C,) how much the context raises each label's logit; None without a context.
        method: how the weights were found.
    """

    text: str
    labels: tuple[str, ...]
    words: tuple[Word, ...]
    weights: Floats
    context: Floats | None
    method: Method

    def of(self, label: str) -> tuple[WeighedWord, ...]:
        """Give every word with its weight for one label, in reading order.

        Raises:
            InputError: the label was not explained.
        """
        row = self.weights[self._number(label)]
        return tuple(
            WeighedWord(word.word, word.start, word.end, float(weight))
            for word, weight in zip(self.words, row, strict=True)
        )

    def carrying(self, label: str) -> tuple[WeighedWord, ...]:
        """Give the words that clearly spoke for a label, in reading order; perhaps none.

        Raises:
            InputError: the label was not explained.
        """
        words = self.of(label)
        least = max(_FAINTEST, _SHARE * max((word.weight for word in words), default=0.0))
        return tuple(word for word in words if word.weight >= least)

    def of_context(self, label: str) -> float | None:
        """Give how much the context raised one label's logit; None without a context.

        Raises:
            InputError: the label was not explained.
        """
        return None if self.context is None else float(self.context[self._number(label)])

    def _number(self, label: str) -> int:
        if label not in self.labels:
            raise InputError(
                f"'{label:.60}' was not explained; these were: {list(self.labels)!r:.150}."
            )
        return self.labels.index(label)


def explain(
    model: EmotionModel,
    text: str,
    labels: Sequence[str] | Mapping[str, str | None],
    *,
    context: str | None = None,
    method: Method = "occlusion",
    multi_label: bool = True,
    only: str | Sequence[str] | None = None,
) -> Explanation:
    """Find out which words of a text carried each label.

    Args:
        model: the model that rates the text.
        text: what somebody wrote or said.
        labels: the labels, or a dict of label to description.
        context: what happened before.
        method: "occlusion" leaves each word out, for all labels in one batch; "gradient" takes one
            short pass for each label, which is quicker for one label and for long texts. An encoder
            that cannot be followed (DeBERTa) is explained by occlusion, as is a text with emoji,
            and `Explanation.method` says so.
        multi_label: False explains the odds of each label against all others.
        only: those of the labels that shall be explained; the others compete all the same.

    Raises:
        InputError: an empty text, no label, or an argument that does not fit.
    """
    if method not in _METHODS:
        raise InputError(f"method must be one of {', '.join(_METHODS)}; got {method!r:.60}.")
    if isinstance(labels, str) or not isinstance(labels, Sequence | Mapping):
        raise InputError(f"Give a list of labels or a dict of descriptions; got {labels!r:.60}.")
    told = dict(labels) if isinstance(labels, Mapping) else dict.fromkeys(labels)
    named = [only] if isinstance(only, str) else only
    chosen = tuple(dict.fromkeys(told if named is None else named))
    for label in chosen:
        if label not in told:
            raise InputError(f"{label!r:.60} is none of the labels {list(told)!r:.200}.")
    passage = read_passage(model, text, context)
    judge = _judge(model, told, chosen, multi_label=multi_label)
    found: Method = method if can_fade(model) else "occlusion"
    weigh = occlude if found == "occlusion" else follow_slope
    before = _context_effect(model, text, context, judge)
    if has_emoji(text) or has_emoji(context):
        # Its tokens do not hold what its emoji are read as.
        weights, found = _leave_out(model, passage, text, context, judge), "occlusion"
    else:
        weights = weigh(model, passage, judge)
    return Explanation(text, chosen, passage.words, weights, before, found)


def _context_effect(
    model: EmotionModel, text: str, context: str | None, judge: Judge
) -> Floats | None:
    if not context or not context.strip():
        return None
    after, alone = judge(model.encode_texts([text, text], [context, None]))
    return np.asarray(after - alone, np.float32)


def _leave_out(
    model: EmotionModel, passage: Passage, text: str, context: str | None, judge: Judge
) -> Floats:
    """Give how much each label's logit falls without a word of the text's own letters: (C, W).

    In a text of more words than may be left out one by one, neighbours go together and share.
    """
    words = passage.words
    if not words:
        return np.zeros((len(judge(model.encode_texts([text]))[0]), 0), np.float32)
    parts = np.array_split(np.arange(len(words)), min(len(words), MOST_VARIANTS))
    left = []
    for part in parts:
        start, end = words[part[0]].start, words[part[-1]].end
        left.append(f"{text[:start]} {text[end:]}")
    told = [rest for rest in left if not is_blank(rest)]
    whole, *known = judge(model.encode_texts([text, *told], [context] * (1 + len(told))))
    falls = iter(whole - without for without in known)
    nothing = whole - judge(encode(model, [passage.without(range(len(words)))]))[0]
    weights = np.zeros((len(whole), len(words)), np.float32)
    for part, rest in zip(parts, left, strict=True):
        fall = nothing if is_blank(rest) else next(falls)
        weights[:, part] = fall[:, None] / len(part)
    return weights


def _judge(
    model: EmotionModel,
    told: Mapping[str, str | None],
    chosen: Sequence[str],
    *,
    multi_label: bool,
) -> Judge:
    names = list(chosen if multi_label else told)
    descriptions = {label: said for label in names if (said := told[label])}
    vectors = model.encode_labels(names, descriptions, competing=not multi_label)
    if multi_label:
        return lambda texts: model.logits(texts, vectors, names)
    columns = [names.index(label) for label in chosen]
    return lambda texts: _log_odds(model.competing_logits(texts, vectors, names))[:, columns]


def _log_odds(logits: Floats) -> Floats:
    """Turn logits (N, C) of a softmax into those of each label against all others."""
    exact = logits.astype(np.float64)
    highest = exact.max(axis=1, keepdims=True)
    everything = highest + np.log(np.exp(exact - highest).sum(axis=1, keepdims=True))
    share = np.exp(exact - everything)
    others = everything + np.log1p(-np.minimum(share, 1 - 1e-9))
    return np.asarray(exact - others, np.float32)
