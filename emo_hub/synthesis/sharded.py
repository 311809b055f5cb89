"""How far a sharded run is, read from what its shards say of themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from emo_hub.synthesis.ledger import StageCost
from emo_hub.synthesis.parts import ShardedRun, ShardLedger, read_ledger


@dataclass(frozen=True, slots=True)
class ShardedReport:
    """How far a run is.

    Args:
        tasks: how many shards it has.
        complete: shards without an open question.
        waiting: by shard, the questions that nobody has answered yet.
        failed: by shard, why it did not end.
        asked: questions that the teacher answered in the last run of each shard.
        stages: the accounts of all shards that have ended, earlier runs included.
        submitted: the id of the Slurm job that works on the rest; empty where nothing does.
    """

    tasks: int
    complete: int
    waiting: Mapping[int, int]
    failed: Mapping[int, str]
    asked: int
    stages: Mapping[str, StageCost]
    submitted: str = ""

    @property
    def is_complete(self) -> bool:
        """Say whether every question of every shard is answered."""
        return self.complete == self.tasks

    @property
    def sentence(self) -> str:
        """Say it in words."""
        parts = [f"{self.complete} of {self.tasks} shards are complete"]
        if self.waiting:
            count = sum(self.waiting.values())
            parts.append(f"{count} requests of {len(self.waiting)} shards wait for an answer")
        for error, count in Counter(self.failed.values()).most_common():
            parts.append(f"{count} ended early: {error.rstrip('.')}")
        if self.submitted:
            parts.append(f"Slurm job {self.submitted} works on the rest")
        elif not self.is_complete:
            parts.append("run again to go on")
        return "; ".join(parts) + "."


def report(run: ShardedRun, submitted: str = "") -> ShardedReport:
    """Read how far a run is from the ledgers of its shards; may be called at any time.

    Args:
        run: as it was started.
        submitted: the id of the Slurm job, if one works on it.
    """
    stamp = run.stamp
    ledgers = {rank: read_ledger(run.folder(rank)) for rank in range(run.tasks)}
    current = {n: one for n, one in ledgers.items() if one is not None and one.stamp == stamp}
    stages: dict[str, StageCost] = {}
    for ledger in current.values():
        for name, cost in ledger.stages.items():
            total = asdict(stages.get(name, StageCost()))
            stages[name] = StageCost(**{key: total[key] + cost.get(key, 0) for key in total})
    return ShardedReport(
        run.tasks,
        sum(one.state == "complete" for one in current.values()),
        {rank: one.waiting for rank, one in current.items() if one.state == "waiting"},
        {} if submitted else dict(_failed(run, current)),
        sum(one.asked for one in current.values()),
        stages,
        submitted,
    )


def _failed(run: ShardedRun, current: Mapping[int, ShardLedger]) -> Iterator[tuple[int, str]]:
    for rank in range(run.tasks):
        ledger = current.get(rank)
        if ledger is None:
            yield rank, "not begun"
        elif ledger.state == "failed":
            yield rank, ledger.error
        elif ledger.state == "running":
            yield rank, "still at work, or killed"
