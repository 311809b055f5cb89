"""Which rows a run is trained on, and which it is judged by, with sentences that say so."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emo_hub.checkpoint import text_sha256
from emo_hub.errors import DataError
from emo_hub.readings import read_label
from emo_hub.taxonomy import GOEMOTIONS
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
        calibrates: whether it is fitted on the validation rows what typed words score.
    """

    kinds: frozenset[str]
    comments: bool
    judges: bool
    trust: Trust
    share: float
    most: int
    seed: int
    calibrates: bool = False


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
        DataError: nothing to train on, no validation row to fit on what is to be fitted, or the
            data folder is no corpus.
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
    if wanted.calibrates:
        check_judges(data, validation, labels=wanted.judges)
    rows, further = sampled(rows, wanted.share, wanted.most, wanted.seed)
    return Material(rows, validation, (*notes, *further))


def check_judges(data: Path, validation: Sequence[TrainingRow], *, labels: bool) -> None:
    """Refuse validation rows that say nothing of free words: training would end without a scale.

    Args:
        data: the corpus folder, for the error.
        validation: rows that scores are fitted on.
        labels: whether the labels of training are rated, and so the palette's words are read too.

    Raises:
        DataError: no row has a word of the palette, or a descriptor beside the 28 labels.
    """
    if labels and any(row.words for row in validation):
        return
    # What a negated word scores follows from the word's own score, so nothing is fitted on it.
    free = (d for row in validation for d in row.descriptors if d not in GOEMOTIONS.labels)
    if all(read_label(word).negated for word in free):
        raise DataError(
            f"{data} has {len(validation)} validation rows, and none of them names a feeling "
            "beside the 28 labels; what typed words score is fitted on such rows. Build a larger "
            "corpus, so that its validation split has rows with descriptors."
        )


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
