"""The Accelerate loop: steps, accumulation, saving, resuming, judging on the way.

What is trained on what is a `Task`; the loop is the same for all of them. All randomness is drawn
from (seed, step, process), so a run that was killed and resumed ends in the same weights as one
that was not, and no random state needs to be saved.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, is_initialized
from accelerate.utils import GradientAccumulationPlugin, set_seed
from torch import Tensor, nn

from emo_hub.training import sharding
from emo_hub.training.state import Average, Best, State

Progress = Callable[[int, int, float], None]  # step, steps, loss
PRECISIONS = ("auto", "bf16", "no")  # that a recipe may ask for
_READ_EVERY = 10  # steps: to read a loss is to wait for the GPU
B = TypeVar("B")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopSettings:
    """How long and how fast; see the recipe for the meaning of each."""

    epochs: int
    learning_rate: float
    weight_decay: float
    warmup_share: float
    accumulation_steps: int
    max_grad_norm: float
    save_every: int
    mixed_precision: str
    average_decay: float
    seed: int


@dataclass(frozen=True, slots=True)
class Check:
    """When weights are judged on the way, so that the best are kept.

    Args:
        after: numbers of steps done. Within an accumulated group it waits for the group's end.
        measure: gives the score, higher is better; the same on every process.
        patience: judgements without a better one before training stops; 0 never stops it.
    """

    after: frozenset[int]
    measure: Callable[[Accelerator], float]
    patience: int


class Task(ABC, Generic[B]):
    """What a trainer brings to the loop.

    Attributes:
        module: what is trained. Its forward pass takes the tensors of one process and returns that
            process's share of the batch's loss, already multiplied by the number of processes:
            gradients that are averaged over processes then equal those of one process with the
            whole batch.
        check: how weights are judged on the way; None keeps the last.
    """

    module: nn.Module
    check: Check | None = None

    @property
    @abstractmethod
    def steps(self) -> int:
        """How many batches there are in all epochs."""

    @abstractmethod
    def batches(self, start: int) -> Iterator[tuple[int, B]]:
        """Give each batch with its number, from `start` on; the same on every process."""

    @abstractmethod
    def tensors(self, batch: B, accelerator: Accelerator) -> dict[str, Any]:
        """Turn this process's part of a batch into what the module takes."""

    def groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Give the optimiser's groups; `share` in one multiplies its learning rate."""
        trained = [p for p in self.module.parameters() if p.requires_grad]
        return [{"params": trained, "weight_decay": weight_decay}]


@dataclass(frozen=True, slots=True)
class Fitted:
    """How training went.

    Args:
        losses: of the steps taken in this run.
        steps: that were planned.
        resumed_at: the step it started from.
        scores: steps done and score of each judgement on the way.
    """

    losses: tuple[float, ...]
    steps: int
    resumed_at: int
    scores: tuple[tuple[int, float], ...] = ()


def best_precision(wanted: str) -> str:
    """Resolve "auto": bf16 where the processor computes in it, else full precision."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    flags = torch.backends.cpu.get_cpu_capability()
    amx = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
    bf16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return "bf16" if (amx or bf16) and "AVX512" in flags else "no"


def fit(
    task: Task[Any], settings: LoopSettings, folder: Path, progress: Progress | None = None
) -> Fitted:
    """Train a task's module in place, from where `folder` says an earlier run stopped.

    Args:
        task: what is trained on what.
        settings: of the loop.
        folder: where state is kept while training runs.
        progress: is told the step, the number of steps and the loss of a step not long ago.

    Raises:
        CheckpointError: the state in `folder` is damaged or of another run.
        DataError: the state cannot be written.
        SettingsError: Accelerate's config asks for what the loop cannot do.
    """
    accelerator = open_accelerator(settings)
    steps = task.steps
    trained, groups = task.module, task.groups(settings.weight_decay)
    is_shared_out = sharding.is_shared_out(accelerator)
    if is_shared_out:
        task.module.to(accelerator.device)
        trained, groups = sharding.twin(task.module, groups)
    optimizer = torch.optim.AdamW(
        groups,
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    model, prepared = accelerator.prepare(trained, optimizer)
    average = Average(trained, settings.average_decay)
    best = Best(average.trained, task.check.patience if task.check else 0)
    state = State(folder, optimizer, average, best)
    start = state.load()
    model.train()
    losses: list[Tensor] = []
    shown = math.nan
    due = _Due(task, trained, settings)
    for step, batch in task.batches(start):
        if best.is_over:
            break
        _set_learning_rate(optimizer, settings, step, steps)
        set_seed((settings.seed * 1_000_003 + step * 97 + accelerator.process_index) % 2**32)
        # Groups are counted from the first step of the run, not of this process, and the last one
        # is stepped however few batches it holds.
        last = step + 1 == steps
        accelerator.step = settings.accumulation_steps - 1 if last else step
        with accelerator.accumulate(model):
            tensors = task.tensors(batch, accelerator)
            with accelerator.autocast():
                loss = model(**tensors)
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
            prepared.step()
            prepared.zero_grad()
        if accelerator.sync_gradients:
            average.update()
        losses.append(accelerator.reduce(loss.detach(), "mean"))
        if progress and accelerator.is_main_process:
            shown = float(losses[-1]) if step % _READ_EVERY == 0 or last else shown
            progress(step + 1, steps, shown)
        due.note(step + 1)
        # Between the batches of a group there are gradients that no state holds.
        if accelerator.sync_gradients:
            due.meet(step + 1, state, accelerator)
    if best.scores:
        best.apply()
    else:
        average.apply()
    if is_shared_out:
        sharding.gather(trained, task.module)
    accelerator.wait_for_everyone()
    told = tuple(torch.stack(losses).tolist()) if losses else ()
    return Fitted(told, steps, start, tuple(best.scores))


def open_accelerator(settings: LoopSettings) -> Accelerator:
    """Join the processes of a run, in the precision that its settings ask for."""
    precision = best_precision(settings.mixed_precision)
    # Accelerate keeps the precision of the first run of a process, and refuses another.
    if is_initialized() and AcceleratorState().mixed_precision != precision:
        AcceleratorState._reset_state()
    is_asked = sharding.is_asked()
    accelerator = Accelerator(
        mixed_precision=precision,
        # A loader that another training of this process left behind ends no group of ours.
        gradient_accumulation_plugin=GradientAccumulationPlugin(
            num_steps=settings.accumulation_steps, sync_with_dataloader=False
        ),
        # Without it each of several processes that have no GPU takes itself for the only one.
        cpu=not torch.accelerator.is_available(),
    )
    if is_asked:
        sharding.share_out(accelerator)
    return accelerator


class _Due:
    """What is to be done as soon as a group of batches ends: judging, then saving."""

    def __init__(self, task: Task[Any], trained: nn.Module, settings: LoopSettings) -> None:
        self._task, self._trained = task, trained
        self._check, self._every = task.check, settings.save_every
        self._judging = self._saving = False

    def note(self, done: int) -> None:
        self._judging |= self._check is not None and done in self._check.after
        self._saving |= bool(self._every) and done % self._every == 0

    def meet(self, done: int, state: State, accelerator: Accelerator) -> None:
        if self._judging and self._check is not None:
            with state.average.applied():
                if self._trained is not self._task.module:
                    sharding.gather(self._trained, self._task.module)
                state.best.judge(done, self._check.measure(accelerator))
            self._trained.train()
        if self._saving:
            state.save(done, is_writer=accelerator.is_main_process)
        self._judging = self._saving = False


def _set_learning_rate(
    optimizer: torch.optim.Optimizer, settings: LoopSettings, step: int, steps: int
) -> None:
    # A function of the step alone, so resuming needs no scheduler state.
    warm = min(1.0, (step + 1) / max(1.0, settings.warmup_share * steps))
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * warm * cosine * group.get("share", 1.0)
