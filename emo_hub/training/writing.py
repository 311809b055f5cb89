"""What is written of a finished run: the checkpoint, its adapter, and how it was made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from emo_hub import checkpoint as files
from emo_hub.checkpoint import RUN_FILE
from emo_hub.durable import put_in_place
from emo_hub.errors import CheckpointError
from emo_hub.modeling import EmotionModel
from emo_hub.training.finish import Judgement

ADAPTER = "adapter"  # the folder of the low-rank updates, inside the checkpoint


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """A trained model with all that is written of it.

    Args:
        model: the encoder, an adapter merged into it.
        judgement: what validation rows taught about its scores.
        updates: the low-rank updates by layer; empty where every weight was trained.
        adapter: their rank and strength.
        base: the encoder that they belong to.
    """

    model: EmotionModel
    judgement: Judgement
    updates: Mapping[str, torch.Tensor]
    adapter: tuple[int, float]
    base: str


def write_checkpoint(out: Path, finished: Finished, run: Mapping[str, Any]) -> None:
    """Write the checkpoint beside its place, then move it there: a full disk spoils nothing.

    Raises:
        DataError: it cannot be written; what was there before still is.
    """
    model, judgement, updates = finished.model, finished.judgement, finished.updates
    model.moments, model.offsets = judgement.moments, judgement.offsets
    if judgement.dimensions is not None:
        model.vad_weight.copy_(torch.from_numpy(judgement.dimensions.weight))
        model.vad_bias.copy_(torch.from_numpy(judgement.dimensions.bias))
    model.head = dataclasses.replace(
        model.head,
        thresholds=judgement.thresholds,
        default_threshold=judgement.default_threshold,
        calibration=judgement.calibration,
        trained_calibration=judgement.trained_calibration,
        facts=judgement.facts,
    )

    def write(fresh: Path) -> None:
        model.save(fresh)
        if updates:
            _write_adapter(fresh / ADAPTER, finished)
            write_run(fresh / ADAPTER, run)
        write_run(fresh, run)

    put_in_place(out, write)


def write_run(folder: Path, run: Mapping[str, Any]) -> None:
    """Write how a checkpoint was trained."""
    text = json.dumps(run, indent=1, sort_keys=True) + "\n"
    (folder / RUN_FILE).write_text(text, encoding="utf-8")


def read_run(folder: Path, *names: str) -> dict[str, Any]:
    """Read how a checkpoint was trained, and make sure that it says what is asked for.

    Raises:
        CheckpointError: it does not.
    """
    try:
        told = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        for name in names:
            told[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder / RUN_FILE} does not say how the run was made ({error}): train it again."
        ) from error
    return dict(told)


def is_made(out: Path, run: Mapping[str, Any]) -> bool:
    """Tell whether the checkpoint of this very run stands in its place."""
    try:
        made = json.loads((out / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return False
    return bool(made.get("run") == run["run"])


def _write_adapter(folder: Path, finished: Finished) -> None:
    folder.mkdir()
    save_file(dict(finished.updates), folder / files.ADAPTER_FILE)
    model, (rank, alpha) = finished.model, finished.adapter
    # A base in several files, or of another kind, has no single one that could be pinned.
    base = files.base_folder(finished.base) / "model.safetensors"
    settings = files.AdapterSettings(
        rank=rank,
        alpha=alpha,
        sha256=files.file_sha256(folder / files.ADAPTER_FILE),
        base_sha256=files.file_sha256(base) if base.is_file() else "",
    )
    # transformers' pipeline() reads a config before it asks for the model.
    model.config.save_pretrained(folder)
    model.save_head(folder, dataclasses.replace(model.head, adapter=settings))
