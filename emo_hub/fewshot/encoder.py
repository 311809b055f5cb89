"""The encoder that few-shot learning starts from: a checkpoint of ours, or plain MiniLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoTokenizer

from emo_hub import checkpoint as files
from emo_hub.calibration import Floats
from emo_hub.errors import CheckpointError, InputError
from emo_hub.fewshot.prior import level
from emo_hub.modeling import EmotionModel

DEFAULT = "default"
PLAIN = files.PACKAGED_BASE

_PLAIN_TOKENS = 256  # what sentence-transformers reads of a text with all-MiniLM-L6-v2


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder to start from.

    Args:
        model: encodes texts.
        name: "default", the repository, or the last part of the folder's name.
        is_zero_shot: whether it scores typed labels too.
        digest: of its weights, and of the head that scores labels.
    """

    model: EmotionModel
    name: str
    is_zero_shot: bool
    digest: str


def open_checkpoint(source: str) -> EmotionModel:
    """Open "default", or a checkpoint's folder or repository, whose labels are typed.

    Raises:
        CheckpointError: it is missing or damaged.
        InputError: it is plain MiniLM, which rates no labels.
    """
    if source == PLAIN:
        raise InputError(
            f"{PLAIN} rates no typed labels, so there is nothing for examples to start from: tune "
            "it with --method setfit, or start from 'default'."
        )
    model = EmotionModel.load(source)
    # The folder of this machine means nothing on another.
    model.name = Path(source).resolve().name if Path(source).exists() else source
    return model


def open_encoder(source: str) -> Encoder:
    """Open "default", a checkpoint's folder or repository, or plain all-MiniLM-L6-v2 by its name.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    if source == PLAIN:
        folder = files.base_folder(PLAIN)
        plain = read_body(folder, max_tokens=_PLAIN_TOKENS)
        return Encoder(plain, PLAIN, is_zero_shot=False, digest=_digest(folder))
    model = open_checkpoint(source)
    model.learnt = None  # a curve begins with no example, whatever was learnt before
    return Encoder(model, model.name, is_zero_shot=True, digest=_digest(model.folder or Path()))


def _digest(folder: Path) -> str:
    heads = [files.file_sha256(path) for path in folder.glob(files.HEAD_FILE)]
    return " ".join([files.weights_sha256(folder), *heads])


def read_body(folder: Path, *, max_tokens: int) -> EmotionModel:
    """Read an encoder that only encodes: the parts of its head that score labels are neutral.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    head = files.Head(
        logit_scale=1.0,
        logit_bias=0.0,
        templates=("{}",),
        trained_labels=(),
        max_tokens=max_tokens,
        thresholds={},
        default_threshold=0.5,
        calibration=None,
        trained_calibration=None,
        base="",
    )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        backbone = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"The encoder in {folder} does not load: {error}") from error
    return EmotionModel(backbone, tokenizer, head, None, None)


def zero_shot_scores(
    model: EmotionModel, texts: Sequence[str], labels: Sequence[str], *, multi_label: bool
) -> Floats:
    """Score texts (N) on labels by their names alone: (N, C).

    Args:
        model: a checkpoint of ours.
        texts: N of them.
        labels: C names.
        multi_label: whether each label is judged by itself, one half being its threshold, or they
            compete and sum to one.
    """
    scores = model.score(texts, labels, multi_label=multi_label)
    return level(scores, model.thresholds(labels)) if multi_label else scores
