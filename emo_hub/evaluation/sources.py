"""Where the rows of a benchmark lie: a folder of folders, or the Hub at a pinned revision.

Folders are found by name without guessing: letters and digits of the name decide, a folder that
could belong to two benchmarks belongs to neither, and a file that could be two splits is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.declaration import Benchmark, Layout
from emo_hub.evaluation.tables import TYPES, Table

_SYNONYMS = {
    "train": "train", "training": "train", "trainset": "train",
    "dev": "dev", "development": "dev", "devset": "dev", "val": "dev", "valid": "dev",
    "validation": "dev",
    "test": "test", "testing": "test", "testset": "test",
    "all": "all", "full": "all",
}  # fmt: skip
_LABEL_FILES = tuple(
    stem + suffix
    for stem in ("labels", "label_names", "emotions", "classes", "id2label", "label2id", "names")
    for suffix in (".json", ".txt")
)
_NO_DATA = re.compile(r"licen[cs]e|readme|source|notice|mapping|dataset_info", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?$")
# Shorter beginnings ("emo") say nothing, and neither do words that many data sets begin with.
_LEAST_PREFIX = 5
_COMMON = frozenset({"emotion", "emotions", "semeval", "dataset", "english"})


@dataclass(frozen=True, slots=True)
class Hub:
    """The Hugging Face Hub as the place where benchmarks lie.

    Args:
        revisions: commits, or tags, to take instead of the declared ones, by benchmark name.
    """

    revisions: Mapping[str, str] = field(default_factory=dict)


Where = Path | Hub | str


def place(where: Where) -> Path | Hub:
    """Read a place as it is typed: "hub", "hub:goemotions=REVISION,...", or a folder.

    Raises:
        InputError: a revision that is not written as NAME=REVISION.
    """
    if not isinstance(where, str):
        return where
    if where == "hub":
        return Hub()
    if not where.startswith("hub:"):
        return Path(where)
    pairs = [pair.partition("=") for pair in where.removeprefix("hub:").split(",")]
    wrong = [name for name, _, revision in pairs if not name or not revision]
    if wrong:
        raise InputError(f"'{where}' is no place on the Hub: write hub:NAME=REVISION,NAME=...")
    return Hub({name.strip(): revision.strip() for name, _, revision in pairs})


def plain(name: str) -> str:
    """Keep the letters and digits of a name, in lower case."""
    return "".join(c for c in name.lower() if c.isalnum())


def find_folder(root: Path, declared: Benchmark, everyone: Iterable[Benchmark]) -> Path | None:
    """Find the folder of a benchmark, by its name or by a beginning that no other one shares.

    Raises:
        DataError: several folders could be the one.
    """
    if not root.is_dir():
        return None
    mine = {plain(alias): alias for alias in declared.folders}
    theirs = {plain(alias): alias for other in everyone for alias in other.folders}
    others = {name: alias for name, alias in theirs.items() if name not in mine}
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    # Two spellings of one name may lie side by side; the more wanted alias decides.
    for alias in mine:
        exact = [path for path in folders if plain(path.name) == alias]
        if exact:
            return _only(exact, declared)
    close = [
        path
        for path in folders
        if _shared(path.name, mine.values()) > _shared(path.name, others.values())
    ]
    return _only(close, declared) if close else None


def _shared(name: str, aliases: Iterable[str]) -> int:
    """Give the length of the longest beginning, of whole words, that is all of name or alias."""
    lengths = [min(_ends(name)[-1:] + _ends(alias)[-1:]) for alias in aliases
               if _begins(alias, name) or _begins(name, alias)]  # fmt: skip
    return max(lengths, default=0)


def _begins(short: str, whole: str) -> bool:
    least = len(plain(short))
    return (
        least >= _LEAST_PREFIX
        and plain(short) not in _COMMON
        and plain(whole).startswith(plain(short))
        and least in _ends(whole)
    )


def _ends(name: str) -> list[int]:
    """List where words and numbers of a name end, counted in its letters and digits."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return list(accumulate(map(len, words)))


def _only(paths: list[Path], declared: Benchmark) -> Path:
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DataError(
            f"{paths[0].parent} has several folders that could hold {declared.name}: {names}. "
            f"Keep one, called {declared.folder}."
        )
    return paths[0]


def split_files(folder: Path, declared: Benchmark) -> dict[str, list[list[Path]]]:
    """List, for each split, the files that may hold it; those of one inner list are shards."""
    named = {
        split: [[folder / name] for name in names if (folder / name).is_file()][:1]
        for split, names in declared.files.items()
    }
    chosen = {split: groups for split, groups in named.items() if groups}
    if "all" in chosen:
        # A release in one file: others beside it are its parts, its ratings or its translations.
        return chosen
    found: dict[str, dict[tuple[Path, str], list[Path]]] = {}
    for path in _data_files(folder, declared):
        split = _split_of(path.relative_to(folder))
        if split is not None and split not in chosen:
            key = (path.parent, _SHARD.sub("", path.stem))
            found.setdefault(split, {}).setdefault(key, []).append(path)
    if chosen or set(found) - {"all"}:
        # Beside files that say their split, others are lists of words and the like.
        found.pop("all", None)
    for split, groups in found.items():
        chosen[split] = [_one_type(paths) for paths in groups.values()]
    return chosen


def _one_type(paths: list[Path]) -> list[Path]:
    best = min((path.suffix for path in paths), key=TYPES.index)
    return sorted(path for path in paths if path.suffix == best)


def _data_files(folder: Path, declared: Benchmark) -> list[Path]:
    """List the data files of the highest level that has any; a Hub copy's own folder goes first."""
    config = declared.hub.config if declared.hub else None
    roots = [folder / "data" / config, folder / config] if config else []
    for root in [*(root for root in roots if root.is_dir()), folder]:
        for pattern in ("*", "*/*", "*/*/*"):
            files = [path for path in sorted(root.glob(pattern)) if _is_data(path)]
            if files:
                return files
    return []


def _is_data(path: Path) -> bool:
    return (
        path.suffix in TYPES
        and path.is_file()
        and path.name.lower() not in _LABEL_FILES
        and not _NO_DATA.search(path.name)
        and not path.name.startswith(".")
    )


def split_named(value: str) -> str | None:
    """Give the split that a cell of a split column says, or None."""
    return _SYNONYMS.get(value.strip().lower())


def _split_of(path: Path) -> str | None:
    """Read the split off a file's name, or else off its folder's; "all" where neither says it."""
    for part in (_SHARD.sub("", path.stem), *reversed(path.parent.parts)):
        words = re.findall(r"[a-z]+", part.lower())
        splits = {_SYNONYMS[word] for word in words if word in _SYNONYMS}
        if len(splits) > 1:
            return None
        if splits:
            return splits.pop()
    return "all"


def choose_layout(declared: Benchmark, table: Table) -> Layout | None:
    """Take the first layout that fits; those without a header only where none with one does."""
    tables = [layout for layout in declared.layouts if not layout.marks]
    ordered = sorted(tables, key=lambda layout: not layout.has_header)
    return next((layout for layout in ordered if table.fits(layout) is not None), None)


def label_file(folder: Path) -> Mapping[int, str] | None:
    """Read the file of label names that lies with the data, if any.

    It is a list, one name a line or in JSON, numbered from 0, or a JSON object from number to name
    or from name to number.

    Raises:
        DataError: the file is there and is none of these.
    """
    paths = [place / name for place in (folder, folder / "data") for name in _LABEL_FILES]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".txt":
        return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    try:
        stated = json.loads(text)
        if isinstance(stated, list):
            return {number: str(name) for number, name in enumerate(stated)}
        if all(str(key).strip().isdigit() for key in stated):
            return {int(number): str(name) for number, name in stated.items()}
        return {int(number): str(name) for name, number in stated.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is no list of label names and no JSON object of numbers and names: {error}"
        ) from error
