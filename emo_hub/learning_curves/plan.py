"""What the curves are made of: kinds of data, shares of them, and a number for each set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from emo_hub.errors import InputError, SettingsError

if TYPE_CHECKING:
    from emo_hub.training.contrastive import ContrastiveRecipe

# What the recipe takes of each kind of data.
KINDS: Mapping[str, Mapping[str, bool]] = MappingProxyType(
    {
        "utterances": {"use_utterances": True, "use_scenes": False, "use_comments": False},
        "scenes": {"use_utterances": False, "use_scenes": True, "use_comments": False},
        "comments": {"use_utterances": False, "use_scenes": False, "use_comments": True},
        "together": {"use_utterances": True, "use_scenes": True, "use_comments": True},
    }
)
SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
# Benchmark and split; `loading.load` refuses any test split.
SETS = (
    ("goemotions", "dev"),
    ("isear", "all"),
    ("empathetic-dialogues", "dev"),
    ("edos", "all"),
)
_LEAST, _PARTS = 1e-3, 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePlan:
    """What is trained and scored.

    Args:
        data: an emo-pillars folder.
        texts: where the annotated comments' texts are: a folder, "hub", or "" for nowhere.
        benchmarks: a folder with a subfolder for each set of `SETS`.
        recipe: of every point; kind and share are set for each.
        shares: of the rows of each kind, in [0.001, 1].
        kinds: of `KINDS`.
        limit: score a seeded sample of at most so many rows of each set, the same at every point.

    Raises:
        InputError: no share or no kind, an unknown kind, or comments without texts.
        SettingsError: the recipe bounds the rows, so that larger shares would be no larger.
    """

    data: Path
    texts: str
    benchmarks: Path
    recipe: ContrastiveRecipe
    shares: Sequence[float] = SHARES
    kinds: Sequence[str] = tuple(KINDS)
    limit: int | None = None

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            raise InputError(
                f"Kinds of data are {', '.join(KINDS)}; got {', '.join(self.kinds) or 'none'}."
            )
        if not self.shares or not all(_LEAST <= share <= 1 for share in self.shares):
            raise InputError(f"Shares lie in [{_LEAST:g}, 1]; got {list(self.shares)}.")
        if not self.texts and any(KINDS[kind]["use_comments"] for kind in self.kinds):
            raise InputError(
                "Annotated comments are joined with their texts, and no texts were given: name the "
                "folder with train.parquet, or leave out the kinds comments and together."
            )
        if self.recipe.max_rows:
            raise SettingsError(
                f"max_rows is {self.recipe.max_rows}, which would cut the larger shares: a recipe "
                "of learning curves needs max_rows = 0."
            )


@dataclass(frozen=True, slots=True)
class Reached:
    """One number: a metric on a split, with its 95 % interval and the rows it is measured on."""

    benchmark: str
    split: str
    metric: str
    value: float
    low: float
    high: float
    rows: int

    @property
    def name(self) -> str:
        """The benchmark, with its split where it has several."""
        return self.benchmark if self.split == "all" else f"{self.benchmark} {self.split}"


@dataclass(frozen=True, slots=True)
class Point:
    """One model of the curves.

    Args:
        kind: of `KINDS`, or the name of a variant.
        share: of the rows of that kind, in (0, 1].
        rows: rows trained on, by where they come from.
        run: the name of recipe and data in the checkpoint's training.json.
        notes: what was joined, and what was left out.
        reached: a number for each set.
    """

    kind: str
    share: float
    rows: Mapping[str, int]
    run: str
    notes: tuple[str, ...]
    reached: tuple[Reached, ...]

    @property
    def total(self) -> int:
        """Rows trained on."""
        return sum(self.rows.values())


def share_name(share: float) -> str:
    """Write a share as a fraction, and one as "all"."""
    return "all" if share == 1 else str(Fraction(share).limit_denominator(_PARTS))
