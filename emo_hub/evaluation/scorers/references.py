"""From what a user types for a model to the kind of model and the folder of its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub import checkpoint as files
from emo_hub.classifier_settings import TASK_KEY
from emo_hub.errors import CheckpointError, InputError

DEFAULT = "default"
KINDS = (
    "ours", "encoder", "classifier", "sentences", "entailment", "gliclass", "predictions", "llm",
)  # fmt: skip
TABLES = (".parquet", ".csv", ".jsonl")
_TELLING = ("config.json", "modules.json", files.HEAD_FILE)
# Weights as safetensors only: other formats may run code when they are read.
_WANTED = ["*.safetensors", "*.json", "*.txt", "*.model", "*.codes", "README.md"]
_UNWANTED = ["onnx/*", "openvino/*", "checkpoint-*/*", "runs/*"]
_PICKLED = ("*.bin", "*.pt", "*.ckpt", "*.pkl")
_CLASSIFIER = "ForSequenceClassification"


@dataclass(frozen=True, slots=True)
class Reference:
    """What was typed for a model, taken apart.

    Args:
        kind: one of KINDS, or None where the files tell.
        source: a path, a Hub repository, "default", or the name of a language model.
        revision: of the repository.
    """

    kind: str | None
    source: str
    revision: str | None = None

    @classmethod
    def parse(cls, typed: str, revision: str | None = None) -> Reference:
        """Take `kind:source@revision` apart.

        Args:
            typed: by the user; kind and revision may be left out.
            revision: taken where none is typed.

        Raises:
            InputError: an empty reference or an unknown kind.
        """
        kind, colon, rest = typed.partition(":")
        if not colon or (kind not in KINDS and Path(typed).exists()):
            kind, rest = "", typed
        elif kind not in KINDS:
            raise InputError(
                f"'{typed}' names no kind of model: write {', '.join(f'{k}:' for k in KINDS)} "
                "before a path or a repository, or nothing to have its files looked at."
            )
        if not rest.strip():
            raise InputError(f"'{typed}' names no model: give a path or a Hub repository.")
        if kind != "llm" and "@" in rest and not Path(rest).exists():
            rest, _, pinned = rest.rpartition("@")
            revision = pinned or revision
        return cls(kind or None, rest, revision)

    def detect(self) -> str:
        """Say the kind: as it was typed, or by looking at the files.

        Raises:
            CheckpointError: there are none, or they are of no kind that is known.
        """
        if self.kind is not None:
            return self.kind
        path = Path(self.source)
        if self.source == DEFAULT and not path.exists():
            return "ours"
        if path.is_file() or path.suffix in TABLES:
            return "predictions"
        found = self._telling_files()
        if files.HEAD_FILE in found:
            return "ours"
        config = read_json(found["config.json"]) if "config.json" in found else {}
        architectures = " ".join(config.get("architectures") or ())
        if "GLiClass" in architectures or config.get("model_type") == "GLiClass":
            return "gliclass"
        if _CLASSIFIER in architectures and TASK_KEY in config:
            return "encoder"
        if _CLASSIFIER in architectures:
            return "entailment" if entailment_column(config) is not None else "classifier"
        if "modules.json" in found:
            return "sentences"
        what = f"an encoder without a head ({architectures})" if architectures else "no model"
        raise CheckpointError(
            f"'{self.source}' holds {what}: wanted {files.HEAD_FILE}, modules.json, or a "
            f"config.json of a model {_CLASSIFIER}. Where you know better, say so with a prefix: "
            f"{', '.join(f'{kind}:' for kind in KINDS)}."
        )

    def folder(self) -> Path:
        """Find the folder with all files of the model, fetched from the Hub where it lies there.

        Raises:
            CheckpointError: there is none, or its weights are not safetensors.
        """
        if self.source == files.PACKAGED_BASE and self.revision is None:
            return files.base_folder(files.PACKAGED_BASE)
        folder = Path(self.source)
        if not folder.is_dir():
            folder = self._fetched()
        check_weights(folder)
        return folder

    def commit_of(self, folder: Path) -> str:
        """Name the commit of a folder that came from the Hub; empty for any other."""
        return "" if Path(self.source).is_dir() or len(folder.name) != 40 else folder.name

    def _fetched(self) -> Path:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError

        try:
            found = snapshot_download(
                self.source,
                revision=self.revision,
                allow_patterns=_WANTED,
                ignore_patterns=_UNWANTED,
            )
        except (HFValidationError, HfHubHTTPError, OSError) as error:
            raise self._unreachable(error) from error
        return Path(found)

    def _telling_files(self) -> dict[str, Path]:
        """Find the few small files that tell the kind, without fetching any weights."""
        folder = Path(self.source)
        if self.source == files.PACKAGED_BASE and self.revision is None:
            folder = files.base_folder(files.PACKAGED_BASE)
        if folder.is_dir():
            return {name: folder / name for name in _TELLING if (folder / name).is_file()}
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            HFValidationError,
        )

        found: dict[str, Path] = {}
        last: Exception | None = None
        for name in _TELLING:
            try:
                path = hf_hub_download(self.source, name, revision=self.revision)
            except EntryNotFoundError as error:
                last = error  # not there, or not in the cache of a machine that is offline
            except (HFValidationError, HfHubHTTPError, OSError) as error:
                raise self._unreachable(error) from error
            else:
                found[name] = Path(path)
        if not found and last is not None:
            raise self._unreachable(last) from last
        return found

    def _unreachable(self, error: Exception) -> CheckpointError:
        at = f" at revision {self.revision}" if self.revision else ""
        return CheckpointError(
            f"'{self.source}' is neither a folder nor a repository that can be reached{at}: {error}"
        )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        CheckpointError: it cannot be read, or is no object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is missing or no JSON: {error}") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds a {type(found).__name__}; wanted an object.")
    return found


def entailment_column(config: dict[str, Any]) -> int | None:
    """Find the column of "entailment" in a model's configuration; None where it has none."""
    for label, column in (config.get("label2id") or {}).items():
        if str(label).lower().startswith("entail"):
            return int(column)
    return None


def check_weights(folder: Path) -> None:
    """Make sure that weights can be read without running code.

    Raises:
        CheckpointError: a part of the model has weights of another format alone.
    """
    places = {path.parent for pattern in _PICKLED for path in folder.rglob(pattern)}
    pickled = [p for p in sorted(places) if _holds_weights(p) and not _holds_safetensors(p)]
    if pickled or not any(folder.rglob("*.safetensors")):
        where = pickled[0] if pickled else folder
        raise CheckpointError(
            f"{where} has no weights as safetensors. Other formats may run code when they are "
            "read, so emo_hub does not: convert it, or use a revision that has model.safetensors."
        )


def _holds_safetensors(place: Path) -> bool:
    return any(place.glob("*.safetensors"))


def _holds_weights(place: Path) -> bool:
    return any(path.name != "training_args.bin" for p in _PICKLED for path in place.glob(p))
