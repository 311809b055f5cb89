"""Puts a report in place at once: all is drawn and rendered first, and each file is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from emo_hub.durable import make_folder, write_error, write_whole
from emo_hub.evaluation.report.drawing import FOLDER


@contextmanager
def drawing_beside(out: Path) -> Iterator[Path]:
    """Give an empty folder within `out` to draw in, which is gone afterwards.

    Drawing takes long, and a kill in the middle should leave an earlier report as it was.

    Args:
        out: where the report goes; made if need be.

    Raises:
        DataError: it cannot be written.
    """
    make_folder(out)
    try:
        folder = tempfile.TemporaryDirectory(dir=out, prefix=".drawing-")
    except OSError as error:
        raise write_error(error, out) from error
    with folder as desk:
        yield Path(desk)


def put_in_place(out: Path, desk: Path, files: Mapping[str, bytes]) -> None:
    """Move drawn pictures to where they belong, and write files whole, in their order.

    Args:
        out: where the report goes.
        desk: of `drawing_beside`; its pictures lie where they will in `out`.
        files: what else is written, by name.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    make_folder(out / FOLDER)
    for picture in sorted((desk / FOLDER).glob("*.png")):
        try:
            picture.replace(out / FOLDER / picture.name)
        except OSError as error:
            raise write_error(error, out / FOLDER) from error
    for name, data in files.items():
        write_whole(out / name, data)
