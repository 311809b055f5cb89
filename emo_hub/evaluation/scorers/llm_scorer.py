"""Texts to scores by the answers of a chat model: one call per text, all labels in the prompt.

Decisions are the model's own: what it names counts as there, and nothing is fitted. A text that got
no usable answer has a row of zeros, in the three dimensions the middle of the scale; how many there
are, and why, stands in the facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from emo_hub.errors import InputError
from emo_hub.evaluation.loading import FittingRows, LoadedBenchmark
from emo_hub.evaluation.scorers.deciding import Thresholds
from emo_hub.evaluation.scorers.llm_answers import HIGHEST, LOWEST, Row
from emo_hub.evaluation.scorers.llm_asking import FOR_NOW, Desk, Pair, Tally
from emo_hub.evaluation.scorers.llm_questions import (
    VERSIONS,
    Question,
    Style,
    about_dimensions,
    about_labels,
    tokens_of,
)
from emo_hub.inputs import paired

Floats = NDArray[np.float32]
# Labels, None for the three dimensions; whether several may fit; texts with their contexts.
Asked = tuple[tuple[str, ...] | None, bool, tuple[Pair, ...]]

THRESHOLD = 0.5
OWN_DECISIONS = "0.5 for every label, which is what the model names; fitted on nothing"
FROM_KEPT = "not known: from kept scores"
_NOT_KNOWN = (
    "What the model was trained on is not known; texts of public benchmarks may be among it."
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What scoring will take: calls to make, those recorded already, and tokens, roughly."""

    calls: int
    recorded: int
    prompt_tokens: int
    completion_tokens: int

    def __str__(self) -> str:
        return (
            f"{self.calls:,} calls ({self.recorded:,} more are recorded), about "
            f"{self.prompt_tokens:,} tokens to read and {self.completion_tokens:,} to write"
        )


class LlmScorer:
    """Scores texts by the answers of a chat model.

    With style `named`, a label that was named has (1 + intensity) / 2, so that whatever is named
    is at or above one half, and all others have 0; of a single-label set the label has 1 and the
    second choice one half. With style `all` scores are the probabilities that were given.

    Args:
        desk: where questions are put.
        style: `named` asks which labels fit, `all` for a probability of every label.
        definitions: what labels mean, by their normalised names.
        thresholds: None leaves the decisions to the model.

    Raises:
        InputError: an unknown style.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        style: Style = "named",
        definitions: Mapping[str, str] | None = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        if style not in get_args(Style):
            raise InputError(f"style is '{style}'; wanted {' or '.join(get_args(Style))}.")
        self.name = desk.name
        self.facts: dict[str, Any] = {}
        self._style: Style = style
        self._definitions = dict(definitions or {})
        self._desk = desk
        self._deciding = thresholds
        self._tally = Tally()
        self._counted: set[Asked] = set()
        self._waiting = 0
        self._note_facts()

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Ask about every text once: (N, C) in [0, 1], zeros where no usable answer came.

        Raises:
            InputError: labels that cannot be told apart, or not one context per text.
            TeacherError: the server cannot go on; what was answered is kept.
            NotRecordedError: a reply is missing and there is nobody to ask.
        """
        question = about_labels(labels, self._definitions, self._style, multi_label=multi_label)
        pairs = paired(texts, contexts)
        scores = self._rows(question, pairs, (0.0,) * len(labels))
        self._counted.add((tuple(labels), multi_label, tuple(pairs)))
        return scores

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give (C,): one half, from which a label was named, or what the caller set."""
        if self._deciding is None:
            return own_decisions(labels)
        return self._deciding.of(labels, self._score_rows)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats:
        """Ask for valence, arousal, dominance in 1..5: (N, 3), 3 where no usable answer came.

        Raises:
            InputError: not one context per text.
            TeacherError: the server cannot go on; what was answered is kept.
            NotRecordedError: a reply is missing and there is nobody to ask.
        """
        middle = (LOWEST + HIGHEST) / 2.0
        pairs = paired(texts, contexts)
        values = self._rows(about_dimensions(), pairs, (middle,) * 3)
        self._counted.add((None, False, tuple(pairs)))
        return values

    def forecast(
        self,
        texts: Sequence[str],
        labels: Sequence[str] | None,
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Forecast:
        """Say what scoring will take, and ask nobody; repairs are not foreseen.

        Args:
            texts: to be scored; equal ones are asked about once.
            labels: to be asked for; None for valence, arousal and dominance.
            contexts: one for each text.
            multi_label: as it will be given to `score`.

        Raises:
            InputError: as `score`.
        """
        if labels is None:
            question = about_dimensions()
        else:
            question = about_labels(labels, self._definitions, self._style, multi_label=multi_label)
        pairs = dict.fromkeys(paired(texts, contexts))
        known = self._desk.known()
        prompts = [self._desk.prompt(question, pair) for pair in pairs]
        missing = [prompt for prompt in prompts if prompt.key not in known]
        return Forecast(
            len(missing),
            len(prompts) - len(missing),
            round(sum(map(tokens_of, missing))),
            round(question.answer_tokens * len(missing)),
        )

    def note_kept(self, reported: Iterable[LoadedBenchmark]) -> None:
        """Say in `facts` of which benchmarks nothing was counted, since their scores were kept.

        Else a report that takes scores from an earlier run would say that nothing was unanswered.

        Args:
            reported: all that the report shows of this model.
        """
        kept = [rows.name for rows in reported if _asked_of(rows) not in self._counted]
        if not kept:
            return
        self.facts["from_kept_scores"] = kept
        if not self._tally.texts:
            self.facts |= dict.fromkeys(self._tally.facts(), FROM_KEPT)
        self.facts["notes"].append(
            f"The scores of {', '.join(kept)} were kept by an earlier run: how many of their texts "
            "were not answered, and what the replies took, is not counted here and stands in the "
            "report of that run."
        )

    def close(self) -> None:
        """Ask nothing more, and let go of the store."""
        self._desk.close()

    @property
    def is_complete(self) -> bool:
        """Whether the latest scoring lacks no answer for a fault of the server.

        Where it does, its scores should not be kept: run again, and only what lacks is asked.
        """
        return not self._waiting

    def _score_rows(self, rows: FittingRows) -> Floats:
        return self.score(rows.texts, rows.labels, rows.contexts)

    def _rows(self, question: Question, pairs: Sequence[Pair], nothing: Row) -> Floats:
        times = Counter(pairs)
        rows: dict[Pair, Row] = {}
        mine = Tally()
        outcomes = self._desk.outcomes(question, tuple(times))
        for pair, outcome in zip(times, outcomes, strict=True):
            for tally in (mine, self._tally):
                tally.add(outcome, times[pair])
            rows[pair] = nothing if outcome.row is None else outcome.row
        self._waiting = mine.reasons[FOR_NOW]
        self._note_facts()
        self.facts["scorings"].append({"question": question.stage, **mine.facts()})
        found = [rows[pair] for pair in pairs]
        return np.asarray(found, dtype=np.float32).reshape(len(pairs), len(nothing))

    def _note_facts(self) -> None:
        """Bring `facts` up to date in place, so that whoever holds it sees the latest."""
        self.facts.setdefault("scorings", [])
        self.facts |= self._tally.facts()
        self.facts |= {
            "kind": "language model",
            "prompts": dict(VERSIONS),
            "style": self._style,
            "definitions": len(self._definitions),
            "thresholds": self._deciding.words if self._deciding else OWN_DECISIONS,
            "calls_now": self._desk.calls,
            "notes": [_NOT_KNOWN, *self._tally.complaints()],
        }


def _asked_of(rows: LoadedBenchmark) -> Asked:
    """Say what an evaluation asks about these rows."""
    contexts = rows.contexts if any(rows.contexts) else None
    pairs = tuple(paired(rows.texts, contexts))
    if rows.kind == "regression":
        return None, False, pairs
    return tuple(rows.prompts or rows.asked_labels), rows.kind == "multi_label", pairs


def own_decisions(labels: Sequence[str]) -> Floats:
    """Give one half for every label, (C,): the score from which a label was named."""
    return np.full(len(labels), THRESHOLD, dtype=np.float32)
