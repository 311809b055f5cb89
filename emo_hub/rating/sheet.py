"""Which rows people rate, and among which emotions they choose.

As many emotions are offered for every row, so that neither their number nor the presence of one of
them tells what the teacher said. What the teacher did say stays in `sheet.json`, on the server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emo_hub.dataset import StoredCorpus
from emo_hub.durable import write_whole
from emo_hub.errors import DataError, InputError
from emo_hub.records import SPLITS
from emo_hub.taxonomy import GOEMOTIONS

SHEET_FILE = "sheet.json"
NONE = "none of these"
RATED = ("contextless", "contextual")
PLAUSIBLE = 5  # the teacher's emotions and others near them; one less plausible joins them
# How often "neutral" is the less plausible choice. It stands in a tenth of the rows as the
# teacher's own word: where it stood nowhere else, its mere presence would be the answer.
_NEUTRAL_DISTRACTORS = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetSettings:
    """What is put before the raters.

    Args:
        config: contextless or contextual.
        rows: how many, at least 1; fewer where the corpus has fewer.
        neutral_share: of rows whose strongest label is neutral, in [0, 1]; they are rare by nature.
        order: of the choices: shuffled, or the teacher's own order and then the others.
        seed: equal seeds draw equal sheets from one corpus.
    """

    config: str = "contextless"
    rows: int = 200
    neutral_share: float = 0.1
    order: Literal["shuffled", "ranked"] = "shuffled"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.config not in RATED:
            raise InputError(f"Raters read one of {', '.join(RATED)}; got '{self.config}'.")
        if self.rows < 1:
            raise InputError(f"A sheet has at least one row; got {self.rows}.")
        if not 0 <= self.neutral_share <= 1:
            raise InputError(f"The share of neutral rows is in 0..1; got {self.neutral_share}.")
        if self.order not in ("shuffled", "ranked"):
            raise InputError(f"Choices are 'shuffled' or 'ranked'; got '{self.order}'.")


@dataclass(frozen=True, slots=True)
class Item:
    """A row as raters see it, and what they do not see.

    Args:
        id: of the row.
        text: the utterance.
        context: what happened before; empty where the row has none.
        character: who says it; empty where nobody is named.
        options: the emotions to choose from; `NONE` comes last.
        labels: the teacher's, strongest first; never shown.
    """

    id: str
    text: str
    context: str
    character: str
    options: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows that every rater gets, in one order, and the corpus they were drawn from."""

    settings: SheetSettings
    corpus: str
    items: tuple[Item, ...]

    @property
    def fingerprint(self) -> str:
        """Give the hash of all that a rater could see."""
        payload = json.dumps([asdict(item) for item in self.items], sort_keys=True)
        return hashlib.sha256(payload.encode()).hexdigest()


def draw_sheet(corpus: StoredCorpus, settings: SheetSettings) -> Sheet:
    """Draw rows from all splits of a corpus and lay out the choices.

    Raises:
        DataError: the corpus cannot be read, or has no rows of this config.
    """
    places, labels, primaries = _index(corpus, settings.config)
    if not places:
        raise DataError(f"{corpus.path} has no {settings.config} rows to rate.")
    generator = np.random.default_rng(settings.seed)
    neutral = np.flatnonzero(np.array(primaries) == GOEMOTIONS.index("neutral"))
    others = np.setdiff1d(np.arange(len(places)), neutral)
    wanted = min(len(neutral), round(settings.rows * settings.neutral_share))
    chosen = np.concatenate(
        [
            generator.permutation(neutral)[:wanted],
            generator.permutation(others)[: settings.rows - wanted],
        ]
    )
    together = _cooccurrence(labels)
    splits = {split: corpus.split(settings.config, split) for split in SPLITS}
    drawn = (places[row] for row in generator.permutation(chosen))
    items = tuple(_item(splits[split][number], together, settings) for split, number in drawn)
    return Sheet(settings, corpus.content, items)


def open_sheet(folder: Path, corpus: StoredCorpus, settings: SheetSettings) -> Sheet:
    """Go on with the sheet of a ratings folder, or draw one and keep it there.

    Raises:
        InputError: the folder holds a sheet of another corpus or of other settings.
        DataError: the sheet or the corpus cannot be read.
    """
    if not (folder / SHEET_FILE).exists():
        sheet = draw_sheet(corpus, settings)
        folder.mkdir(parents=True, exist_ok=True)
        write_sheet(sheet, folder)
        return sheet
    sheet = read_sheet(folder)
    if (sheet.settings, sheet.corpus) != (settings, corpus.content):
        raise InputError(
            f"{folder} holds ratings of another sheet ({_said(sheet.settings)}): give its settings "
            "and its corpus, or another folder."
        )
    return sheet


def read_sheet(folder: Path) -> Sheet:
    """Read the sheet of a ratings folder.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / SHEET_FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        items = tuple(
            Item(
                **{name: str(entry[name]) for name in ("id", "text", "context", "character")},
                options=tuple(entry["options"]),
                labels=tuple(entry["labels"]),
            )
            for entry in table["items"]
        )
        return Sheet(SheetSettings(**table["settings"]), str(table["corpus"]), items)
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} holds no {SHEET_FILE}: start with `emo-hub corpus rate CORPUS --out "
            f"{folder.name}`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({error}).") from error


def write_sheet(sheet: Sheet, folder: Path) -> None:
    """Keep a sheet in a ratings folder that exists; a crash leaves all of it or nothing.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    path = folder / SHEET_FILE
    table = {
        "settings": asdict(sheet.settings),
        "corpus": sheet.corpus,
        "items": [asdict(item) for item in sheet.items],
    }
    write_whole(path, json.dumps(table, ensure_ascii=False, indent=1).encode())


def _said(settings: SheetSettings) -> str:
    return ", ".join(f"{name} {value}" for name, value in asdict(settings).items())


def _index(
    corpus: StoredCorpus, config: str
) -> tuple[list[tuple[str, int]], list[list[int]], list[int]]:
    places: list[tuple[str, int]] = []
    labels: list[list[int]] = []
    primaries: list[int] = []
    for split in SPLITS:
        rows = corpus.split(config, split).select_columns(["labels", "primary_emotion"])
        places.extend((split, number) for number in range(len(rows)))
        labels.extend(rows["labels"])
        primaries.extend(rows["primary_emotion"])
    return places, labels, primaries


def _cooccurrence(labels: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Give (L, L): how often the second label stands beside the first."""
    counts = np.zeros((len(GOEMOTIONS), len(GOEMOTIONS)))
    for found in labels:
        counts[np.ix_(found, found)] += 1
    share: NDArray[np.float64] = counts / np.maximum(counts.diagonal(), 1)[:, None]
    return share


def _item(row: Mapping[str, Any], together: NDArray[np.float64], settings: SheetSettings) -> Item:
    labels = [int(label) for label in row["labels"]]
    # From the row's own id, so that a longer sheet lays out the same rows alike.
    digest = hashlib.sha256(f"{settings.seed}/{row['id']}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8]))
    options = _options(labels[:PLAUSIBLE], together, generator)
    if settings.order == "shuffled":
        options = [options[i] for i in generator.permutation(len(options))]
    contextual = settings.config == "contextual"
    return Item(
        id=row["id"],
        text=row["utterance"],
        context=row["context"] if contextual else "",
        character=row["character"] if contextual else "",
        options=(*(GOEMOTIONS.labels[option] for option in options), NONE),
        labels=tuple(GOEMOTIONS.labels[label] for label in labels),
    )


def _options(
    labels: list[int], together: NDArray[np.float64], generator: np.random.Generator
) -> list[int]:
    neutral = GOEMOTIONS.index("neutral")
    nearness = together[labels].sum(axis=0)
    free = [n for n in np.argsort(-nearness, kind="stable") if n not in labels and n != neutral]
    wanted = PLAUSIBLE - len(labels)
    near = [int(n) for n in generator.permutation(free[: 2 * wanted])[:wanted]]
    far = [n for n in free[len(free) // 2 :] if n not in near]
    distractor = int(generator.choice(far))
    if neutral not in labels and generator.random() < _NEUTRAL_DISTRACTORS:
        distractor = neutral
    return [*labels, *near, distractor]
