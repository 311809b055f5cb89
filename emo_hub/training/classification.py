"""The classification task of the loop: texts after their contexts to batches of like length."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from emo_hub.calibration import Floats
from emo_hub.metrics import mean_average_precision
from emo_hub.pairs import segments_of, tokenize_pair
from emo_hub.training.loop import Check, Task
from emo_hub.training.outputs import Opened, Outputs, rate_groups
from emo_hub.training.rows import TrainingRow
from emo_hub.training.targets import ReadingSettings, target_table, with_contexts
from emo_hub.training.towers import padded

Tokens = dict[str, list[int]]
_CHUNK = 50  # batches whose rows are sorted by length together
_SCORED = 64  # rows scored at once


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketSettings:
    """How batches are made and weights judged; see the recipe for the meaning of each."""

    batch_size: int
    max_batch_tokens: int
    epochs: int
    targets: str
    layer_decay: float
    head_rate: float
    checks_per_epoch: int
    patience: int
    seed: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's input.

    Args:
        tokens: B texts with their contexts.
        targets: (B, L) in [0, 1].
        trust: (B,) how much each row counts.
    """

    tokens: tuple[Tokens, ...]
    targets: Floats
    trust: Floats


class PairReader:
    """Texts and contexts to tokens, each pair once.

    Args:
        opened: the classifier that reads them.
    """

    def __init__(self, opened: Opened) -> None:
        self.tokenizer = opened.tokenizer
        self._segments = segments_of(opened.model.config)
        self._known: dict[tuple[str, str | None], Tokens] = {}

    def __call__(self, text: str, context: str | None) -> Tokens:
        """Give the tokens of a text after its context."""
        found = self._known.get((text, context))
        if found is None:
            longest = int(self.tokenizer.model_max_length)
            found = tokenize_pair(
                self.tokenizer, text, context, max_tokens=longest, segments=self._segments
            )
            self._known[text, context] = found
        return found


def plan_buckets(
    lengths: Sequence[int], order: list[int], size: int, most_tokens: int, rng: random.Random
) -> list[list[int]]:
    """Deal rows into batches: shuffled, those of like length together, batches shuffled again.

    Args:
        lengths: of each row, in tokens.
        order: the rows that take part.
        size: the most rows of a batch.
        most_tokens: the most tokens of a padded batch; 0 sets no limit. A longer row is alone.
        rng: decides the order.
    """
    order = list(order)
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), size * _CHUNK):
        chunk = sorted(order[start : start + size * _CHUNK], key=lambda row: lengths[row])
        batch: list[int] = []
        for row in chunk:
            # Sorted, so that the row at hand is the longest.
            is_wide = most_tokens and (len(batch) + 1) * lengths[row] > most_tokens
            if batch and (len(batch) == size or is_wide):
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    rng.shuffle(batches)
    return batches


class Classification(Task[Batch]):
    """A classifier that is trained on rows, and judged by the order of its scores.

    Args:
        module: what is trained.
        opened: the classifier in it, with its tokenizer.
        labels: of its outputs.
        rows: to train on, and to be judged by; the same on every process.
        settings: of contexts and of batches.
    """

    def __init__(
        self,
        module: Outputs,
        opened: Opened,
        labels: Sequence[str],
        rows: tuple[Sequence[TrainingRow], Sequence[TrainingRow]],
        settings: tuple[ReadingSettings, BucketSettings],
    ) -> None:
        self.module = module
        self.read = PairReader(opened)
        self._model = opened.model
        self._rows, self._validation = rows
        self._reading, self._buckets = settings
        self._targets = target_table(self._rows, labels, self._buckets.targets)
        self._wanted = target_table(self._validation, labels, "hard") > 0
        self._trust = np.array([row.trust for row in self._rows], np.float32)
        self._epoch = lru_cache(maxsize=2)(self._planned)
        counts = [len(self._epoch(epoch)[1]) for epoch in range(self._buckets.epochs)]
        self._ends = [int(end) for end in np.cumsum(counts)]  # steps done after each epoch
        self.check = self._check_of()

    def _planned(self, epoch: int) -> tuple[list[Tokens], list[list[int]]]:
        settings = self._buckets
        read = with_contexts(self._rows, self._reading, epoch)
        tokens = [self.read(row.text, row.context) for row in read]
        turn = epoch % settings.epochs
        # A row that is not fully trusted takes part in one epoch of the run.
        order = [i for i, r in enumerate(read) if r.trust == 1.0 or i % settings.epochs == turn]
        lengths = [len(found["input_ids"]) for found in tokens]
        rng = random.Random(f"{settings.seed}/plan/{epoch}")
        size, most = settings.batch_size, settings.max_batch_tokens
        return tokens, plan_buckets(lengths, order, size, most, rng)

    def _check_of(self) -> Check | None:
        settings = self._buckets
        if not settings.checks_per_epoch or not self._wanted.any():
            return None
        after: set[int] = set()
        for start, end in zip([0, *self._ends[:-1]], self._ends, strict=True):
            parts = settings.checks_per_epoch
            after |= {start + -(-(end - start) * part // parts) for part in range(1, parts + 1)}
        return Check(frozenset(after), self._measure, settings.patience)

    @property
    def steps(self) -> int:
        """How many batches there are in all epochs."""
        return self._ends[-1]

    def batches(self, start: int) -> Iterator[tuple[int, Batch]]:
        """Give each batch with its number, from `start` on."""
        step = 0
        for epoch in range(self._buckets.epochs):
            tokens, plan = self._epoch(epoch)
            for rows in plan:
                if step >= start:
                    read = tuple(tokens[row] for row in rows)
                    yield step, Batch(read, self._targets[rows], self._trust[rows])
                step += 1

    def tensors(self, batch: Batch, accelerator: Accelerator) -> dict[str, Any]:
        """Turn this process's rows into what the module takes.

        Every row weighs the same, in a full batch or in one that is small since its rows are long.
        """
        world, device = accelerator.num_processes, accelerator.device
        own = slice(accelerator.process_index, None, world)
        share = world / self._buckets.batch_size
        if not batch.tokens[own]:
            # Without rows of its own a process takes part with the first, which counts nothing.
            own, share = slice(0, 1), 0.0
        return {
            "inputs": padded(self.read.tokenizer, batch.tokens[own], device),
            "targets": torch.from_numpy(batch.targets[own]).to(device),
            "trust": torch.from_numpy(batch.trust[own]).to(device),
            "share": share,
        }

    def groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Give the optimiser's groups, by depth."""
        return rate_groups(
            self._model,
            layer_decay=self._buckets.layer_decay,
            head_rate=self._buckets.head_rate,
            weight_decay=weight_decay,
        )

    def _measure(self, accelerator: Accelerator) -> float:
        """Give the macro average precision of the validation rows, shared among the processes."""
        has_context = self._reading.context_share > 0
        tokens = [self.read(r.text, r.context if has_context else None) for r in self._validation]
        own = range(accelerator.process_index, len(tokens), accelerator.num_processes)
        found = np.zeros(self._wanted.shape, np.float32)
        with accelerator.autocast():
            found[list(own)] = self.logits([tokens[row] for row in own])
        summed = accelerator.reduce(torch.from_numpy(found).to(accelerator.device), "sum")
        scores = summed.cpu().numpy()
        # Weights that have run away rank nothing.
        if not np.isfinite(scores).all():
            return 0.0
        return mean_average_precision(self._wanted.astype(np.int64), scores)

    def logits(self, tokens: Sequence[Tokens]) -> Floats:
        """Give the logits (N, L) of tokenised pairs, in the order they come in."""
        return classified(self._model, self.read.tokenizer, tokens, self._wanted.shape[1])


@torch.no_grad()
def classified(
    model: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    tokens: Sequence[Tokens],
    count: int,
) -> Floats:
    """Give a classifier's logits (N, `count`) of tokenised pairs, in the order they come in."""
    model.eval()
    device = next(model.parameters()).device
    found = np.zeros((len(tokens), count), np.float32)
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]["input_ids"]))
    for start in range(0, len(order), _SCORED):
        rows = order[start : start + _SCORED]
        batch = padded(tokenizer, [tokens[row] for row in rows], device)
        found[rows] = model(**batch).logits.float().cpu().numpy()
    return found
