"""What datatrove runs: one step that asks one shard, on its local, Ray or Slurm executor.

datatrove marks a task as completed when its step returns. Here a step also returns when questions
wait or the teacher failed, so that one shard never ends the others; what is truly complete is said
by the ledgers of the shards, and the marks are set after them before each start.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import multiprocess
from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor, SlurmPipelineExecutor
from datatrove.pipeline.base import PipelineStep

from emo_hub.errors import InputError
from emo_hub.synthesis.cluster import Cluster
from emo_hub.synthesis.parts import ShardLedger, read_ledger, read_run
from emo_hub.synthesis.watched import environment, process

LOG_FILE = "shard.log"
# A shard whose process is killed begins again from its store; one that is killed this often is
# killed for a reason.
_STARTS = 3
_LOOK_SECONDS = 0.2
_GB = 1 << 30
_LOG = logging.getLogger(__name__)


class AskShard(PipelineStep):  # type: ignore[misc]
    """Asks the questions of one shard in a process of its own, and waits for it.

    Args:
        run: path of the run's file.
    """

    name = "ask a shard"
    type = "emo_hub"

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run_file = run

    def run(self, data: object = None, rank: int = 0, world_size: int = 1) -> Iterable[Any]:
        """Ask the shard of this rank; whatever becomes of it stands in its ledger.

        Raises:
            DataError: the run's file or the folder of the shard cannot be used.
            SystemExit: the executor's own process is gone.
        """
        run, stamp = read_run(Path(self.run_file))
        folder = run.folder(rank)
        folder.mkdir(parents=True, exist_ok=True)
        # A pool's process outlives a pool that is killed, and would work on for nobody.
        parent = os.getppid() if multiprocess.parent_process() is not None else None
        for _ in range(_STARTS):
            code = _await(process("ask", self.run_file, str(rank)), folder / LOG_FILE, parent)
            if code >= 0:
                break
            _LOG.warning("shard %d was killed by signal %d", rank, -code)
        if code != 0:
            ShardLedger(stamp, "failed", error=_fate(code, folder / LOG_FILE)).write(folder)
        if (ledger := read_ledger(folder)) is not None:
            self.stat_update("asked", value=ledger.asked)
            self.stat_update("waiting", value=ledger.waiting)
        return ()


def launch(run_file: Path, cluster: Cluster, logging_dir: Path) -> str:
    """Run or submit the shards of a run that are not marked as completed in `logging_dir`.

    Args:
        run_file: of the run.
        cluster: where and how.
        logging_dir: of this run in this number of parts.

    Returns:
        The id of the job where it was submitted to Slurm and runs on its own; else nothing, and
        all shards have ended.

    Raises:
        InputError: the cluster is not there, or no machine of it can hold a task.
    """
    steps = [AskShard(str(run_file))]
    plain = {"tasks": cluster.tasks, "workers": cluster.workers, "logging_dir": str(logging_dir)}
    if cluster.executor == "local":
        LocalPipelineExecutor(steps, **plain).run()
        return ""
    if cluster.executor == "ray":
        _join_ray(cluster)
        # datatrove writes each task's log to one fixed folder under the temporary one, where the
        # tasks of two users or two runs would meet.
        place = logging_dir / "tmp"
        place.mkdir(parents=True, exist_ok=True)
        options = {"runtime_env": {"env_vars": {"TMPDIR": str(place)}}}
        memory = cluster.memory_gb
        RayPipelineExecutor(steps, mem_per_cpu_gb=memory, ray_remote_kwargs=options, **plain).run()
        return ""
    return _submit(steps, cluster, plain)


def _join_ray(cluster: Cluster) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    try:
        ray.init(cluster.ray_address or None, include_dashboard=False, log_to_driver=False)
    except (ConnectionError, ValueError) as error:
        raise InputError(
            f"There is no Ray cluster at '{cluster.ray_address}' ({error}): start one with 'ray "
            "start --head', or leave the address out to start one on this machine."
        ) from error
    wanted = cluster.memory_gb * _GB
    nodes = [
        node["Resources"]
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"]
    ]
    if not any(n.get("CPU", 0) >= 1 and n.get("memory", 0) >= wanted for n in nodes):
        raise InputError(
            f"No machine of the Ray cluster has one CPU and {cluster.memory_gb:g} GB of memory for "
            "a task: give less memory per task, or start Ray with more."
        )


def _submit(steps: list[AskShard], cluster: Cluster, plain: Mapping[str, Any]) -> str:
    if shutil.which("sbatch") is None:
        raise InputError(
            "Slurm's command sbatch is not to be found: start the run on a machine from which "
            "jobs are submitted, or take another executor."
        )
    if not cluster.partition:
        raise InputError("Slurm needs the name of a partition: give one with --partition.")
    executor = SlurmPipelineExecutor(
        steps,
        time=cluster.time,
        partition=cluster.partition,
        mem_per_cpu_gb=cluster.memory_gb,
        job_name="emo-hub",
        env_command=cluster.env_command or _activation(),
        sbatch_args=dict(cluster.sbatch),
        srun_args={"kill-on-bad-exit": "1"},
        **plain,
    )
    executor.run()
    return str(executor.job_id)


def _activation() -> str:
    """Put this environment, and this very package, in reach of a job on another machine."""
    folder = Path(sys.executable).parent
    path = shlex.quote(environment()["PYTHONPATH"])
    return f'export PATH={shlex.quote(str(folder))}:"$PATH"\nexport PYTHONPATH={path}'


def _await(command: list[str], log: Path, parent: int | None) -> int:
    """Run a command to its end; when the parent of this process is gone, end both."""
    with log.open("ab") as out:
        running = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environment()
        )
        with running:
            try:
                while (code := running.poll()) is None:
                    if parent is not None and os.getppid() != parent:
                        sys.exit(1)
                    time.sleep(_LOOK_SECONDS)
            except BaseException:
                running.terminate()
                raise
    return code


def _fate(code: int, log: Path) -> str:
    if code < 0:
        return (
            f"its process was killed by signal {-code} at each of {_STARTS} starts; memory may be "
            "short. Every reply is kept; run again to go on"
        )
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{said[-1] if said else f'it ended with code {code}'} (more in {log})"
