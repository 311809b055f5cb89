"""The files in which a campaign's replies come, written slot by slot outside any run."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emo_hub.durable import write_whole
from emo_hub.errors import DataError

Json = dict[str, Any]


def read_lines(path: Path, wanted: Sequence[str]) -> list[Json]:
    """Read a file of JSON lines.

    Args:
        path: of the file.
        wanted: fields that every line has to have.

    Raises:
        DataError: names the line that is no object of JSON, or lacks a field.
    """
    return [
        _line(path, number, raw, wanted)
        for number, raw in enumerate(path.read_bytes().split(b"\n"), start=1)
        if raw.strip()
    ]


def _line(path: Path, number: int, raw: bytes, wanted: Sequence[str]) -> Json:
    try:
        line = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number} cannot be read: {error}.") from error
    if not isinstance(line, dict):
        raise DataError(f"{path}, line {number} is {type(line).__name__}; wanted a JSON object.")
    if lacking := [name for name in wanted if name not in line]:
        raise DataError(f"{path}, line {number} lacks {' and '.join(lacking)}.")
    return line


def read_requests(path: Path) -> list[Json]:
    """Read what was asked, a list of objects, each with the name of its request.

    Raises:
        DataError: the file is something else.
    """
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, list) or not all(
        isinstance(r, dict) and "request" in r for r in found
    ):
        raise DataError(f"{path} is no list of requests, each an object that has a name.")
    return found


def digests(folder: Path, names: Sequence[str]) -> Json:
    """Give digest and length of those files of a campaign that are there."""
    paths = [folder / name for name in names if (folder / name).is_file()]
    return {
        path.name: {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "lines": path.read_bytes().count(b"\n"),
        }
        for path in paths
    }


def read_packed(path: Path) -> list[Json]:
    """Read a compressed recording of this package's own making."""
    text = gzip.decompress(path.read_bytes()).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def write_packed(path: Path, text: str) -> None:
    """Write a text compressed; equal text gives equal bytes."""
    buffer = io.BytesIO()
    # No name and no time in the header.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode())
    write_whole(path, buffer.getvalue())
