"""Records to a folder that `datasets` loads, in flat memory and all or nothing.

Each record is screened, put into its split, written and counted as it comes; what is remembered of
it is what finding repeats takes. Card and manifest come last, then the folder takes its place.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emo_hub.dataset import CONFIGS, MANIFEST, read_corpus
from emo_hub.errors import DataError, InputError
from emo_hub.records import (
    SPLITS,
    Annotation,
    ContextualUtterance,
    Narrative,
    Rejection,
    Utterance,
)
from emo_hub.synthesis.card import About, Made, card_text
from emo_hub.synthesis.rows import row_of
from emo_hub.synthesis.screening import Screen
from emo_hub.synthesis.shards import SplitFiles
from emo_hub.synthesis.splits import ANNOTATED, SALT, WRITTEN, split_of
from emo_hub.synthesis.tally import Tally

__all__ = ["About", "CorpusWriter", "Made", "Record", "check_replaceable", "is_current"]

Record = Utterance | ContextualUtterance | Annotation | Narrative

REJECTED = "rejected.jsonl"
CARD = "README.md"
MOST_REJECTED = 0.05
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CorpusWriter:
    """Writes a corpus beside `out` and puts it in the place of `out` when it is finished.

    Use it in a `with` block; without `finish`, or with an error, nothing stays behind and an
    earlier corpus stays as it was.

    Args:
        out: where the corpus goes; an earlier corpus there is replaced.
        most_rejected: the share of records, in (0, 1], that may be rejected.

    Raises:
        InputError: on entering: `out` is there and is something else than a corpus.
    """

    def __init__(self, out: Path, *, most_rejected: float = MOST_REJECTED) -> None:
        self._out = out.absolute()
        self._most_rejected = most_rejected
        self._tally = Tally()
        self._alone: Screen[Utterance] = Screen("contextless")
        self._in_context: Screen[ContextualUtterance] = Screen("contextual")

    def __enter__(self) -> Self:
        """Make the folder that is written into."""
        check_replaceable(self._out)
        self._out.parent.mkdir(parents=True, exist_ok=True)
        part = tempfile.mkdtemp(prefix=f".{self._out.name}.part-", dir=self._out.parent)
        self._part = Path(part)
        self._part.chmod(0o755)
        for config in CONFIGS:
            (self._part / config).mkdir()
        self._splits = {
            (config, split): SplitFiles(self._part, config, split)
            for config, split in product(CONFIGS, SPLITS)
        }
        self._rejected = (self._part / REJECTED).open("w", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished.

        Raises:
            DataError: the disk is full.
        """
        # On a full disk closing fails too, and there is nothing in these files to save.
        with suppress(OSError):
            self._rejected.close()
        for split in self._splits.values():
            with suppress(OSError):
                split.abandon()
        if self._part.exists():
            shutil.rmtree(self._part)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise DataError(
                f"The disk is full ({error.strerror}): of {self._out.name} nothing was written. "
                "Make room and run again."
            ) from error

    def add(self, record: Record, *, unnamed: str | None = None) -> None:
        """Take a record; it becomes a row of the config of its type, or a rejection.

        Args:
            record: the next one in the order of the corpus.
            unnamed: an emotion that a line which stands alone may not name.

        Raises:
            DataError: a row does not fit its columns.
        """
        match record:
            case Utterance():
                self._take("contextless", self._alone.add(record, unnamed))
            case ContextualUtterance():
                self._take("contextual", self._in_context.add(record))
            case Annotation():
                self._take("descriptors", (record,))
            case Narrative():
                self._take("narratives", (record,))

    def reject(self, rejection: Rejection) -> None:
        """Keep something that does not become a row, with its reason."""
        self._tally.reject(rejection)
        self._rejected.write(json.dumps(asdict(rejection), ensure_ascii=False) + "\n")

    def finish(self, about: About, made: Made) -> None:
        """Write what is left, the card and the manifest, and put the corpus in its place.

        Args:
            about: what the card says of the corpus.
            made: what the run did.

        Raises:
            DataError: too large a share of the records was rejected.
            CardError: the card asks for a fact that is not there.
        """
        self._take("contextless", self._alone.rest())
        self._take("contextual", self._in_context.rest())
        self._refuse_thin()
        self._rejected.close()
        for files in self._splits.values():
            files.close()
        facts = {
            "rejects": self._tally.rejects,
            "warnings": dict(self._alone.warnings),
            "calls": {stage: int(cost["items"]) for stage, cost in made.costs.items()},
            "prompts": dict(made.prompts),
            "teachers": sorted(self._tally.teachers),
            "split_salt": SALT,
            **made.further,
        }
        card = card_text(about, self._splits, {**facts, **self._tally.facts()})
        (self._part / CARD).write_text(card, encoding="utf-8")
        self._write_manifest(about, facts)
        self._put_in_place()

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Give the number of rows of each config and split so far."""
        return {c: {s: self._splits[c, s].rows for s in SPLITS} for c in CONFIGS}

    def _take(self, config: str, judged: Iterable[Record | Rejection]) -> None:
        train = ANNOTATED if config == "descriptors" else WRITTEN
        for record in judged:
            if isinstance(record, Rejection):
                self.reject(record)
            else:
                self._tally.keep(record)
                self._splits[config, split_of(record.group, train)].add(row_of(record))

    def _refuse_thin(self) -> None:
        rejected = self._tally.rejected
        total = sum(files.rows for files in self._splits.values()) + rejected
        if rejected <= self._most_rejected * total:
            return
        most = ", ".join(f"{count} {reason}" for reason, count in self._tally.reasons[:3])
        raise DataError(
            f"{rejected} of {total} records were rejected ({most}); a corpus is written only "
            f"below {self._most_rejected:.0%}: look at the recordings or the teacher first."
        )

    def _write_manifest(self, about: About, facts: Mapping[str, Any]) -> None:
        names = [name for files in self._splits.values() for name in files.names]
        digests = {name: _sha256(self._part / name) for name in (*names, REJECTED)}
        manifest = {
            "name": about.name,
            "version": about.version,
            "fingerprint": about.fingerprint,
            "content": hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest(),
            "counts": self.counts,
            **facts,
            "files": digests,
        }
        text = json.dumps(manifest, indent=2) + "\n"
        (self._part / MANIFEST).write_text(text, encoding="utf-8")

    def _put_in_place(self) -> None:
        if self._out.exists():
            # Renamed first: a folder cannot be renamed onto one that holds files.
            earlier = self._part.with_name(self._part.name.replace(".part-", ".earlier-"))
            self._out.rename(earlier)
            self._part.rename(self._out)
            shutil.rmtree(earlier)
        else:
            self._part.rename(self._out)


def check_replaceable(out: Path) -> None:
    """Make sure that writing a corpus to a place loses nothing but an earlier corpus.

    Raises:
        InputError: something else is there.
    """
    if out.is_dir():
        free = (out / MANIFEST).is_file() or not any(out.iterdir())
    else:
        free = not out.exists()
    if not free:
        raise InputError(f"{out} is there and is no corpus of ours: give another place or move it.")


def is_current(out: Path, fingerprint: str) -> bool:
    """Say whether a folder holds exactly this corpus, whole."""
    try:
        manifest = read_corpus(out).manifest
    except DataError:
        return False
    files = manifest.get("files", {})
    return manifest["fingerprint"] == fingerprint and all(
        (out / name).is_file() and _sha256(out / name) == digest for name, digest in files.items()
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
