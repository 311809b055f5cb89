"""What a picture is drawn from, where no other part of the evaluation has a value for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray


class Quoted(Protocol):
    """A published number: what `published.Published` is."""

    @property
    def benchmark(self) -> str:
        """Name of the declaration it belongs beside."""

    @property
    def model(self) -> str:
        """Whose number it is."""

    @property
    def role(self) -> str:
        """How that model stands to the benchmark."""

    @property
    def metric(self) -> str:
        """What was measured."""

    @property
    def value(self) -> float:
        """The number as quoted."""

    @property
    def remark(self) -> str:
        """How the protocol differs from ours; empty where it does not."""


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Where a model sees labels by what they mean.

    Args:
        model: its name.
        labels: L names.
        valence: (L,) from 1, unpleasant, to 5, pleasant.
        arousal: (L,) from 1, calm, to 5, excited.
        human: valence and arousal that people gave, by label, for those labels that have them.
    """

    model: str
    labels: tuple[str, ...]
    valence: NDArray[Any]
    arousal: NDArray[Any]
    human: Mapping[str, tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of a learning curve. Series of one axis and one measure share a panel.

    Args:
        title: what the series is called in the legend.
        axis: what x counts, with its unit, such as "training rows".
        points: (x, value, low, high) each; x is not negative; low and high bound a 95 % interval.
        measure: what the values are, such as "GoEmotions dev macro-F1".
    """

    title: str
    axis: str
    points: tuple[tuple[float, float, float, float], ...]
    measure: str = "macro-F1"
