"""Maps emotion words outside the 28 labels onto them, with a confidence that was measured.

Both papers admit this weak point: a hand-made dictionary, and what stood not in it was dropped
(2504.16856, section 5). Here a word or a phrase keeps standing as a descriptor, and is read in the
embedding space of the default model by a linear readout. The readout is fitted on descriptors of
train rows with a single label; its confidence is the share of right answers among descriptors that
train rows do not hold (`emo_hub.synthesis.outside_fit`, which makes `outside.safetensors`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emo_hub.errors import DataError
from emo_hub.inputs import checked_label
from emo_hub.taxonomy import GOEMOTIONS, lexicon

if TYPE_CHECKING:
    from emo_hub.calibration import Floats
    from emo_hub.modeling import EmotionModel

READOUT = Path(__file__).with_name("outside.safetensors")
REFIT = "python -m emo_hub.synthesis.outside_fit CORPUS"


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a word stands among the 28 labels.

    Args:
        label: the nearest.
        confidence: how often so sure an answer was right, 0..1; 1 for the words that the lexicon
            lists as ways of saying a label.
    """

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ReportedWord:
    """A word outside the labels, where it was mapped, and how often it occurs."""

    word: str
    label: str
    confidence: float
    count: int


@dataclass(frozen=True, slots=True)
class Readout:
    """The fitted part.

    Args:
        weight: (L, D).
        bias: (L,).
        scores: (K,) rising softmax scores of the best label.
        rates: (K,) the share of right answers at these scores, never falling.
        model: the hash of the model that it was fitted to.
        measured: what was found on words that no train row holds, by name.
    """

    weight: Floats
    bias: Floats
    scores: Floats
    rates: Floats
    model: str
    measured: Mapping[str, float]

    def probabilities(self, vectors: Floats) -> Floats:
        """Give the softmax scores (N, L) of unit word vectors (N, D)."""
        from emo_hub.calibration import softmax

        return softmax(vectors @ self.weight.T + self.bias)

    def confidence(self, scores: Floats) -> Floats:
        """Turn the best softmax scores (N,) into the share of right answers (N,)."""
        return np.interp(scores, self.scores, self.rates).astype(np.float32)


class OutsideMapper:
    """Maps free emotion words to labels; the model is loaded when the first word needs it.

    Args:
        readout: the file of the fitted part.

    Raises:
        DataError: the file is missing, or was fitted to another default model.
    """

    def __init__(self, readout: Path = READOUT) -> None:
        self.readout = read_readout(readout)
        if (found := model_hash()) != self.readout.model:
            raise DataError(
                f"{readout} was fitted to the default model {self.readout.model[:12]}, and this "
                f"one is {found[:12]}: fit it again with `{REFIT}`."
            )
        self._known: dict[str, Mapped] = {
            way: Mapped(label, 1.0)
            for label in reversed(GOEMOTIONS.labels)
            for way in (label, *lexicon()[label].ways)
        }
        self._model: EmotionModel | None = None

    def map(self, word: str) -> Mapped:
        """Map one word or phrase.

        Raises:
            InputError: it is no string, or holds no letter.
        """
        return self.map_all([word])[0]

    def map_all(self, words: Sequence[str]) -> tuple[Mapped, ...]:
        """Map words or phrases, in order; the same word always maps alike.

        Raises:
            InputError: one of them is no string, or holds no letter.
        """
        asked = [checked_label(word) for word in words]
        if new := sorted({word for word in asked if word not in self._known}):
            found = self.readout.probabilities(self._encode(new))
            sure = self.readout.confidence(found.max(axis=1))
            for word, place, confidence in zip(new, found.argmax(axis=1), sure, strict=True):
                # Two digits: the rest is the rounding of another machine's arithmetic.
                label = GOEMOTIONS.labels[int(place)]
                self._known[word] = Mapped(label, round(float(confidence), 2))
        return tuple(self._known[word] for word in asked)

    def report(self, words: Sequence[str]) -> tuple[ReportedWord, ...]:
        """List distinct words with label, confidence and count, the most frequent first."""
        counts = Counter(checked_label(word) for word in words)
        order = sorted(counts, key=lambda word: (-counts[word], word))
        return tuple(
            ReportedWord(word, mapped.label, mapped.confidence, counts[word])
            for word, mapped in zip(order, self.map_all(order), strict=True)
        )

    def _encode(self, words: Sequence[str]) -> Floats:
        if self._model is None:
            from emo_hub.modeling import EmotionModel

            self._model = EmotionModel.load()
        return encode_words(self._model, words)


def encode_words(model: EmotionModel, words: Sequence[str]) -> Floats:
    """Encode bare words or phrases to unit vectors (N, D), one by one in their own padding."""
    return model.encode_texts(words, batch_size=256)


@cache
def mapper() -> Callable[[Sequence[str]], Sequence[Mapped]]:
    """Give the function that maps words to labels; the model is loaded when it is first needed.

    Raises:
        DataError: as `OutsideMapper` does.
    """
    return OutsideMapper().map_all


def read_readout(path: Path = READOUT) -> Readout:
    """Read a fitted readout.

    Raises:
        DataError: it is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["readout"])
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        return Readout(**tensors, model=facts["model"], measured=facts["measured"])
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: make it with `{REFIT}`.") from error
    except (SafetensorError, TypeError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it with `{REFIT}`.") from error


def model_hash() -> str:
    """Hash the weights of the embedded default model."""
    from emo_hub.checkpoint import ADAPTER_FILE, file_sha256
    from emo_hub.registration import default_model_folder

    return file_sha256(default_model_folder() / ADAPTER_FILE)
