"""What makes two models the same contestant: their files, their settings, and code of ours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from emo_hub.checkpoint import file_sha256
from emo_hub.evaluation.loading import FittingRows
from emo_hub.evaluation.scorers.contestant import ModelOptions

# Files that decide scores. A card, a log of training or a file of results beside them does not.
_SUFFIXES = {".safetensors", ".model"}
_NAMES = {
    "added_tokens.json", "bpe.codes", "config.json", "config_sentence_transformers.json",
    "emotion_head.json", "gliclass_config.json", "merges.txt", "model.safetensors.index.json",
    "modules.json", "sentence_bert_config.json", "special_tokens_map.json", "tokenizer.json",
    "tokenizer_config.json", "vocab.json", "vocab.txt",
}  # fmt: skip
# Code of ours that turns a text into scores: changed code is another contestant.
OUR_CODE = (
    "batching.py", "calibration.py", "checkpoint.py", "emoji.toml", "inputs.py",
    "label_vectors.py", "learnt.py", "lexicon.toml", "loanwords.toml", "modeling.py", "pairs.py",
    "palette.py", "palette.toml", "phrasebook.py", "pictographs.py", "pooling.py", "readings.py",
    "runtimes/fused.py", "runtimes/opening.py", "scoring.py", "static.py", "taxonomy.py",
    "tensors.py",
)  # fmt: skip


def deciding_files(folder: Path) -> list[Path]:
    """List the files of a model's folder that decide its scores, in the order of their names."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and (path.suffix in _SUFFIXES or path.name in _NAMES)
    )


def digest_of_folder(folder: Path) -> dict[str, str]:
    """Hash the files that decide scores, by name relative to the folder.

    Raises:
        CheckpointError: a file cannot be read.
    """
    return {path.relative_to(folder).as_posix(): _hashed(path) for path in deciding_files(folder)}


def digest_of_code(*names: str) -> dict[str, str]:
    """Hash modules of emo_hub that turn texts into scores: those named, else the dual encoder's."""
    package = resources.files("emo_hub")
    return {
        name: hashlib.sha256(package.joinpath(name).read_bytes()).hexdigest()
        for name in names or OUR_CODE
    }


def digest_of_thresholds(options: ModelOptions, *, has_own: bool) -> Any:  # noqa: ANN401
    """Describe what decisions hang on, as plain values."""
    if not isinstance(options.thresholds, str):
        return options.thresholds
    if (has_own and options.thresholds == "own") or options.fitting is None:
        return "own" if has_own else 0.5
    return digest_of_rows(options.fitting)


def digest_of_rows(rows: FittingRows) -> str:
    """Hash rows that something was fitted on."""
    contexts = list(rows.contexts) if rows.contexts is not None else None
    targets = [[int(value) for value in row] for row in rows.targets]
    return fingerprint([list(rows.texts), contexts, list(rows.labels), targets])


def fingerprint_of_model(
    kind: str,
    rules: int,
    folder: Path,
    options: ModelOptions,
    *,
    has_own: bool = False,
    **more: Any,  # noqa: ANN401
) -> str:
    """Hash a model with its settings.

    Args:
        kind: of model.
        rules: counts changes of how our code makes scores of what the model gives.
        folder: of the model.
        options: of which those count that every kind has.
        has_own: whether thresholds come with the model.
        more: settings that this kind has.
    """
    common = {
        "kind": kind,
        "rules": rules,
        "files": digest_of_folder(folder),
        "max_tokens": options.max_tokens,
        "with_context": options.with_context,
        "thresholds": digest_of_thresholds(options, has_own=has_own),
    }
    return fingerprint(common | more)


def fingerprint(parts: Mapping[str, Any] | Iterable[Any]) -> str:
    """Hash plain values: SHA-256 in hex."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()


def _hashed(path: Path) -> str:
    stamp = path.stat()
    return _remembered(path.resolve(), stamp.st_size, stamp.st_mtime_ns)


@cache
def _remembered(path: Path, _size: int, _changed: int) -> str:
    return file_sha256(path)
