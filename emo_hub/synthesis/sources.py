"""Where a user's stories or texts are: a file, a folder of files, or a dataset on the Hub."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.columns import SAMPLE, Columns, NoTextColumnError, Wanted, choose_columns
from emo_hub.synthesis.tabular import TABLES, Row, kind_of, read_lines, read_rows

PROSE = (".txt", ".md")
_LOG = logging.getLogger(__name__)
_ABOUT_THE_DATA = re.compile(
    r"(readme|licen[cs]e|copying|copyright|notice|changelog|citation|source|dataset_infos?)\b",
    re.IGNORECASE,
)
_HUB = re.compile(
    r"(?:hf:/{1,2}datasets/)?(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:/\s]+))?"
    r"(?::(?P<config>[\w.-]+))?(?:/(?P<split>[\w.]+))?"
)
_SPLIT_IN_NAME = re.compile(r"(?:^|[-_.])(train|validation|valid|val|dev|test)(?:[-_.]|$)", re.I)
_SPLITS = {"valid": "validation", "val": "validation", "dev": "validation"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is read on demand.

    Args:
        name: for messages.
        split: that its name tells, "" where it tells none.
        rows: reads it from the first row on.
    """

    name: str
    split: str
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to read in one place.

    Args:
        name: of the place as a slug.
        root: the folder that all files are in; the current one for the Hub.
        prose: text files, sorted.
        tables: in the order of their names.
    """

    name: str
    root: Path
    prose: tuple[Path, ...]
    tables: tuple[Table, ...]


def slug(text: str, most: int = 60) -> str:
    """Make a name for ids and file names: a-z, 0-9, hyphen and underscore; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:most].strip("-")


def standard_split(name: str) -> str:
    """Give train, validation or test for what people call them; anything else as it is."""
    return _SPLITS.get(name.lower(), name.lower())


def find(where: str | Path) -> Found:
    """Find what to read.

    Args:
        where: a file, a folder, or `owner/name[@revision][:config][/split]` on the Hub, with or
            without `hf://datasets/` before it. A file or folder of that name comes first.

    Raises:
        InputError: nothing is there, or nothing of a kind that can be read.
    """
    path = Path(where)
    if path.is_file():
        if kind_of(path) not in (*PROSE, *TABLES):
            raise InputError(f"{path} is of no kind that can be read; {_kinds()}.")
        return _found(path.parent, (path,), _file_name(path))
    if path.is_dir():
        return _folder(path)
    match = _HUB.fullmatch(str(where))
    if match is None:
        raise InputError(
            f"{where} is no file, no folder, and no dataset on the Hub "
            "(owner/name[@revision][:config][/split])."
        )
    # A folder that was mistyped looks like a dataset too: say so in every message.
    name = f"{where} (no such file or folder, so taken for a dataset on the Hub)"
    return Found(slug(match["repo"].split("/")[1]), Path(), (), _hub_tables(match, name))


def read_table(table: Table, wanted: Wanted) -> tuple[Columns, Iterator[Row]] | None:
    """Choose the columns of a table and start to read it; None for one without rows.

    Raises:
        NoTextColumnError: no column can hold the texts.
        InputError: several columns can, or a named one is missing.
        DataError: the file is damaged.
    """
    rows = table.rows()
    head = list(islice(rows, SAMPLE))
    if not head:
        return None
    columns = choose_columns(head, wanted, table.name)
    _LOG.info("%s: texts are in column '%s', ids in '%s'.", table.name, columns.text, columns.id)
    return columns, chain(head, rows)


def usable_tables(
    found: Found, wanted: Wanted, *, others: bool
) -> Iterator[tuple[Table, Columns, Iterator[Row]]]:
    """Start to read each table in turn, and pass over those that hold no texts.

    Args:
        found: where the tables are.
        wanted: what the caller said about columns.
        others: whether there is something to read beside the tables.

    Raises:
        InputError: none of them holds texts and there is nothing else, or columns are unclear.
    """
    passed_over: list[NoTextColumnError] = []
    used = 0
    for table in found.tables:
        try:
            read = read_table(table, wanted)
        except NoTextColumnError as error:
            passed_over.append(error)
            _LOG.info("Passed over: %s", error)
            continue
        if read is not None:
            used += 1
            yield table, *read
    if passed_over and not used and not others:
        raise passed_over[0]


def _folder(path: Path) -> Found:
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not _ABOUT_THE_DATA.match(file.name)
    ]
    known = tuple(file for file in files if kind_of(file) in (*PROSE, *TABLES))
    unknown = Counter(kind_of(file) or "no suffix" for file in files if file not in set(known))
    if unknown:
        _LOG.info("%s: %d files of other kinds are left: %s", path, unknown.total(), dict(unknown))
    if not known:
        raise InputError(f"{path} holds no file that can be read; {_kinds()}.")
    return _found(path, known, slug(path.resolve().name))


def _found(root: Path, files: tuple[Path, ...], name: str) -> Found:
    return Found(
        name or "texts",
        root,
        tuple(file for file in files if kind_of(file) in PROSE),
        tuple(_file_table(file) for file in files if kind_of(file) in TABLES),
    )


def line_table(path: Path) -> Table:
    """Take a text file for a table with a row for each line."""
    return Table(str(path), _split_in(path), lambda: read_lines(path))


def _file_table(path: Path) -> Table:
    return Table(str(path), _split_in(path), lambda: read_rows(path))


def _split_in(path: Path) -> str:
    match = _SPLIT_IN_NAME.search(path.name)
    return standard_split(match[1]) if match is not None else ""


def _file_name(path: Path) -> str:
    stem = path.name.split(".")[0]
    # "train.parquet" says nothing about what it is; its folder does.
    if _SPLIT_IN_NAME.fullmatch(stem) is not None:
        stem = path.resolve().parent.name
    return slug(stem)


def _kinds() -> str:
    return f"wanted {', '.join((*PROSE, *TABLES))}, all but Parquet also with .gz"


def _hub_tables(match: re.Match[str], name: str) -> tuple[Table, ...]:
    import datasets

    try:
        found = datasets.load_dataset(
            match["repo"],
            match["config"],
            revision=match["revision"],
            split=match["split"],
            streaming=True,
        )
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise InputError(
            f"{name} cannot be opened: {type(error).__name__}: {error}. Without a network give a "
            "file or a folder."
        ) from error
    splits = {match["split"]: found} if match["split"] else dict(found)
    return tuple(
        Table(f"{name}, split {split}", standard_split(split), _streamed(rows, name))
        for split, rows in splits.items()
    )


def _streamed(rows: object, name: str) -> Callable[[], Iterator[Row]]:
    def read() -> Iterator[Row]:
        try:
            yield from rows  # type: ignore[misc]
        except OSError as error:
            raise DataError(f"{name} stopped in the middle: {error}") from error

    return read
