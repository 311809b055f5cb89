"""Fitting a table of token vectors to the vectors that a teacher gave to texts and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emo_hub.calibration import Floats, NullMoments
from emo_hub.training.loop import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSettings:
    """How the table is fitted; see the recipe for the meaning of each."""

    phrase_weight: float
    contest_weight: float
    contest_phrases: int
    token_dropout: float
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


def start_table(table: Tensor, counts: Tensor, rarity: float, silent: Sequence[int]) -> Tensor:
    """Centre the vectors (V, D) of single tokens, and make each weigh as much as it tells.

    The weight a / (a + p), where p is the token's share, is that of smooth inverse frequency (Arora
    and others 2017, "A simple but tough-to-beat baseline for sentence embeddings").

    Args:
        table: (V, D) teacher vectors of the tokens by themselves.
        counts: (V,) how often each stands in the texts.
        rarity: a, greater than 0.
        silent: ids of tokens that say nothing.
    """
    share = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    weighted = (table - table.mean(dim=0)) * (rarity / (rarity + share))[:, None].to(table.dtype)
    weighted[list(silent)] = 0
    return weighted


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's inputs, laid end to end, and what they should add up to."""

    ids: Tensor  # (T,) of all inputs, one after the other
    is_context: Tensor  # (T,)
    starts: Tensor  # (B,)
    wanted: Tensor  # (B, D)


class Bags:
    """Token ids of many inputs, and the vectors that they should add up to.

    Args:
        before: token ids of each input's context; empty for none.
        ids: token ids of each input itself.
        wanted: (N, D) unit vectors.
    """

    def __init__(
        self, before: Sequence[list[int]], ids: Sequence[list[int]], wanted: Floats
    ) -> None:
        parts = [part for pair in zip(before, ids, strict=True) for part in pair]
        counts = np.array([len(part) for part in parts], np.int64)
        flat = np.fromiter(chain.from_iterable(parts), np.int64, int(counts.sum()))
        self._flat = torch.from_numpy(flat)
        is_context = np.repeat(np.arange(len(parts)) % 2 == 0, counts)
        self._is_context = torch.from_numpy(is_context)
        self._lengths = torch.from_numpy(counts.reshape(-1, 2).sum(axis=1))
        self._starts = self._lengths.cumsum(0) - self._lengths
        self._wanted = torch.from_numpy(wanted)

    def __len__(self) -> int:
        return len(self._lengths)

    def batch(self, rows: Tensor) -> Batch:
        """Give the inputs at these places."""
        lengths = self._lengths[rows]
        starts = lengths.cumsum(0) - lengths
        shift = torch.repeat_interleave(self._starts[rows] - starts, lengths)
        places = shift + torch.arange(len(shift))
        return Batch(self._flat[places], self._is_context[places], starts, self._wanted[rows])

    def counts(self, size: int) -> Tensor:
        """Count each token (V,)."""
        return torch.bincount(self._flat, minlength=size)

    def moments(self) -> NullMoments:
        """Take the moments of the wanted vectors."""
        return NullMoments.measure(self._wanted.numpy())


class Table(nn.Module):
    """What is fitted: the table, and how much a token of the context counts."""

    def __init__(self, table: Tensor, context_weight: float) -> None:
        super().__init__()
        self.table = nn.Parameter(table)
        # Of a whole number torch would make a tensor that takes no gradient.
        self.context_weight = nn.Parameter(torch.tensor(float(context_weight)))

    def forward(self, batch: Batch, kept: Tensor | None = None) -> Tensor:
        """Add up the tokens, those that are kept, to unit vectors (B, D)."""
        weights = torch.where(batch.is_context, self.context_weight, 1.0)
        if kept is not None:
            weights = weights * kept
        sums = F.embedding_bag(
            batch.ids,
            self.table,
            batch.starts,
            mode="sum",
            per_sample_weights=weights,
            sparse=True,
        )
        return F.normalize(sums, dim=-1)


def fit_table(
    model: Table, texts: Bags, phrases: Bags, settings: TableSettings, progress: Progress
) -> None:
    """Fit the table, in place, to both kinds of input.

    Args:
        model: the table.
        texts: what is read whole, an epoch after the other.
        phrases: what labels may look like; as many are drawn for each step as there are texts.
        settings: of the objective and the loop.
        progress: is told the step, the number of steps and the loss.
    """
    chance = torch.Generator().manual_seed(settings.seed)
    # Sparse: a step touches the rows of its tokens, a tenth of the table.
    table = torch.optim.SparseAdam([model.table], lr=settings.learning_rate, betas=(0.9, 0.99))
    rest = torch.optim.Adam([model.context_weight], lr=settings.learning_rate)
    moments = texts.moments()
    size = settings.batch_size
    steps = settings.epochs * -(-len(texts) // size)
    step = 0
    for _ in range(settings.epochs):
        order = torch.randperm(len(texts), generator=chance)
        for places in torch.split(order, size):
            for optimizer in (table, rest):
                rate = settings.learning_rate * max(0.02, 1 - step / steps)
                optimizer.param_groups[0]["lr"] = rate
                optimizer.zero_grad()
            asked = torch.randint(len(phrases), (size,), generator=chance)
            batch = texts.batch(places)
            kept = torch.rand(len(batch.ids), generator=chance) >= settings.token_dropout
            loss = _loss(model, (batch, kept), phrases.batch(asked), moments, settings)
            loss.backward()  # type: ignore[no-untyped-call]
            table.step()  # type: ignore[no-untyped-call]
            rest.step()
            step += 1
            progress(step, steps, float(loss.detach()))


def _loss(
    model: Table,
    texts: tuple[Batch, Tensor],
    phrases: Batch,
    moments: NullMoments,
    settings: TableSettings,
) -> Tensor:
    batch, kept = texts
    ours, said = model(batch, kept), model(phrases)
    loss: Tensor = 1 - (ours * batch.wanted).sum(dim=1).mean()
    loss = loss + settings.phrase_weight * (1 - (said * phrases.wanted).sum(dim=1).mean())
    if settings.contest_weight > 0:
        labels = phrases.wanted[: settings.contest_phrases]
        loss = loss + settings.contest_weight * contest_divergence(
            ours, batch.wanted, labels, moments
        )
    return loss


def contest_divergence(
    student: Tensor, teacher: Tensor, labels: Tensor, moments: NullMoments
) -> Tensor:
    """Say how differently two sets of text vectors rank the same labels.

    As at inference, labels compete by how far they stand out against their own mean and spread.

    Args:
        student: (B, D) unit vectors.
        teacher: (B, D) unit vectors.
        labels: (C, D) unit vectors.
        moments: of text vectors in general.

    Returns:
        () Kullback-Leibler divergence from teacher to student, mean over texts, in nats.
    """
    directions = moments.directions(labels.numpy())
    mean, spread = (torch.from_numpy(part) for part in moments.of_directions(directions))
    along = torch.from_numpy(directions)
    found, wanted = (
        ((vectors @ along.T - mean) / spread).log_softmax(dim=1) for vectors in (student, teacher)
    )
    return F.kl_div(found, wanted, log_target=True, reduction="batchmean")
