"""The contrastive task of the loop: texts and phrases to the tensors that the towers take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from accelerate import Accelerator

from emo_hub.training.batches import (
    Batch,
    BatchSettings,
    DescriptorVocabulary,
    make_batch,
    plan_epoch,
    with_stray_contexts,
)
from emo_hub.training.loop import Task
from emo_hub.training.rows import TrainingRow
from emo_hub.training.towers import Towers, padded


class Alignment(Task[Batch]):
    """Towers that are trained on rows.

    Args:
        towers: what is trained.
        tokenize: one text and its context to token ids.
        tokenizer: pads them.
        rows: the training rows; the same on every process.
        settings: of the batches.
    """

    def __init__(
        self,
        towers: Towers,
        tokenize: Callable[[str, str | None], dict[str, list[int]]],
        tokenizer: Any,  # noqa: ANN401
        rows: Sequence[TrainingRow],
        settings: BatchSettings,
    ) -> None:
        self.module = towers
        self._tokenize, self._tokenizer = tokenize, tokenizer
        self._rows, self._settings = rows, settings
        self._vocabulary = DescriptorVocabulary(rows, use_labels=settings.use_labels)

    @property
    def steps(self) -> int:
        """How many batches there are in all epochs."""
        epochs = range(self._settings.epochs)
        return sum(len(plan_epoch(self._rows, self._settings, epoch)) for epoch in epochs)

    def batches(self, start: int) -> Iterator[tuple[int, Batch]]:
        """Give each batch with its number, from `start` on."""
        step = 0
        for epoch in range(self._settings.epochs):
            read = with_stray_contexts(self._rows, self._settings, epoch)
            for indices in plan_epoch(read, self._settings, epoch):
                if step >= start:
                    rows = [read[i] for i in indices]
                    yield step, make_batch(rows, self._vocabulary, self._settings, step)
                step += 1

    def tensors(self, batch: Batch, accelerator: Accelerator) -> dict[str, Any]:
        """Turn this process's rows, and everybody's phrases, into what the towers take."""
        world = accelerator.num_processes
        # A last batch smaller than the number of processes leaves some without rows of their own;
        # they take the first row with a share of zero, since every process must take part.
        own = batch.part(accelerator.process_index, world)
        share = len(own.rows) * world / len(batch.rows)
        own = own if own.rows else batch.part(0, len(batch.rows))
        device = accelerator.device
        phrases = [self._tokenize(phrase, None) for phrase in own.phrases]
        texts = [self._tokenize(row.text, row.context) for row in own.rows]
        # A few long phrases would pad all of them to twice their length, so they go by themselves.
        order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]["input_ids"]))
        cut = -(-3 * len(order) // 4)
        parts = [part for part in (order[:cut], order[cut:]) if part]
        return {
            "texts": padded(self._tokenizer, texts, device),
            "phrases": [padded(self._tokenizer, [phrases[i] for i in p], device) for p in parts],
            "targets": torch.from_numpy(own.targets[:, order]).to(device),
            "weights": torch.from_numpy(own.weights[:, order]).to(device),
            "vad": torch.from_numpy(own.vad).to(device),
            "share": share,
        }
