"""The Accelerate loop: steps, accumulation, saving, resuming.

All randomness is drawn from (seed, step, process), so a run that was killed and resumed ends in the
same weights as one that was not, and no random state needs to be saved. What is saved is the
trained parameters and the optimiser's moments, as safetensors.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from safetensors.torch import save_file
from torch import Tensor

from emo_hub.errors import CheckpointError
from emo_hub.tensors import read_tensors
from emo_hub.training.batches import (
    Batch,
    BatchSettings,
    DescriptorVocabulary,
    make_batch,
    plan_epoch,
    with_stray_contexts,
)
from emo_hub.training.rows import TrainingRow
from emo_hub.training.towers import Towers, padded

Progress = Callable[[int, int, float], None]  # step, steps, loss
_STATE, _MOMENTS, _PROGRESS = "trained.safetensors", "moments.safetensors", "progress.json"


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
class Fitted:
    """How training went: losses of the steps taken in this run, and where it started from."""

    losses: tuple[float, ...]
    steps: int
    resumed_at: int


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
    towers: Towers,
    tokenize: Callable[[str, str | None], dict[str, list[int]]],
    tokenizer: Any,  # noqa: ANN401
    rows: Sequence[TrainingRow],
    settings: tuple[LoopSettings, BatchSettings],
    folder: Path,
    progress: Progress | None = None,
) -> Fitted:
    """Train the towers in place, from where `folder` says an earlier run stopped.

    Args:
        towers: what is trained.
        tokenize: one text and its context to token ids.
        tokenizer: pads them.
        rows: the training rows; the same on every process.
        settings: of the loop and of its batches.
        folder: where state is kept while training runs.
        progress: is told the step, the number of steps and the loss.

    Raises:
        CheckpointError: the state in `folder` is damaged or of another run.
    """
    loop, batches = settings
    accelerator = Accelerator(
        mixed_precision=best_precision(loop.mixed_precision),
        gradient_accumulation_steps=loop.accumulation_steps,
    )
    vocabulary = DescriptorVocabulary(rows, use_labels=batches.use_labels)
    micro_steps = sum(len(plan_epoch(rows, batches, epoch)) for epoch in range(loop.epochs))
    optimizer = torch.optim.AdamW(
        [p for p in towers.parameters() if p.requires_grad],
        lr=loop.learning_rate,
        weight_decay=loop.weight_decay,
        betas=(0.9, 0.98),
    )
    model, prepared = accelerator.prepare(towers, optimizer)
    average = _Average(towers, loop.average_decay)
    state = _State(folder, towers, optimizer, average)
    start = state.load()
    model.train()
    losses: list[float] = []
    due = False
    for step, batch in _batches(rows, vocabulary, batches, loop.epochs, start):
        _set_learning_rate(optimizer, loop, step, micro_steps)
        set_seed((loop.seed * 1_000_003 + step * 97 + accelerator.process_index) % 2**32)
        # Groups are counted from the first step of the run, not of this process, and the last one
        # is stepped however few batches it holds.
        last = step + 1 == micro_steps
        accelerator.step = loop.accumulation_steps - 1 if last else step
        with accelerator.accumulate(model):
            tensors = _tensors(batch, accelerator, tokenize, tokenizer)
            with accelerator.autocast():
                loss = model(**tensors)
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), loop.max_grad_norm)
            prepared.step()
            prepared.zero_grad()
        if accelerator.sync_gradients:
            average.update()
        losses.append(float(accelerator.reduce(loss.detach(), "mean")))
        if progress and accelerator.is_main_process:
            progress(step + 1, micro_steps, losses[-1])
        due = due or bool(loop.save_every and (step + 1) % loop.save_every == 0)
        # Between the batches of a group there are gradients that no state holds.
        if due and accelerator.sync_gradients:
            if accelerator.is_main_process:
                state.save(step + 1)
            due = False
    average.apply()
    accelerator.wait_for_everyone()
    return Fitted(tuple(losses), micro_steps, start)


def _batches(
    rows: Sequence[TrainingRow],
    vocabulary: DescriptorVocabulary,
    settings: BatchSettings,
    epochs: int,
    start: int,
) -> Iterator[tuple[int, Batch]]:
    step = 0
    for epoch in range(epochs):
        read = with_stray_contexts(rows, settings, epoch)
        for indices in plan_epoch(read, settings, epoch):
            if step >= start:
                yield step, make_batch([read[i] for i in indices], vocabulary, settings, step)
            step += 1


def _tensors(
    batch: Batch,
    accelerator: Accelerator,
    tokenize: Callable[[str, str | None], dict[str, list[int]]],
    tokenizer: Any,  # noqa: ANN401
) -> dict[str, Any]:
    world = accelerator.num_processes
    # A last batch smaller than the number of processes leaves some without rows of their own;
    # they take the first row with a share of zero, since every process must take part.
    own = batch.part(accelerator.process_index, world)
    share = len(own.rows) * world / len(batch.rows)
    own = own if own.rows else batch.part(0, len(batch.rows))
    device = accelerator.device
    phrases = [tokenize(phrase, None) for phrase in own.phrases]
    # A few long phrases would pad all of them to twice their length, so they go by themselves.
    order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]["input_ids"]))
    cut = -(-3 * len(order) // 4)
    parts = [part for part in (order[:cut], order[cut:]) if part]
    return {
        "texts": padded(tokenizer, [tokenize(r.text, r.context) for r in own.rows], device),
        "phrases": [padded(tokenizer, [phrases[i] for i in part], device) for part in parts],
        "targets": torch.from_numpy(own.targets[:, order]).to(device),
        "weights": torch.from_numpy(own.weights[:, order]).to(device),
        "vad": torch.from_numpy(own.vad).to(device),
        "share": share,
    }


def _set_learning_rate(
    optimizer: torch.optim.Optimizer, settings: LoopSettings, step: int, steps: int
) -> None:
    # A function of the step alone, so resuming needs no scheduler state.
    warm = min(1.0, (step + 1) / max(1.0, settings.warmup_share * steps))
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * warm * cosine


class _Average:
    """A running mean of the trained parameters, which ends flatter than the last step does."""

    def __init__(self, towers: Towers, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.trained = {n: p for n, p in towers.named_parameters() if p.requires_grad}
        self.values = {n: p.detach().clone() for n, p in self.trained.items()} if decay else {}

    def update(self) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in self.values.items():
            value.mul_(decay).add_(self.trained[name].detach(), alpha=1 - decay)

    def apply(self) -> None:
        for name, value in self.values.items():
            self.trained[name].data.copy_(value)


@dataclass(frozen=True, slots=True)
class _State:
    folder: Path
    towers: Towers
    optimizer: torch.optim.AdamW
    average: _Average

    def save(self, step: int) -> None:
        """Write all parts beside the last state, then put them in its place."""
        fresh = self.folder.with_name(self.folder.name + ".partial")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        trained = self.average.trained
        save_file({n: p.detach().contiguous() for n, p in trained.items()}, fresh / _STATE)
        moments = {f"average/{n}": v for n, v in self.average.values.items()}
        for name, parameter in trained.items():
            for key, value in self.optimizer.state[parameter].items():
                moments[f"{key}/{name}"] = torch.as_tensor(value).detach().contiguous()
        save_file(moments, fresh / _MOMENTS)
        record = {"step": step, "updates": self.average.updates}
        (fresh / _PROGRESS).write_text(json.dumps(record) + "\n")
        old = self.folder.with_name(self.folder.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(old)
        fresh.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def load(self) -> int:
        """Bring everything to the saved state; give its step, 0 where there is none."""
        old = self.folder.with_name(self.folder.name + ".old")
        if old.exists() and not self.folder.exists():
            # Killed between the two renames of a save.
            old.rename(self.folder)
        if not (self.folder / _PROGRESS).exists():
            return 0
        try:
            record = json.loads((self.folder / _PROGRESS).read_text())
            step, updates = int(record["step"]), int(record["updates"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(self._damaged(str(error))) from error
        trained, moments = read_tensors(self.folder / _STATE), read_tensors(self.folder / _MOMENTS)
        if trained.keys() != self.average.trained.keys():
            raise CheckpointError(self._damaged("it holds other parameters"))
        for name, parameter in self.average.trained.items():
            parameter.data.copy_(trained[name])
            self.optimizer.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device)
                for key, value in _moments_of(name, moments).items()
            }
        for name, value in self.average.values.items():
            value.copy_(moments[f"average/{name}"])
        self.average.updates = updates
        return step

    def _damaged(self, why: str) -> str:
        return (
            f"The training state in {self.folder} cannot be used: {why}. Delete it to start again."
        )


def _moments_of(name: str, moments: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: moments[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
