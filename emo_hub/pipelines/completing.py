"""An encoder that transformers loaded by itself, and the head of the checkpoint it came from."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer, PreTrainedModel
from transformers.utils.hub import cached_file

from emo_hub.checkpoint import HEAD_FILE, read_head
from emo_hub.errors import CheckpointError
from emo_hub.learnt import read_learnt
from emo_hub.modeling import EmotionModel
from emo_hub.static import StaticBackbone
from emo_hub.tensors import (
    LEARNT_FILE,
    MOMENTS_FILE,
    OFFSETS_FILE,
    VAD_FILE,
    read_moments,
    read_offsets,
    read_vad,
)


def completed(encoder: PreTrainedModel | StaticBackbone) -> EmotionModel:
    """Give a loaded encoder what turns its vectors into scores.

    Raises:
        CheckpointError: where it came from there is no head, or it cannot be reached.
    """
    source = str(encoder.name_or_path)
    commit = getattr(encoder.config, "_commit_hash", None)
    try:
        found = [
            cached_file(source, file, revision=commit, _raise_exceptions_for_missing_entries=False)
            for file in (HEAD_FILE, VAD_FILE, MOMENTS_FILE, OFFSETS_FILE, LEARNT_FILE)
        ]
        tokenizer = AutoTokenizer.from_pretrained(source, revision=commit)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"The files beside the encoder of {source} do not load: {error}"
        ) from error
    folder = Path(found[0]).parent if found[0] else Path(source)
    head, vad = read_head(folder), read_vad(folder)
    if vad is not None:
        device = next(encoder.parameters()).device
        vad = vad[0].to(device), vad[1].to(device)
    model = EmotionModel(encoder, tokenizer, head, vad, read_moments(folder))
    model.offsets = read_offsets(folder, head.trained_labels)
    model.learnt = read_learnt(folder)
    model.name, model.folder = source, folder
    model.run_on()
    return model
