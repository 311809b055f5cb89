"""Texts that a user brings to have them annotated where they stand; they are never copied.

A request names a text by source, split and id. Only what is put before a live teacher holds the
text itself, and it comes from here.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from emo_hub.errors import DataError, InputError
from emo_hub.records import SPLITS
from emo_hub.synthesis.columns import Columns, Wanted
from emo_hub.synthesis.descriptors import StandOffText
from emo_hub.synthesis.sources import (
    Found,
    Table,
    find,
    line_table,
    slug,
    standard_split,
    usable_tables,
)
from emo_hub.synthesis.tabular import Row

# In characters. A longer text is refused: cut, it would be annotated for what it does not say.
LONGEST = 2_000
_FEWEST_WORDS_IN_COLUMN = 2
_LONGEST_ID = 200
_ROWS_AT_ONCE = 1_000
_LOG = logging.getLogger(__name__)
_TABLE = """CREATE TABLE texts (
    split TEXT, id TEXT, text TEXT, same TEXT UNIQUE, PRIMARY KEY (split, id)) STRICT"""


class TextSource:
    """Given texts by their place, held in a temporary file that goes when this does.

    Any number of threads may ask for texts.

    Args:
        name: of the source, as it stands in references.

    Attributes:
        name: of the source.
        skipped: how many texts were left out, by reason: `empty`, `too_long`,
            and `duplicate` where the same id and text came before, or, of texts without ids of
            their own, the same text but for case and space.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.skipped: Counter[str] = Counter()
        self._count = 0
        self._lock = threading.Lock()
        # An empty name is SQLite's for a private file that it removes itself.
        self._texts = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._texts.execute(_TABLE)
        self._texts.execute("BEGIN")

    def __len__(self) -> int:
        return self._count

    @property
    def items(self) -> Iterator[StandOffText]:
        """Give the texts by their place, in the order in which they were read, anew each time."""
        last = 0
        while True:
            with self._lock:
                rows = self._texts.execute(
                    "SELECT rowid, split, id FROM texts WHERE rowid > ? ORDER BY rowid LIMIT ?",
                    (last, _ROWS_AT_ONCE),
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield from (StandOffText(self.name, split, text_id) for _, split, text_id in rows)

    def text_of(self, reference: str) -> str:
        """Give the text of `source/split/id`.

        Raises:
            DataError: there is no such text here.
        """
        source, split, text_id = (*reference.split("/", 2), "", "")[:3]
        with self._lock:
            row = self._texts.execute(
                "SELECT text FROM texts WHERE split = ? AND id = ?", (split, text_id)
            ).fetchone()
        if source != self.name or row is None:
            raise DataError(
                f"The text '{reference}' is not among those of {self.name}: give the same texts "
                "as when it was asked for."
            )
        text: str = row[0]
        return text

    def _is_there(self, *row: str | None) -> bool:
        found = self._texts.execute(
            "SELECT 1 FROM texts WHERE split = ? AND id = ? AND text = ? OR same = ?", row
        )
        return found.fetchone() is not None

    def _add(self, split: str, text_id: str, text: str, where: str, *, has_id: bool) -> None:
        if not text or len(text) > LONGEST:
            self.skipped["too_long" if text else "empty"] += 1
            return
        _check_id(text_id, where)
        try:
            # Asked about twice it would be paid for twice, and might stand in train and in test;
            # but whoever gives ids wants each of them answered.
            flat = " ".join(text.casefold().split())
            same = None if has_id else hashlib.sha256(flat.encode()).hexdigest()
            row = (split, text_id, text, same)
            self._texts.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            if self._is_there(*row):
                self.skipped["duplicate"] += 1
                return
            raise InputError(
                f"{where}: the id '{text_id}' stands there twice; name with --id-column a "
                'column that tells the rows apart, or give --id-column "" to go by row number.'
            ) from error
        except UnicodeEncodeError as error:
            raise DataError(f"{where}, text '{text_id}' holds half a character.") from error
        self._count += 1


def read_texts(
    where: str | Path,
    *,
    source: str | None = None,
    split: str | None = None,
    text_column: str | None = None,
    id_column: str | None = None,
    limit: int | None = None,
) -> TextSource:
    """Read short texts from a file, a folder or a dataset on the Hub.

    A row of a table is a text, and so is a line of a `.txt` or `.md` file (in a folder that holds
    tables too, only the tables are read). The split of a text is in the column `split`, else in
    the name of its file or of the Hub's split, else train. Its id is in a column that tells the
    rows apart and is called `id` or the like, else the row's number and a hash of the text.

    Args:
        where: a file, a folder, or `owner/name[@revision][:config][/split]` on the Hub.
        source: its name in references; None for the name of the file, folder or dataset.
        split: of all texts, one of train, validation and test; None to find it.
        text_column: the column with the texts.
        id_column: the column with their ids; "" to go by row number.
        limit: how many texts to read at most, None for all.

    Raises:
        InputError: nothing can be read there, columns or splits are unclear, or an id repeats.
        DataError: a file is damaged.
    """
    if split is not None and split not in SPLITS:
        raise InputError(f"split is '{split}'; wanted one of {', '.join(SPLITS)}.")
    if source is not None and not slug(source):
        raise InputError(f"source is '{source}'; give a name with a letter or digit in it.")
    if limit is not None and limit < 0:
        raise InputError(f"limit is {limit}; give a number of texts from 0, or None for all.")
    found = _lines_as_tables(find(where))
    wanted = Wanted(text_column, id_column, "", _FEWEST_WORDS_IN_COLUMN, whole_rows=True)
    texts = TextSource(slug(source) if source else found.name)
    for table, columns, rows in usable_tables(found, wanted, others=False):
        for number, row in enumerate(rows, start=1):
            if limit is not None and len(texts) >= limit:
                return texts
            text = _value(row, columns.text)
            own = _value(row, columns.id)
            text_id = own or _made_id(number, text)
            place = split or _split(row, columns, table)
            texts._add(place, text_id, text, table.name, has_id=bool(own))
    if texts.skipped:
        _LOG.warning("%s: texts left out: %s.", texts.name, dict(texts.skipped))
    return texts


def _lines_as_tables(found: Found) -> Found:
    if found.tables:
        if found.prose:
            _LOG.warning("%d text files beside tables are not read.", len(found.prose))
        return found
    return Found(found.name, found.root, (), tuple(map(line_table, found.prose)))


def _split(row: Row, columns: Columns, table: Table) -> str:
    if not columns.split:
        return table.split if table.split in SPLITS else SPLITS[0]
    name = standard_split(_value(row, columns.split))
    if name not in SPLITS:
        raise InputError(
            f"{table.name} has '{name}' in the column '{columns.split}'; wanted one of "
            f"{', '.join(SPLITS)}. Give a split for all of them with split."
        )
    return name


def _made_id(number: int, text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()
    return f"{number}-{digest[:8]}"


def _check_id(text_id: str, where: str) -> None:
    if len(text_id) > _LONGEST_ID or not text_id.isprintable() or set("{}") & set(text_id):
        raise InputError(
            f"{where}: the id {text_id[:60]!r} cannot stand in a prompt; name with --id-column "
            'a column of short ids without braces, or give --id-column "" to go by row number.'
        )


def _value(row: Row, column: str) -> str:
    value = row.get(column) if column else None
    return "" if value is None else str(value).strip()
