"""The numbers of an adaptation as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.adaptation.outcome import FILE, Adapted, deviation
from emo_hub.version import __version__

PAGE = "adaptation.md"
_NAMES = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "weighted_f1": "weighted F1",
    "accuracy": "accuracy",
    "micro_f1_without_neutral": "micro-F1 without neutral",
    "mean_average_precision": "mAP",
    "calibration_error": "ECE",
    "brier": "Brier",
}


def write(out: Path, adapted: Adapted, run: Mapping[str, Any], *, command: str) -> None:
    """Write adaptation.json and adaptation.md over older ones.

    Args:
        out: the folder of the adaptation.
        adapted: what came out.
        run: how the chosen checkpoint was trained.
        command: what the files name as their origin.
    """
    facts = {
        "command": command,
        "emo_hub": __version__,
        "start": run["start"],
        "recipe": run["recipe"],
        "training_rows": sum(run["rows"].values()),
    }
    told = json.dumps({**facts, **adapted.to_json()}, indent=1)
    for name, text in ((FILE, told), (PAGE, page(adapted, facts))):
        partial = out / f".{name}.partial"
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(out / name)


def page(adapted: Adapted, facts: Mapping[str, Any]) -> str:
    """Tell what came out, in Markdown.

    Args:
        adapted: what came out.
        facts: command, start, training rows.
    """
    return "\n".join(
        [
            f"# Adapted to {adapted.task}",
            "",
            f"Made by `{facts['command']}` with emo_hub {facts['emo_hub']}. It starts from "
            f"{facts['start']} and learns from {facts['training_rows']:,} rows; "
            f"{adapted.rows:,} rows are scored ({adapted.split}), each seed once.",
            "",
            *(f"- {note}" for note in adapted.notes),
            "- The interval is a 95 % bootstrap interval over rows, of the mean over seeds.",
            "",
            *_seeds(adapted),
            "",
            "## Labels",
            "",
            *_labels(adapted),
        ]
    )


def _seeds(adapted: Adapted) -> list[str]:
    wanted = [adapted.headline, *_NAMES]
    columns = [name for name in dict.fromkeys(wanted) if name in adapted.mean]
    seeds = [
        [str(s.seed), _number(s.dev), *(_number(s.metrics[c]) for c in columns)]
        for s in adapted.seeds
    ]
    dev = [s.dev for s in adapted.seeds]
    mean = ["**mean**", _number(sum(dev) / len(dev)), *(_number(adapted.mean[c]) for c in columns)]
    spread = [
        "deviation",
        _spread(deviation(dev)),
        *(_spread(adapted.deviation[c]) for c in columns),
    ]
    return _table(
        ["seed", "dev mAP", *(_NAMES.get(c, c) for c in columns)],
        [*seeds, mean, spread, ["95 % interval", "-", *(_interval(adapted, c) for c in columns)]],
    )


def _labels(adapted: Adapted) -> list[str]:
    rows = []
    for label, support in adapted.support.items():
        found = [s.per_label[label] for s in adapted.seeds]
        mean = sum(found) / len(found)
        rows.append([label, f"{support:,}", _number(mean), _spread(deviation(found))])
    return _table(["label", "rows", "F1", "deviation"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---|" + "--:|" * (len(head) - 1),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _number(value: float) -> str:
    return f"{value:.4f}"


def _spread(value: float | None) -> str:
    return "-" if value is None else _number(value)


def _interval(adapted: Adapted, metric: str) -> str:
    found = adapted.intervals.get(metric)
    return "-" if found is None else f"{found.low:.4f} to {found.high:.4f}"
