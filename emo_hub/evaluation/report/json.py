"""A report as plain values: every number that stands on its pages, and no text of a benchmark."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from emo_hub.evaluation.btzsc_standings import Standing
from emo_hub.evaluation.report.extras import agreement
from emo_hub.evaluation.report.material import Bench, Material
from emo_hub.evaluation.report.worst import WorstRow

SCHEMA_VERSION = 2


def as_values(
    material: Material, worst: Sequence[Sequence[WorstRow]], btzsc: Sequence[Standing]
) -> dict[str, Any]:
    """Give a report as plain values.

    Args:
        material: everything scored.
        worst: the worst errors of each benchmark, in the order of `material.benches`.
        btzsc: standings by the BTZSC protocol.
    """
    models: dict[str, list[Any]] = {model: [] for model in material.models}
    for one in material.scored:
        models[one.model].append(one.result.to_json())
    return {
        "schema_version": SCHEMA_VERSION,
        "facts": dict(material.facts),
        "environment": dict(material.environment),
        "models": models,
        "benchmarks": _benchmarks(material.benches),
        "quoted": [asdict(p) for p in material.quoted],
        "worst": [
            {
                "benchmark": bench.name,
                "split": bench.split,
                "model": bench.scored[0].model,
                "rows": [asdict(row) for row in found],
            }
            for bench, found in zip(material.benches, worst, strict=True)
        ],
        "label_maps": [
            {
                "model": one.model,
                "labels": list(one.labels),
                "valence": one.valence,
                "arousal": one.arousal,
                "human": one.human,
                "agreement": agreement(one),
            }
            for one in material.maps
        ],
        "btzsc": [{**asdict(line), "mean": line.mean} for line in btzsc],
        "curves": [asdict(curve) for curve in material.curves],
    }


def _benchmarks(benches: Sequence[Bench]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bench in benches:
        known = found.setdefault(bench.name, {**asdict(bench.about), "splits": []})
        known["splits"].append(bench.split)
        known["labels"] = list(bench.rows.labels)
        known["kind"] = bench.rows.kind
    return found


def render(values: Mapping[str, Any]) -> bytes:
    """Write plain values as JSON; numbers that are not finite become null."""
    text = json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A lone surrogate cannot be encoded, but JSON can name it.
    return text.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a caller states as a fact
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (set, frozenset)):
        return [_plain(part) for part in sorted(value, key=str)]
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
