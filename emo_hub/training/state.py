"""What a run keeps while it runs: trained parameters, moments, their running mean, the best so far.

All of it is safetensors and one small JSON file, so that a run that was killed goes on where it
was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from emo_hub.durable import put_in_place, recover
from emo_hub.errors import CheckpointError
from emo_hub.tensors import read_tensors
from emo_hub.training.sharding import cut_like, put, whole

_STATE, _MOMENTS, _PROGRESS = "trained.safetensors", "moments.safetensors", "progress.json"
_BEST = "best.safetensors"


class Average:
    """A running mean of the trained parameters, which ends flatter than the last step does."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.trained = {n: p for n, p in module.named_parameters() if p.requires_grad}
        self.values = {n: p.detach().clone() for n, p in self.trained.items()} if decay else {}

    def update(self) -> None:
        """Take in the parameters after a step."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in self.values.items():
            value.mul_(decay).add_(self.trained[name].detach(), alpha=1 - decay)

    def apply(self) -> None:
        """Put the mean in the parameters' place for good."""
        put(self.values, self.trained)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the mean in the parameters' place for a while."""
        last = {name: self.trained[name].detach().clone() for name in self.values}
        self.apply()
        try:
            yield
        finally:
            put(last, self.trained)


class Best:
    """The weights that did best where they were judged on the way.

    Args:
        trained: the parameters, by name.
        patience: judgements without a better one before training stops; 0 never stops it.

    Attributes:
        scores: each judgement, as the steps done and the score; higher is better.
    """

    def __init__(self, trained: Mapping[str, nn.Parameter], patience: int) -> None:
        self.trained = trained
        self.patience = patience
        self.scores: list[tuple[int, float]] = []
        self.values: dict[str, Tensor] = {}

    def judge(self, step: int, score: float) -> None:
        """Note a score of the parameters as they are, and keep them where it is the best."""
        if not self.scores or score > self.at[1]:
            self.values = {name: p.detach().clone() for name, p in self.trained.items()}
        self.scores.append((step, score))

    @property
    def at(self) -> tuple[int, float]:
        """The first of the best judgements."""
        return max(self.scores, key=lambda judged: judged[1])

    @property
    def is_over(self) -> bool:
        """Whether patience has run out."""
        since = len(self.scores) - 1 - self.scores.index(self.at) if self.scores else 0
        return bool(self.patience) and since >= self.patience

    def apply(self) -> None:
        """Put the best weights in the parameters' place."""
        put(self.values, self.trained)


@dataclass(frozen=True, slots=True)
class State:
    """All of it on disk.

    Args:
        folder: where it is kept.
        optimizer: whose moments are.
        average: of the parameters.
        best: of them so far.
    """

    folder: Path
    optimizer: torch.optim.AdamW
    average: Average
    best: Best

    def save(self, step: int, *, is_writer: bool) -> None:
        """Write all parts beside the last state, then put them in its place.

        Args:
            step: how many are done.
            is_writer: whether this process writes. Each must call, for the pieces that it has.

        Raises:
            DataError: they cannot be written; the last state still is there.
        """
        trained = self._gathered(self.average.trained, is_writer=is_writer)
        moments = self._gathered(self._moments(), is_writer=is_writer)
        best = self._gathered(self.best.values, is_writer=is_writer)
        if is_writer:
            record = {"step": step, "updates": self.average.updates, "scores": self.best.scores}
            self._write({_STATE: trained, _MOMENTS: moments, _BEST: best}, record)

    def _moments(self) -> dict[str, Tensor]:
        moments = {f"average/{n}": v for n, v in self.average.values.items()}
        for name, parameter in self.average.trained.items():
            for key, value in self.optimizer.state[parameter].items():
                moments[f"{key}/{name}"] = torch.as_tensor(value)
        return moments

    @staticmethod
    def _gathered(parts: Mapping[str, Tensor], *, is_writer: bool) -> dict[str, Tensor]:
        gathered = {}
        for name, part in parts.items():
            value = whole(part.detach())
            if is_writer:
                gathered[name] = value.cpu().contiguous()
        return gathered

    def _write(self, files: Mapping[str, dict[str, Tensor]], record: Mapping[str, object]) -> None:
        def fill(fresh: Path) -> None:
            fresh.mkdir(parents=True)
            for name, values in files.items():
                if values:
                    save_file(values, fresh / name)
            (fresh / _PROGRESS).write_text(json.dumps(record) + "\n")

        put_in_place(self.folder, fill)

    def load(self) -> int:
        """Bring everything to the saved state; give its step, 0 where there is none.

        Raises:
            CheckpointError: it is damaged or of another run.
        """
        recover(self.folder)
        if not (self.folder / _PROGRESS).exists():
            return 0
        try:
            record = json.loads((self.folder / _PROGRESS).read_text())
            step, updates = int(record["step"]), int(record["updates"])
            scores = [(int(at), float(score)) for at, score in record.get("scores", [])]
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(self._damaged(str(error))) from error
        trained, moments = read_tensors(self.folder / _STATE), read_tensors(self.folder / _MOMENTS)
        if trained.keys() != self.average.trained.keys():
            raise CheckpointError(self._damaged("it holds other parameters"))
        put(trained, self.average.trained)
        for name, parameter in self.average.trained.items():
            self.optimizer.state[parameter] = {
                key: value.to(parameter.device) if key == "step" else cut_like(value, parameter)
                for key, value in _moments_of(name, moments).items()
            }
        for name, value in self.average.values.items():
            value.copy_(cut_like(moments[f"average/{name}"], value))
        self.average.updates = updates
        if scores:
            self.best.scores = scores
            best = read_tensors(self.folder / _BEST)
            self.best.values = {n: cut_like(v, self.best.trained[n]) for n, v in best.items()}
        return step

    def _damaged(self, why: str) -> str:
        return (
            f"The training state in {self.folder} cannot be used: {why}. Delete it to start again."
        )


def _moments_of(name: str, moments: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: moments[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
