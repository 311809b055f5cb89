"""How far independent looks at one text agree, and so how far a row can be trusted.

Lines carry their looks, the row's own annotation first; a comment has a row for each look. Neither
look saw the other. Where a text has more than two looks, the first two are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from emo_hub.dataset import StoredCorpus
from emo_hub.records import DIMENSIONS, SPLITS, Look
from emo_hub.synthesis.consensus import agreement
from emo_hub.synthesis.statistics import cohen_kappa, pearson
from emo_hub.synthesis.stored import LINES, read_rows
from emo_hub.taxonomy import GOEMOTIONS

# Bins of the first look's strongest intensity, by their lower ends.
_BINS = (0.3, 0.5, 0.7, 0.9)
_COMMENT = ("source", "source_split", "source_id", "look", "labels", "intensities", *DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two looks at one text.

    Args:
        first: the row's own annotation, where there are two.
        second: of somebody who did not see the first.
        register: of the text; empty where it has none.
    """

    first: Look
    second: Look
    register: str = ""


def looks_facts(corpus: StoredCorpus) -> dict[str, dict[str, Any]]:
    """Compare the looks of each kind of row that has two: utterances, contextual, comments.

    Raises:
        DataError: a file is missing or damaged.
    """
    kinds = {
        "utterances": pairs_of_lines(corpus, LINES[0]),
        "contextual": pairs_of_lines(corpus, LINES[1]),
        "comments": pairs_of_comments(corpus),
    }
    return {kind: compare(list(pairs)) for kind, pairs in kinds.items()}


def pairs_of_lines(corpus: StoredCorpus, config: str) -> Iterator[Pair]:
    """Give the first two looks at each line that has two.

    Raises:
        DataError: a file is missing or damaged.
    """
    for split in SPLITS:
        for file in corpus.files(config, split):
            for row in read_rows(file, ("looks", "register")):
                looks = [_look(look) for look in row.get("looks") or ()]
                if len(looks) > 1 and looks[0].emotions and looks[1].emotions:
                    yield Pair(looks[0], looks[1], row.get("register") or "")


def pairs_of_comments(corpus: StoredCorpus) -> Iterator[Pair]:
    """Give the first and second looks at each comment that has both.

    Raises:
        DataError: a file is missing or damaged.
    """
    # The few second looks are kept, the many first ones only pass.
    seconds = {_place(row): _look(row) for row in _comments(corpus) if row["look"] == 2}
    for row in _comments(corpus) if seconds else ():
        if row["look"] == 1 and (second := seconds.get(_place(row))) is not None:
            yield Pair(_look(row), second)


def compare(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Say how far first and second looks agree.

    Returns:
        `pairs`; shares in 0..1 `same_top` and `share_a_label`; `kappa` of the top label (Cohen
        1960); `overlap`, the mean soft overlap of `consensus.agreement`; Pearson's r as
        `valence_r`, `arousal_r`, `dominance_r`, over the pairs where both give it; `by_label`,
        `by_register`, and `by_intensity` of the first look's top label, keyed by the lower end of
        the bin. None where nothing can be computed.
    """
    tops = [(_top(pair.first), _top(pair.second)) for pair in pairs]
    return {
        **_agreed(pairs),
        "share_a_label": _mean(bool(_labels(p.first) & _labels(p.second)) for p in pairs),
        "kappa": _short(cohen_kappa(tops)),
        **{f"{scale}_r": _correlation(pairs, scale) for scale in DIMENSIONS},
        "by_label": _by_label(pairs),
        "by_register": _grouped(pairs, [pair.register for pair in pairs]),
        "by_intensity": _grouped(pairs, [_bin(pair.first.emotions[0][1]) for pair in pairs]),
    }


def _agreed(pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "pairs": len(pairs),
        "same_top": _mean(_top(pair.first) == _top(pair.second) for pair in pairs),
        "overlap": _mean(agreement((pair.first, pair.second)) or 0.0 for pair in pairs),
    }


def _grouped(pairs: Sequence[Pair], names: Sequence[str]) -> dict[str, Any]:
    groups: dict[str, list[Pair]] = {}
    for name, pair in zip(names, pairs, strict=True):
        groups.setdefault(name, []).append(pair)
    return {name: _agreed(group) for name, group in sorted(groups.items()) if name}


def _by_label(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Give of each label how often each look has it, how often both do, and how far they agree.

    `agreement` is the positive agreement 2 * both / (first + second); `top_kept` the share of the
    rows which it leads in the first look that it leads in the second too.
    """
    found = {}
    for label in GOEMOTIONS.labels:
        first = [label in _labels(pair.first) for pair in pairs]
        second = [label in _labels(pair.second) for pair in pairs]
        said = sum(first) + sum(second)
        both = sum(one and other for one, other in zip(first, second, strict=True))
        led = [pair for pair in pairs if _top(pair.first) == label]
        if said:
            found[label] = {
                "first": sum(first),
                "second": sum(second),
                "both": both,
                "agreement": _short(2 * both / said),
                "led": len(led),
                "top_kept": _mean(_top(pair.second) == label for pair in led),
            }
    return found


def _correlation(pairs: Sequence[Pair], scale: str) -> float | None:
    values = [(getattr(pair.first, scale), getattr(pair.second, scale)) for pair in pairs]
    return _short(pearson([(x, y) for x, y in values if x is not None and y is not None]))


def _bin(intensity: float) -> str:
    # A hair is added because 0.7 as a 32-bit number lies below 0.7.
    return str(max((low for low in _BINS if low <= intensity + 1e-6), default=_BINS[0]))


def _comments(corpus: StoredCorpus) -> Iterator[Mapping[str, Any]]:
    for split in SPLITS:
        for file in corpus.files("descriptors", split):
            yield from read_rows(file, _COMMENT)


def _place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["source"], row["source_split"], row["source_id"]


def _look(row: Mapping[str, Any]) -> Look:
    names = [GOEMOTIONS.labels[number] for number in row["labels"]]
    return Look(
        row.get("teacher") or "",
        tuple(zip(names, row["intensities"], strict=True)),
        valence=row.get("valence"),
        arousal=row.get("arousal"),
        dominance=row.get("dominance"),
    )


def _top(look: Look) -> str:
    return look.emotions[0][0]


def _labels(look: Look) -> frozenset[str]:
    return frozenset(label for label, _ in look.emotions)


def _mean(values: Iterable[float]) -> float | None:
    told = [float(value) for value in values]
    return _short(sum(told) / len(told) if told else nan)


def _short(value: float) -> float | None:
    return round(value, 4) if value == value else None
