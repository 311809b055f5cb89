"""Which rows a run is trained on, and which it is judged by, with sentences that say so."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from emo_hub.checkpoint import text_sha256
from emo_hub.errors import DataError
from emo_hub.training.rows import TrainingRow, Trust, annotated_rows, corpus_rows, share_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a recipe asks for.

    Args:
        kinds: of the corpus's own rows.
        comments: whether annotated comments take part.
        judges: whether validation has annotated comments too, those that count whole.
        trust: in comments that no panel voted on.
        share: of each kind of rows, in (0, 1].
        most: rows, a seeded sample; 0 takes all.
        seed: of the choices.
    """

    kinds: frozenset[str]
    comments: bool
    judges: bool
    trust: Trust
    share: float
    most: int
    seed: int


@dataclass(frozen=True, slots=True)
class Material:
    """Rows to train on, rows to be judged by, and what was joined and left out."""

    rows: tuple[TrainingRow, ...]
    validation: tuple[TrainingRow, ...]
    notes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The hash of ids, contexts and texts: a run on other rows is another run."""
        rows = (*self.rows, *self.validation)
        return text_sha256(json.dumps([[row.id, row.context, row.text] for row in rows]))


def gather(data: Path, texts: str, wanted: Wanted) -> Material:
    """Read a corpus and join its annotations with the texts they speak of.

    Args:
        data: an emo-pillars folder.
        texts: where the comments' texts are: a folder, "hub", or "" for nowhere.
        wanted: what the recipe asks for.

    Raises:
        DataError: nothing to train on, or the data folder is no corpus.
    """
    rows: tuple[TrainingRow, ...] = ()
    notes = []
    validation = corpus_rows(data, "validation")
    if kinds := wanted.kinds:
        rows = tuple(row for row in corpus_rows(data, "train") if row.source in kinds)
        only = f", {next(iter(kinds))}s alone" if len(kinds) == 1 else ""
        notes.append(f"{len(rows)} synthetic rows from {data.name}{only}.")
    if wanted.comments:
        joined = annotated_rows(data, "train", texts, wanted.trust)
        rows += joined.rows
        notes.append(joined.note)
        if wanted.judges:
            judges = annotated_rows(data, "validation", texts, wanted.trust).rows
            validation += tuple(row for row in judges if row.trust == 1.0)
    if not rows:
        raise DataError(
            "There is nothing to train on: the corpus has no row of the kinds that the recipe "
            "takes, and no annotated comment was joined; give the texts, or set use_utterances = "
            "true."
        )
    rows, further = sampled(rows, wanted.share, wanted.most, wanted.seed)
    return Material(rows, validation, (*notes, *further))


def sampled(
    rows: tuple[TrainingRow, ...], share: float, most: int, seed: int
) -> tuple[tuple[TrainingRow, ...], list[str]]:
    """Take a share of each kind of rows, then at most so many, and say so.

    Args:
        rows: of any kinds.
        share: of each kind, in (0, 1].
        most: rows; 0 takes all.
        seed: of the choices.
    """
    notes = []
    if share < 1:
        kept = share_of(rows, share, seed)
        notes.append(f"A share of {share:g}, {len(kept)} of these {len(rows)} rows.")
        rows = kept
    if 0 < most < len(rows):
        notes.append(f"A sample of {most} of these {len(rows)} rows is trained on.")
        rows = tuple(random.Random(seed).sample(rows, most))
    return rows, notes
