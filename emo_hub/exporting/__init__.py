"""`emo-hub export`: a checkpoint's encoder for ONNX Runtime and OpenVINO, proven before it is kept.

Files have the names under which sentence-transformers looks for them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from emo_hub.checkpoint import HEAD_FILE, file_sha256
from emo_hub.errors import CheckpointError, InputError, require
from emo_hub.exporting.graphs import write_int8, write_onnx, write_openvino
from emo_hub.exporting.proof import Proof, proof_texts, prove
from emo_hub.modeling import EmotionModel
from emo_hub.runtimes.files import ONNX, ONNX_INT8, OPENVINO, ExportedFile, weights_sha256
from emo_hub.static import StaticBackbone

Format = Literal["onnx", "openvino"]

_LIBRARIES = ("torch", "transformers", "onnx", "onnxruntime", "openvino")


def export_encoder(
    model: str | None,
    out: Path,
    form: Format,
    *,
    int8: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write a checkpoint's encoder for another runtime into its folder, and the checkpoint with it.

    Args:
        model: folder, repository, or "default"; None for that as well.
        out: a new folder, or one that holds this same checkpoint.
        form: what runs it.
        int8: also writes, for ONNX Runtime, weights of one byte; see `write_int8`.
        say: is told what was measured.

    Returns:
        The exported files.

    Raises:
        InputError: int8 with openvino, or a model without a transformer.
        CheckpointError: the folder holds something else, or a file gives other vectors than torch.
        ImportError: a library of the extra is not installed.
    """
    _check(form, int8=int8)
    wanted = EmotionModel.load(model)
    if isinstance(wanted.backbone, StaticBackbone):
        raise InputError(f"{wanted.name} is a table of words; it needs no other runtime.")
    _settle(wanted, out)
    made: list[Path] = []
    with tempfile.TemporaryDirectory() as scratch:
        graph = Path(scratch) / "model.onnx"
        write_onnx(wanted, graph)
        if form == "openvino":
            write_openvino(graph, Path(scratch) / Path(OPENVINO.path).name)
            made.append(_keep(wanted, Path(scratch), out, OPENVINO, ("float32", "bfloat16"), say))
        else:
            made.append(_keep(wanted, Path(scratch), out, ONNX, ("float32",), say))
        if int8:
            write_int8(wanted, Path(scratch) / Path(ONNX_INT8.path).name)
            made.append(_keep(wanted, Path(scratch), out, ONNX_INT8, ("int8",), say))
    return made


def _check(form: Format, *, int8: bool) -> None:
    if int8 and form != "onnx":
        raise InputError("--int8 goes with --format onnx: OpenVINO's own would need NNCF.")
    for module in ("onnx", "onnxscript", "onnxruntime" if form == "onnx" else "openvino"):
        require(module, form, f"Exporting to {form}")


def _settle(wanted: EmotionModel, out: Path) -> None:
    """Put the checkpoint where its exported files go, or see that it is there."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        wanted.save(out)
        return
    if not (out / HEAD_FILE).is_file():
        raise CheckpointError(
            f"{out} holds something else than a checkpoint; name a new folder, or the checkpoint's."
        )
    texts, contexts = proof_texts()
    there = EmotionModel.load(out)
    if there.folder is not None and not (there.folder / "model.safetensors").is_file():
        raise CheckpointError(f"{out} holds an adapter alone; name a new folder for the whole.")
    ours, theirs = (model.encode_texts(texts[:8], contexts[:8]) for model in (wanted, there))
    is_other = ours.shape != theirs.shape or not np.allclose(ours, theirs, atol=1e-5)
    if is_other or _learnt_labels(wanted) != _learnt_labels(there):
        raise CheckpointError(
            f"{out} holds another checkpoint than {wanted.name}; name a new folder."
        )


def _learnt_labels(model: EmotionModel) -> tuple[str, ...]:
    return () if model.learnt is None else model.learnt.labels


def _keep(
    wanted: EmotionModel,
    scratch: Path,
    out: Path,
    file: ExportedFile,
    precisions: tuple[str, ...],
    say: Callable[[str], None],
) -> Path:
    """Move an exported file to its place if it is proven, with its facts; else leave nothing."""
    for part in file.parts:
        place = out / part
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(scratch / Path(part).name, place)
    facts: dict[str, Any] = {
        "backend": file.backend,
        "weights_sha256": weights_sha256(out),
        "sha256": {part: file_sha256(out / part) for part in file.parts},
        "bytes": sum((out / part).stat().st_size for part in file.parts),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }
    _write(out, file, facts)
    try:
        proofs = [_proof(wanted, out, file, precision) for precision in precisions]
    except CheckpointError:
        for part in (*file.parts, file.facts_path):
            (out / part).unlink()
        raise
    _write(out, file, {**facts, "proof": [proof.as_facts() for proof in proofs]})
    for proof in proofs:
        say(
            f"{out / file.path}: {facts['bytes'] / 1e6:.1f} MB, {proof.precision}: least cosine "
            f"{proof.least_cosine:.5f}, {proof.same_decisions:.2%} of {proof.texts} texts by "
            f"{proof.labels} labels decided alike."
        )
    return out / file.path


def _proof(wanted: EmotionModel, out: Path, file: ExportedFile, precision: str) -> Proof:
    found = EmotionModel.load(out, backend=file.backend, precision=precision)  # type: ignore[arg-type]
    return prove(wanted, found, precision, str(out / file.path))


def _write(out: Path, file: ExportedFile, facts: dict[str, Any]) -> None:
    text = json.dumps(facts, indent=1) + "\n"
    (out / file.facts_path).write_text(text, encoding="utf-8")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ImportError:  # PackageNotFoundError is one
        return None
