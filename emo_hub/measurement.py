"""Models and baselines on the corpus's test rows and on public benchmarks, in one report."""

from __future__ import annotations

import json
import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from emo_hub.errors import InputError

Say = Callable[[str], None]

DEFAULT = "default"  # the name of the embedded model on the command line


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What is measured on what, and how.

    Args:
        models: references as `evaluation.scorers.open_model` reads them.
        corpus: its test rows are scored, and its validation rows fit what baselines need.
        benchmarks: a folder with a subfolder for each benchmark, or "hub"; None for the corpus
            alone.
        only: benchmarks to score, "emo-pillars" for the corpus's own rows; None takes all that are
            there.
        limit: a seeded sample of so many rows of each benchmark, the corpus's own and those that
            fit what baselines need included.
        baselines: whether majority and MiniLM as it is stand in the same table.
        options: settings of models (`ModelOptions`), the rows to fit on left to this plan.
        thresholds: the models' own, or fitted on each benchmark's dev split.
        drop_seen: leave out rows whose text stands in training.
        training: corpora whose texts count as training, beside `corpus`.
        score_again: why kept scores are not used.
        keep: where scores are kept, so that a split is scored once per model; None keeps none.
    """

    models: tuple[str, ...]
    corpus: Path
    benchmarks: Path | str | None = None
    only: tuple[str, ...] | None = None
    limit: int | None = None
    baselines: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Literal["own", "dev"] = "own"
    drop_seen: bool = False
    training: tuple[Path, ...] = ()
    score_again: str = ""
    keep: Path | None = None


def folder_of(reference: str) -> Path:
    """Give the place that a reference names if it names one, its prefix left out."""
    place = Path(reference)
    return place if place.exists() else Path(reference.partition(":")[2] or reference)


def retold(reference: str) -> str:
    """Retell a reference for a report or a card: a folder or a file by its last part."""
    from emo_hub.lineage import retold_place

    is_bare = folder_of(reference) == Path(reference)
    kind = "" if is_bare else reference[: reference.index(":") + 1]
    return kind + retold_place(reference.removeprefix(kind))


def measure(
    plan: Measurement, out: Path, *, command: str, say: Say = lambda _: None
) -> dict[str, list[Any]]:
    """Score everything; write report.html, report.md, report.json, pictures and scores.

    Args:
        plan: what is measured on what.
        out: where the report goes.
        command: what the report names as its origin.
        say: is told a sentence for each model and benchmark.

    Returns:
        The results of each model, by the reference it was given.

    Raises:
        EmoHubError: a model, a corpus or a benchmark that cannot be read.
    """
    from emo_hub.evaluation.report import write_report
    from emo_hub.evaluation.scored import write_scored

    scored: list[Any] = []
    results: dict[str, list[Any]] = {}
    facts: dict[str, Any] = {}
    maps = []
    terms = _terms(plan)
    for reference, contestant in _contestants(plan):
        found = list(_score(plan, contestant, terms, say))
        if note_kept := getattr(contestant.scorer, "note_kept", None):
            note_kept([one.rows for one in found])
        results.setdefault(reference, []).extend(one.result for one in found)
        scored += found
        facts[contestant.scorer.name] = {
            **contestant.facts,
            "fingerprint": contestant.fingerprint,
            "training_rows": _training_rows(reference),
        }
        maps += _label_map(contestant)
    write_scored(scored, out)
    write_report(
        scored,
        _facts(plan, command) | {"contestants": facts},
        out,
        maps=maps,
        curves=_learning_curves(scored, facts),
    )
    return results


def compare_reports(
    first: Path,
    second: Path,
    out: Path,
    *,
    models: tuple[str | None, str | None] = (None, None),
    command: str = "",
) -> Any:  # noqa: ANN401 - evaluation is imported where it is used
    """Say what changed from one report's model to another's; write it beside what it says.

    Args:
        first: a folder that `measure` wrote.
        second: another, or the same one.
        out: where comparison.html, .md and .json go.
        models: which model of each; None takes the first one of the report.
        command: what the page names as its origin.

    Returns:
        An `evaluation.compare.Comparison`.

    Raises:
        InputError: there is nothing to compare.
        DataError: a folder holds no record of scores.
    """
    from emo_hub.evaluation.compare import choose, compare
    from emo_hub.evaluation.report import write_comparison
    from emo_hub.evaluation.scored import read_scored

    found = compare(choose(read_scored(first), models[0]), choose(read_scored(second), models[1]))
    write_comparison(found, out, {"command": command} if command else None)
    return found


def _score(plan: Measurement, contestant: Any, terms: Any, say: Say) -> Iterator[Any]:  # noqa: ANN401
    from emo_hub.evaluation.own import NAME, own_split, with_contexts_judged
    from emo_hub.evaluation.run import evaluate, evaluate_rows
    from emo_hub.evaluation.seen import sample

    tell = partial(_say_of, say, contestant.scorer.name)
    takes_own = plan.only is None or NAME in plan.only
    if takes_own and contestant.facts.get("kind") != "predictions":
        whole = own_split(plan.corpus)
        try:
            own = evaluate_rows(contestant, sample(whole, plan.limit), role="teacher's labels")
        except InputError as error:
            tell(f"the corpus's own test rows: left out. {error}")
        else:
            if own is not None:
                own = replace(own, result=replace(own.result, available=len(whole.texts)))
                yield with_contexts_judged(own, contestant, plan.corpus)
    if plan.benchmarks is not None:
        yield from evaluate(contestant, plan.benchmarks, _public(plan), tell, terms=terms)


def _public(plan: Measurement) -> tuple[str, ...] | None:
    """Give the names of public benchmarks to score; None for all that are there."""
    from emo_hub.evaluation.own import NAME

    return None if plan.only is None else tuple(name for name in plan.only if name != NAME)


def _contestants(plan: Measurement) -> Iterator[tuple[str, Any]]:
    """Open the models one after the other, so that only one is in memory at a time."""
    from emo_hub.evaluation.scorers import ModelOptions, open_model

    options = ModelOptions(**{"fitting": _fitting(plan), **plan.options})
    shown: set[str] = set()
    for reference, name in zip(plan.models, _names(plan.models), strict=True):
        contestant = open_model(reference, replace(options, name=name))
        _check_told_apart(contestant.scorer.name, shown)
        yield reference, contestant
    if plan.baselines:
        for baseline in _baselines(plan):
            yield baseline.scorer.name, baseline


def _check_told_apart(name: str, shown: set[str]) -> None:
    if name in shown:
        raise InputError(
            f"Two of the models are called '{name}', and a report could not tell them apart: give "
            "one of them another folder or, if it is a file of predictions, another name as "
            '"model" in its sidecar.'
        )
    shown.add(name)


def _names(references: Sequence[str]) -> list[str]:
    """Name folders by their last part, with a number where others share it; "" names no folder.

    Where on this machine a folder lies is nobody's business who reads the report.
    """
    seen: dict[str, list[Path]] = defaultdict(list)
    shown = []
    for typed in references:
        place = folder_of(typed).resolve()
        if not place.exists():
            shown.append("")
            continue
        same = seen[place.name]
        if place not in same:
            same.append(place)
        number = same.index(place) + 1
        shown.append(place.name if number == 1 else f"{place.name} ({number})")
    return shown


def _baselines(plan: Measurement) -> Sequence[Any]:
    from emo_hub.evaluation.scorers.baselines import baselines

    found: Sequence[Any] = baselines(_fitting(plan), plan.benchmarks, _public(plan))
    return found


def _fitting(plan: Measurement) -> Any:  # noqa: ANN401 - evaluation is imported where it is used
    from emo_hub.evaluation.own import fitting_rows

    return fitting_rows(plan.corpus, plan.limit)


def _terms(plan: Measurement) -> Any:  # noqa: ANN401 - evaluation is imported where it is used
    from emo_hub.evaluation.run import Terms
    from emo_hub.evaluation.store import ScoreStore

    return Terms(
        limit=plan.limit,
        thresholds=plan.thresholds,
        sources=_training_texts((plan.corpus, *plan.training)),
        drop_seen=plan.drop_seen,
        store=None if plan.keep is None else ScoreStore(plan.keep),
        score_again=plan.score_again,
    )


def _training_texts(corpora: Sequence[Path]) -> tuple[Any, ...]:
    """Read what models may have seen; corpora of one name get the numbers that tell them apart."""
    from emo_hub.evaluation.seen import TrainingTexts

    named = Counter[str]()
    found = []
    for corpus in corpora:
        named[corpus.name] += 1
        times = named[corpus.name]
        name = corpus.name if times == 1 else f"{corpus.name} ({times})"
        found.append(TrainingTexts.of(name, _texts_of(corpus)))
    return tuple(found)


def _texts_of(corpus: Path) -> list[str]:
    from emo_hub.dataset import read_corpus

    stored = read_corpus(corpus)
    return [
        row["utterance"]
        for config in ("contextless", "contextual")
        for split in stored.counts.get(config, {})
        for row in stored.rows(config, split)
    ]


def _label_map(contestant: Any) -> list[Any]:  # noqa: ANN401
    """Place the 28 labels by the valence and arousal that a model reads off their vectors."""
    from emo_hub.evaluation.pictures import LabelMap
    from emo_hub.taxonomy import GOEMOTIONS

    values = contestant.label_dimensions(GOEMOTIONS.labels)
    if values is None:
        return []
    return [LabelMap(contestant.scorer.name, GOEMOTIONS.labels, values[:, 0], values[:, 1], None)]


def _learning_curves(scored: Sequence[Any], facts: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Draw results over rows of training where models differ in their amount."""
    from emo_hub.evaluation.pictures import Curve

    points: dict[tuple[str, str], list[tuple[float, float, float, float]]] = defaultdict(list)
    axes: dict[str, str] = {}
    for one in scored:
        rows: Mapping[str, int] = facts[one.model].get("training_rows") or {}
        used = {kind: count for kind, count in rows.items() if count}
        if used:
            r = one.result
            axes[r.benchmark] = f"{r.benchmark} {r.split}, {r.headline}"
            spot = (float(sum(used.values())), r.value, r.interval.low, r.interval.high)
            points[r.benchmark, " + ".join(sorted(used))].append(spot)
    return [
        Curve(kinds, axes[benchmark], tuple(sorted(spots)))
        for (benchmark, kinds), spots in points.items()
        if len({spot[0] for spot in spots}) > 1
    ]


def _training_rows(reference: str) -> Mapping[str, int]:
    """Read how many rows of each kind a checkpoint of ours was trained on, where it says so."""
    from emo_hub.registration import default_model_folder

    folder = default_model_folder() if reference == DEFAULT else Path(reference)
    try:
        told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    rows = told.get("rows") if isinstance(told, dict) else None
    return rows if isinstance(rows, dict) else {}


def _facts(plan: Measurement, command: str) -> dict[str, Any]:
    from emo_hub.version import __version__

    facts: dict[str, Any] = {
        "command": command,
        "corpus": plan.corpus.name,
        "models": ", ".join(
            name or retold(typed)
            for name, typed in zip(_names(plan.models), plan.models, strict=True)
        ),
        "date": datetime.now(UTC).date().isoformat(),
        "emo_hub": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "thresholds": plan.thresholds,
    }
    if plan.drop_seen:
        facts["drop_seen"] = "rows whose text stands in training were left out"
    if plan.score_again:
        facts["score_again"] = plan.score_again
    return facts


def _say_of(say: Say, name: str, line: str) -> None:
    say(f"{name}: {line}")
