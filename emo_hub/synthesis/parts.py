"""A run in parts: where each shard keeps its replies, what it says of itself, and the run's file.

All machines of a cluster see the store, and the store alone says how far a run is: each shard has
a folder of recorded replies and a ledger there. A run is handed from process to process as a file
of plain values, so no client, key or open file ever travels.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from emo_hub.durable import make_folder, write_whole
from emo_hub.errors import DataError
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.chain import NarrativePlan
from emo_hub.synthesis.job import Job, Shard
from emo_hub.synthesis.teachers import TeacherChoice
from emo_hub.version import __version__

SHARDS, LEDGER = "shards", "ledger.json"
State = Literal["running", "complete", "waiting", "failed"]


@dataclass(frozen=True)
class ShardedRun:
    """What every process of a sharded run has to know.

    Args:
        job: what goes in; its paths are those that all machines see.
        choice: who answers.
        store: the folder of the replies, on a file system that all machines share.
        tasks: how many shards, at least 1.
        again: reasons of recorded faults that are asked again.
    """

    job: Job
    choice: TeacherChoice
    store: Path
    tasks: int
    again: frozenset[str] = frozenset()

    @property
    def stamp(self) -> str:
        """Give 12 hexadecimal digits that change when a finished shard has new work.

        They stand for the input files (names, sizes, times of change), the plan, the wording of
        the prompts and the version of the package; who answers is not part of it.
        """
        stages = (utterances.STAGE, scenes.STAGE, descriptors.STAGE)
        facts = {
            "job": asdict(self.job),
            "again": sorted(self.again),
            "inputs": [
                list(_stats(Path(name)))
                for name in (self.job.narratives, self.job.texts, self.job.requests)
            ],
            "prompts": {stage.name: stage.version for stage in stages} | self.job.plan.versions,
            "version": __version__,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """Name the run by what it does and in how many parts."""
        return f"{self.stamp}-{self.tasks}"

    def folder(self, rank: int) -> Path:
        """Name the folder of a shard."""
        return shard_folder(self.store, Shard(rank, self.tasks))

    def save(self) -> Path:
        """Write the run's file, and give its path.

        Raises:
            DataError: the store cannot be written.
        """
        make_folder(self.store / SHARDS)
        path = self.store / SHARDS / f"run-{self.name}.json"
        job = asdict(self.job) | {
            name: _absolute(getattr(self.job, name)) for name in ("narratives", "texts", "requests")
        }
        value = {
            "job": job,
            "teacher": asdict(self.choice),
            "store": str(self.store.resolve()),
            "tasks": self.tasks,
            "again": sorted(self.again),
            "stamp": self.stamp,
        }
        write_whole(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())
        return path


@dataclass(frozen=True)
class ShardLedger:
    """What a shard says of itself.

    Args:
        stamp: of the run that it worked for.
        state: `running` while it is at work; `waiting` when it ended with questions that nobody
            answered; `failed` when it could not end.
        asked: questions that the teacher answered in this run of it, and not in an earlier one.
        waiting: questions that nobody has answered yet.
        error: why it failed, in one sentence.
        stages: the accounts, earlier runs included.
    """

    stamp: str
    state: State
    asked: int = 0
    waiting: int = 0
    error: str = ""
    stages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Put it into the folder of its shard, whole.

        Raises:
            DataError: the folder cannot be written.
        """
        make_folder(folder)
        write_whole(folder / LEDGER, (json.dumps(asdict(self), indent=1) + "\n").encode())


def read_run(path: Path) -> tuple[ShardedRun, str]:
    """Read the file of a run, and the stamp that it had when it was written.

    Raises:
        DataError: it is missing or damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        job, teacher = dict(value["job"]), dict(value["teacher"])
        job["plan"] = NarrativePlan(**job["plan"])
        teacher["annotators"] = tuple((model, url) for model, url in teacher["annotators"])
        run = ShardedRun(
            Job(**job),
            TeacherChoice(**teacher),
            Path(value["store"]),
            int(value["tasks"]),
            frozenset(value["again"]),
        )
        return run, str(value["stamp"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no run that can be read ({error}): start it again.") from error


def read_ledger(folder: Path) -> ShardLedger | None:
    """Read the ledger of a shard; None where there is none that can be read."""
    known = {one.name for one in dataclasses.fields(ShardLedger)}
    try:
        value = cast("dict[str, Any]", json.loads((folder / LEDGER).read_bytes()))
        return ShardLedger(**{name: value[name] for name in known})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def shard_folder(store: Path, shard: Shard) -> Path:
    """Name the folder of a shard's replies."""
    return store / SHARDS / f"{shard.index:05d}-of-{shard.of:05d}"


def shard_folders(store: Path) -> tuple[Path, ...]:
    """List the folders of all shards that were ever begun, in the order in which they count."""
    return tuple(sorted(p for p in (store / SHARDS).glob("*-of-*") if p.is_dir()))


def _stats(path: Path) -> Iterator[tuple[str, int, int]]:
    if not path.name or not path.exists():
        return
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        stat = file.stat()
        name = str(file.relative_to(path)) if path.is_dir() else file.name
        yield name, stat.st_size, stat.st_mtime_ns


def _absolute(place: str) -> str:
    return str(Path(place).resolve()) if place and Path(place).exists() else place
