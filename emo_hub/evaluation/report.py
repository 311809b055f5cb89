"""Results to three files: report.json holds every number, report.md reads, report.png shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emo_hub.errors import InputError
from emo_hub.evaluation.benchmarks import BENCHMARKS
from emo_hub.evaluation.picture import draw
from emo_hub.evaluation.published import PUBLISHED, Published
from emo_hub.evaluation.results import Result

ResultsByModel = Mapping[str, Sequence[Result]]

SCHEMA_VERSION = 1

_SHORT = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "accuracy": "accuracy",
    "mean_average_precision": "mAP",
    "ranking_precision": "LRAP",
    "calibration_error": "ECE",
    "brier": "Brier",
    "micro_f1_without_neutral": "micro-F1 without neutral",
    "labels_per_row": "labels per row",
    "rows_below_thresholds": "rows below every threshold",
    "valence_pearson": "valence r",
    "arousal_pearson": "arousal r",
    "dominance_pearson": "dominance r",
    "valence_ccc": "valence CCC",
    "arousal_ccc": "arousal CCC",
    "dominance_ccc": "dominance CCC",
}
_ACCURACY_OF_SETS = "exact match"


def write_report(results_by_model: ResultsByModel, facts: Mapping[str, Any], out: Path) -> Path:
    """Write report.json, report.md and report.png into a folder, which is made if need be.

    Args:
        results_by_model: the results of each model, in the order of the tables.
        facts: what else a reader should know (versions, data, command); written as given.
        out: the folder.

    Returns:
        The path of report.md.

    Raises:
        InputError: there is no result at all.
    """
    if not any(results_by_model.values()):
        raise InputError("There is no result to report: evaluate at least one split first.")
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(
        json.dumps(_as_json(results_by_model, facts), indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    draw(results_by_model, order_of(results_by_model), out / "report.png")
    page = out / "report.md"
    page.write_text(_as_markdown(results_by_model, facts), encoding="utf-8")
    return page


def order_of(results_by_model: ResultsByModel) -> list[str]:
    """List the benchmarks that have a result: own splits first, then as declared."""
    present = {r.benchmark for results in results_by_model.values() for r in results}
    own = sorted(present - set(BENCHMARKS))
    return own + [name for name in BENCHMARKS if name in present]


def _as_json(results_by_model: ResultsByModel, facts: Mapping[str, Any]) -> dict[str, Any]:
    names = order_of(results_by_model)
    return {
        "schema_version": SCHEMA_VERSION,
        "facts": dict(facts),
        "models": {m: [r.to_json() for r in rs] for m, rs in results_by_model.items()},
        "benchmarks": {
            name: {
                "source": declared.source,
                "licence": declared.licence,
                "faults": list(declared.faults),
            }
            for name in names
            if (declared := BENCHMARKS.get(name))
        },
        "quoted": [asdict(p) for p in _quoted(names)],
    }


def _as_markdown(results_by_model: ResultsByModel, facts: Mapping[str, Any]) -> str:
    names = order_of(results_by_model)
    parts = [
        "# Report",
        _leaderboard(results_by_model, names),
        "![Headline metric of every benchmark, and F1 per label](report.png)",
        "## Details",
        *(_details(results_by_model, name) for name in names),
    ]
    if quoted := _quoted(names):
        parts += ["## Quoted numbers", _quoted_table(quoted)]
    parts += ["## Method", _method(results_by_model, names)]
    if facts:
        parts += ["## Facts", _table(("fact", "value"), ((k, _plain(v)) for k, v in facts.items()))]
    return "\n\n".join(parts) + "\n"


def _leaderboard(results_by_model: ResultsByModel, names: Sequence[str]) -> str:
    sections = []
    roles = dict.fromkeys(r.role for results in results_by_model.values() for r in results)
    for role in roles:
        found = {
            model: {r.benchmark: r for r in results if r.role == role}
            for model, results in results_by_model.items()
        }
        used = [name for name in names if any(name in by for by in found.values())]
        metric = {name: next(by[name] for by in found.values() if name in by) for name in used}
        header = ["model", *(f"{n}<br>{_SHORT[metric[n].headline]}" for n in used)]
        best = {n: max(by[n].value for by in found.values() if n in by) for n in used}
        rows = []
        for model, by in found.items():
            cells = [_cell(by.get(n), best[n]) for n in used]
            if by:
                rows.append([model, *cells])
        sections.append(f"## {role.capitalize()}\n\n" + _table(header, rows))
    return "\n\n".join(sections)


def _cell(result: Result | None, best: float) -> str:
    if result is None:
        return "-"
    text = f"{result.value:.3f}"
    return f"**{text}**" if result.value == best else text


def _details(results_by_model: ResultsByModel, name: str) -> str:
    found = [(m, r) for m, rs in results_by_model.items() for r in rs if r.benchmark == name]
    first = found[0][1]
    keys = [k for k in _SHORT if any(k in r.metrics for _, r in found)]
    titles = [_SHORT[k] for k in keys]
    if first.kind == "multi_label":
        titles = [_ACCURACY_OF_SETS if k == "accuracy" else _SHORT[k] for k in keys]
    rows = []
    for model, r in found:
        interval = f"{r.interval.low:.3f} to {r.interval.high:.3f}"
        values = [_number(k, r.metrics.get(k)) for k in keys]
        rows.append([model, _count(r), *values, interval, f"{r.seconds:.1f}"])
    last = f"95 % interval of {_SHORT[first.headline]}"
    lines = [
        f"### {name} ({first.split})",
        _table(("model", "rows", *titles, last, "seconds"), rows),
    ]
    if declared := BENCHMARKS.get(name):
        notes = [f"Source: {declared.source}.", f"Licence: {declared.licence}.", *declared.faults]
        lines.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(lines)


def _count(result: Result) -> str:
    if result.rows < result.available:
        return f"{result.rows:,} of {result.available:,} (sample)"
    return f"{result.rows:,}"


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if key == "rows_below_thresholds" else f"{value:.3f}"


def _quoted(names: Iterable[str]) -> list[Published]:
    return [p for name in names for p in PUBLISHED if p.benchmark == name]


def _quoted_table(quoted: Sequence[Published]) -> str:
    header = ("benchmark", "role", "model", "metric", "quoted value", "source", "differs in")
    rows = (
        (p.benchmark, p.role, p.model, _SHORT[p.metric], f"{p.value:.3f}", p.source, p.remark)
        for p in quoted
    )
    return "Not measured here.\n\n" + _table(header, rows)


def _method(results_by_model: ResultsByModel, names: Sequence[str]) -> str:
    oracle = [n for n in names if n in BENCHMARKS and _needs_oracle(n)]
    notes = [
        "Zero-shot: no human label of a benchmark and no row of a reported split was used to "
        "train, to fit a threshold or to calibrate. Unlabelled or teacher-labelled texts of other "
        "splits may have been; the card of each model says which.",
        "Thresholds are the model's own, fitted on synthetic or teacher-labelled validation rows "
        "before any benchmark was seen; code refuses to fit on a split that is reported.",
        "Multi-label sets: a label is predicted when its score reaches its threshold, neutral "
        "included; where none does, neutral is, or, in a set that has no neutral and whose every "
        "text carries a label, the best one. Single-label sets: the best score. Macro-F1 averages "
        "over every label of the set; a label that is never there counts 0.",
        "The interval is the 2.5th to 97.5th percentile of 200 bootstrap resamples of the rows, "
        "seed 0. It knows nothing of training noise.",
        "ECE has 15 bins of equal width over all (row, label) decisions pooled; mAP averages over "
        "the labels that occur and needs no threshold.",
    ]
    if "goemotions-ekman" in names:
        notes.append(
            "goemotions-ekman: the 28 labels are scored and what is predicted is grouped to 7, as "
            "somebody would who reads the 28 as Ekman's; the 7 names are not asked for."
        )
    if "all-MiniLM-L6-v2 as it is" in results_by_model:
        notes.append(
            "all-MiniLM-L6-v2 as it is: cosine of the text alone and the label's name, one "
            "threshold from synthetic rows. Leaving contexts out was chosen by a look at 400 rows "
            "of edos, in its favour."
        )
    if "majority label" in results_by_model:
        notes.append(
            "majority label: the most frequent label of dev, where there is a dev that is not "
            "itself reported."
        )
        if oracle:
            notes[-1] += f" Elsewhere of the reported rows, an oracle: {', '.join(oracle)}."
    return "\n".join(f"- {note}" for note in notes)


def _needs_oracle(name: str) -> bool:
    declared = BENCHMARKS[name]
    return declared.labels is not None and declared.dev_split is None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in x) + " |" for x in lines)
