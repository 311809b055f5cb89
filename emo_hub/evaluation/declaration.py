"""What a benchmark is: one value that says whose it is and how each known copy of it is read.

A copy is a folder or a Hub repository. Its columns decide which layout reads it, so the public
release, a copy on the Hub and a folder of Parquet files give the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from emo_hub.records import DIMENSIONS
from emo_hub.taxonomy import LabelSet, Projection

Kind = Literal["multi_label", "single_label", "regression"]
Row = Mapping[str, Any]

SPLITS = ("train", "dev", "test", "all")
_REVISION = re.compile(r"[0-9a-f]{40}")
_INTEGER = re.compile(r"[+-]?\d+(\.0+)?")


@dataclass(frozen=True, slots=True)
class Example:
    """One row as read.

    Args:
        text: what is scored.
        labels: names of the label set, none for regression.
        values: (V, A, D) in 1..5, for regression.
        context: what came before the text.
        id: how the release calls the row.
        shares: the share of annotators who chose each label, where the release tells it.
        group: what must not straddle a split, such as a dialogue.
    """

    text: str
    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    context: str | None = None
    id: str = ""
    shares: Mapping[str, float] | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Turns what a file holds for a label, a name or a number, into a name of the label set.

    A number is looked up, first found first taken, in the names that the file itself states for
    the column, in the codes that the layout documents, in the label file of the folder, and in the
    order of the label set.

    Args:
        order: the declared label set.
        columns: names by number for each column that states them.
        codes: names by number as the layout documents them.
        file: names by number from the folder's label file.
        spellings: other names for a label, in lower case.
    """

    order: tuple[str, ...]
    columns: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    codes: Mapping[int, str] | None = None
    file: Mapping[int, str] | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)

    def name(self, value: object, column: str = "") -> str:
        """Give the label that a cell of a column stands for.

        Raises:
            ValueError: a number that no list of names has.
        """
        text = str(value).strip()
        if _INTEGER.fullmatch(text):
            names = self._numbered(column)
            number = int(float(text))
            if number not in names:
                raise ValueError(
                    f"label id {number} is outside {min(names)}..{max(names)}, the ids of "
                    f"{', '.join(names.values())}"
                )
            text = names[number]
        return self.spelled(text)

    def names(self, value: object, column: str = "") -> tuple[str, ...]:
        """Give the labels of a cell: a list, or names or numbers between commas.

        Raises:
            ValueError: a number that no list of names has.
        """
        if value is None:
            return ()
        if isinstance(value, str):
            bare = value.strip().strip("[](){}")
            parts: Sequence[object] = [part.strip(" '\"\t") for part in re.split(r"[,;|]", bare)]
        elif isinstance(value, Sequence):
            parts = value
        else:
            parts = [value]
        found = [self.name(part, column) for part in parts if str(part).strip()]
        return tuple(dict.fromkeys(found))

    def spelled(self, text: str) -> str:
        """Bring a name to the spelling of the label set."""
        bare = text.strip()
        plain = " ".join(bare.lower().replace("_", " ").split())
        for written in (bare, bare.lower(), plain):
            if written in self.spellings:
                return self.spellings[written]
            if written in self.order:
                return written
        return plain

    def _numbered(self, column: str) -> Mapping[int, str]:
        if column in self.columns:
            return self.columns[column]
        return self.codes or self.file or dict(enumerate(self.order))


@dataclass(frozen=True, slots=True)
class Layout:
    """One form in which a benchmark is published: its columns and how a row of them is read.

    Args:
        columns: all must be there; compared exactly, then without regard to case. The row that
            `read` gets is keyed by these spellings.
        read: one row to an example, or None for a row that is left out by rule. It may raise
            ValueError.
        form: whose form this is, for messages ("public release", "Hub copy").
        optional: columns that `read` gets too where they are there; look them up with `row.get`.
        codes: names by number that the release documents, where numbers are used.
        split_column: a column that says the split of each row, where one file holds all splits.
        delimiter: of text files; None reads it off the first line.
        has_header: False where text files have no header and the columns go by position; such a
            layout is only tried where none with a header fits, and must state its delimiter.
        is_quoted: whether text files quote fields in the CSV way; None looks at the file. False
            also lets a line end in cells that the first line does not name, which are passed over.
        overflow: the column whose text may hold the delimiter, so that it gets the cells that a
            line has too many, in a text file that quotes nothing.
        arrange: run over all rows of a split, in order, before `read`, where a row alone is not
            enough: contexts made of earlier rows, several turns in one row.
        rows: for releases that are no table: given the benchmark's folder and a split, yields the
            rows that `read` gets. It raises DataError where its files are missing.
        marks: for each split that `rows` can give, patterns of paths in the folder, one of which
            is there where the split is.
    """

    columns: tuple[str, ...]
    read: Callable[[Row, Names], Example | None]
    form: str = ""
    optional: tuple[str, ...] = ()
    codes: Mapping[int, str] | None = None
    split_column: str | None = None
    delimiter: str | None = None
    has_header: bool = True
    is_quoted: bool | None = None
    overflow: str | None = None
    arrange: Callable[[Iterable[Row]], Iterable[Row]] | None = None
    rows: Callable[[Path, str], Iterable[Row]] | None = None
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.rows is None) == bool(self.marks):
            raise ValueError("A layout that reads a folder must state its marks, and no other.")
        if not self.has_header and self.delimiter is None:
            raise ValueError("A layout without a header must state its delimiter.")


@dataclass(frozen=True, slots=True)
class HubSource:
    """A copy on the Hugging Face Hub.

    Args:
        repo: owner/name of the dataset repository.
        config: its configuration, or None for the only one.
        revision: the commit, 40 hex digits, as stated by a source that the declaration names in a
            comment; None where no source was found, and then the user has to give one.
        splits: how the Hub calls each split, of SPLITS.
    """

    repo: str
    config: str | None = None
    revision: str | None = None
    splits: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType(
            {"train": "train", "dev": "validation", "test": "test"}
        )
    )

    def __post_init__(self) -> None:
        if self.revision is not None and not _REVISION.fullmatch(self.revision):
            raise ValueError(f"'{self.revision}' is no commit: wanted 40 hex digits.")
        unknown = set(self.splits) - set(SPLITS)
        if unknown:
            raise ValueError(f"{sorted(unknown)} are none of the splits {', '.join(SPLITS)}.")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark is, where it lies and how it is read.

    Args:
        name: how it is called on the command line.
        title: how a paper would call it.
        folders: names under which its folder may lie, compared by letters and digits alone; the
            first is the canonical one.
        layouts: the forms in which it is published; the first whose columns are there is taken.
        labels: the label set of the rows as read; None for regression.
        kind: what a scorer is asked for.
        headline: the metric that stands for the benchmark in tables.
        licence: what the publisher says one may do.
        source: whose it is and where it comes from.
        hub: the copy on the Hub, where there is one that can be loaded.
        faults: what a reader of the numbers should know.
        projection: carries rows and predictions onto a narrower set, where one is reported.
        scored: splits whose result is reported, most wanted first; the first that is there is
            taken, and train never is.
        files: paths inside the folder that hold a split, for names that do not say it.
        spellings: other names of labels, in lower case, to names of the label set.
        prompts: what a scorer is asked for instead of the names, in the order of the labels that
            it is asked for.
        only_by_name: whether it is left out unless it is named, for a protocol on borrowed rows.
        is_exhaustive: whether by the release's rule each text carries a label or more of a set that
            has none for "neutral".
    """

    name: str
    title: str
    folders: tuple[str, ...]
    layouts: tuple[Layout, ...]
    labels: LabelSet | None
    kind: Kind
    headline: str
    licence: str
    source: str
    hub: HubSource | None = None
    faults: tuple[str, ...] = ()
    projection: Projection | None = None
    scored: tuple[str, ...] = ("test", "dev", "all")
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    only_by_name: bool = False
    is_exhaustive: bool = False

    @property
    def folder(self) -> str:
        """The canonical name of its folder."""
        return self.folders[0]

    @property
    def asked_labels(self) -> tuple[str, ...]:
        """The labels that a scorer gets to see; those of the dimensions for regression."""
        return self.labels.labels if self.labels else DIMENSIONS
