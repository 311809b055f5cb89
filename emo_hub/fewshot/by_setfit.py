"""From a file of examples to a model that SetFit tuned, on disk."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from pathlib import Path

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.durable import check_place, put_in_place
from emo_hub.errors import require
from emo_hub.fewshot.encoder import DEFAULT, Encoder, open_encoder, zero_shot_scores
from emo_hub.fewshot.examples import Examples, Say, fitting, quiet
from emo_hub.fewshot.folding import cautious_threshold, folds, mean_shots
from emo_hub.fewshot.model import TABLE_FILE, FewshotModel
from emo_hub.fewshot.prior import HeldOut, Prior, blend, choose, usual
from emo_hub.fewshot.reading import read_examples
from emo_hub.fewshot.recipe import AUTO_PRIOR, USUAL, FewshotRecipe
from emo_hub.version import __version__

_VERSIONS = ("setfit", "sentence-transformers", "scikit-learn", "transformers", "torch")


def train_by_setfit(
    examples: Path,
    out: Path,
    *,
    model: str = DEFAULT,
    shots: int | None = None,
    multi_label: str = "auto",
    recipe: FewshotRecipe = USUAL,
    say: Say = quiet,
) -> FewshotModel:
    """Tune an encoder on up to 64 examples of each of a user's own labels, and write the model.

    The encoder is tuned with SetFit, a linear head fitted on top, and the zero-shot scores of the
    labels' names weighed in by cross-validation on the examples. That takes minutes, and up to 16
    examples of each label `train_fewshot` was better wherever both were measured. Only counts of
    the examples are kept, never a text. Contexts are not read; `emo-hub train encoder --task`
    trains on them.

    Args:
        examples: the file, as `read_examples` takes it.
        out: the folder of the model; an older few-shot model there is replaced.
        model: "default", a checkpoint's folder or repository, or plain all-MiniLM-L6-v2.
        shots: use a sample of so many examples of each label, 1..64.
        multi_label: whether texts carry several labels: "auto", "yes" or "no".
        recipe: how training goes.
        say: is told what is left out, and how far training is.

    Raises:
        DataError: the examples cannot be read, nothing can be learnt from them, or `out` cannot be
            written.
        InputError: something else stands at `out`, or an argument is out of range.
        CheckpointError: the encoder is missing or damaged.
        ImportError: setfit is not installed; names the extra.
    """
    require("setfit", "fewshot", "Few-shot training")
    check_place(out, TABLE_FILE)
    read = read_examples(examples, multi_label=multi_label)
    used = fitting(read, shots, seed=recipe.seed, say=say)
    tuned = tune_and_weigh(open_encoder(model), used, recipe, say=say)
    put_in_place(out.absolute(), tuned.save)
    return tuned


def tune_and_weigh(
    encoder: Encoder, examples: Examples, recipe: FewshotRecipe, *, say: Say = quiet
) -> FewshotModel:
    """Learn from examples that are in memory.

    Args:
        encoder: what to start from; it stays as it is.
        examples: N of them, from which something can be learnt.
        recipe: how training goes.
        say: is told how far training is.

    Raises:
        DataError: there is one label only, or one without an example.
    """
    from emo_hub.fewshot.tuning import tune

    examples.check_teachable()
    several = examples.multi_label
    prior, threshold = _weighed(encoder, examples, recipe, say)
    say(f"Tuning on {len(examples):,} examples of {len(examples.labels)} labels.")
    tuned = tune(encoder.model, examples, recipe)
    return FewshotModel(
        labels=examples.labels,
        thresholds=np.full(len(examples.labels), threshold if several else 0.0, np.float32),
        multi_label=several,
        body=tuned.model,
        head=tuned.head,
        zero_shot=encoder.model if prior.weight > 0 else None,
        prior=prior,
        facts={
            "encoder": encoder.name,
            "examples": len(examples),
            "examples_by_label": examples.counts,
            "pairs": tuned.pairs,
            "recipe": dataclasses.asdict(recipe),
            "versions": {"emo_hub": __version__}
            | {name: importlib.metadata.version(name) for name in _VERSIONS},
        },
    )


def _weighed(
    encoder: Encoder, examples: Examples, recipe: FewshotRecipe, say: Say
) -> tuple[Prior, float]:
    """Give the prior, and the threshold of labels that are judged each by itself."""
    several, shots = examples.multi_label, mean_shots(examples)
    if not encoder.is_zero_shot:
        prior: Prior | None = Prior(0.0, 0.0, "the encoder scores no typed labels")
    elif examples.has_numbered_labels:
        prior = Prior(0.0, 0.0, "the labels are numbers, which say nothing by themselves")
    elif recipe.prior != AUTO_PRIOR:
        prior = Prior(recipe.prior, 0.0, "given")
    else:
        prior = None
    if prior is not None and not several:
        return prior, 0.0
    held_out = _hold_out(encoder, examples, recipe, say)
    if held_out is None:
        return prior or usual(shots), 0.5
    chosen = prior or choose(held_out, shots, multi_label=several)
    return chosen, _threshold(held_out, chosen, shots) if several else 0.0


def _threshold(held_out: HeldOut, prior: Prior, shots: float) -> float:
    pooled = blend(held_out.own, held_out.zero_shot, prior.weight, multi_label=True)
    return cautious_threshold(held_out.targets, pooled, shots)


def _hold_out(
    encoder: Encoder, examples: Examples, recipe: FewshotRecipe, say: Say
) -> HeldOut | None:
    """Score examples by encoders and heads that were tuned without them; None for too few."""
    from emo_hub.fewshot.tuning import tune

    fold_of = folds(examples, recipe.folds, seed=recipe.seed)
    own: Floats = np.zeros(examples.targets.shape, np.float32)
    parts = np.unique(fold_of[fold_of >= 0])
    if not len(parts):
        return None
    seen = []
    for number, fold in enumerate(parts, start=1):
        say(f"Cross-validation, part {number} of {len(parts)}.")
        rest, held = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        taught = examples.take(rest)
        tuned = tune(encoder.model, taught, recipe)
        texts = examples.take(held).texts
        own[held] = tuned.head.proba(tuned.model.encode_texts(texts))
        seen.append(mean_shots(taught))
    held = np.flatnonzero(fold_of >= 0)
    judged = examples.take(held)
    zero = own[held]
    if encoder.is_zero_shot:
        several = examples.multi_label
        zero = zero_shot_scores(encoder.model, judged.texts, judged.labels, multi_label=several)
    return HeldOut(own[held], zero, judged.targets, float(np.mean(seen)), len(parts))
