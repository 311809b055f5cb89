"""What a scorer gave on loaded rows, and what was decided from it: the record that a report reads.

It is kept as a Parquet file without any text, so that two models can be compared later, and pages
drawn again, without the benchmark and without the model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.durable import make_folder, write_whole
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
        row_ids: N, what tells rows apart in any order: a hash of text and context, of repeats with
            a number among the rows that were scored.
    """

    model: str
    rows: LoadedBenchmark
    scores: Scores
    predicted: NDArray[Any] | None
    thresholds: Scores | None
    result: Result
    row_ids: tuple[str, ...] = ()


def row_ids(rows: LoadedBenchmark) -> tuple[str, ...]:
    """Give each row a name that does not depend on its place; repeats get a number of their own.

    The number depends on which rows these are, so `compare` pairs samples without it.
    """
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

    Args:
        scored: the records.
        out: the folder of the report.

    Returns:
        The paths of the files, in the order of the records.

    Raises:
        DataError: the folder cannot be written.
    """
    # All are made before the first is put in place, and earlier ones go last: whatever fails before
    # leaves the earlier report as it was.
    files = [(out / FOLDER / _file_of(one), _parquet(one)) for one in scored]
    for path, data in files:
        make_folder(path.parent)
        write_whole(path, data)
    paths = [path for path, _ in files]
    for earlier in set((out / FOLDER).glob("*/*.parquet")).difference(paths):
        earlier.unlink()
    return paths


def _file_of(one: Scored) -> Path:
    model = hashlib.sha256(f"{one.model}\0{one.result.role}".encode()).hexdigest()[:12]
    return Path(model, f"{one.rows.name}.parquet")


def _parquet(one: Scored) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(_columns(one)).replace_schema_metadata({_KEY: json.dumps(_facts(one))})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    data: bytes = buffer.getvalue().to_pybytes()
    return data


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
        DataError: there are none, or one of them or report.json cannot be read.
    """
    paths = sorted((folder / FOLDER).glob("*/*.parquet"))
    if not paths:
        raise DataError(
            f"{folder} holds no {FOLDER} of an evaluation: give the folder that `emo-hub evaluate "
            "--out` wrote."
        )
    found = [_read(path) for path in paths]
    order = {model: i for i, model in enumerate(_models(folder / "report.json"))}
    return sorted(found, key=lambda one: order.get(one.model, len(order)))


def _models(report: Path) -> list[str]:
    """Read in which order a report names its models; none where there are only records."""
    if not report.exists():
        return []
    try:
        return [str(model) for model in json.loads(report.read_text(encoding="utf-8"))["models"]]
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{report} is damaged, or no report of an evaluation ({error}): run `emo-hub evaluate` "
            "again, which takes kept scores, or remove it to read the records beside it alone."
        ) from error


def _read(path: Path) -> Scored:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        facts = json.loads((table.schema.metadata or {})[_KEY])
        version = facts["schema_version"]
        if version == SCHEMA_VERSION:
            return _scored(table, facts)
    except (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is no record of an evaluation ({error}): score the model again."
        ) from error
    raise DataError(
        f"{path} is a record of version {version}, and this emo_hub reads version "
        f"{SCHEMA_VERSION}: score the model again, or read it with the emo_hub that wrote it."
    )


def _scored(table: Any, facts: Mapping[str, Any]) -> Scored:  # noqa: ANN401
    labels, is_rating = tuple(facts["labels"]), facts["kind"] == "regression"
    names = tuple(table.column("row").to_pylist())
    grouped = "group" in table.column_names
    rows = LoadedBenchmark(
        name=facts["benchmark"],
        title=facts["title"],
        split=facts["split"],
        kind=facts["kind"],
        headline=facts["headline"],
        texts=("",) * len(names),
        contexts=(None,) * len(names),
        targets=_stack(table, "target", labels),
        labels=DIMENSIONS if is_rating else labels,
        neutral=facts["neutral"],
        is_scored=facts["is_scored"],
        groups=tuple(table.column("group").to_pylist()) if grouped else (),
    )
    thresholds = facts["thresholds"]
    return Scored(
        model=facts["model"],
        rows=rows,
        scores=_stack(table, "score", labels).astype(np.float32),
        predicted=None if is_rating else _stack(table, "predicted", labels).astype(np.int8),
        thresholds=None if thresholds is None else np.asarray(thresholds, np.float32),
        result=result_from_json(facts["result"]),
        row_ids=names,
    )


def _stack(table: Any, kind: str, labels: Iterable[str]) -> NDArray[Any]:  # noqa: ANN401
    return np.stack([table.column(f"{kind}:{label}").to_numpy() for label in labels], axis=1)
