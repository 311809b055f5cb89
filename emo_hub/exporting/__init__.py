"""`emo-hub export`: a checkpoint's encoder for ONNX Runtime and OpenVINO, proven before it is kept.

Files have the names under which sentence-transformers looks for them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from emo_hub.checkpoint import HEAD_FILE, file_sha256
from emo_hub.durable import put_in_place
from emo_hub.errors import CheckpointError, InputError, require
from emo_hub.exporting.comparing import difference
from emo_hub.exporting.graphs import write_int8, write_onnx, write_openvino
from emo_hub.exporting.proof import Proof, prove
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
        CheckpointError: the folder holds something else, or a file gives other vectors than torch;
            an older export there stays.
        DataError: the folder cannot be written.
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
        put_in_place(out.absolute(), wanted.save)
        return
    if not (out / HEAD_FILE).is_file():
        raise CheckpointError(
            f"{out} holds something else than a checkpoint; name a new folder, or the checkpoint's."
        )
    there = EmotionModel.load(out)
    if there.folder is not None and not (there.folder / "model.safetensors").is_file():
        raise CheckpointError(f"{out} holds an adapter alone; name a new folder for the whole.")
    if differs := difference(wanted, there):
        raise CheckpointError(
            f"{out} holds another checkpoint than {wanted.name}, with another {differs}; name a "
            "new folder."
        )


def _keep(
    wanted: EmotionModel,
    scratch: Path,
    out: Path,
    file: ExportedFile,
    precisions: tuple[str, ...],
    say: Callable[[str], None],
) -> Path:
    """Prove an exported file aside, then put it in its place with its facts."""
    made = [scratch / Path(part).name for part in file.parts]
    facts: dict[str, Any] = {
        "backend": file.backend,
        "weights_sha256": weights_sha256(out),
        "sha256": {part: file_sha256(path) for part, path in zip(file.parts, made, strict=True)},
        "bytes": sum(path.stat().st_size for path in made),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }
    with _aside(out, made, file, facts) as folder:
        proofs = [_proof(wanted, folder, file, precision, out) for precision in precisions]
    facts["proof"] = [proof.as_facts() for proof in proofs]
    _put(out, made, file, facts)
    for proof in proofs:
        say(
            f"{out / file.path}: {facts['bytes'] / 1e6:.1f} MB, {proof.precision}: least cosine "
            f"{proof.least_cosine:.5f}, {proof.same_decisions:.2%} of {proof.texts} texts by "
            f"{proof.labels} labels decided alike."
        )
    return out / file.path


@contextmanager
def _aside(
    out: Path, made: Sequence[Path], file: ExportedFile, facts: Mapping[str, Any]
) -> Iterator[Path]:
    """Give a folder that has the checkpoint with this exported file and no other, for a while.

    An interrupted proof leaves nothing that anybody would read.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in out.iterdir():
            if part.is_file():
                (folder / part.name).symlink_to(part.resolve())
        # Only this folder, which goes with the proof, calls it a proof that one is being made.
        _fill((folder / file.path).parent, made, file, {**facts, "proof": "under way"})
        yield folder


def _proof(
    wanted: EmotionModel, folder: Path, file: ExportedFile, precision: str, out: Path
) -> Proof:
    found = EmotionModel.load(folder, backend=file.backend, precision=precision)  # type: ignore[arg-type]
    return prove(wanted, found, precision, str(out / file.path))


def _put(out: Path, made: Sequence[Path], file: ExportedFile, facts: Mapping[str, Any]) -> None:
    """Put a proven file beside what its folder has, and the folder in place as a whole.

    A kill leaves the older exports or the new one, never parts of both. Between the two moves of
    `put_in_place` the older ones stand aside, from where the next export brings them back.
    """
    place = (out / file.path).parent.absolute()
    names = [Path(name).name for name in (*file.parts, file.facts_path)]

    def write(fresh: Path) -> None:
        if place.is_dir():
            shutil.copytree(place, fresh, ignore=shutil.ignore_patterns(*names))
        _fill(fresh, made, file, facts)

    put_in_place(place, write)


def _fill(folder: Path, made: Sequence[Path], file: ExportedFile, facts: Mapping[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    for path in made:
        shutil.copyfile(path, folder / path.name)
    text = json.dumps(facts, indent=1) + "\n"
    (folder / Path(file.facts_path).name).write_text(text, encoding="utf-8")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ImportError:  # PackageNotFoundError is one
        return None
