"""Opening the runtime that was chosen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import nn

from emo_hub.batching import Ids
from emo_hub.calibration import Floats
from emo_hub.errors import CheckpointError
from emo_hub.pooling import mean_pool
from emo_hub.runtimes.choosing import Choice
from emo_hub.runtimes.files import VECTOR_OUTPUT, check_parts
from emo_hub.runtimes.fused import FusedBert, can_fuse

Runtime = Callable[[Mapping[str, Ids]], Floats]


def open_runtime(choice: Choice, folder: Path) -> Runtime:
    """Open an exported encoder.

    Raises:
        CheckpointError: the file is damaged, or the library cannot read it.
    """
    if choice.file is None:
        raise CheckpointError(f"The backend {choice.backend} reads no exported file.")
    check_parts(folder, choice.file)
    path = folder / choice.file.path
    try:
        return _onnx(path) if choice.backend == "onnx" else _openvino(path, choice.precision)
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not load: {error}") from error


def reduced(backbone: nn.Module) -> nn.Module:
    """Copy an encoder in bfloat16; the original stays exact, for saving and for explanations."""
    copied = copy.deepcopy(backbone).to(torch.bfloat16).eval()
    return FusedBert(copied) if can_fuse(copied) else copied


def quickest(backbone: nn.Module) -> Callable[[], nn.Module]:
    """Say by what an encoder runs fastest in its own numbers, wherever it has been moved to."""
    if not can_fuse(backbone):
        return lambda: backbone
    fused = FusedBert(backbone)
    return lambda: fused if can_fuse(backbone) else backbone


def torch_runtime(encoder: Callable[[], nn.Module]) -> Runtime:
    """Run an encoder of torch on the device where its weights are when it is called."""

    @torch.inference_mode()
    def run(batch: Mapping[str, Ids]) -> Floats:
        model = encoder()
        device = next(model.parameters()).device
        inputs = {name: torch.from_numpy(ids).to(device) for name, ids in batch.items()}
        hidden = model(**inputs).last_hidden_state
        found: Floats = mean_pool(hidden.float(), inputs["attention_mask"]).cpu().numpy()
        return found

    return run


def _onnx(path: Path) -> Runtime:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    known = {one.name for one in session.get_inputs()}

    def run(batch: Mapping[str, Ids]) -> Floats:
        given = {name: ids for name, ids in batch.items() if name in known}
        return np.asarray(session.run([VECTOR_OUTPUT], given)[0], np.float32)

    return run


def _openvino(path: Path, precision: str) -> Runtime:
    import openvino

    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    known = {name for one in compiled.inputs for name in one.names}
    one_at_a_time = Lock()

    def run(batch: Mapping[str, Ids]) -> Floats:
        given = {name: ids for name, ids in batch.items() if name in known}
        # Shared arrays are read and written in place, so the answer is copied before the next call.
        with one_at_a_time:
            found = request.infer(given, share_inputs=True, share_outputs=True)
            return np.array(found[VECTOR_OUTPUT], np.float32)

    return run
