"""Several runs of one base averaged into one model of the same size.

Runs that start from the same encoder and differ in settings, or in how far a corpus had grown, end
in one basin; between them lies a model that keeps most of what each is better at (Wortsman et al.
2022, "model soups").
Low-rank updates are averaged as what they add to the weights, so nothing is lost: ranks add up.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from emo_hub import checkpoint as files
from emo_hub.checkpoint import RUN_FILE
from emo_hub.config import fill
from emo_hub.dataset import read_corpus
from emo_hub.durable import check_place
from emo_hub.errors import CheckpointError, InputError
from emo_hub.modeling import EmotionModel
from emo_hub.tensors import read_tensors
from emo_hub.training.ancestry import joined
from emo_hub.training.contrastive import ContrastiveRecipe, Trained, wanted_rows
from emo_hub.training.finish import judge
from emo_hub.training.material import gather
from emo_hub.training.writing import (
    ADAPTER,
    Finished,
    is_made,
    read_run,
    write_checkpoint,
)

Tensors = dict[str, torch.Tensor]
_TOLD_OF_RUNS = ("run", "command", "corpus_version", "corpus_content")


@dataclass(frozen=True, slots=True)
class _Run:
    """A finished run: its checkpoint, its low-rank updates, and what it says of itself."""

    path: Path
    head: files.Head
    updates: Tensors
    told: dict[str, Any]


def average_runs(
    runs: Sequence[Path],
    data: Path,
    out: Path,
    *,
    texts: str = "",
    command: str = "emo-hub train average",
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Average finished runs with equal shares, and fit calibration and thresholds anew.

    Args:
        runs: checkpoints of `emo-hub train contrastive` with low-rank updates of one base, on one
            corpus or on versions of it: a row keeps its split as a corpus grows, so no run learnt
            from a row that judges now.
        data: the corpus, in a version that one of them was trained on; its validation rows judge
            the result.
        out: where the checkpoint goes.
        texts: of the annotated comments, as in training.
        command: what makes the same checkpoint again, for the card.
        say: is told, in sentences, what was done.

    Raises:
        InputError: fewer than two runs, or something other than a checkpoint stands at `out`.
        CheckpointError: a run cannot be averaged with the first one, and why, or none of them
            was trained on `data`.
        DataError: the data folder is no corpus or has no such rows, or `out` cannot be written.
    """
    out = out.absolute()
    check_place(out, RUN_FILE)
    if len(runs) < 2:
        raise InputError(f"Give at least two finished runs to average; got {len(runs)}.")
    parts = [_read(run) for run in runs]
    for part in parts[1:]:
        _check_like(parts[0], part)
    judged = _made_on(data, parts)
    recipe = fill(ContrastiveRecipe, judged.told["recipe"], where=str(judged.path))
    material = gather(data, texts, wanted_rows(recipe))
    identity = {
        "averaged": [part.told["run"] for part in parts],
        "content": judged.told["corpus_content"],
        "texts": material.sha256,
    }
    # What was fitted of one run's scores says nothing of their mean.
    told = {
        **{k: v for k, v in judged.told.items() if k not in ("calibrated", "calibration")},
        **joined(part.told for part in parts),
        "run": files.text_sha256(json.dumps(identity, sort_keys=True))[:12],
        "command": command,
        "steps": sum(part.told["steps"] for part in parts),
        "averaged": [{key: part.told[key] for key in _TOLD_OF_RUNS} for part in parts],
    }
    if is_made(out, told):
        say(f"{out} is the average of these very runs, judged by these very rows: reused.")
        return Trained(out, reused=True, notes=material.notes)
    if {part.told["corpus_content"] for part in parts} != {judged.told["corpus_content"]}:
        say(
            f"Not all runs were trained on {data}; a row keeps its split in every version of a "
            "corpus, so its validation rows are new to all of them."
        )
    updates = _joined(parts)
    model = _merged(parts)
    judgement = judge(
        model,
        material.rows,
        material.validation,
        shrink=recipe.threshold_shrink,
        anchor=recipe.anchor,
        say=say,
    )
    rank = sum(_rank(part) for part in parts)
    finished = Finished(model, judgement, updates, (rank, rank), parts[0].head.base)
    write_checkpoint(out, finished, told)
    say(f"{len(parts)} runs averaged; calibrated on {len(material.validation):,} validation rows.")
    return Trained(out, reused=False, notes=material.notes)


def _read(path: Path) -> _Run:
    head = files.read_head(path / ADAPTER) if (path / ADAPTER).is_dir() else None
    if head is None or head.adapter is None:
        raise CheckpointError(
            f"{path} has no low-rank updates beside it ({ADAPTER}/), so it cannot be averaged: "
            "train it with adapter_rank above 0."
        )
    told = read_run(path, "recipe", "steps", *_TOLD_OF_RUNS)
    return _Run(path, head, read_tensors(path / ADAPTER / files.ADAPTER_FILE), told)


def _check_like(first: _Run, other: _Run) -> None:
    for what, one, two in (
        ("base", first.head.base, other.head.base),
        ("layers", sorted(first.updates), sorted(other.updates)),
        ("labels of training", first.head.trained_labels, other.head.trained_labels),
    ):
        if one != two:
            raise CheckpointError(
                f"{other.path} and {first.path} differ in their {what}, so their mean is no model: "
                "average runs of one base and one set of trained labels."
            )


def _made_on(data: Path, parts: Sequence[_Run]) -> _Run:
    """Pick the run that was trained on this very version of a corpus."""
    corpus = read_corpus(data)
    for part in parts:
        if part.told["corpus_content"] == corpus.content:
            return part
    known = ", ".join(f"{p.told['corpus_version']} {p.told['corpus_content'][:12]}" for p in parts)
    raise CheckpointError(
        f"None of the runs was trained on {data} (content {corpus.content[:12]}); they were on "
        f"{known}. Name the corpus of one of them."
    )


def _rank(run: _Run) -> int:
    return 0 if run.head.adapter is None else run.head.adapter.rank


def _joined(parts: Sequence[_Run]) -> Tensors:
    """Put updates side by side: the mean of B A is one B A of all ranks."""
    joined: Tensors = {}
    for name in parts[0].updates:
        tensors = []
        for part in parts:
            adapter = part.head.adapter
            scale = adapter.alpha / adapter.rank / len(parts) if adapter else 0.0
            tensor = part.updates[name].float()
            tensors.append(tensor * scale if ".lora_B" in name else tensor)
        along = 1 if ".lora_B" in name else 0
        joined[name] = torch.cat(tensors, dim=along).to(torch.float16).contiguous()
    return joined


def _merged(parts: Sequence[_Run]) -> EmotionModel:
    models = [EmotionModel.load(part.path) for part in parts]
    model, share = models[0], 1.0 / len(models)
    states = [other.backbone.state_dict() for other in models]
    mean = {
        name: sum((state[name] for state in states[1:]), start=value.clone()) * share
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
    }
    model.backbone.load_state_dict(mean)
    if all(other.has_vad for other in models):
        model.vad_weight.copy_(
            sum((m.vad_weight for m in models[1:]), start=model.vad_weight) * share
        )
        model.vad_bias.copy_(sum((m.vad_bias for m in models[1:]), start=model.vad_bias) * share)
    heads = [other.head for other in models]
    scale = math.exp(sum(math.log(head.logit_scale) for head in heads) * share)
    bias = sum(head.logit_bias for head in heads) * share
    model.head = dataclasses.replace(model.head, logit_scale=scale, logit_bias=bias)
    return model
