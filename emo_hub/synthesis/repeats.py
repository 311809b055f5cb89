"""Finds near-duplicates among any number of lines, exactly, in a few hundred bytes a line.

Two lines are near-duplicates where their sets of words and word pairs overlap by a Jaccard index of
at least `NEAR`. Word 5-grams would miss them here: most lines have 3 to 20 words, and one changed
word breaks up to five 5-grams. The search needs no sketches: with the features of every line in
one common order, two lines can only be that similar if they share one of their first
`n - ceil(NEAR * n) + 1` features (prefix filtering), so only those are indexed. Any order is right;
the rarer the first ones are, the fewer lines have to be compared.

MinHash with LSH (rensa 0.5.0, 20 bands of 4) was measured beside this on 400,000 lines of 11 words:
its index alone takes twice the memory of all that is kept here, and with the exact comparison of
its candidates it takes no less time. So nothing is gained by a search that may miss pairs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
Places = NDArray[np.int64]

NEAR = 0.7
# Lines that are searched at once; more would pay off little.
BATCH = 1024
# Counters of how often features occur. Two features may share one: it only guides the order.
_COUNTERS = 1 << 22
# Candidates within a batch, for each of its lines, above which it is halved.
_MOST_PAIRS = 64
# Candidates that are compared at once, so that common phrases cost time and not memory.
_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Repeat:
    """That a line repeats an earlier one that stays; `exact` if word for word."""

    of: str
    exact: bool


class Repeats:
    """Remembers the lines that stay, and says of each further one whether it repeats one of them.

    Equal lines in equal order and batches of any size always get equal answers.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._ids: list[str] = []
        self._features = array("Q")
        self._ends = array("q", [0])
        self._lengths = array("i")
        self._seen = np.zeros(_COUNTERS, dtype=np.uint32)
        self._rank = self._seen.copy()
        self._index: list[tuple[Numbers, Places]] = []
        self._due = 0

    def sift(self, lines: Sequence[tuple[str, Sequence[str]]]) -> list[Repeat | None]:
        """Judge lines in their order, each against all that stayed before it.

        Args:
            lines: pairs of id and words; `BATCH` of them at once is a good number.

        Returns:
            What each of them repeats, None for those that stay.
        """
        coded = [self._coded(words) for _, words in lines]
        firsts: dict[bytes, int] = {}
        copy_of = [firsts.setdefault(code.tobytes(), n) for n, code in enumerate(coded)]
        fresh = [n for n, first in enumerate(copy_of) if n == first]
        codes = [coded[n] for n in fresh]
        self._note(_features(codes)[1])
        found = self._search([lines[n][0] for n in fresh], codes)
        verdicts: list[Repeat | None] = [None] * len(lines)
        for n, verdict in zip(fresh, found, strict=True):
            verdicts[n] = verdict
        for n, first in enumerate(copy_of):
            if n != first and len(coded[n]):
                verdicts[n] = verdicts[first] or Repeat(lines[first][0], exact=True)
        return verdicts

    def _coded(self, words: Sequence[str]) -> array[int]:
        numbers = self._numbers
        # From 1, so that a word alone (below 2**32) is never mistaken for a pair.
        return array("Q", [numbers.setdefault(word, len(numbers) + 1) for word in words])

    def _search(self, ids: Sequence[str], coded: Sequence[array[int]]) -> list[Repeat | None]:
        kept = len(self._ids)
        if kept >= self._due:
            self._reorder()
        owners, features = _features(coded)
        sizes = np.bincount(owners, minlength=len(coded))
        first = self._prefixes(owners, features, sizes)
        if len(coded) > 1 and _pairs_within(first[1]) > _MOST_PAIRS * len(coded):
            # Variations of one line: few of them stay, and only these are compared with the rest.
            half = len(coded) // 2
            earlier = self._search(ids[:half], coded[:half])
            return earlier + self._search(ids[half:], coded[half:])
        # All of the batch is remembered for now; what turns out to be a repeat is forgotten again.
        lengths = np.array([len(code) for code in coded], dtype=np.int64)
        self._remember(ids, lengths, sizes, features)
        segments = [*self._index, _segment(first[1], first[0] + kept)]
        near: dict[int, list[tuple[int, bool]]] = {}
        for query, other in _candidates(first, segments, kept):
            for q, o, exact in self._verified(query + kept, other):
                near.setdefault(q - kept, []).append((o, exact))
        verdicts: list[Repeat | None] = [None] * len(coded)
        for q in sorted(near):
            standing = [(o, exact) for o, exact in near[q] if o < kept or not verdicts[o - kept]]
            if standing:
                first_of, exact = min(standing, key=lambda pair: (not pair[1], pair[0]))
                verdicts[q] = Repeat(self._ids[first_of], exact)
        self._forget(verdicts, kept, owners, features, first)
        return verdicts

    def _remember(
        self, ids: Sequence[str], lengths: Places, sizes: Places, features: Numbers
    ) -> None:
        self._ids.extend(ids)
        self._lengths.extend(lengths.tolist())
        self._ends.frombytes((np.cumsum(sizes) + self._ends[-1]).tobytes())
        self._features.frombytes(features.tobytes())

    def _forget(
        self,
        verdicts: Sequence[Repeat | None],
        kept: int,
        owners: Places,
        features: Numbers,
        first: tuple[Places, Numbers],
    ) -> None:
        stays = np.array([verdict is None for verdict in verdicts], dtype=bool)
        if not stays.all():
            ids = [name for name, stay in zip(self._ids[kept:], stays, strict=True) if stay]
            lengths = np.array(self._lengths[kept:], dtype=np.int64)[stays]
            sizes = np.bincount(owners, minlength=len(stays))[stays]
            del self._ids[kept:], self._lengths[kept:], self._ends[kept + 1 :]
            del self._features[self._ends[-1] :]
            self._remember(ids, lengths, sizes, features[stays[owners]])
        places = np.cumsum(stays) - 1 + kept
        mine = stays[first[0]]
        self._add(_segment(first[1][mine], places[first[0][mine]]))

    def _note(self, features: Numbers) -> None:
        counters, counts = np.unique(_counter(features), return_counts=True)
        self._seen[counters] += counts.astype(np.uint32)

    def _reorder(self) -> None:
        """Put the rarest features first as they are known by now; the index is made anew."""
        kept = len(self._ids)
        self._due = max(BATCH, 2 * kept)
        self._rank[:] = self._seen
        self._index = []
        for start in range(0, kept, 16 * BATCH):
            places = np.arange(start, min(start + 16 * BATCH, kept))
            owners, features, sizes = self._stored(places)
            owner, first = self._prefixes(owners, features, sizes)
            self._add(_segment(first, owner + start))

    def _prefixes(self, owners: Places, features: Numbers, sizes: Places) -> tuple[Places, Numbers]:
        """Give, with their owners, the features by which lines can be found."""
        order = np.lexsort((features, self._rank[_counter(features)], owners))
        position = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        wanted = position < np.repeat(sizes - np.ceil(NEAR * sizes).astype(np.int64) + 1, sizes)
        return owners[wanted], features[order][wanted]

    def _stored(self, places: Places) -> tuple[Places, Numbers, Places]:
        """Give owners (numbers in `places`), features and sizes of lines that are remembered."""
        ends = np.frombuffer(self._ends, dtype=np.int64)
        starts, sizes = ends[places], ends[places + 1] - ends[places]
        rows = _ranges(starts, sizes)
        features = np.frombuffer(self._features, dtype=np.uint64)[rows]
        return np.repeat(np.arange(len(places)), sizes), features, sizes

    def _verified(self, query: Places, other: Places) -> Iterator[tuple[int, int, bool]]:
        ends = np.frombuffer(self._ends, dtype=np.int64)
        mine, theirs = ends[query + 1] - ends[query], ends[other + 1] - ends[other]
        # No two sets of such different sizes can overlap enough.
        alike = np.minimum(mine, theirs) >= NEAR * np.maximum(mine, theirs)
        query, other, mine, theirs = query[alike], other[alike], mine[alike], theirs[alike]
        if not len(query):
            return
        lines, line = np.unique(query, return_inverse=True)
        owners, features, _ = self._stored(lines)
        known, number = np.unique(features, return_inverse=True)
        # One number for a line and a feature of it; both lists below are of that kind.
        held = np.sort(owners * len(known) + number)
        pairs, features, _ = self._stored(other)
        place = np.minimum(np.searchsorted(known, features), len(known) - 1)
        hit = known[place] == features
        pairs = pairs[hit]
        asked = line[pairs] * len(known) + place[hit]
        at = np.minimum(np.searchsorted(held, asked), len(held) - 1)
        shared = np.bincount(pairs[held[at] == asked], minlength=len(query))
        lengths = np.frombuffer(self._lengths, dtype=np.int32)
        near = shared >= NEAR * (mine + theirs - shared)
        exact = (shared == mine) & (shared == theirs) & (lengths[query] == lengths[other])
        for n in np.flatnonzero(near):
            yield int(query[n]), int(other[n]), bool(exact[n])

    def _add(self, segment: tuple[Numbers, Places]) -> None:
        if not len(segment[0]):
            return
        self._index.append(segment)
        # Segments at least double from the last to the first, so there are only a few of them.
        while len(self._index) > 1 and len(self._index[-2][0]) < 2 * len(self._index[-1][0]):
            (features, places), (more, further) = self._index[-2:]
            merged = _segment(np.concatenate((features, more)), np.concatenate((places, further)))
            self._index[-2:] = [merged]


def _pairs_within(features: Numbers) -> int:
    """Count the pairs of lines of a batch that share one of these, once for each shared one."""
    counts = np.unique(features, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _features(coded: Sequence[array[int]]) -> tuple[Places, Numbers]:
    """Give the distinct words and word pairs of each line, with the line's number, sorted."""
    lengths = np.array([len(code) for code in coded], dtype=np.int64)
    flat = np.frombuffer(b"".join(code.tobytes() for code in coded), dtype=np.uint64)
    owner = np.repeat(np.arange(len(coded)), lengths)
    same = owner[1:] == owner[:-1]
    pairs = (flat[:-1][same] << np.uint64(32)) | flat[1:][same]
    owners, features = np.concatenate((owner, owner[1:][same])), np.concatenate((flat, pairs))
    order = np.lexsort((features, owners))
    owners, features = owners[order], features[order]
    new = np.ones(len(owners), dtype=bool)
    new[1:] = (owners[1:] != owners[:-1]) | (features[1:] != features[:-1])
    return owners[new], features[new]


def _counter(features: Numbers) -> Places:
    # Fibonacci hashing: the top bits of a product with 2**64 through the golden ratio.
    top: Numbers = features * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(42)
    return top.astype(np.int64)


def _segment(features: Numbers, places: Places) -> tuple[Numbers, Places]:
    order = np.argsort(features, kind="stable")
    return features[order], places[order].astype(np.int64)


def _ranges(starts: Places, sizes: Places) -> Places:
    """Give start, start + 1, ... of each range, one after another."""
    offsets: Places = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    return offsets + np.arange(len(offsets))


def _candidates(
    first: tuple[Places, Numbers], segments: Sequence[tuple[Numbers, Places]], kept: int
) -> Iterator[tuple[Places, Places]]:
    """Give pairs of a line of the batch and an earlier one that share an indexed feature."""
    owners, features = first
    order = np.argsort(features, kind="stable")
    owners, features = owners[order], features[order]
    for indexed, places in segments:
        low = np.searchsorted(indexed, features, side="left")
        sizes = np.searchsorted(indexed, features, side="right") - low
        reached = np.cumsum(sizes)
        start = 0
        while start < len(sizes):
            before = reached[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(reached, before + _AT_ONCE)))
            part = slice(start, stop)
            query = np.repeat(owners[part], sizes[part])
            other = places[_ranges(low[part], sizes[part])]
            earlier = other < query + kept
            pair = np.unique(query[earlier] << 32 | other[earlier])
            yield pair >> 32, pair & 0xFFFFFFFF
            start = stop
