"""A file of predictions as a scorer: what somebody else's model gave, row by row.

Rows are found by the benchmark's ids, by the hashes that records of an evaluation have, by text
and context, or, where the file has none of these, by their order, if there are as many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import DataError, NotSuited
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.scorers.deciding import HALF
from emo_hub.evaluation.scorers.label_names import label_of
from emo_hub.evaluation.scorers.prediction_files import PredictionFile
from emo_hub.records import DIMENSIONS
from emo_hub.taxonomy import normalise

Floats = NDArray[np.float32]

_EXAMPLES = 3  # of what is missing, named in a message


@dataclass(frozen=True, slots=True)
class PredictionScorer:
    """Scores that are read, not computed.

    Args:
        name: how the model is called in tables.
        file: what was read.
        cuts: from which scores labels count, by label, or one number.
        rows: of the benchmark that it is bound to; None where rows are found by their text.
    """

    name: str
    file: PredictionFile
    cuts: Mapping[str, float] | float
    rows: LoadedBenchmark | None = None

    def bound_to(self, rows: LoadedBenchmark) -> PredictionScorer:
        """Take the part of the file that is about these rows.

        Raises:
            NotSuited: the file is about other benchmarks or another split.
            DataError: it has columns that are no labels of this benchmark.
        """
        chosen = self._about(rows)
        part = _taken(self.file, chosen)
        bound = replace(self, file=part, rows=rows)
        bound._check_columns(rows)
        return bound

    def _about(self, rows: LoadedBenchmark) -> list[int]:
        chosen = list(range(len(self.file)))
        for word, wanted in (("benchmark", rows.name), ("split", rows.split)):
            column = self.file.words.get(word)
            stated = self.file.facts.get(word)
            if column is None and stated in (None, wanted):
                continue
            there = [stated] * len(self.file) if column is None else column
            chosen = [place for place in chosen if there[place] == wanted]
            if not chosen:
                raise NotSuited(
                    f"{self.file.path} holds no rows of {rows.name}, split {rows.split}: its "
                    f"{word} is {', '.join(sorted({str(name) for name in there}))}."
                )
        return chosen

    def _check_columns(self, rows: LoadedBenchmark) -> None:
        known = {normalise(label) for label in (*rows.labels, *rows.asked_labels, *DIMENSIONS)}
        filled = [k for k, v in self.file.scores.items() if any(x is not None for x in v)]
        if not any(normalise(label) in known for label in filled):
            raise NotSuited(f"{self.file.path} has no column for any label of {rows.name}.")
        unknown = [label for label in filled if normalise(label) not in known]
        if unknown:
            raise DataError(
                f"{self.file.path} has columns that are no labels of {rows.name}: "
                f"{', '.join(unknown)}. Its labels are {', '.join(rows.labels)}: rename or remove "
                "them, or say in a column 'benchmark' which rows belong to which benchmark."
            )

    def missing(self, labels: Sequence[str]) -> tuple[str, ...]:
        """List the labels for which the file has no column."""
        return tuple(label for label in labels if self._column(label) is None)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give what the file says of these texts: (N, C) in [0, 1].

        Raises:
            NotSuited: it has a column for none of the labels.
            DataError: a row is missing or stands there twice, or a number is outside [0, 1].
        """
        columns = [self._column(label) for label in labels]
        if not any(columns):
            raise NotSuited(
                f"{self.file.path} has no column for any of the labels {', '.join(labels)}."
            )
        return self._read(texts, contexts, columns, (0.0, 1.0))

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the scores (C,) from which labels count; one half where nothing is said."""
        if not isinstance(self.cuts, Mapping):
            return np.full(len(labels), self.cuts, dtype=np.float32)
        cuts = {normalise(label): cut for label, cut in self.cuts.items()}
        named = [normalise(self._column(label) or label) for label in labels]
        return np.array([cuts.get(label, HALF) for label in named], dtype=np.float32)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give valence, arousal, dominance (N, 3); None where the file lacks a column.

        Raises:
            DataError: a row is missing or stands there twice, or a number is outside 1..5.
        """
        columns = [self._column(name) for name in DIMENSIONS]
        if not all(columns):
            return None
        return self._read(texts, contexts, columns, (1.0, 5.0))

    def _column(self, label: str) -> str | None:
        """Name the column of a label, or of the label that it becomes in a projection."""
        by_name = {normalise(name): name for name in self.file.scores}
        wanted = label_of(label)
        if normalise(wanted) in by_name:
            return by_name[normalise(wanted)]
        # A record of a projected benchmark holds the narrow labels; asked for are the wide ones,
        # and the largest of equal scores is that score.
        projection = self.rows.projection if self.rows else None
        carried = projection.mapping.get(wanted) if projection else None
        return by_name.get(normalise(carried)) if carried else None

    def _read(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None,
        columns: Sequence[str | None],
        bounds: tuple[float, float],
    ) -> Floats:
        places = self._places(texts, contexts)
        found = np.zeros((len(texts), len(columns)), dtype=np.float32)
        for number, name in enumerate(columns):
            if name is None:
                continue
            values = self.file.scores[name]
            for i, place in enumerate(places):
                value = values[place]
                if value is None or not bounds[0] <= value <= bounds[1]:
                    raise DataError(
                        f"{self.file.path} gives {_said(value)} for '{name}' of "
                        f"{texts[i][:40]!r}; wanted a number in [{bounds[0]:g}, {bounds[1]:g}]."
                    )
                found[i, number] = value
        return found

    def _places(self, texts: Sequence[str], contexts: Sequence[str | None] | None) -> Sequence[int]:
        """Find the row of the file for each text."""
        words, rows = self.file.words, self.rows
        pairs = list(zip(texts, contexts or [None] * len(texts), strict=True))
        if "id" in words and rows is not None and rows.ids:
            if len(rows.ids) != len(texts):
                raise DataError(f"{rows.name} has {len(rows.ids)} ids for {len(texts)} rows.")
            return self._looked_up(words["id"], rows.ids, "id")
        if "row" in words:
            return self._looked_up(words["row"], _hashes(pairs), "row")
        if "text" in words:
            return self._by_text(pairs)
        if len(self.file) != len(texts):
            raise DataError(
                f"{self.file.path} has {len(self.file):,} rows and {len(texts):,} are asked for; "
                "without a column 'id' or 'text' they are matched by order, so there must be one "
                "for each row of the split."
            )
        return range(len(texts))

    def _by_text(self, pairs: Sequence[tuple[str, str | None]]) -> Sequence[int]:
        texts = self.file.words["text"]
        contexts = self.file.words.get("context")
        if contexts is None:
            return self._looked_up(texts, [text for text, _ in pairs], "text")
        keys = [(text, context or None) for text, context in zip(texts, contexts, strict=True)]
        return self._looked_up(keys, [(text, context or None) for text, context in pairs], "text")

    def _looked_up(self, there: Sequence[Any], wanted: Sequence[Any], word: str) -> list[int]:
        index: dict[Any, int] = {}
        for place, key in enumerate(there):
            if key in index and not self._same(index[key], place):
                raise DataError(
                    f"{self.file.path} has two rows with other scores for the {word} "
                    f"{str(key)[:60]!r}: keep one, or tell rows apart by a column 'id'."
                )
            index.setdefault(key, place)
        absent = [key for key in dict.fromkeys(wanted) if key not in index]
        if absent:
            shown = ", ".join(repr(str(key)[:40]) for key in absent[:_EXAMPLES])
            raise DataError(
                f"{self.file.path} lacks {len(absent):,} of {len(wanted):,} rows; there is no "
                f"{word} {shown}{', ...' if len(absent) > _EXAMPLES else ''}."
            )
        return [index[key] for key in wanted]

    def _same(self, first: int, second: int) -> bool:
        return all(values[first] == values[second] for values in self.file.scores.values())


def _said(value: float | None) -> str:
    return "nothing" if value is None or math.isnan(value) else f"{value:g}"


def _hashes(pairs: Sequence[tuple[str, str | None]]) -> tuple[str, ...]:
    """Name rows as records of an evaluation do."""
    from emo_hub.evaluation.scored import row_ids

    texts, contexts = tuple(t for t, _ in pairs), tuple(c for _, c in pairs)
    nothing = np.zeros((len(pairs), 0), dtype=np.int8)
    return row_ids(LoadedBenchmark("", "", "multi_label", "", texts, contexts, nothing, labels=()))


def _taken(file: PredictionFile, places: Sequence[int]) -> PredictionFile:
    pick: Callable[[list[Any]], list[Any]] = lambda values: [values[i] for i in places]  # noqa: E731
    return replace(
        file,
        words={name: pick(values) for name, values in file.words.items()},
        scores={name: pick(values) for name, values in file.scores.items()},
    )
