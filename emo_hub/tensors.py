"""The safetensors files of a checkpoint beside its encoder, read and written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from emo_hub.calibration import LabelOffsets, NullMoments
from emo_hub.errors import CheckpointError

VAD_FILE = "vad_head.safetensors"
MOMENTS_FILE = "calibration.safetensors"
OFFSETS_FILE = "label_offsets.safetensors"
LEARNT_FILE = "learnt_labels.safetensors"  # see `emo_hub.learnt`


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is missing or damaged: {error}") from error


def read_vad(folder: Path) -> tuple[Tensor, Tensor] | None:
    """Read the (3, D) weight and (3,) bias of the dimensional head; None where there is none."""
    if not (folder / VAD_FILE).exists():
        return None
    found = _named(folder / VAD_FILE, "weight", "bias")
    return found["weight"], found["bias"]


def read_moments(folder: Path) -> NullMoments | None:
    """Read the reference moments of the calibration; None where there are none."""
    if not (folder / MOMENTS_FILE).exists():
        return None
    found = _named(folder / MOMENTS_FILE, "mean", "covariance")
    mean, covariance = (found[name].float().numpy() for name in ("mean", "covariance"))
    return NullMoments(mean, covariance, float(found.get("ridge", math.inf)))


def read_offsets(folder: Path, labels: Sequence[str]) -> LabelOffsets | None:
    """Read what labels of training add to their names; None where they add nothing.

    Raises:
        CheckpointError: the file is damaged, or of other labels than these.
    """
    path = folder / OFFSETS_FILE
    if not path.exists():
        return None
    found = _named(path, "weight", "bias")
    if not len(found["weight"]) == len(found["bias"]) == len(labels):
        raise CheckpointError(
            f"{path} is of {len(found['weight'])} labels; the checkpoint was trained on "
            f"{len(labels)}: fetch it again."
        )
    return LabelOffsets(found["weight"].float().numpy(), found["bias"].float().numpy())


def _named(path: Path, first: str, second: str) -> dict[str, Tensor]:
    tensors = read_tensors(path)
    if not {first, second} <= tensors.keys():
        raise CheckpointError(
            f"{path} holds {', '.join(tensors)}; wanted {first} and {second}: fetch it again."
        )
    return tensors


def clear_head(folder: Path) -> None:
    """Remove the tensors of an older head: a new one without such a part would be read with it."""
    for name in (VAD_FILE, MOMENTS_FILE, OFFSETS_FILE, LEARNT_FILE):
        (folder / name).unlink(missing_ok=True)


def write_vad(weight: Tensor, bias: Tensor, folder: Path) -> None:
    """Write the (3, D) weight and (3,) bias of the dimensional head."""
    tensors = {"weight": weight.detach().cpu().contiguous(), "bias": bias.detach().cpu()}
    save_file(tensors, folder / VAD_FILE)


def make_readable(folder: Path) -> None:
    """Let others read the weights; safetensors writes them for the owner only."""
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)


def write_offsets(offsets: LabelOffsets, folder: Path) -> None:
    """Write what labels of training add to their names."""
    tensors = {
        "weight": torch.from_numpy(np.ascontiguousarray(offsets.weight)),
        "bias": torch.from_numpy(np.ascontiguousarray(offsets.bias)),
    }
    save_file(tensors, folder / OFFSETS_FILE)


def write_moments(moments: NullMoments, folder: Path) -> None:
    """Write the reference moments."""
    tensors = {
        "mean": torch.from_numpy(np.ascontiguousarray(moments.mean)),
        "covariance": torch.from_numpy(np.ascontiguousarray(moments.covariance)),
        "ridge": torch.tensor(moments.ridge),
    }
    save_file(tensors, folder / MOMENTS_FILE)
