"""What a finished run's scores mean, fitted anew on a corpus; its encoder stays as it is.

For a corpus that grew, or a recipe whose last settings changed: minutes, where training is hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from emo_hub import checkpoint as files
from emo_hub.checkpoint import RUN_FILE
from emo_hub.config import fill, recipe_hash
from emo_hub.dataset import read_corpus
from emo_hub.durable import check_place
from emo_hub.errors import CheckpointError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.registration import default_model_folder
from emo_hub.tensors import LEARNT_FILE, read_tensors
from emo_hub.training.contrastive import ContrastiveRecipe, Trained, wanted_rows
from emo_hub.training.finish import judge
from emo_hub.training.material import gather
from emo_hub.training.writing import (
    ADAPTER,
    Finished,
    is_made,
    read_run,
    write_checkpoint,
)

_COUNT = ("anchor", "threshold_shrink")
_ORIGIN = ("run", "command", "corpus_version", "corpus_content")


def calibrate(
    source: str | Path,
    data: Path,
    out: Path,
    recipe: ContrastiveRecipe,
    *,
    texts: str = "",
    command: str = "emo-hub train calibrate",
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Fit moments, offsets, calibration and thresholds of a trained dual encoder anew.

    Args:
        source: "default", or the folder of a run of `emo-hub train contrastive` or `train average`.
        data: an emo-pillars folder.
        out: where the checkpoint goes.
        recipe: of its settings only those count that choose rows and that say what scores mean.
        texts: where the annotated comments' texts are, as in training.
        command: what makes the same checkpoint again, for the card.
        say: is told, in sentences, what was found and done.

    Raises:
        DataError: the data folder is no corpus or has no such rows, or `out` cannot be written.
        CheckpointError: the source is no trained dual encoder, or does not say how it was made.
        InputError: something other than a checkpoint stands at `out`.
    """
    out = out.absolute()
    check_place(out, RUN_FILE)
    folder = default_model_folder() if source == "default" else Path(source)
    if (folder / LEARNT_FILE).is_file():
        raise CheckpointError(
            f"{folder} has learnt labels from examples, whose scores another calibration would not "
            "fit: calibrate what it started from, and learn them again from that."
        )
    told = _told(folder)
    corpus = read_corpus(data)
    material = gather(data, texts, wanted_rows(recipe))
    for note in material.notes:
        say(note)
    named = {
        "calibrated": told["run"],
        "recipe": recipe_hash(recipe),
        "content": corpus.content,
        "texts": material.sha256,
    }
    run = {
        **told,
        "run": files.text_sha256(json.dumps(named, sort_keys=True))[:12],
        "corpus_version": corpus.version,
        "corpus_content": corpus.content,
        "command": command,
        # Of a run that was calibrated before, the training stays what it came from.
        "calibrated": told.get("calibrated") or {key: told[key] for key in _ORIGIN},
        # The recipe that stands there is that of the training.
        "calibration": {"recipe_hash": named["recipe"], **{k: getattr(recipe, k) for k in _COUNT}},
    }
    if is_made(out, run):
        say(f"{out} was calibrated by this very recipe on this very data: reused.")
        return Trained(out, reused=True, notes=material.notes)
    model = EmotionModel.load(folder)
    judgement = judge(
        model,
        material.rows,
        material.validation,
        shrink=recipe.threshold_shrink,
        anchor=recipe.anchor,
        say=say,
    )
    updates, adapter = _updates(folder)
    finished = Finished(model, judgement, updates, adapter, model.head.base)
    write_checkpoint(out, finished, run)
    return Trained(out, reused=False, notes=material.notes)


def _told(folder: Path) -> dict[str, Any]:
    """Read how a run of ours was made; an encoder's or a static model's is another."""
    try:
        told = read_run(folder, "recipe", *_ORIGIN)
        fill(ContrastiveRecipe, told["recipe"], where=str(folder))
    except (CheckpointError, SettingsError) as error:
        raise CheckpointError(
            f"{folder} is no run of train contrastive or train average ({error}); name the folder "
            "of one, or 'default'."
        ) from error
    return told


def _updates(folder: Path) -> tuple[dict[str, torch.Tensor], tuple[int, float]]:
    """Read the low-rank updates beside a run's weights, or in place of them; none is fine."""
    place = folder / ADAPTER if (folder / ADAPTER).is_dir() else folder
    adapter = files.read_head(place).adapter
    if adapter is None:
        return {}, (0, 0)
    return read_tensors(place / files.ADAPTER_FILE), (adapter.rank, adapter.alpha)
