"""Stories that a user brings, and the passages of them that fit into a prompt."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.columns import Columns, Wanted
from emo_hub.synthesis.sentences import balanced_cuts, bounded, paragraphs, sentences
from emo_hub.synthesis.sources import Found, find, slug, usable_tables
from emo_hub.synthesis.tabular import LONGEST_TEXT, Row, read_prose

# A column with fewer words than this on average holds no stories, unless the caller names it.
_FEWEST_WORDS_IN_COLUMN = 40
# A story with fewer says too little of anybody to be asked about.
FEWEST_WORDS = 60
# Leftovers of other programs; a teacher that quotes them would have its lines rejected.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Story:
    """One narrative as it was brought.

    Args:
        id: source, own id or title, and the head of a hash of the text; the same text always gives
            the same id, and but for the slash it can name a file.
        source: name of the corpus.
        title: its title, or else its id there.
        text: line ends made uniform, control characters dropped, otherwise as it was.
    """

    id: str
    source: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of a story, short enough for one prompt; `part` counts from 1 to `parts`."""

    story: Story
    part: int
    parts: int
    sentences: tuple[str, ...]

    @property
    def id(self) -> str:
        """Name the story and the part."""
        return f"{self.story.id}#{self.part}"

    @property
    def text(self) -> str:
        """Give all its sentences."""
        return self.until(len(self.sentences))

    def until(self, n: int) -> str:
        """Give its first `n` sentences: what has happened by then."""
        return " ".join(self.sentences[:n])

    def numbered(self) -> str:
        """Give a line for each sentence, with its number from 1 before it."""
        return "\n".join(f"[{n}] {sentence}" for n, sentence in enumerate(self.sentences, start=1))


class Stories(Iterator[Story]):
    """The stories of a place, read one by one; `skipped` counts what was left out, by reason.

    The reasons are `empty` and `duplicate`; the count is complete when the last story was read.
    """

    def __init__(self, found: Found, source: str, wanted: Wanted, limit: int | None) -> None:
        self.skipped: Counter[str] = Counter()
        self._source = source
        self._left = limit
        self._seen: set[bytes] = set()
        self._texts = _texts(found, wanted)

    def __next__(self) -> Story:
        """Read the next story.

        Raises:
            InputError: columns are unclear, or a file has none that can hold stories.
            DataError: a file is damaged, or a text is longer than 5 million characters.
        """
        if self._left == 0:
            raise StopIteration
        for name, title, raw in self._texts:
            if (story := self._story(name, title, raw)) is not None:
                if self._left is not None:
                    self._left -= 1
                return story
        if self.skipped:
            _LOG.warning("%s: stories left out: %s.", self._source, dict(self.skipped))
        raise StopIteration

    def _story(self, name: str, title: str, raw: str) -> Story | None:
        text = _CONTROL.sub("", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
        if not text:
            self.skipped["empty"] += 1
            return None
        try:
            digest = hashlib.sha256(text.encode())
        except UnicodeEncodeError as error:
            raise DataError(f"Story '{title or name}' holds half a character ({error}).") from error
        if digest.digest()[:12] in self._seen:
            self.skipped["duplicate"] += 1
            return None
        self._seen.add(digest.digest()[:12])
        own = slug(name) or slug(title) or "story"
        story_id = f"{self._source}/{own}-{digest.hexdigest()[:8]}"
        return Story(story_id, self._source, title or name or own, text)


def read_stories(
    where: str | Path,
    *,
    source: str | None = None,
    text_column: str | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    limit: int | None = None,
) -> Stories:
    """Read stories from a file, a folder or a dataset on the Hub, in constant memory.

    A `.txt` or `.md` file is one story, and so is a row of a table (`.jsonl`, `.json`, `.csv`,
    `.tsv`, `.parquet`), unless its id stands in several rows that follow one another: these are
    its sections. Columns are found by themselves where that is clear. In a folder, tables without
    stories are passed over, and so are files named readme, license, notice and the like.

    Args:
        where: a file, a folder, or `owner/name[@revision][:config][/split]` on the Hub (all splits
            where none is named; a revision with a slash cannot be named).
        source: name of the corpus for the ids; None for the name of the file, folder or dataset.
        text_column: the column with the stories.
        id_column: the column with their ids; "" to make each row a story of its own.
        title_column: the column with their titles; "" for none.
        limit: how many stories to read at most, None for all.

    Raises:
        InputError: nothing is there that can be read.
    """
    if limit is not None and limit < 0:
        raise InputError(f"limit is {limit}; give a number of stories from 0, or None for all.")
    if source is not None and not slug(source):
        raise InputError(f"source is '{source}'; give a name with a letter or digit in it.")
    found = find(where)
    wanted = Wanted(text_column, id_column, title_column, _FEWEST_WORDS_IN_COLUMN)
    return Stories(found, slug(source) if source else found.name, wanted, limit)


def passages(
    story: Story, *, most_words: int = 700, fewest_words: int = FEWEST_WORDS
) -> tuple[Passage, ...]:
    """Cut a story into passages of about equal length, between paragraphs where that is possible.

    Args:
        story: to cut.
        most_words: in a passage, at least 1. What has more words than this between two full stops
            is cut after a comma or, without one, between words.
        fewest_words: a story with fewer is too short to be of use.

    Returns:
        All sentences of the story, each in one passage; nothing for a story that is too short.

    Raises:
        InputError: `most_words` is below 1.
    """
    if most_words < 1:
        raise InputError(f"most_words is {most_words}; give at least 1.")
    pieces: list[str] = []
    ends: set[int] = set()
    for paragraph in paragraphs(story.text):
        for sentence in sentences(paragraph):
            pieces += bounded(sentence, most_words)
        ends.add(len(pieces))
    words = [len(piece.split()) for piece in pieces]
    if not words or sum(words) < fewest_words:
        return ()
    cuts = balanced_cuts(words, ends, most_words)
    return tuple(
        Passage(story, part, len(cuts) - 1, tuple(pieces[start:end]))
        for part, (start, end) in enumerate(pairwise(cuts), start=1)
    )


def _texts(found: Found, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    """Give name, title and text of whatever is there."""
    for path in found.prose:
        name = str(path.relative_to(found.root)).split(".")[0]
        yield name, path.name.split(".")[0], read_prose(path)
    others = bool(found.prose)
    for table, columns, rows in usable_tables(found, wanted, others=others):
        if columns.id:
            yield from _grouped(rows, columns, table.name)
        else:
            for row in rows:
                yield "", _value(row, columns.title), _joined([row], columns, table.name)


def _grouped(rows: Iterator[Row], columns: Columns, name: str) -> Iterator[tuple[str, str, str]]:
    seen: set[int] = set()
    for own, found in groupby(rows, key=lambda row: _value(row, columns.id)):
        sections = _in_order(_held(found, own, columns, name), columns.part)
        if hash(own) in seen:
            raise InputError(
                f"{name}: the rows with {columns.id} '{own}' do not follow one another; sort the "
                'table by that column, or give --id-column "" if each row is a story of its own.'
            )
        seen.add(hash(own))
        yield own, _value(sections[0], columns.title), _joined(sections, columns, name)


def _held(rows: Iterator[Row], own: str, columns: Columns, name: str) -> list[Row]:
    """Hold the rows of one story, and refuse before they are too many to be held."""
    sections: list[Row] = []
    length = 0
    for row in rows:
        sections.append(row)
        length += len(_value(row, columns.text))
        if length > LONGEST_TEXT:
            raise DataError(
                f"{name}: the rows with {columns.id} '{own}' hold over {LONGEST_TEXT} characters "
                'together; if each row is a story of its own, give --id-column "".'
            )
    return sections


def _in_order(sections: list[Row], part: str) -> list[Row]:
    if not part:
        return sections
    try:
        return sorted(sections, key=lambda row: float(_value(row, part)))
    except ValueError:
        # "Chapter the first": no number, so the order of the table stands.
        return sections


def _joined(sections: list[Row], columns: Columns, name: str) -> str:
    text = "\n\n".join(filter(None, (_value(row, columns.text).strip() for row in sections)))
    if len(text) > LONGEST_TEXT:
        raise DataError(f"{name} holds a text of over {LONGEST_TEXT} characters: {text[:60]!r}...")
    return text


def _value(row: Row, column: str) -> str:
    value = row.get(column) if column else None
    return "" if value is None else str(value).strip()
