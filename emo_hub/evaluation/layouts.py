"""Reusable layouts: most releases are a text column and one of a few ways to write labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emo_hub.evaluation.declaration import Example, Layout, Names, Row

_YES = frozenset({"1", "1.0", "true", "yes"})
_NO = frozenset({"0", "0.0", "false", "no", "", "none", "nan"})
# How folders of Parquet files call the labels, most telling first: a name needs no list of names.
_LABEL_COLUMNS = (
    "label_names", "label_name", "label_text", "emotion", "emotions", "label_ids", "labels",
    "label", "label_id",
)  # fmt: skip
_TEXT_COLUMNS = ("text", "utterance", "sentence", "tweet", "situation")


def cell(row: Row, column: str | None) -> str:
    """Give a cell as text, empty where the column or the value is missing."""
    value = row.get(column) if column else None
    return "" if value is None else str(value)


def flagged(row: Row, labels: Iterable[str]) -> tuple[str, ...]:
    """Give the labels whose column holds a yes.

    Raises:
        ValueError: a cell that is neither a yes nor a no, such as an intensity.
    """
    found: list[str] = []
    for label in labels:
        value = cell(row, label).strip().lower()
        if value in _YES:
            found.append(label)
        elif value not in _NO:
            raise ValueError(f"column {label} holds '{value}'; wanted 0 or 1")
    return tuple(found)


def named(
    text: str,
    labels: str,
    *,
    form: str = "",
    context: str | None = None,
    identity: str = "id",
    group: str | None = None,
    codes: Mapping[int, str] | None = None,
) -> Layout:
    """Make the layout of a text and one column of labels, in any way that `Names.names` reads.

    Args:
        text: the column of what is scored.
        labels: the column of a name, a number, several of either, or a list.
        form: whose form this is, for messages.
        context: the column of what came before.
        identity: the column of row ids, where there is one.
        group: the column of what must not straddle a split.
        codes: names by number that the release documents.
    """

    def read(row: Row, names: Names) -> Example:
        return Example(
            cell(row, text),
            labels=names.names(row[labels], labels),
            context=cell(row, context) or None,
            id=cell(row, identity),
            group=cell(row, group),
        )

    wanted = tuple(c for c in (text, labels, context, group) if c is not None)
    return Layout(wanted, read, form, optional=(identity,), codes=codes)


def flags(
    text: str,
    labels: Sequence[str],
    *,
    form: str = "",
    context: str | None = None,
    identity: str = "id",
    group: str | None = None,
) -> Layout:
    """Make the layout of a text and one column of 0 and 1 for each label.

    Args:
        text: the column of what is scored.
        labels: the columns, which are the names.
        form: whose form this is, for messages.
        context: the column of what came before.
        identity: the column of row ids, where there is one.
        group: the column of what must not straddle a split.
    """

    def read(row: Row, names: Names) -> Example:
        return Example(
            cell(row, text),
            labels=tuple(names.spelled(label) for label in flagged(row, labels)),
            context=cell(row, context) or None,
            id=cell(row, identity),
            group=cell(row, group),
        )

    wanted = (text, *labels, *(c for c in (context, group) if c is not None))
    return Layout(wanted, read, form, optional=(identity,))


def text_folder(
    text_columns: Sequence[str] = _TEXT_COLUMNS, context: str | None = None
) -> tuple[Layout, ...]:
    """Make the layouts of a plain folder of Parquet files, to stand after those of the releases.

    They are a text and the labels under one of the usual names, as names or as numbers of the
    label file beside them.

    Args:
        text_columns: names that the column of what is scored may have.
        context: the column of what came before, if the benchmark has contexts.
    """
    return tuple(
        named(text, labels, form="plain folder", context=context)
        for text in text_columns
        for labels in _LABEL_COLUMNS
    )
