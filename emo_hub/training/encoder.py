"""`emo-hub train encoder`: corpus in, a classifier of the 28 emotions out, that reads contexts.

The checkpoint is a stock `...ForSequenceClassification`. Everything that decides the outcome is a
setting of the recipe.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emo_hub import checkpoint as files
from emo_hub.cards import checkpoint_facts, render_card, template_path
from emo_hub.checkpoint import RUN_FILE
from emo_hub.classifier import EmotionClassifier
from emo_hub.classifier_settings import OWN_TASK, ClassifierSettings
from emo_hub.config import part, recipe_hash
from emo_hub.dataset import read_corpus
from emo_hub.durable import check_place, put_in_place
from emo_hub.registration import default_model_folder
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.ancestry import descended
from emo_hub.training.classification import BucketSettings, Classification, classified
from emo_hub.training.contrastive import Trained
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.first_outputs import begin_as_read
from emo_hub.training.judging import judge_outputs
from emo_hub.training.loop import Fitted, LoopSettings, Progress, best_precision, fit
from emo_hub.training.material import Material, Wanted, gather
from emo_hub.training.objectives import ObjectiveSettings, balanced_weights, objective_of
from emo_hub.training.outputs import (
    OURS,
    Opened,
    Outputs,
    OutputSettings,
    move_outputs,
    open_outputs,
    prior_shares,
)
from emo_hub.training.rows import Trust
from emo_hub.training.targets import ReadingSettings, target_table, unseen
from emo_hub.training.writing import is_made, write_run
from emo_hub.version import __version__

__all__ = ["EncoderRecipe", "Lesson", "train_encoder", "train_lesson"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a classifier is to learn.

    Args:
        task: "emo-pillars", or the name of what a classifier is adapted to.
        labels: of the outputs.
        material: rows to train on and to be judged by.
        origin: facts of where the rows come from, as plain JSON; they name the run with the rest.
        counterparts: for a label, those of the base's own whose outputs it starts from.
        shares: of rows in which each label holds where the classifier is used, if these are known
            to differ from the training rows'. Outputs are moved by the difference in log odds.
    """

    task: str
    labels: tuple[str, ...]
    material: Material
    origin: Mapping[str, Any]
    counterparts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)


def train_encoder(
    data: Path,
    out: Path,
    recipe: EncoderRecipe,
    *,
    texts: str = "",
    command: str = "emo-hub train encoder",
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Fine-tune an encoder on a corpus, with one output for each of the 28 emotions.

    A run that was stopped goes on from its last saved state; one that is finished is reused when
    recipe, base, data and texts are the same.

    Args:
        data: an emo-pillars folder.
        out: where the checkpoint goes.
        recipe: the settings.
        texts: where the annotated comments' texts are: a folder, "hub", or "" for nowhere.
        command: what makes the same checkpoint again, for the card.
        progress: is told the step, the number of steps and the loss.
        say: is told, in sentences, what was found and done.

    Raises:
        DataError: nothing to train on, the data folder is no corpus, or `out` cannot be written.
        CheckpointError: a damaged base or training state.
        InputError: something other than a checkpoint stands where it should go.
        SettingsError: settings that the base cannot meet.
    """
    check_place(out.absolute(), RUN_FILE)
    wanted = Wanted(
        kinds=recipe.synthetic_kinds,
        comments=recipe.use_comments,
        judges=recipe.use_comments,
        trust=Trust(recipe.noisy_teacher, recipe.noisy_trust),
        share=recipe.row_share,
        most=recipe.max_rows,
        seed=recipe.seed,
    )
    corpus = read_corpus(data)
    origin = {"corpus_version": corpus.version, "corpus_content": corpus.content}
    lesson = Lesson(OWN_TASK, GOEMOTIONS.labels, gather(data, texts, wanted), origin)
    return train_lesson(lesson, out, recipe, command=command, progress=progress, say=say)


def train_lesson(
    lesson: Lesson,
    out: Path,
    recipe: EncoderRecipe,
    *,
    command: str = "emo-hub train encoder",
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Fine-tune an encoder on any rows, with one output for each of a task's labels.

    The settings that choose rows of a corpus have no part in it.

    Args:
        lesson: labels and rows.
        out: where the checkpoint goes.
        recipe: the settings.
        command: what makes the same checkpoint again, for the card.
        progress: is told the step, the number of steps and the loss.
        say: is told, in sentences, what was found and done.

    Raises:
        CheckpointError: a damaged base or training state, or a base that was trained on folds of
            the task whose folds are scored.
        InputError: something other than a checkpoint stands where it should go.
        DataError: `out` cannot be written.
        SettingsError: settings that the base cannot meet.
    """
    out = out.absolute()
    check_place(out, RUN_FILE)
    lesson = _without_seen(lesson)
    for note in lesson.material.notes:
        say(note)
    run = _describe(lesson, recipe)
    notes = lesson.material.notes
    if is_made(out, run):
        say(f"{out} was made by this very recipe from this very data: reused.")
        return Trained(out, reused=True, notes=notes)
    opened, task = _prepare(lesson, recipe)
    say(f"Starts from {opened.start}.")
    state = out.with_name(f".{out.name}-{run['run']}")
    fitted = fit(task, part(LoopSettings, recipe), state, progress)
    if int(torch.distributed.get_rank() if torch.distributed.is_initialized() else 0) == 0:
        run |= {"command": command, "start": opened.start, **_course(fitted)}
        _finish(out, opened, task, lesson, (recipe, run))
        shutil.rmtree(state, ignore_errors=True)
    return Trained(
        out, reused=False, notes=notes, losses=fitted.losses, resumed_at=fitted.resumed_at
    )


def _without_seen(lesson: Lesson) -> Lesson:
    material = lesson.material
    kept, count = unseen(material.validation, material.rows)
    if not count:
        return lesson
    note = f"{count} validation rows left out, whose text and context are trained on."
    notes = (*material.notes, note)
    return dataclasses.replace(lesson, material=Material(material.rows, kept, notes))


def _describe(lesson: Lesson, recipe: EncoderRecipe) -> dict[str, Any]:
    material = lesson.material
    rows = (material.rows, material.validation)
    texts = json.dumps(
        [[[r.id, r.context, r.text, sorted(r.strengths.items())] for r in part] for part in rows]
    )
    identity = {
        "recipe": recipe_hash(recipe),
        "base": files.weights_sha256(_folder_of(recipe.base)),
        "task": [lesson.task, *lesson.labels],
        "counterparts": {k: list(v) for k, v in lesson.counterparts.items()},
        "shares": dict(lesson.shares),
        "origin": dict(lesson.origin),
        "texts": files.text_sha256(texts),
    }
    return {
        "kind": "encoder",
        "run": files.text_sha256(json.dumps(identity, sort_keys=True))[:12],
        "recipe_hash": identity["recipe"],
        "recipe": dataclasses.asdict(recipe),
        "base_sha256": identity["base"],
        # A folder of this machine is no repository that a card could name.
        "base_model": "" if recipe.base == OURS or Path(recipe.base).is_dir() else recipe.base,
        "task": lesson.task,
        **lesson.origin,
        **descended(
            _folder_of(recipe.base),
            recipe.base,
            task=lesson.task,
            portion=str(lesson.origin.get("portion", "")),
            reads_labels=True,
        ),
        "rows": dict(Counter(row.source for row in material.rows)),
        "contextual_rows": sum(row.context is not None for row in material.rows),
        "notes": list(material.notes),
        "precision": best_precision(recipe.mixed_precision),
        "versions": {"emo_hub": __version__, "torch": str(torch.__version__)},
    }


def _folder_of(base: str) -> Path:
    """Find what a run starts from; its weights name the run, for others make another one."""
    return default_model_folder() if base == OURS else files.base_folder(base)


def _prepare(lesson: Lesson, recipe: EncoderRecipe) -> tuple[Opened, Classification]:
    torch.manual_seed(recipe.seed)
    material = lesson.material
    targets = target_table(material.rows, lesson.labels, "hard")
    shares = prior_shares(targets)
    opened = open_outputs(part(OutputSettings, recipe), lesson.labels, shares, lesson.counterparts)
    opened = begin_as_read(opened, lesson.labels, material.rows, shares, seed=recipe.seed)
    weights = torch.from_numpy(balanced_weights(targets.sum(axis=0), recipe.class_balance))
    module = Outputs(opened.model, objective_of(part(ObjectiveSettings, recipe), weights))
    if recipe.compile:
        opened.model.compile(dynamic=True)
    settings = (part(ReadingSettings, recipe), part(BucketSettings, recipe))
    rows = (material.rows, material.validation)
    return opened, Classification(module, opened, lesson.labels, rows, settings)


def _course(fitted: Fitted) -> dict[str, Any]:
    """Say how training went, as plain JSON."""
    checks = [{"step": step, "average_precision": round(s, 5)} for step, s in fitted.scores]
    best = max(fitted.scores, key=lambda judged: judged[1], default=(fitted.steps, 0.0))
    return {"steps": fitted.steps, "checks": checks, "kept_step": best[0]}


def _finish(
    out: Path,
    opened: Opened,
    task: Classification,
    lesson: Lesson,
    made: tuple[EncoderRecipe, dict[str, Any]],
) -> None:
    recipe, run = made
    material, labels = lesson.material, lesson.labels
    given = recipe.stray_contexts > 0 or any(row.context for row in material.rows)
    has_context = recipe.context_share > 0 and given
    if lesson.shares:
        trained = prior_shares(target_table(material.rows, labels, "hard"))
        used = np.array([lesson.shares[label] for label in labels], np.float32)
        move_outputs(opened.model, trained, used)

    def score(texts: Sequence[str], contexts: Sequence[str | None]) -> Any:  # noqa: ANN401
        tokens = [task.read(*pair) for pair in zip(texts, contexts, strict=True)]
        return classified(opened.model, opened.tokenizer, tokens, len(labels))

    judged = judge_outputs(
        score,
        material.validation,
        labels,
        shrink=recipe.threshold_shrink,
        has_context=has_context,
    )
    settings = ClassifierSettings(
        task=lesson.task,
        labels=labels,
        thresholds=judged.thresholds,
        temperature=judged.temperature,
        uses_context=has_context,
    )
    run |= {**judged.facts, "temperature": judged.temperature, "uses_context": has_context}
    classifier = EmotionClassifier(opened.model.float().cpu(), opened.tokenizer, settings)

    def write(fresh: Path) -> None:
        classifier.save(fresh)
        write_run(fresh, run)
        facts = checkpoint_facts(out.name, run)
        facts.update(labels=labels, thresholds=judged.thresholds)
        page = render_card(template_path("model_cards", "encoder"), facts)
        (fresh / "README.md").write_text(page, encoding="utf-8")

    put_in_place(out, write)
