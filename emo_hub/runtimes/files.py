"""Where exported encoders lie in a checkpoint, by the names that sentence-transformers gives them.

Beside each stands a JSON file of facts: what it was made from, and how it was proven equal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emo_hub.checkpoint import file_sha256
from emo_hub.errors import CheckpointError
from emo_hub.static import WEIGHTS_FILE

# Output names: the first is what sentence-transformers pools by itself, the second is what we read.
TOKENS_OUTPUT = "last_hidden_state"
VECTOR_OUTPUT = "sentence_embedding"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One exported encoder inside a checkpoint.

    Args:
        backend: what runs it.
        path: inside the checkpoint.
    """

    backend: str
    path: str

    @property
    def facts_path(self) -> str:
        """Where its facts stand, inside the checkpoint."""
        return str(Path(self.path).with_suffix(".facts.json"))

    @property
    def parts(self) -> tuple[str, ...]:
        """The files that it consists of; OpenVINO keeps weights by themselves."""
        weights = str(Path(self.path).with_suffix(".bin"))
        return (self.path, weights) if self.backend == "openvino" else (self.path,)


ONNX = ExportedFile("onnx", "onnx/model.onnx")
ONNX_INT8 = ExportedFile("onnx", "onnx/model_int8.onnx")
OPENVINO = ExportedFile("openvino", "openvino/openvino_model.xml")


def read_facts(folder: Path, file: ExportedFile) -> dict[str, Any]:
    """Read the facts of an exported file that belongs to this checkpoint's weights.

    Raises:
        CheckpointError: file or facts are missing, of other weights, or tell of no proof.
    """
    path = folder / file.facts_path
    how = "make it again with: emo-hub export"
    for part in file.parts:
        if not (folder / part).is_file():
            raise CheckpointError(f"{folder} has no {part}; make it with: emo-hub export")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        weights = str(facts["weights_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error!r}); {how}") from error
    if weights_sha256(folder) != weights:
        raise CheckpointError(
            f"{folder / file.path} was exported from other weights than {WEIGHTS_FILE} holds now; "
            f"{how}"
        )
    if not facts.get("proof"):
        raise CheckpointError(
            f"{folder / file.path} was never proven to give the vectors of {WEIGHTS_FILE}; {how}"
        )
    return dict(facts)


def check_parts(folder: Path, file: ExportedFile) -> None:
    """Make sure that an exported file is as it was when it was proven.

    Raises:
        CheckpointError: a part of it is missing or damaged, or it is of other weights.
    """
    wanted = read_facts(folder, file).get("sha256", {})
    for part in file.parts:
        if file_sha256(folder / part) != wanted.get(part):
            raise CheckpointError(f"{folder / part} is damaged; make it again with: emo-hub export")


def weights_sha256(folder: Path) -> str:
    """Hash the weights of a checkpoint; once, as long as the file stays the same.

    Raises:
        CheckpointError: they cannot be read.
    """
    path = folder / WEIGHTS_FILE
    try:
        state = path.stat()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    return _hashed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _hashed(path: Path, changed: int, size: int) -> str:
    return file_sha256(path)
