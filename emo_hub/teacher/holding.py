"""One run at a time in a folder; who it is stands in a note for those who are refused."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from emo_hub.durable import write_error, write_whole
from emo_hub.errors import DataError

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_FILE = ".run.lock"
HOLDER_FILE = ".run.holder"


def lock_folder(folder: Path) -> BaseFileLock:
    """Take a folder for this process, or say who has it.

    Raises:
        DataError: another run holds the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    # The system drops this lock with its process, kill -9 included; who holds it is only a note.
    lock = FileLock(folder / LOCK_FILE, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise DataError(
            f"{folder} is in use by another run{_holder(folder)}: wait until it ends or stop it, "
            "or give this run another folder."
        ) from None
    except OSError as error:
        raise write_error(error, folder) from error
    facts = {"process": os.getpid(), "host": platform.node()}
    since = {"since": datetime.now(UTC).isoformat(timespec="seconds")}
    # On a full disk there is no note, and the folder can be used all the same.
    with suppress(OSError, DataError):
        (folder / HOLDER_FILE).unlink(missing_ok=True)
        write_whole(folder / HOLDER_FILE, json.dumps(facts | since).encode())
    return lock


def _holder(folder: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        facts = json.loads((folder / HOLDER_FILE).read_text(encoding="utf-8"))
        return f" (process {facts['process']} on {facts['host']}, since {facts['since']})"
    return ""
