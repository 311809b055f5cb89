"""Where the processes of a sharded run begin: the one with the executor, and one for each shard."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
from pathlib import Path

from emo_hub.errors import EmoHubError

USAGE_CODE, REFUSED_CODE = 64, 2


def main(arguments: list[str]) -> int:
    """Do `ask RUN RANK` or `launch RUN CLUSTER LOGGING_DIR`.

    Returns:
        0, or 2 after a sentence on standard error that says what is wrong.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(message)s")
    try:
        match arguments:
            case ["ask", run, rank]:
                from emo_hub.synthesis.part_worker import ask_shard

                ask_shard(Path(run), int(rank))
            case ["launch", run, cluster, logging_dir]:
                _launch(Path(run), Path(cluster), Path(logging_dir))
            case _:
                return USAGE_CODE
    except EmoHubError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED_CODE
    return 0


def _launch(run: Path, cluster: Path, logging_dir: Path) -> None:
    from emo_hub.synthesis.cluster import SUBMITTED_FILE, read_cluster
    from emo_hub.synthesis.executors import launch

    # Whoever started this process and is gone will never look at it again.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = launch(run, read_cluster(cluster), logging_dir)
    if job:
        (logging_dir / SUBMITTED_FILE).write_text(job, encoding="utf-8")


def _end_with_parent() -> None:
    select.select([sys.stdin], [], [])
    os.killpg(os.getpgid(0), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
