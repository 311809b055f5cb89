"""The stores of shards as one: to read where they lie, or written out as one folder.

Of two replies to one prompt the first counts, in the order that `sources` gives, and it stays the
first: a merged folder is read before what it was made of.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from emo_hub.durable import make_folder, write_lines, write_whole
from emo_hub.errors import DataError
from emo_hub.synthesis.parts import shard_folders
from emo_hub.teacher import recording_files
from emo_hub.teacher.holding import LOCK_FILE
from emo_hub.teacher.index import Index
from emo_hub.teacher.lines import write_line

MERGED, CONTENTS = "merged", "contents.json"
_NUMBERS = ("replies", "conflicts", "damaged")


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge found.

    Args:
        folder: that holds every reply once.
        replies: in it.
        conflicts: lines that were left out although they answer otherwise than the one that counts.
        damaged: lines that could not be read.
        is_new: whether anything was written, or all of it was there.
    """

    folder: Path
    replies: int
    conflicts: int
    damaged: int
    is_new: bool


def sources(store: Path) -> tuple[Path, ...]:
    """List the folders that hold the replies of a store, in the order in which they count.

    They can be given to `Recorded` as they are. What a merged folder holds already is left out.
    """
    covered = _covered(store)
    merged = (store / MERGED,) if covered else ()
    folders = (store, *shard_folders(store))
    rest = (f for f in folders if _recordings(f) and covered.get(_name(store, f)) != _sizes(f))
    return (*merged, *rest)


def merge(store: Path) -> Merged:
    """Write all replies of a store into one folder, each once, sorted by the key of its prompt.

    The same replies give the same bytes, whatever the number of shards and the order of events.
    Merging again writes nothing unless replies were added; what the folder holds stays in it. No
    source is changed. A merge that is killed is simply done again.

    Returns:
        The folder, and what was found.

    Raises:
        DataError: there are no replies, another merge is under way, or the disk is full.
    """
    into = store / MERGED
    found = sources(store)
    if not found:
        raise DataError(f"{store} holds no replies that could be merged.")
    if found == (into,):
        return _result(into, is_new=False)
    make_folder(into)
    lock = FileLock(into / LOCK_FILE, timeout=0)
    try:
        with lock:
            return _merge(store, into)
    except Timeout:
        raise DataError(f"{into} is being merged by another process: wait until it ends.") from None


def _merge(store: Path, into: Path) -> Merged:
    for left in into.glob(".*.jsonl.*"):
        left.unlink()
    folders = [f for f in (store, *shard_folders(store)) if _recordings(f)]
    # Taken before reading: what a shard adds meanwhile counts as new the next time.
    held = _covered(store) | {_name(store, folder): _sizes(folder) for folder in folders}
    by_stage: dict[str, list[Path]] = {}
    for folder in (into, *folders):
        for path in _recordings(folder):
            by_stage.setdefault(path.name.split(".jsonl")[0], []).append(path)
    counts: Counter[str] = Counter()
    for stage, paths in sorted(by_stage.items()):
        counts += _merge_stage(into / f"{stage}.jsonl", paths)
    contents = {"folders": held, "numbers": {name: counts[name] for name in _NUMBERS}}
    write_whole(into / CONTENTS, (json.dumps(contents, indent=1, sort_keys=True) + "\n").encode())
    return _result(into, is_new=True)


def _merge_stage(path: Path, paths: Iterable[Path]) -> Counter[str]:
    index = Index()
    try:
        for source in paths:
            index.load(source)
        lines = (line for key in sorted(index) if (line := index.line(key)) is not None)
        write_lines(path, (write_line(line).encode() for line in lines))
        found = (len(index), index.conflicts, len(index.damaged))
        return Counter(dict(zip(_NUMBERS, found, strict=True)))
    finally:
        index.close()


def _result(into: Path, *, is_new: bool) -> Merged:
    numbers = _contents(into).get("numbers", {})
    replies, conflicts, damaged = (int(numbers.get(name, 0)) for name in _NUMBERS)
    return Merged(into, replies, conflicts, damaged, is_new)


def _contents(into: Path) -> dict[str, Any]:
    try:
        value = json.loads((into / CONTENTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _covered(store: Path) -> dict[str, dict[str, int]]:
    """Give what the merged folder was made of: names and sizes of the files of each folder."""
    return dict(_contents(store / MERGED).get("folders", {}))


def _name(store: Path, folder: Path) -> str:
    return folder.relative_to(store).as_posix()


def _recordings(folder: Path) -> tuple[Path, ...]:
    return recording_files(folder, may_be_empty=True) if folder.is_dir() else ()


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in _recordings(folder)}
