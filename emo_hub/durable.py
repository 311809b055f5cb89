"""Files and folders that are whole or not there, whatever kills the process or fills the disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from emo_hub.errors import DataError, InputError

_DISK_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
_NUMBER_OF_RUST = re.compile(r"\(os error (\d+)\)")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a new file is only safe once its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, durably.

    Raises:
        DataError: it cannot be created.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            sync_folder(path.parent)
    except OSError as error:
        raise write_error(error, folder) from error


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place whole and durable; whoever looks sees the old one or the new one.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    write_lines(path, (data,))


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Put a file in place as `write_whole` does, line by line: it need not fit into memory.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    try:
        replace_file(path, lines)
    except OSError as error:
        raise write_error(error, path.parent) from error


def replace_file(path: Path, lines: Iterable[bytes]) -> None:
    """Put a file in place as `write_lines` does, and leave it to the caller to say what failed.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is private; what takes its name should be as open as its folder.
        Path(name).chmod(path.parent.stat().st_mode & 0o666)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def put_in_place(out: Path, write: Callable[[Path], object]) -> None:
    """Have a folder written beside its place, then move it there; a failure leaves nothing beside.

    Args:
        out: its place; an older folder there is replaced.
        write: fills the folder that it is given, which is not there yet.

    Raises:
        DataError: it cannot be written; what was there before still is.
    """
    # Without this, the older folder that a kill left aside would go before the new one is there.
    recover(out)
    fresh, old = _beside(out, "partial"), _beside(out, "old")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        write(fresh)
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        fresh.rename(out)
    except BaseException as error:
        shutil.rmtree(fresh, ignore_errors=True)
        recover(out)
        if (failed := _system_error(error)) is None:
            raise
        raise write_error(failed, out.parent) from error
    shutil.rmtree(old, ignore_errors=True)


def fresh_folder(out: Path) -> Path:
    """Make an empty folder beside a place, for what is written there piece by piece.

    What a kill left of an earlier run is cleared first. Once the folder is whole, give its `rename`
    to `put_in_place`. Only one run at a time may write for a place.

    Raises:
        DataError: it cannot be made.
    """
    recover(out)
    folder = _beside(out, "writing")
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    return folder


def recover(out: Path) -> None:
    """Bring back the older folder where a kill fell between the two moves of `put_in_place`."""
    old = _beside(out, "old")
    if old.exists() and not out.exists():
        old.rename(out)


def check_place(out: Path, mark: str) -> None:
    """Refuse to put a folder over anything but an older one of the same kind.

    Args:
        out: its place.
        mark: the file by which that kind is known.

    Raises:
        InputError: something else is there.
    """
    ours = out.is_dir() and ((out / mark).is_file() or not any(out.iterdir()))
    if out.is_symlink() or (out.exists() and not ours):
        raise InputError(
            f"{out} is there and has no {mark}, so nothing is put over it: give another place, or "
            "move it."
        )


def is_disk_full(error: OSError) -> bool:
    """Say whether the disk, the quota or the limit on file sizes is used up."""
    return error.errno in _DISK_FULL


def write_error(error: OSError, folder: Path) -> DataError:
    """Say in one sentence why a folder could not be written and what to do."""
    if is_disk_full(error):
        return DataError(
            f"The disk is full: {folder} takes no more ({error.strerror}). Everything written "
            "before is safe and can be read; free space, or raise the quota or the limit on file "
            "sizes, and run again."
        )
    return DataError(
        f"{folder} cannot be written ({error.strerror or error}). Everything written before is "
        "safe; give a folder that can be written, and run again."
    )


def _beside(out: Path, word: str) -> Path:
    return out.with_name(f".{out.name}.{word}")


def _system_error(error: BaseException) -> OSError | None:
    """Find the system's error in what was raised while a folder was written; None if it is none.

    safetensors and tokenizers are written in Rust and raise no OSError: they put its number into
    their message. safetensors has a class for that. tokenizers raises a bare `Exception`, so only
    the very class is asked for: a subclass, as our own errors are, may quote a failure to read.
    """
    from safetensors import SafetensorError

    if isinstance(error, OSError):
        return error
    is_of_weights = isinstance(error, SafetensorError)
    if not is_of_weights and type(error) is not Exception:
        return None
    if quoted := _NUMBER_OF_RUST.search(str(error)):
        number = int(quoted[1])
        return OSError(number, os.strerror(number))
    return OSError(str(error)) if is_of_weights else None
