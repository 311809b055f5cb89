"""What a scorer gave on loaded rows, and what was decided from it: the record that a report reads.

It is kept as a Parquet file without any text, so that two models can be compared later, and pages
drawn again, without the benchmark and without the model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.durable import replace_file
from emo_hub.errors import DataError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.results import Result, result_from_json
from emo_hub.records import DIMENSIONS

Scores = NDArray[np.float32]

FOLDER = "scores"
SCHEMA_VERSION = 1
_KEY = b"emo_hub"


@dataclass(frozen=True, slots=True)
class Scored:
    """One scorer on one split.

    Args:
        model: name of the scorer, as it stands in tables.
        rows: what was scored; its texts are empty strings where the record was read from disk.
        scores: (N, L) in [0, 1] for `rows.labels`, after a projection; (N, 3) for regression.
        predicted: (N, L) of 0 and 1; None for regression.
        thresholds: (L,) from which a label counted as there; None where the best label was taken
            or the benchmark is a projection.
        result: every number that follows.
        row_ids: N, what tells rows apart in any order: a hash of text and context.
    """

    model: str
    rows: LoadedBenchmark
    scores: Scores
    predicted: NDArray[Any] | None
    thresholds: Scores | None
    result: Result
    row_ids: tuple[str, ...] = ()


def row_ids(rows: LoadedBenchmark) -> tuple[str, ...]:
    """Give each row a name that does not depend on its place; repeats get a number of their own."""
    times: dict[str, int] = {}
    names = []
    for text, context in zip(rows.texts, rows.contexts, strict=True):
        pair = json.dumps([text, context], ensure_ascii=False).encode()
        name = hashlib.sha256(pair).hexdigest()[:16]
        times[name] = times.get(name, 0) + 1
        names.append(name if times[name] == 1 else f"{name}.{times[name]}")
    return tuple(names)


def write_scored(scored: Iterable[Scored], out: Path) -> list[Path]:
    """Write one Parquet file per record into `out/scores`, in place of an earlier report's.

    Raises:
        OSError: the folder cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for earlier in (out / FOLDER).glob("*/*.parquet"):
        earlier.unlink()
    paths = []
    for one in scored:
        model = hashlib.sha256(f"{one.model}\0{one.result.role}".encode()).hexdigest()[:12]
        path = out / FOLDER / model / f"{one.rows.name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.table(_columns(one)).replace_schema_metadata({_KEY: json.dumps(_facts(one))})
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd")
        replace_file(path, (buffer.getvalue().to_pybytes(),))
        paths.append(path)
    return paths


def _columns(one: Scored) -> dict[str, Any]:
    columns: dict[str, Any] = {"row": list(one.row_ids)}
    if one.rows.groups:
        columns["group"] = list(one.rows.groups)
    for i, label in enumerate(one.rows.labels):
        columns[f"score:{label}"] = one.scores[:, i]
        columns[f"target:{label}"] = one.rows.targets[:, i]
        if one.predicted is not None:
            columns[f"predicted:{label}"] = one.predicted[:, i]
    return columns


def _facts(one: Scored) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "model": one.model,
        "benchmark": one.rows.name,
        "title": one.rows.title,
        "split": one.rows.split,
        "kind": one.rows.kind,
        "headline": one.rows.headline,
        "labels": list(one.rows.labels),
        "neutral": one.rows.neutral,
        "is_scored": one.rows.is_scored,
        "thresholds": None if one.thresholds is None else [float(t) for t in one.thresholds],
        "result": one.result.to_json(),
    }


def read_scored(folder: Path) -> list[Scored]:
    """Read the records of a report, in the order of its models and benchmarks.

    Args:
        folder: what `emo-hub evaluate --out` wrote.

    Raises:
        DataError: there are none, or one cannot be read.
    """
    paths = sorted((folder / FOLDER).glob("*/*.parquet"))
    if not paths:
        raise DataError(
            f"{folder} holds no {FOLDER} of an evaluation: give the folder that `emo-hub evaluate "
            "--out` wrote."
        )
    found = [_read(path) for path in paths]
    report = folder / "report.json"
    models = (
        list(json.loads(report.read_text(encoding="utf-8"))["models"]) if report.exists() else []
    )
    order = {model: i for i, model in enumerate(models)}
    return sorted(found, key=lambda one: order.get(one.model, len(order)))


def _read(path: Path) -> Scored:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        facts = json.loads((table.schema.metadata or {})[_KEY])
        labels = tuple(facts["labels"])
        result = result_from_json(facts["result"])
        scores = _stack(table, "score", labels).astype(np.float32)
        targets = _stack(table, "target", labels)
        predicted = None
        if facts["kind"] != "regression":
            predicted = _stack(table, "predicted", labels).astype(np.int8)
        names = tuple(table.column("row").to_pylist())
        grouped = "group" in table.column_names
        groups = tuple(table.column("group").to_pylist()) if grouped else ()
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{path} is no record of an evaluation ({error}): score the model again."
        ) from error
    rows = LoadedBenchmark(
        name=facts["benchmark"],
        title=facts["title"],
        split=facts["split"],
        kind=facts["kind"],
        headline=facts["headline"],
        texts=("",) * len(names),
        contexts=(None,) * len(names),
        targets=targets,
        labels=labels if facts["kind"] != "regression" else DIMENSIONS,
        neutral=facts["neutral"],
        is_scored=facts["is_scored"],
        groups=groups,
    )
    thresholds = facts["thresholds"]
    return Scored(
        model=facts["model"],
        rows=rows,
        scores=scores,
        predicted=predicted,
        thresholds=None if thresholds is None else np.asarray(thresholds, np.float32),
        result=result,
        row_ids=names,
    )


def _stack(table: Any, kind: str, labels: Iterable[str]) -> NDArray[Any]:  # noqa: ANN401
    return np.stack([table.column(f"{kind}:{label}").to_numpy() for label in labels], axis=1)
