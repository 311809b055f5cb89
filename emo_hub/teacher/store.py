"""Recorded replies as one thing to look up in and to add to, whatever files they stand in."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from emo_hub.errors import DataError
from emo_hub.teacher.index import Index
from emo_hub.teacher.journal import Journal
from emo_hub.teacher.lines import DamagedLine, RecordedLine, recording_files, write_line

# Bytes of a recorded line, until a longer one was seen.
_USUAL_LINE = 4096

_open: dict[tuple[Path, ...], Store] = {}
# The garbage collector may give a store back in the thread that is opening another.
_opening = threading.RLock()


class Store:
    """The replies of one or several sources, and a journal where they may grow.

    Args:
        sources: folders of recordings, or files; of two that answer one key the earlier counts.
        journal: of the first source, None where nothing is to be added.

    Raises:
        DataError: a source is missing, or nothing is recorded in any of them and there is no
            journal.
    """

    def __init__(self, sources: Sequence[Path], journal: Journal | None = None) -> None:
        self.journal = journal
        self.users = 0
        self._index = Index()
        self._is_full: DataError | None = None
        self._longest = _USUAL_LINE
        alone = len(sources) == 1 and journal is None
        for source in sources:
            for path in recording_files(source, may_be_empty=not alone):
                self._index.load(path)
        if journal is None and not (len(self._index) or self.damaged):
            # A folder that holds only empty files is a run that had nothing to do.
            for source in sources:
                recording_files(source)
        answered = [line.key and line.key in self._index for line in self.damaged]
        self.lost = {
            line.key: line
            for line, is_answered in zip(self.damaged, answered, strict=True)
            if line.key and not is_answered
        }

    @property
    def is_current(self) -> bool:
        """Tell whether this process may still add, to a folder that is still there."""
        return self.journal is not None and self.journal.is_current

    @property
    def damaged(self) -> list[DamagedLine]:
        """Give the lines that cannot be read."""
        return self._index.damaged

    @property
    def conflicts(self) -> int:
        """Give how many lines answer a key otherwise than the one that counts."""
        return self._index.conflicts

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def keys(self) -> Iterable[str]:
        """Give the keys of all replies, in the order in which they were found."""
        return iter(self._index)

    def line(self, key: str) -> RecordedLine | None:
        """Read the line that answers a key, None where none is recorded."""
        return self._index.line(key)

    def fault(self, key: str) -> str:
        """Give the reason of a recorded fault, empty where there is none."""
        return self._index.fault(key)

    def check_room(self, replies: int) -> None:
        """Refuse to go on where replies could not be kept, before they are paid for.

        Args:
            replies: that are under way, the next one included.

        Raises:
            DataError: the disk has no room for them, or the last write failed.
        """
        if self._is_full is not None:
            raise self._is_full
        if self.journal is not None:
            self.journal.check_room(2 * self._longest * replies)

    def resume(self) -> None:
        """Believe again that there is room."""
        self._is_full = None

    def record(self, lines: Sequence[tuple[str, RecordedLine]]) -> None:
        """Add replies, given with the stage that they belong to; durable on return.

        Raises:
            DataError: there is no journal, or the disk is full or fails; what fitted is kept.
        """
        if self.journal is None:
            raise DataError("These recordings were opened for reading only.")
        written = [(stage, write_line(line).encode()) for stage, line in lines]
        self._longest = max([self._longest, *(len(raw) for _, raw in written)])
        try:
            offsets = self.journal.append(written)
        except DataError as error:
            self._is_full = error
            raise
        for (stage, raw), (_, line), offset in zip(written, lines, offsets, strict=True):
            self._index.add(line, self.journal.path(stage), offset, len(raw))

    def close(self) -> None:
        """Let go of the files."""
        self._index.close()
        if self.journal is not None:
            self.journal.close()


def open_store(sources: Sequence[Path], *, growing: bool) -> Store:
    """Open recordings; a growing store that this process has open already is shared.

    Args:
        sources: folders or files, the one that takes new replies first.
        growing: whether replies will be added.

    Raises:
        DataError: a source is missing or no folder, or another run writes there.
    """
    if not growing:
        return Store(sources)
    if sources[0].is_file():
        raise DataError(
            f"{sources[0]} is a file; to record replies give the folder to put them in."
        )
    place = tuple(source.resolve() for source in sources)
    with _opening:
        store = _open.get(place)
        if store is None or not store.is_current:
            _open.pop(place, None)
            journal = Journal(sources[0])
            try:
                store = _open[place] = Store(sources, journal)
            except BaseException:
                journal.close()
                raise
        store.users += 1
        store.resume()
        return store


def release(store: Store) -> None:
    """Give a store back; the last who had it closes it."""
    with _opening:
        store.users -= 1
        if store.users > 0:
            return
        for place, known in tuple(_open.items()):
            if known is store:
                del _open[place]
        store.close()
