"""What changed from one version of a corpus to another: rows added, removed, relabelled.

A row is known by its id. Versions may have other columns, configs and classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emo_hub.dataset import StoredCorpus
from emo_hub.errors import InputError
from emo_hub.synthesis.diff_side import Hashes, Side, read_rows_at, read_side
from emo_hub.taxonomy import GOEMOTIONS

LABELS = ("labels", "intensities", "primary_emotion", "voted", "votes")
TEXTS = (
    "utterance", "utterance_original", "context", "character", "character_description",
    "narrative", "title", "genre", "setting", "characters",
)  # fmt: skip

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class RowChange:
    """What became of a row.

    Args:
        id: of the row.
        split: before and after; None where the row is not there.
        columns: for each column that differs what stood there before and after; of a row that was
            added or removed all columns.
    """

    id: str
    split: tuple[str | None, str | None]
    columns: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChange:
    """What became of a config; pairs are before and after.

    Args:
        config: its name.
        rows: number of rows.
        added, removed: rows of one version alone.
        relabelled: rows of both with other labels, intensities, primary emotion or votes.
        reworded: rows of both with another text.
        otherwise: rows of both that differ in other columns alone.
        changed: rows of both in which any column differs.
        moved: rows of both in another split.
        columns: for each column the rows of both in which it differs.
        new_columns, lost_columns: columns of one version alone.
        statistics: numbers by what they are called; None where a version has none.
        labels: rows with each of the 28 labels.
        examples: some rows of each kind, by the names of the counts.
    """

    config: str
    rows: tuple[int, int]
    added: int
    removed: int
    relabelled: int
    reworded: int
    otherwise: int
    changed: int
    moved: int
    columns: Mapping[str, int]
    new_columns: tuple[str, ...]
    lost_columns: tuple[str, ...]
    statistics: Mapping[str, tuple[float | None, float | None]]
    labels: Mapping[str, tuple[int, int]]
    examples: Mapping[str, tuple[RowChange, ...]]


@dataclass(frozen=True, slots=True)
class CorpusChange:
    """What became of a corpus.

    Args:
        names: name and version, before and after.
        same: whether both hold the same files of rows.
        configs: of either version.
    """

    names: tuple[str, str]
    same: bool
    configs: tuple[ConfigChange, ...]


def compare_corpora(before: StoredCorpus, after: StoredCorpus, *, most: int = 3) -> CorpusChange:
    """Compare two versions row by row; counts are exact, whatever is shown.

    Args:
        before: the earlier version.
        after: the later one.
        most: so many rows of each kind are given as examples, 0 or more.

    Raises:
        InputError: the two have no config in common, so these are no versions of one corpus.
        DataError: a file is missing or damaged.
    """
    configs = list(dict.fromkeys((*before.counts, *after.counts)))
    if not set(before.counts) & set(after.counts):
        raise InputError(f"{before.path} and {after.path} have no config in common.")
    return CorpusChange(
        names=(_name(before), _name(after)),
        same=before.content == after.content,
        configs=tuple(_compare(before, after, config, most) for config in configs),
    )


def _name(corpus: StoredCorpus) -> str:
    return f"{corpus.manifest.get('name', corpus.path.name)} {corpus.version}"


@dataclass(frozen=True, slots=True)
class _Matched:
    """Rows of two sides by their places: of one alone, and pairs of both."""

    first: Places
    second: Places
    removed: Places
    added: Places


def _match(before: Hashes, after: Hashes) -> _Matched:
    _, first, second = np.intersect1d(before, after, return_indices=True)
    return _Matched(
        first,
        second,
        np.flatnonzero(~np.isin(before, after)),
        np.flatnonzero(~np.isin(after, before)),
    )


def _compare(before: StoredCorpus, after: StoredCorpus, config: str, most: int) -> ConfigChange:
    one, two = read_side(before, config), read_side(after, config)
    matched = _match(one.keys, two.keys)
    shared = [name for name in one.columns if name in two.columns]
    differs = {
        name: one.values[matched.first, one.columns.index(name)]
        != two.values[matched.second, two.columns.index(name)]
        for name in shared
    }
    relabelled, reworded = _any(differs, LABELS, matched), _any(differs, TEXTS, matched)
    changed = _any(differs, shared, matched)
    kinds = {
        "relabelled": relabelled,
        "reworded": reworded,
        "otherwise": changed & ~relabelled & ~reworded,
        "moved": one.splits[matched.first] != two.splits[matched.second],
    }
    statistics = one.numbers.facts(), two.numbers.facts()
    labels = one.numbers.labels, two.numbers.labels
    return ConfigChange(
        config=config,
        rows=(len(one.keys), len(two.keys)),
        added=len(matched.added),
        removed=len(matched.removed),
        relabelled=int(relabelled.sum()),
        reworded=int(reworded.sum()),
        otherwise=int(kinds["otherwise"].sum()),
        changed=int(changed.sum()),
        moved=int(kinds["moved"].sum()),
        columns={name: int(rows.sum()) for name, rows in differs.items() if rows.any()},
        new_columns=_beyond(two, one),
        lost_columns=_beyond(one, two),
        statistics={
            name: (statistics[0].get(name), statistics[1].get(name))
            for name in dict.fromkeys((*statistics[0], *statistics[1]))
        },
        labels={name: (labels[0][name], labels[1][name]) for name in GOEMOTIONS.labels},
        examples=_examples(before, after, config, matched, kinds, most),
    )


def _any(
    differs: Mapping[str, npt.NDArray[np.bool_]], columns: tuple[str, ...] | list[str], of: _Matched
) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(of.first), np.bool_)
    for name in columns:
        found |= differs.get(name, False)
    return found


def _beyond(side: Side, other: Side) -> tuple[str, ...]:
    # A side without rows has no columns to compare with.
    return tuple(c for c in side.columns if c not in other.columns) if other.columns else ()


def _examples(
    before: StoredCorpus,
    after: StoredCorpus,
    config: str,
    matched: _Matched,
    kinds: Mapping[str, npt.NDArray[np.bool_]],
    most: int,
) -> dict[str, tuple[RowChange, ...]]:
    pairs: dict[str, list[tuple[int | None, int | None]]] = {
        "added": [(None, int(place)) for place in matched.added[:most]],
        "removed": [(int(place), None) for place in matched.removed[:most]],
    }
    for kind, rows in kinds.items():
        chosen = np.flatnonzero(rows)[:most]
        pairs[kind] = [(int(matched.first[n]), int(matched.second[n])) for n in chosen]
    places = [pair for found in pairs.values() for pair in found]
    old = read_rows_at(before, config, [i for i, _ in places if i is not None])
    new = read_rows_at(after, config, [j for _, j in places if j is not None])
    return {
        kind: tuple(_row_change(_at(old, i), _at(new, j)) for i, j in found)
        for kind, found in pairs.items()
        if found
    }


def _at(rows: Mapping[int, dict[str, Any]], place: int | None) -> dict[str, Any]:
    return {} if place is None else rows[place]


def _row_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> RowChange:
    columns = [name for name in dict.fromkeys((*old, *new)) if name not in ("id", "split")]
    if old and new:
        columns = [c for c in columns if c in old and c in new and old[c] != new[c]]
    return RowChange(
        id=str((old or new)["id"]),
        split=(old.get("split"), new.get("split")),
        columns={name: (old.get(name), new.get(name)) for name in columns},
    )
