"""The README's table, rendered from reports so that no number in it is typed by hand.

`python -m emo_hub.evaluation.table REPORT.json... README.md` puts it between the README's markers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError

BEGIN, END = "<!-- results -->", "<!-- end of results -->"

# Column titles, in their order, by the last part of a model's name in the report.
TITLES = {
    "synthetic": "synthetic rows only",
    "descriptors": "free descriptors",
    "emo_hub default": "everything recorded (**embedded default**)",
    "all-MiniLM-L6-v2 as it is": "all-MiniLM-L6-v2 as it is",
    "majority label": "majority label",
}
ROWS = (
    ("goemotions", "macro_f1", "GoEmotions, 28 labels, macro-F1"),
    ("goemotions", "micro_f1", "GoEmotions, 28 labels, micro-F1"),
    ("goemotions", "mean_average_precision", "GoEmotions, 28 labels, mAP"),
    ("goemotions-ekman", "macro_f1", "GoEmotions, Ekman, macro-F1"),
    ("isear", "macro_f1", "ISEAR, 7 labels, macro-F1"),
    ("isear", "macro_f1_matched", "- labels matched to its texts"),
    ("empathetic-dialogues", "macro_f1", "EmpatheticDialogues, 32 labels, macro-F1"),
    ("empathetic-dialogues", "macro_f1_matched", "- labels matched to its texts"),
    ("edos", "macro_f1", "EDOS, 41 labels, macro-F1"),
    ("edos", "macro_f1_matched", "- labels matched to its texts"),
    ("xed", "macro_f1", "XED, 8 labels, macro-F1"),
    ("isear", "calibration_error", "ISEAR, ECE (lower is better)"),
    ("empathetic-dialogues", "calibration_error", "EmpatheticDialogues, ECE"),
    ("edos", "calibration_error", "EDOS, ECE"),
    ("xed", "calibration_error", "XED, ECE"),
    ("emocontext", "calibration_error", "EmoContext, ECE"),
    ("emobank", "valence_pearson", "EmoBank, valence, r"),
    ("emobank", "arousal_pearson", "EmoBank, arousal, r"),
)


def render_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """Render the table of one or several reports.

    Args:
        reports: what each `report.json` holds; of a model in several of them the first counts.

    Raises:
        DataError: a report has a model of which nobody said how the column is called.
    """
    told = {name: rs for report in reversed(reports) for name, rs in report["models"].items()}
    # A model may stand in several roles; the first is the one it was reported in.
    models = {
        name: {r["benchmark"]: r for r in reversed(told[name])} for name in sorted(told, key=_place)
    }
    titles = [_title(name) for name in models]
    lines = [f"| benchmark | split | {' | '.join(titles)} |", "|---|---|" + "--:|" * len(titles)]
    for benchmark, metric, title in ROWS:
        found = [by.get(benchmark) for by in models.values()]
        first = next((r for r in found if r), None)
        if first is not None:
            values = [r["metrics"].get(metric) if r else None for r in found]
            cells = " | ".join("-" if v is None else f"{v:.3f}" for v in values)
            lines.append(f"| {title} | {first['split']}, {first['rows']:,} | {cells} |")
    return "\n".join(lines)


def update(readme: str, table: str) -> str:
    """Put the table between the README's markers.

    Raises:
        DataError: the markers are not there.
    """
    if BEGIN not in readme or END not in readme:
        raise DataError(f"The README has no '{BEGIN}' and '{END}': put them where the table goes.")
    before, rest = readme.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"


def _title(name: str) -> str:
    return list(TITLES.values())[_place(name)]


def _place(name: str) -> int:
    short = name.rsplit("/", 1)[-1]
    if short not in TITLES:
        raise DataError(f"No column title is known for '{name}'; there are: {', '.join(TITLES)}.")
    return list(TITLES).index(short)


if __name__ == "__main__":
    *report_paths, readme_path = map(Path, sys.argv[1:])
    rendered = render_table([json.loads(p.read_text(encoding="utf-8")) for p in report_paths])
    page = readme_path.read_text(encoding="utf-8")
    readme_path.write_text(update(page, rendered), encoding="utf-8")
