"""Records to a folder that `datasets` loads, in flat memory and all or nothing.

Each record is screened, put into its split, written and counted as it comes; what is remembered of
it is what finding repeats takes. Card and manifest come last, then the folder takes its place.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from emo_hub.dataset import CONFIGS, MANIFEST, read_corpus
from emo_hub.durable import (
    check_place,
    fresh_folder,
    is_disk_full,
    make_folder,
    put_in_place,
    write_error,
)
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


class CorpusWriter:
    """Writes a corpus beside `out` and puts it in the place of `out` when it is finished.

    Use it in a `with` block; without `finish`, or with an error, nothing stays behind and an
    earlier corpus stays as it was.

    Args:
        out: where the corpus goes; an earlier corpus there is replaced.
        most_rejected: the share of records, in (0, 1], that may be rejected.

    Raises:
        InputError: on entering: `out` is there and is something else than a corpus.
        DataError: on entering: another run writes this corpus, or its folder cannot be made.
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
        # No `__exit__` follows an error in here, so the place is given back by this block.
        with ExitStack() as held:
            held.enter_context(_only_run(self._out))
            self._part = fresh_folder(self._out)
            for config in CONFIGS:
                (self._part / config).mkdir()
            self._splits = {
                (config, split): SplitFiles(self._part, config, split)
                for config, split in product(CONFIGS, SPLITS)
            }
            self._rejected = (self._part / REJECTED).open("w", encoding="utf-8")
            self._held = held.pop_all()
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
        with self._held:
            # On a full disk closing fails too, and there is nothing in these files to save.
            with suppress(OSError):
                self._rejected.close()
            for split in self._splits.values():
                with suppress(OSError):
                    split.abandon()
            if self._part.exists():
                shutil.rmtree(self._part)
        if isinstance(error, OSError) and is_disk_full(error):
            raise write_error(error, self._out.parent) from error

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
        line = json.dumps(asdict(rejection), ensure_ascii=False) + "\n"
        # Half a surrogate pair, as replies hold it now and then, has no UTF-8; its escape has.
        self._rejected.write(line.encode(errors="backslashreplace").decode())

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
        put_in_place(self._out, self._part.rename)

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


def check_replaceable(out: Path) -> None:
    """Make sure that writing a corpus to a place loses nothing but an earlier corpus.

    Raises:
        InputError: something else is there.
    """
    if out.is_symlink():
        raise InputError(
            f"{out} is a symbolic link, and a corpus takes the place of a folder: give the folder "
            f"that it leads to, {out.resolve()}, or another place."
        )
    check_place(out, MANIFEST)


@contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Keep other runs from a place: two would write over each other's files beside it."""
    make_folder(out.parent)
    lock = FileLock(out.with_name(f".{out.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise DataError(
            f"{out} is being written by another run: wait until it ends or stop it, or give this "
            "one another place."
        ) from None
    except OSError as error:
        raise write_error(error, out.parent) from error
    try:
        yield
    finally:
        # Removed while it is still ours; once released, the file could be that of the next run.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


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
