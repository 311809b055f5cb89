"""A run in many processes, on this machine or on many: the same questions, asked shard by shard.

Each shard keeps its replies in a folder of its own and can be killed, run again and moved at any
moment; what is answered is never asked again, also where the number of shards changes. The
executor, one of datatrove's, runs in a process apart, so that nothing of it (pools, log handlers,
a Ray client) gets into the one that called, and so that a run never waits for a process that is
gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from emo_hub.durable import make_folder
from emo_hub.errors import DataError, InputError, require
from emo_hub.synthesis.merging import sources
from emo_hub.synthesis.parts import (
    LEDGER,
    SHARDS,
    ShardedRun,
    read_ledger,
    shard_folders,
)
from emo_hub.synthesis.sharded import ShardedReport, report
from emo_hub.synthesis.watched import EXECUTOR_LOG, Watched
from emo_hub.teacher import Recorded
from emo_hub.teacher.holding import HOLDER_FILE, lock_folder

CLUSTER_FILE, SUBMITTED_FILE = "cluster.json", "submitted"

Executor = Literal["local", "ray", "slurm"]
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a run takes place, and in how many parts.

    Args:
        executor: processes of this machine, a Ray cluster, or Slurm.
        tasks: how many shards, at least 1; each is asked by one process.
        workers: how many of them at the same time, -1 for all.
        memory_gb: that Ray or Slurm sets aside for a task.
        ray_address: of the cluster's head; empty for the one that this machine belongs to, or,
            where it belongs to none, a new one of this machine alone.
        partition: of Slurm.
        time: that Slurm gives a task at most, as hours:minutes:seconds.
        env_command: that a Slurm job enters its environment with; empty to enter this one, which
            has to lie on a file system that all machines share.
        sbatch: further options of sbatch.
        logging_dir: for the logs of the executor; None for a folder in the store.

    Raises:
        InputError: a number is out of its range.
    """

    executor: Executor = "local"
    tasks: int = 1
    workers: int = -1
    memory_gb: float = 2.0
    ray_address: str = ""
    partition: str = ""
    time: str = "24:00:00"
    env_command: str = ""
    sbatch: Mapping[str, str] = field(default_factory=dict)
    logging_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.executor not in ("local", "ray", "slurm"):
            raise InputError(f"The executor is {self.executor}; wanted local, ray or slurm.")
        if not 1 <= self.tasks <= 99_999:
            raise InputError(f"A run in {self.tasks} tasks: give a number from 1 to 99999.")
        if self.workers != -1 and self.workers < 1:
            raise InputError(f"{self.workers} workers: give a number from 1, or -1 for all.")
        if self.memory_gb <= 0:
            raise InputError(f"{self.memory_gb} GB of memory for a task: give more than 0.")


def run_sharded(
    run: ShardedRun, cluster: Cluster, say: Say = lambda sentence: None
) -> ShardedReport:
    """Ask all questions of a run that have no answer yet, on the executor of choice.

    Shards that are complete already, over the same input and prompts, are not started.

    Args:
        run: what is asked, of whom, and where the replies go; its number of tasks counts.
        cluster: where it takes place.
        say: told now and then how far it is.

    Returns:
        How far it is now; with Slurm the rest is done by the job, and `report` tells later.

    Raises:
        InputError: the cluster is not there or cannot hold a task.
        DataError: another run works on the store, the store cannot be written, or the executor
            broke before any shard began.
        ImportError: names the extra that is missing.
    """
    require("datatrove.executor", "cluster", f"The {cluster.executor} executor")
    if cluster.executor == "ray":
        require("ray", "cluster", "The ray executor")
    if run.tasks != cluster.tasks:
        raise InputError(f"The run has {run.tasks} tasks, and the cluster {cluster.tasks}.")
    make_folder(run.store / SHARDS)
    return _settled(run, cluster, _run(run, cluster, say), say)


def _run(run: ShardedRun, cluster: Cluster, say: Say) -> ShardedReport:
    with _alone(run.store / SHARDS):
        _refuse_other_divisions(run)
        logging_dir = (cluster.logging_dir or run.store / SHARDS / "logs") / run.name
        left = _mark(run, logging_dir)
        (logging_dir / SUBMITTED_FILE).unlink(missing_ok=True)
        if not left:
            return report(run)
        say(f"{len(left)} of {run.tasks} shards are to be asked ({cluster.executor}).")
        code = Watched(run, _saved(cluster, logging_dir), logging_dir, left).wait(say)
        now = report(run, _submission(logging_dir))
        begun = any(read_ledger(run.folder(rank)) for rank in left)
        if code and not begun:
            raise _broken(code, logging_dir / EXECUTOR_LOG)
        return now


def _settled(run: ShardedRun, cluster: Cluster, now: ShardedReport, say: Say) -> ShardedReport:
    """Ask what follows where two shards asked the same at once and were told different things.

    Only one of the two replies counts for both, and what follows from it may not be asked yet.
    """
    if run.tasks == 1 or not now.is_complete:
        return now
    with Recorded(sources(run.store)) as store:
        conflicts = store.conflicts
    if not conflicts:
        return now
    say(f"{conflicts} questions have two answers; asking what follows from the first of each.")
    rest = run_sharded(replace(run, tasks=1), replace(cluster, tasks=1, workers=1), say)
    if rest.is_complete:
        return replace(now, asked=now.asked + rest.asked)
    return replace(rest, tasks=run.tasks + 1, complete=run.tasks, asked=now.asked + rest.asked)


def read_cluster(path: Path) -> Cluster:
    """Read what was written for the process of the executor."""
    return Cluster(**json.loads(path.read_text(encoding="utf-8")))


def _saved(cluster: Cluster, logging_dir: Path) -> Path:
    make_folder(logging_dir)
    path = logging_dir / CLUSTER_FILE
    plain = asdict(cluster) | {"logging_dir": None}
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return path


def _mark(run: ShardedRun, logging_dir: Path) -> list[int]:
    """Set datatrove's marks after the ledgers, and give the shards that are not complete."""
    marks = logging_dir / "completions"
    make_folder(marks)
    stamp, left = run.stamp, []
    for rank in range(run.tasks):
        ledger, mark = read_ledger(run.folder(rank)), marks / f"{rank:05d}"
        if ledger is not None and (ledger.stamp, ledger.state) == (stamp, "complete"):
            mark.touch()
            continue
        mark.unlink(missing_ok=True)
        # What an earlier run said must not be taken for what this one says.
        (run.folder(rank) / LEDGER).unlink(missing_ok=True)
        left.append(rank)
    return left


def _refuse_other_divisions(run: ShardedRun) -> None:
    """Refuse where the store is being asked in another number of parts.

    Raises:
        DataError: names a shard that is at work.
    """
    ours = {run.folder(rank) for rank in range(run.tasks)}
    for folder in shard_folders(run.store):
        if folder not in ours:
            with suppress(FileNotFoundError), _alone(folder):
                pass


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = lock_folder(folder)
    try:
        yield
    finally:
        (folder / HOLDER_FILE).unlink(missing_ok=True)
        lock.release()


def _submission(logging_dir: Path) -> str:
    path = logging_dir / SUBMITTED_FILE
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _broken(code: int, log: Path) -> DataError:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = lines[-1] if lines else f"it ended with code {code}"
    return DataError(f"The executor could not start: {said} (log: {log})")
