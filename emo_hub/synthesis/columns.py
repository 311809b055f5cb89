"""Which column of a table holds the texts, and which say whose and where a text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emo_hub.errors import InputError
from emo_hub.synthesis.tabular import Row

SAMPLE = 200
# How many times as long the texts of one column must be before nobody needs to be asked.
_BY_FAR = 3
_TEXTS = ("text", "story", "narrative", "plot", "utterance", "comment")
_IDS = (
    "id", "text_id", "comment_id", "utterance_id", "tweet_id", "story_id", "storyid",
    "narrative_id", "plot_id", "doc_id", "document_id", "book_id", "uid", "uuid", "key", "mykey",
    "story", "narrative", "plot", "document", "doc", "book", "filename", "file_name", "file",
)  # fmt: skip
_TITLES = ("title", "story_title", "book_title", "story_name", "name", "headline")
_PARTS = (
    "section", "part", "chapter", "paragraph", "section_id", "part_id", "chapter_id", "position",
    "order", "number", "index", "seq",
)  # fmt: skip


class NoTextColumnError(InputError):
    """A table without a column that could hold the texts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller said about the columns; None to find one, "" for none of them.

    Args:
        text: holds the texts.
        id: names them.
        title: is their title.
        fewest_words: on average, for a column to be taken for the texts unasked.
        whole_rows: whether each row is a text of its own, never a section of one.
    """

    text: str | None
    id: str | None
    title: str | None
    fewest_words: float
    whole_rows: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table by what they hold; "" where there is none."""

    text: str
    id: str
    title: str
    part: str
    split: str


def choose_columns(sample: Sequence[Row], wanted: Wanted, name: str) -> Columns:
    """Say which column is which, from the first rows of a table.

    Args:
        sample: the rows, at least one.
        wanted: what the caller said.
        name: of the table, for messages.

    Raises:
        NoTextColumnError: no column is long enough, or not the one that was asked for.
        InputError: several columns could hold the texts, or a named one is not there.
    """
    names = list(dict.fromkeys(column for row in sample for column in row))
    words = {column: _mean_words(sample, column) for column in names}
    text = _text_column(words, wanted, name)
    rest = [column for column in names if column != text]
    for option, column in (("--id-column", wanted.id), ("title_column", wanted.title)):
        if column and column not in names:
            raise InputError(f"{name} has no column '{column}' ({option}); {_listed(words)}.")
    return Columns(
        text=text,
        id=_id_column(sample, rest, whole_rows=wanted.whole_rows)
        if wanted.id is None
        else wanted.id,
        title=_named(rest, _TITLES) if wanted.title is None else wanted.title,
        part=_named(rest, _PARTS),
        split=_named(rest, ("split",)),
    )


def _text_column(words: dict[str, float], wanted: Wanted, name: str) -> str:
    if wanted.text:
        if wanted.text not in words:
            raise NoTextColumnError(f"{name} has no column '{wanted.text}'; {_listed(words)}.")
        return wanted.text
    longest = max(words.values(), default=0)
    if longest < wanted.fewest_words:
        raise NoTextColumnError(
            f"{name} has no column with {wanted.fewest_words:g} words or more on average; "
            f"{_listed(words)}. Name with --text-column the one that holds the texts, if one does."
        )
    rivals = [column for column, mean in words.items() if mean * _BY_FAR > longest]
    named = [column for column in rivals if column.lower() in _TEXTS]
    if len(rivals) > 1 and len(named) != 1:
        raise InputError(
            f"{name} has several columns that could hold the texts; {_listed(words)}. Say with "
            f"--text-column which: {' or '.join(rivals)}."
        )
    return rivals[0] if len(rivals) == 1 else named[0]


def _id_column(sample: Sequence[Row], names: Sequence[str], *, whole_rows: bool) -> str:
    by_name = {column.lower(): column for column in reversed(names)}
    known = [by_name[name] for name in _IDS if name in by_name]
    values = {column: [row.get(column) for row in sample] for column in known}
    unique = [column for column in known if len(set(map(str, values[column]))) == len(sample)]
    if whole_rows:
        return unique[0] if unique else ""
    grouping = [
        column
        for column in known
        if column not in unique and _runs(values[column]) == len(set(map(str, values[column])))
    ]
    return next(iter((*grouping, *unique)), "")


def _runs(values: Sequence[object]) -> int:
    """Count the stretches of equal values."""
    return sum(1 for i, value in enumerate(values) if i == 0 or value != values[i - 1])


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    by_name = {column.lower(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), "")


def _mean_words(sample: Sequence[Row], column: str) -> float:
    texts = [value for row in sample if isinstance(value := row.get(column), str)]
    return sum(len(text.split()) for text in texts) / len(sample)


def _listed(words: dict[str, float]) -> str:
    means = ", ".join(
        f"{column} {mean:.0f}" for column, mean in sorted(words.items(), key=lambda c: -c[1])
    )
    return f"mean words by column: {means or 'no columns'}"
