"""Finds the labels of a model with fixed labels among those of a benchmark.

A label matches by its name, by a small table of inflections and plain synonyms, or by the ways of
saying it that the lexicon lists, in this order; where the model has the whole label set of a
declared projection, that decides instead. A label of the model stands for one label at most: a
model that knows "anger" does not know "furious" beside "angry".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from emo_hub.taxonomy import LABEL_SETS, PROJECTIONS, find_emotion, normalise

Columns = Mapping[str, tuple[int, ...]]

# One line is one feeling: inflections, and synonyms that no label set tells apart.
SAME: tuple[tuple[str, ...], ...] = (
    ("joy", "joyful", "joyous", "happy", "happiness", "enjoyment"),
    ("sadness", "sad", "sorrow", "sorrowful"),
    ("anger", "angry", "mad"),
    ("fear", "fearful", "afraid", "scared", "frightened"),
    ("disgust", "disgusted"),
    ("surprise", "surprised"),
    ("neutral", "neutrality", "others", "other", "none", "no emotion", "noemo"),
    ("love", "loving"),
    ("admiration", "admiring"),
    ("amusement", "amused"),
    ("annoyance", "annoyed", "irritation", "irritated"),
    ("anticipation", "anticipating"),
    ("anxiety", "anxious"),
    ("apprehension", "apprehensive"),
    ("approval", "approving"),
    ("confidence", "confident"),
    ("confusion", "confused"),
    ("contentment", "content"),
    ("curiosity", "curious"),
    ("desire", "desiring"),
    ("devastation", "devastated"),
    ("disappointment", "disappointed"),
    ("disapproval", "disapproving"),
    ("embarrassment", "embarrassed"),
    ("excitement", "excited"),
    ("faithfulness", "faithful"),
    ("frustration", "frustrated"),
    ("fury", "furious"),
    ("gratitude", "grateful", "thankfulness", "thankful"),
    ("grief", "grieving"),
    ("guilt", "guilty"),
    ("hope", "hopeful"),
    ("jealousy", "jealous"),
    ("loneliness", "lonely"),
    ("nervousness", "nervous"),
    ("nostalgia", "nostalgic"),
    ("optimism", "optimistic"),
    ("pessimism", "pessimistic"),
    ("pride", "proud"),
    ("realization", "realisation"),
    ("relief", "relieved"),
    ("remorse", "remorseful"),
    ("sentimentality", "sentimental"),
    ("shame", "ashamed"),
    ("terror", "terrified"),
    ("trust", "trusting"),
    ("positive", "pos"),
    ("negative", "neg"),
)
_FEELING = {word: number for number, words in enumerate(SAME) for word in words}
_BY_NAME, _BY_TABLE, _BY_LEXICON, _NOT = range(4)


def match(own: Sequence[str], asked: Sequence[str]) -> Columns:
    """Say which columns of a model answer for each label that is asked for.

    Args:
        own: the model's labels, in the order of its columns.
        asked: labels of a benchmark.

    Returns:
        Columns by label; the label's score is the largest of them. Labels without any are not
        there.
    """
    own = [normalise(label) for label in own]
    wanted = [normalise(label_of(label)) for label in asked]
    projected = _projected(own, wanted)
    if projected is not None:
        found = [projected.get(label, ()) for label in wanted]
    else:
        found = _matched(own, wanted)
    return {label: columns for label, columns in zip(asked, found, strict=True) if columns}


def is_prompt(label: str) -> bool:
    """Say whether a label is what a benchmark asks in its place, a whole sentence of its own."""
    return label in _prompts()


def label_of(asked: str) -> str:
    """Give the label behind a benchmark's prompt; any other label is itself."""
    return _prompts().get(asked, asked)


@cache
def _prompts() -> Mapping[str, str]:
    """List the label behind every prompt of every declared benchmark."""
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    return {
        prompt: label
        for declared in BENCHMARKS.values()
        if declared.prompts
        for prompt, label in zip(declared.prompts, declared.asked_labels, strict=True)
    }


def coverage_sentence(name: str, labels: Sequence[str], missing: Sequence[str]) -> str:
    """Say how much of a benchmark's labels a model has."""
    if len(missing) == len(labels):
        return f"covers none of the {len(labels)} labels of {name}"
    there = len(labels) - len(missing)
    rest = ", ".join(missing)
    said = f"covers {there} of {len(labels)} labels of {name}"
    return f"{said}; {rest} {'get' if len(missing) > 1 else 'gets'} 0" if missing else said


def coverage_of_benchmarks(own: Iterable[str]) -> dict[str, str]:
    """Say of each declared benchmark with labels how much of it a model covers."""
    from emo_hub.evaluation.benchmarks import BENCHMARKS

    own = list(own)
    said = {}
    for name, declared in BENCHMARKS.items():
        if declared.labels is not None:
            asked = declared.labels.labels
            found = match(own, asked)
            missing = [label for label in asked if label not in found]
            said[name] = coverage_sentence(name, asked, missing)
    return said


def _projected(own: Sequence[str], asked: Sequence[str]) -> dict[str, tuple[int, ...]] | None:
    """Use a declared projection where both sides are the whole of its sets."""
    for projection in PROJECTIONS.values():
        source = [normalise(label) for label in projection.source.labels]
        target = [normalise(label) for label in projection.target.labels]
        if sorted(source) == sorted(own) and sorted(target) == sorted(asked):
            return {
                normalise(label): tuple(own.index(normalise(member)) for member in members)
                for label, members in projection.groups().items()
            }
    return None


def _matched(own: Sequence[str], asked: Sequence[str]) -> list[tuple[int, ...]]:
    ranks = [[_rank(mine, wanted) for wanted in asked] for mine in own]
    serving: dict[int, list[tuple[int, int]]] = {}
    for column, row in enumerate(ranks):
        best = min(row, default=_NOT)
        if best < _NOT:
            serving.setdefault(row.index(best), []).append((best, column))
    found = []
    for place in range(len(asked)):
        candidates = serving.get(place, [])
        nearest = min((rank for rank, _ in candidates), default=_NOT)
        found.append(tuple(column for rank, column in candidates if rank == nearest))
    return found


def _rank(mine: str, wanted: str) -> int:
    if mine == wanted:
        return _BY_NAME
    if mine in _FEELING and _FEELING[mine] == _FEELING.get(wanted):
        return _BY_TABLE
    known = find_emotion(wanted), find_emotion(mine)
    if any(e and word in e.ways for e, word in zip(known, (mine, wanted), strict=True)):
        return _BY_LEXICON
    return _NOT


def known_set(own: Iterable[str]) -> str | None:
    """Name the label set that a model's labels are the whole of, where there is one."""
    labels = {normalise(label) for label in own}
    for name, label_set in LABEL_SETS.items():
        if {normalise(label) for label in label_set.labels} == labels:
            return name
    return None
