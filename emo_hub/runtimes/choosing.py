"""Which backend and which numbers run a checkpoint: what was asked, or a look at what is there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import torch

from emo_hub.errors import CheckpointError, InputError, require
from emo_hub.runtimes.files import ONNX, ONNX_INT8, OPENVINO, ExportedFile, read_facts

Backend = Literal["auto", "torch", "onnx", "openvino", "nano"]
Precision = Literal["auto", "float32", "bfloat16", "int8"]

_MODULES = {"onnx": "onnxruntime", "openvino": "openvino"}


@dataclass(frozen=True, slots=True)
class Look:
    """What this machine and a checkpoint's folder have.

    Args:
        device: kind of device that the weights are on.
        fast_bfloat16: whether it multiplies matrices of bfloat16 faster than of float32.
        name: of what does so, for the log.
        installed: backends whose library is installed.
        files: exported files that are there.
    """

    device: str
    fast_bfloat16: bool
    name: str
    installed: frozenset[str]
    files: frozenset[ExportedFile]


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs a checkpoint.

    Args:
        backend: the library.
        precision: of the weights and sums inside it.
        file: the exported file that it reads, if any.
        why: a few words for the log.
    """

    backend: str
    precision: str
    file: ExportedFile | None
    why: str

    def __str__(self) -> str:
        return f"{self.backend} {self.precision} ({self.why})"


def look_at(folder: Path, device: torch.device) -> Look:
    """See what there is; exported files that do not fit the weights count as not there."""
    is_fast, name = _fast_bfloat16(device)
    return Look(
        device=device.type,
        fast_bfloat16=is_fast,
        name=name,
        installed=frozenset(b for b, module in _MODULES.items() if find_spec(module)),
        files=frozenset(f for f in (ONNX, ONNX_INT8, OPENVINO) if _fits(folder, f)),
    )


def choose(backend: Backend, precision: Precision, look: Look, folder: Path) -> Choice:
    """Decide what runs a transformer.

    Args:
        backend: what was asked for.
        precision: the same.
        look: what there is.
        folder: the checkpoint, for what is said where something is missing.

    Raises:
        InputError: the two do not go together, or there is no such backend or precision.
        CheckpointError: the checkpoint lacks the file.
        ImportError: the library is not installed.
    """
    for asked, known in ((backend, Backend), (precision, Precision)):
        if asked not in get_args(known):
            raise InputError(f"Got '{asked}'; there are {', '.join(get_args(known))}.")
    if backend == "nano":
        raise CheckpointError(
            f"{folder} has no nano model; distil one with: "
            f"emo-hub train nano --teacher {folder} --out {folder / 'nano'}"
        )
    if backend != "auto":
        return _asked(backend, precision, look, folder, "as asked")
    usable = look.installed if look.device == "cpu" else frozenset()
    if precision == "int8":
        return _asked("onnx", precision, look, folder, "it has int8")
    if "openvino" in usable and OPENVINO in look.files:
        return _asked("openvino", precision, look, folder, "installed, and its file is there")
    faster = precision == "float32" or not look.fast_bfloat16
    if "onnx" in usable and ONNX in look.files and precision != "bfloat16" and faster:
        return _asked("onnx", precision, look, folder, "installed, and its file is there")
    return _asked("torch", precision, look, folder, "nothing faster is there")


def _asked(backend: str, precision: Precision, look: Look, folder: Path, why: str) -> Choice:
    if backend in _MODULES:
        require(_MODULES[backend], backend, f"The backend {backend}")
    number = _number(backend, precision, look)
    if number == "bfloat16" and precision == "auto":
        why = f"{why}; {look.name}"
    if backend == "torch":
        return Choice(backend, number, None, why)
    file = OPENVINO if backend == "openvino" else ONNX_INT8 if number == "int8" else ONNX
    if file not in look.files:
        read_facts(folder, file)  # says what is wrong with it
    return Choice(backend, number, file, why)


def _number(backend: str, precision: Precision, look: Look) -> str:
    """Decide the precision, and refuse one that a backend does not have."""
    known = {"torch": ("float32", "bfloat16"), "onnx": ("float32", "int8")}
    have = known.get(backend, ("float32", "bfloat16"))
    if precision == "auto":
        return "bfloat16" if look.fast_bfloat16 and "bfloat16" in have else "float32"
    if precision not in have:
        raise InputError(f"The backend {backend} runs {' or '.join(have)}; got '{precision}'.")
    return precision


def _fits(folder: Path, file: ExportedFile) -> bool:
    try:
        read_facts(folder, file)
    except CheckpointError:
        return False
    return True


def _fast_bfloat16(device: torch.device) -> tuple[bool, str]:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False), "the GPU has bfloat16"
    # Without the tiles of AMX bfloat16 saves memory, and rarely time.
    has_tiles = device.type == "cpu" and torch.cpu._is_amx_tile_supported()
    return has_tiles, "the processor has AMX"
