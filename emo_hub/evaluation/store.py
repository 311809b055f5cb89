"""What was scored, once: scores of a model on a split are kept, and used again instead of redone.

Looking at a test split again and again with slightly other models is how a test split becomes a
dev split. So the first scoring of a model on a split is kept with its date; a second run reads it.
To score anew one must say why, and both stay in the log, which reports show.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from emo_hub.durable import replace_file
from emo_hub.errors import InputError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.version import __version__

Scores = NDArray[np.float32]

LOG = "scored.jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    """What a scorer is asked: its name in the store depends on all that decides the answer.

    Args:
        fingerprint: of the scorer; empty where it has none, and then nothing is kept.
        benchmark: name of the benchmark.
        split: which rows.
        asks: "labels", "labels, one at least", "one label" or "dimensions".
        prompts: what stands for the labels.
        texts: N.
        contexts: N.
    """

    fingerprint: str
    benchmark: str
    split: str
    asks: str
    prompts: tuple[str, ...]
    texts: Sequence[str]
    contexts: Sequence[str | None]

    @classmethod
    def of(cls, fingerprint: str, rows: LoadedBenchmark, *, told: bool = False) -> Question:
        """Say what these rows ask of a scorer.

        Args:
            fingerprint: of the scorer.
            rows: what it is asked about.
            told: whether it is told where every text carries one of the labels.
        """
        asks = {"regression": "dimensions", "single_label": "one label"}.get(rows.kind, "labels")
        if told and asks == "labels" and rows.is_exhaustive:
            asks = "labels, one at least"
        prompts = () if rows.kind == "regression" else rows.prompts or rows.asked_labels
        return cls(fingerprint, rows.name, rows.split, asks, prompts, rows.texts, rows.contexts)

    @property
    def digest(self) -> str:
        """A name for the answer; benchmarks that ask the same of the same texts share it."""
        whole = hashlib.sha256(f"{self.fingerprint}\0{self.asks}\0".encode())
        for part in (self.prompts, self.texts, self.contexts):
            whole.update(json.dumps(list(part), ensure_ascii=False).encode())
        return whole.hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Kept:
    """Scores with what it took to get them.

    Args:
        scores: (N, C) as the scorer gave them, or (N, 3).
        seconds: how long it took then.
        when: the day, in UTC, as YYYY-MM-DD.
        times: how often this was scored, this time included.
    """

    scores: Scores
    seconds: float
    when: str
    times: int


class ScoreStore:
    """Scores on disk by what was asked, and the log of every scoring.

    Args:
        folder: where they lie; made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, question: Question) -> Kept | None:
        """Give what is kept, or None."""
        path = self._path(question)
        if not question.fingerprint or not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as kept:
                scores = kept["scores"]
                seconds, when, times = float(kept["seconds"]), str(kept["when"]), int(kept["times"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise InputError(
                f"{path} is damaged ({error}): remove it, and the split is scored anew."
            ) from error
        return Kept(scores, seconds, when, times)

    def keep(
        self, question: Question, scores: Scores, *, seconds: float, model: str, reason: str = ""
    ) -> Kept:
        """Keep scores, and write the log's line about them first.

        Args:
            question: what was asked.
            scores: what came.
            seconds: how long it took.
            model: how the model is called, for the log.
            reason: why it was scored again, where it was.

        Raises:
            OSError: the folder cannot be written.
        """
        now = datetime.now(UTC)
        known = self.find(question)
        kept = Kept(scores, seconds, now.date().isoformat(), known.times + 1 if known else 1)
        if not question.fingerprint:
            return kept
        path = self._path(question)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log(question, kept, now, model, reason)
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, scores=scores, seconds=seconds, when=kept.when, times=kept.times
        )
        # Not `write_whole`: `evaluate` takes a DataError for a benchmark that a file of predictions
        # does not name, and leaves it out.
        replace_file(path, (buffer.getvalue(),))
        return kept

    def _path(self, question: Question) -> Path:
        return self.folder / question.fingerprint[:16] / f"{question.digest}.npz"

    def _log(self, question: Question, kept: Kept, now: datetime, model: str, reason: str) -> None:
        line: dict[str, Any] = {
            "when": now.isoformat(timespec="seconds"),
            "model": model,
            "fingerprint": question.fingerprint,
            "benchmark": question.benchmark,
            "split": question.split,
            "rows": len(question.texts),
            "times": kept.times,
            "reason": reason,
            "emo_hub": __version__,
        }
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
