"""From a file of examples to a few-shot model on disk."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats
from emo_hub.durable import check_place, put_in_place
from emo_hub.errors import require
from emo_hub.fewshot.encoder import DEFAULT, Encoder, open_encoder, zero_shot_scores
from emo_hub.fewshot.examples import Examples, Say, fitting
from emo_hub.fewshot.model import TABLE_FILE, FewshotModel
from emo_hub.fewshot.prior import HeldOut, Prior, blend, choose, usual
from emo_hub.fewshot.reading import read_examples
from emo_hub.fewshot.recipe import AUTO_PRIOR, USUAL, FewshotRecipe
from emo_hub.metrics import global_threshold
from emo_hub.version import __version__

_HALF_WORTH = 8.0  # examples of a label that a threshold of one half is worth
_VERSIONS = ("setfit", "sentence-transformers", "scikit-learn", "transformers", "torch")


def quiet(_: str) -> None:
    """Say nothing."""


def train_fewshot(
    examples: Path,
    out: Path,
    *,
    model: str = DEFAULT,
    shots: int | None = None,
    multi_label: str = "auto",
    recipe: FewshotRecipe = USUAL,
    say: Say = quiet,
) -> FewshotModel:
    """Learn a user's own labels from up to 64 examples of each, and write the model.

    The encoder is tuned with SetFit, a linear head fitted on top, and the zero-shot scores of the
    labels' names weighed in by cross-validation on the examples. Only counts of the examples are
    kept, never a text. Contexts are not read; `emo-hub train encoder --task` trains on them.

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
    learnt = learn(open_encoder(model), used, recipe, say=say)
    put_in_place(out.absolute(), learnt.save)
    return learnt


def learn(
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
    several, shots = examples.multi_label, _shots(examples)
    if not encoder.is_zero_shot:
        prior: Prior | None = Prior(0.0, 0.0, "the encoder scores no typed labels")
    elif all(label.isdigit() for label in examples.labels):
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
    """Fit one threshold for all labels, drawn towards one half while examples are few."""
    pooled = blend(held_out.own, held_out.zero_shot, prior.weight, multi_label=True)
    fitted = global_threshold(held_out.targets, pooled)
    return (shots * fitted + _HALF_WORTH * 0.5) / (shots + _HALF_WORTH)


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
        seen.append(_shots(taught))
    held = np.flatnonzero(fold_of >= 0)
    judged = examples.take(held)
    zero = own[held]
    if encoder.is_zero_shot:
        several = examples.multi_label
        zero = zero_shot_scores(encoder.model, judged.texts, judged.labels, multi_label=several)
    return HeldOut(own[held], zero, judged.targets, float(np.mean(seen)), len(parts))


def folds(examples: Examples, most: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Deal examples into parts with as even a share of each label as can be.

    Args:
        examples: N of them.
        most: the number of parts; fewer where a typical label has fewer examples.
        seed: of the order in which they are dealt.

    Returns:
        (N,) the part of each example from 0 on; -1 for one that is in no part, since it is the
        only one of a label. All -1 where no label has two.
    """
    counts = examples.targets.sum(axis=0)
    parts = min(most, max(2, int(np.median(counts))))
    part_of = np.full(len(examples), -1, np.int64)
    if parts < 2 or counts.max(initial=0) < 2:
        return part_of
    order = np.random.default_rng(seed).permutation(len(examples))
    turn = _turns(parts)
    for column in np.argsort(counts, kind="stable"):
        for row in order[examples.targets[order, column]]:
            if part_of[row] < 0:
                part_of[row] = next(turn)
    for row in order[~examples.targets[order].any(axis=1)]:
        part_of[row] = next(turn)
    for column in examples.targets.T:
        rows = np.flatnonzero(column)
        # Whoever is judged must have been seen elsewhere.
        if len(set(part_of[rows].tolist())) == 1:
            part_of[rows[0]] = -1
    return part_of


def _turns(parts: int) -> Iterator[int]:
    while True:
        yield from range(parts)


def _shots(examples: Examples) -> float:
    return float(examples.targets.sum(axis=0).mean())
