"""Where the words of a text are, in its own characters, and which tokens the model reads for each.

A word is what a reader would point at: a word with its accents and apostrophes, an emoji with its
modifiers, an emoticon, a run of exclamation or question marks. Scripts without spaces are pointed
at character by character. Commas, quotes and single full stops carry nothing and are no words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from emo_hub.inputs import readable_end
from emo_hub.modeling import EmotionModel
from emo_hub.pairs import tokenized

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTERS = rf"[[\p{{L}}\p{{M}}\p{{N}}_]&&[^{_UNSPACED}]]+"
_EMOJI = r"\p{Extended_Pictographic}(?:\p{M}|\p{Emoji_Modifier})*"
_PATTERN = "|".join(
    [
        r"(?<!\S)(?:[:;=8xX][-o^']?[()\[\]DPpOo3/\\|*]+|</?3+)(?!\w)",
        rf"\p{{Regional_Indicator}}{{2}}|{_EMOJI}(?:\u200d{_EMOJI})*|\p{{So}}\p{{M}}*",
        rf"[{_UNSPACED}]\p{{M}}*",
        rf"{_LETTERS}(?:['\u2019\u200c\u200d-]{_LETTERS})*",
        r"[!?¡¿‽\uff01\uff1f]+|\.{2,}|…+",
    ]
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands: `text[start:end]`, counted in characters of the original."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A text as the model reads it.

    Args:
        tokens: the model's input, by name, its context included.
        words: what the model read of the text, in reading order.
        places: for each word, the places of its tokens in the input.
    """

    tokens: Mapping[str, list[int]]
    words: tuple[Word, ...]
    places: tuple[tuple[int, ...], ...]

    def without(self, numbers: Sequence[int]) -> dict[str, list[int]]:
        """Give the input with the tokens of the words of these numbers taken out."""
        gone = {place for number in numbers for place in self.places[number]}
        return {
            name: [value for place, value in enumerate(row) if place not in gone]
            for name, row in self.tokens.items()
        }


def find_words(text: str) -> list[Span]:
    """Find the words of a text; where there are none, what stands between its spaces."""
    found = _splitter(_PATTERN).pre_tokenize_str(text)
    return [span for _, span in found or _splitter(r"\S+").pre_tokenize_str(text)]


def read_passage(model: EmotionModel, text: str, context: str | None = None) -> Passage:
    """Bring a text's words and the model's tokens together.

    Words that share a token, as the model reads characters that it does not know, become one.
    Words behind the model's longest input are left out, as it does not read them.

    Raises:
        InputError: the text is not a string or is empty.
    """
    alone = model.tokenize(text)["input_ids"]
    tokens = model.tokenize(text, context) if context else {**model.tokenize(text)}
    seen = text[: readable_end(text, model.head.max_tokens)]  # as `tokenize` cuts it
    offsets, special = _offsets(model.tokenizer, seen, len(alone))
    # A context stands before the text, so the text's tokens keep their distance from the end.
    shift = len(tokens["input_ids"]) - len(alone)
    spans = [
        (start, end, place + shift)
        for place, ((start, end), mark) in enumerate(zip(offsets, special, strict=True))
        if not mark and end > start
    ]
    read = spans[-1][1] if spans else 0
    words = [word for word in find_words(seen) if word[0] < read]
    return _joined(text, words, spans, tokens)


def _joined(
    text: str,
    words: Sequence[Span],
    spans: Sequence[tuple[int, int, int]],
    tokens: Mapping[str, list[int]],
) -> Passage:
    found: list[tuple[int, int, list[int]]] = []
    first = 0
    for start, end in words:
        while first < len(spans) and spans[first][1] <= start:
            first += 1
        places = []
        for left, _, place in spans[first:]:
            if left >= end:
                break
            places.append(place)
        if found and places and found[-1][2] and places[0] <= found[-1][2][-1]:
            before, _, shared = found.pop()
            start, places = before, sorted({*shared, *places})
        found.append((start, end, places))
    return Passage(
        tokens,
        tuple(Word(text[start:end], start, end) for start, end, _ in found),
        tuple(tuple(places) for _, _, places in found),
    )


def _offsets(tokenizer: Any, text: str, count: int) -> tuple[list[Span], list[int]]:  # noqa: ANN401
    encoded = tokenized(
        tokenizer,
        text,
        truncation=True,
        max_length=count,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    return encoded["offset_mapping"], encoded["special_tokens_mask"]


@cache
def _splitter(pattern: str) -> Split:
    return Split(Regex(pattern), behavior="removed", invert=True)
