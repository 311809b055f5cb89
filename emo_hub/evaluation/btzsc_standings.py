"""Our lines within the published table of BTZSC, each marked as measured or quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emo_hub.errors import InputError
from emo_hub.evaluation.btzsc import (
    EMOTION,
    EMPATHETIC,
    FULL,
    STAND_IN,
    Outcome,
    Way,
    emotion_mean,
)
from emo_hub.evaluation.btzsc_table import PUBLISHED, Quoted

HARNESS = "0.1.2"
_CALLED = {EMOTION: "emotiondair", EMPATHETIC: "empathetic"}
_TYPES = ("embedding", "nli", "reranker", "llm")


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of the table.

    Args:
        model: its name.
        kind: how it was used.
        millions: of parameters, None where nobody says.
        emotion: macro-F1 on emotiondair, None where it was not scored.
        empathetic: macro-F1 on empathetic, None where it was not scored.
        rows: how many of each were scored.
        is_measured: True for ours, False for a number that somebody else published.
        source: where a quoted number stands, or how ours was asked.
        remark: what a reader should know.
    """

    model: str
    kind: str
    millions: float | None
    emotion: float | None
    empathetic: float | None
    rows: tuple[int, int]
    is_measured: bool
    source: str
    remark: str = ""

    @property
    def mean(self) -> float | None:
        """The emotion group: the plain mean of the two, None where one is missing."""
        if self.emotion is None or self.empathetic is None:
            return None
        return (self.emotion + self.empathetic) / 2


def standings(
    measured: Iterable[Outcome],
    sizes: Mapping[str, float] | None = None,
    quoted: Sequence[Quoted] = PUBLISHED,
) -> list[Standing]:
    """Place what was measured among what was published, best mean first.

    A model that was scored on one of the two sets alone comes last, without a mean.

    Args:
        measured: test rows, all of them; one model may stand there in several ways.
        sizes: millions of parameters by name of the measured models.
        quoted: the published lines.

    Raises:
        InputError: an outcome is not of all test rows, or stands there twice.
    """
    found: dict[tuple[str, Way], dict[str, Outcome]] = {}
    for one in measured:
        if not one.is_comparable:
            raise InputError(
                f"{one.rows:,} rows of {one.benchmark} {one.split} cannot stand among published "
                f"test numbers, which need {FULL.get(one.benchmark, 0):,} test rows. "
                "Show them with stand_in()."
            )
        sets = found.setdefault((one.model, one.way), {})
        if one.benchmark in sets:
            raise InputError(f"{one.model} stands there twice for {one.benchmark}: give one run.")
        sets[one.benchmark] = one
    lines = [_ours(model, way, sets, sizes or {}) for (model, way), sets in found.items()]
    lines += [_theirs(one) for one in quoted]
    return sorted(lines, key=lambda line: -1.0 if line.mean is None else line.mean, reverse=True)


def render(lines: Sequence[Standing]) -> str:
    """Write the table as Markdown; ours in bold, quoted ones marked, remarks below."""
    remarks = list(dict.fromkeys(line.remark for line in lines if line.remark))
    table = [
        "| rank | model | kind | parameters | emotiondair | empathetic | mean | rows | number |",
        "|--:|---|---|--:|--:|--:|--:|---|---|",
    ]
    for rank, line in enumerate(lines, start=1):
        note = f" [{remarks.index(line.remark) + 1}]" if line.remark else ""
        name = f"**{line.model}**" if line.is_measured else line.model
        numbers = " | ".join(_number(v) for v in (line.emotion, line.empathetic, line.mean))
        rows = " + ".join(f"{count:,}" for count in line.rows)
        said = "measured" if line.is_measured else "quoted"
        place = "-" if line.mean is None else str(rank)
        table.append(
            f"| {place} | {name}{note} | {line.kind} | {_size(line.millions)} | {numbers} "
            f"| {rows} | {said}: {line.source} |"
        )
    notes = [f"[{number}] {remark}." for number, remark in enumerate(remarks, start=1)]
    return "\n".join([*table, "", *notes]).rstrip() + "\n"


def stand_in(outcomes: Iterable[Outcome]) -> str:
    """Write what was measured on other rows than the test rows as a table of its own, Markdown.

    Raises:
        InputError: an outcome is of all test rows, and so belongs into `standings`.
    """
    lines = [
        "| model | set | rows | macro-F1 | accuracy | asked for |",
        "|---|---|--:|--:|--:|---|",
    ]
    for one in outcomes:
        if one.is_comparable:
            raise InputError(f"{one.benchmark} of {one.model} is the test itself: use standings().")
        called = "empathetic" if one.benchmark == STAND_IN else _CALLED[one.benchmark]
        lines.append(
            f"| {one.model} | {called} ({one.split}, stand-in) | {one.rows:,} "
            f"| {one.macro_f1:.3f} | {one.metrics['accuracy']:.3f} | {one.way} |"
        )
    return "\n".join(lines) + "\n"


def leaderboard_part(outcomes: Iterable[Outcome], model_type: str) -> dict[str, Any]:
    """Give the emotion part of a result file of the leaderboard, schema 1.0.

    The leaderboard itself takes a file only with all 22 sets, from its own harness; this is the
    part of it that can be laid beside such a file.

    Args:
        outcomes: of both sets, one model, one way.
        model_type: embedding, nli, reranker or llm.

    Raises:
        InputError: as `emotion_mean`, or an unknown type.
    """
    found = list(outcomes)
    emotion_mean(found)
    if model_type not in _TYPES:
        raise InputError(
            f"'{model_type}' is no type of the leaderboard, which has {', '.join(_TYPES)}."
        )
    means = {name: sum(o.metrics[name] for o in found) / 2 for name in found[0].metrics}
    return {
        "schema_version": "1.0",
        "model": {"name": found[0].model, "model_type": model_type},
        "evaluation": {"btzsc_version": f"protocol of {HARNESS}", "max_samples": None},
        "results": {
            "by_task": {"emotion": means},
            "by_dataset": {_CALLED[o.benchmark]: dict(o.metrics) for o in found},
        },
    }


def _ours(
    model: str, way: Way, sets: Mapping[str, Outcome], sizes: Mapping[str, float]
) -> Standing:
    emotion, empathetic = sets.get(EMOTION), sets.get(EMPATHETIC)
    return Standing(
        model=model,
        kind="embedding" if way is Way.COSINE else "own scores",
        millions=sizes.get(model),
        emotion=emotion.macro_f1 if emotion else None,
        empathetic=empathetic.macro_f1 if empathetic else None,
        rows=(emotion.rows if emotion else 0, empathetic.rows if empathetic else 0),
        is_measured=True,
        source=str(way),
    )


def _theirs(one: Quoted) -> Standing:
    return Standing(
        one.model, one.kind, one.millions, one.emotion, one.empathetic, one.rows,
        is_measured=False, source=one.source, remark=one.remark,
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _size(millions: float | None) -> str:
    if millions is None:
        return "-"
    return f"{millions / 1000:g} B" if millions >= 1000 else f"{millions:g} M"
