"""From a file of examples to a checkpoint that has learnt their labels."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats, sigmoid
from emo_hub.checkpoint import RUN_FILE, Head
from emo_hub.durable import check_place, put_in_place
from emo_hub.errors import require
from emo_hub.fewshot.encoder import DEFAULT, open_checkpoint
from emo_hub.fewshot.examples import Examples, Say, fitting, quiet
from emo_hub.fewshot.folding import cautious_threshold, folds, mean_shots
from emo_hub.fewshot.reading import read_examples
from emo_hub.fewshot.recipe import AUTO_PRIOR, USUAL, FewshotRecipe
from emo_hub.fewshot.refining import (
    Lesson,
    Refined,
    contest_lesson,
    held_out_logits,
    rating_lesson,
    refine,
)
from emo_hub.learnt import LearntLabels
from emo_hub.modeling import EmotionModel
from emo_hub.scoring import LinearScorer
from emo_hub.tensors import LEARNT_FILE
from emo_hub.version import __version__

FACTS = "learnt_labels"  # under which the checkpoint's head tells what its labels were learnt from
_PARTS = 5  # of the cross-validation


def train_fewshot(
    examples: Path,
    out: Path,
    *,
    model: str = DEFAULT,
    shots: int | None = None,
    multi_label: str = "auto",
    recipe: FewshotRecipe = USUAL,
    say: Say = quiet,
) -> EmotionModel:
    """Teach a checkpoint a user's own labels from up to 64 examples of each, in seconds.

    What is written is a checkpoint like any other, which rates these labels by what it learnt and
    whatever else is typed as before: the pipelines, `emo-hub predict`, `evaluate`, `export` and the
    page take it. Only counts of the examples are kept, never a text. Contexts are not learnt from;
    `emo-hub train encoder --task` trains on them.

    Args:
        examples: the file, as `read_examples` takes it.
        out: the folder of the checkpoint; an older one of this kind there is replaced.
        model: "default", or a checkpoint's folder or repository.
        shots: use a sample of so many examples of each label, 1..64.
        multi_label: whether texts carry several labels: "auto", "yes" or "no".
        recipe: its seed and its prior count here, the rest is for SetFit.
        say: is told what is left out, and what was chosen.

    Raises:
        DataError: the examples cannot be read, nothing can be learnt from them, or `out` cannot be
            written.
        InputError: something else stands at `out`, or an argument is out of range.
        CheckpointError: the checkpoint is missing or damaged.
        ImportError: scipy is not installed; names the extra.
    """
    require("scipy", "fewshot", "Few-shot training")
    check_place(out, LEARNT_FILE)
    read = read_examples(examples, multi_label=multi_label)
    used = fitting(read, shots, seed=recipe.seed, say=say)
    start = open_checkpoint(model)
    taught = teach(start, used, recipe, say=say)

    def write(fresh: Path) -> None:
        taught.save(fresh)
        # The encoder is that run's still; what was measured of the start says nothing of this.
        if start.folder is not None and (start.folder / RUN_FILE).is_file():
            told = json.loads((start.folder / RUN_FILE).read_text(encoding="utf-8"))
            told.pop("run", None)  # by which training would take the folder for its own
            text = json.dumps(told, indent=1, sort_keys=True) + "\n"
            (fresh / RUN_FILE).write_text(text, encoding="utf-8")

    put_in_place(out.absolute(), write)
    return taught


def teach(
    model: EmotionModel, examples: Examples, recipe: FewshotRecipe = USUAL, *, say: Say = quiet
) -> EmotionModel:
    """Teach a checkpoint the labels of examples that are in memory.

    Args:
        model: the checkpoint; it stays as it is, and the one that is given shares its encoder.
        examples: N of them, from which something can be learnt.
        recipe: its seed and its prior count.
        say: is told what was chosen.

    Raises:
        DataError: there is one label only, or one without an example.
    """
    examples.check_teachable()
    labels, targets = examples.labels, examples.targets
    # What was learnt of these labels before knows examples that are to be held out now.
    unlearnt = _with_learnt(model, None, model.head)
    vectors = unlearnt.encode_texts(examples.texts)
    share = _share(examples, recipe)
    fold_of = folds(examples, _PARTS, seed=recipe.seed)
    among = unlearnt.scorer(labels, competing=True)
    contest = refine(contest_lesson(vectors, targets), among, fold_of, share)
    lesson = rating_lesson(vectors, targets, several=examples.multi_label)
    rating = refine(lesson, unlearnt.scorer(labels), fold_of, share)
    for name, one in (("competing", contest), ("each by itself", rating)):
        say(f"{len(examples):,} examples, labels {name}: {in_words(one)}.")
    rated, thresholds = _decided(unlearnt, examples, lesson, rating, fold_of)
    learnt = LearntLabels(
        labels=labels,
        latest=len(labels),
        competing=not examples.multi_label,
        rating_weight=rated.weight,
        rating_bias=rated.bias,
        contest_weight=contest.fitted.scorer.weight,
        contest_bias=contest.fitted.scorer.bias,
        thresholds=thresholds,
    )
    return _taught(model, learnt, _facts(model, examples, recipe, contest, rating))


def _share(examples: Examples, recipe: FewshotRecipe) -> float | None:
    if examples.has_numbered_labels:
        return 0.0
    return None if recipe.prior == AUTO_PRIOR else recipe.prior


def in_words(found: Refined) -> str:
    """Say how much of the start was kept, and whether held-out examples are judged better."""
    how = f"{found.held.share:.0%} of what their names say is kept"
    if found.losses is None:
        return f"{how}; no example could be held out"
    before, after = found.losses["zero-shot"], found.losses["learnt"]
    told = f"{how}; log loss of a held-out decision {before:.3f} before, {after:.3f} after"
    return told if after < before else f"{told}: no better yet, give more examples"


def _decided(
    unlearnt: EmotionModel,
    examples: Examples,
    lesson: Lesson,
    rating: Refined,
    fold_of: npt.NDArray[np.int64],
) -> tuple[LinearScorer, Floats]:
    """Give the map of labels that are rated each by itself, and their thresholds (C,)."""
    start, scorer = unlearnt.scorer(examples.labels), rating.fitted.scorer
    if rating.held.share < 1:
        cut = _threshold(lesson, start, rating, fold_of, mean_shots(examples))
        return scorer, np.full(len(examples.labels), cut, np.float32)
    if examples.multi_label:
        # How often a label occurs beside others is in its zero-shot bias. Examples that somebody
        # chose do not tell: with their shift, GoEmotions dev lost macro-F1.
        scorer = LinearScorer(scorer.weight, scorer.bias - rating.fitted.shift)
    return scorer, unlearnt.thresholds(examples.labels)


def _threshold(
    lesson: Lesson,
    start: LinearScorer,
    rating: Refined,
    fold_of: npt.NDArray[np.int64],
    shots: float,
) -> float:
    held_out = fold_of >= 0
    if not held_out.any():
        return 0.5
    logits = held_out_logits(lesson, start, rating.held, fold_of)[held_out]
    scores: Floats = sigmoid(np.asarray(logits, np.float32))
    return cautious_threshold(lesson.targets[held_out] > 0, scores, shots)


def _facts(
    model: EmotionModel,
    examples: Examples,
    recipe: FewshotRecipe,
    contest: Refined,
    rating: Refined,
) -> dict[str, Any]:
    def how(found: Refined) -> dict[str, Any]:
        return {**dataclasses.asdict(found.held), "folds": found.folds, "losses": found.losses}

    return {
        "from": model.name,
        "examples": len(examples),
        "examples_by_label": examples.counts,
        "seed": recipe.seed,
        "contest": how(contest),
        "rating": how(rating),
        "emo_hub": __version__,
    }


def _taught(model: EmotionModel, learnt: LearntLabels, facts: dict[str, Any]) -> EmotionModel:
    """Give a model with the same encoder, which knows these labels beside those it had learnt."""
    lessons = [*model.head.facts.get(FACTS, []), facts]
    head = dataclasses.replace(model.head, facts={**model.head.facts, FACTS: lessons})
    everything = learnt if model.learnt is None else learnt.beside(model.learnt)
    return _with_learnt(model, everything, head)


def _with_learnt(model: EmotionModel, learnt: LearntLabels | None, head: Head) -> EmotionModel:
    vad = (model.vad_weight, model.vad_bias) if model.has_vad else None
    other = EmotionModel(model.backbone, model.tokenizer, head, vad, model.moments)
    other.offsets, other.learnt, other.name = model.offsets, learnt, model.name
    return other
