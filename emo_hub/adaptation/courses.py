"""Courses of training: synthetic rows, human rows, both in turn, and changes of how they are read.

Each course is trained alike and judged on the same rows, by which none was trained or stopped.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_hub import metrics
from emo_hub.adaptation.lessons import lesson_of
from emo_hub.adaptation.portions import Assignment
from emo_hub.checkpoint import RUN_FILE
from emo_hub.classifier import EmotionClassifier
from emo_hub.config import fill, read_named, recipe_hash
from emo_hub.errors import InputError, SettingsError
from emo_hub.metrics.contexts import swap_probe
from emo_hub.training.encoder import train_encoder, train_lesson
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.loop import Progress
from emo_hub.training.rows import TrainingRow, corpus_rows
from emo_hub.training.targets import folds, target_table, unseen

Say = Callable[[str], None]
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """One or two stages of training.

    Args:
        name: of the line in the table.
        why: what it asks, in a sentence.
        corpus: settings of the stage on the corpus that differ from its recipe; None leaves it out.
            A `row_share` is a share of the rows that the recipe takes.
        task: the same of the stage on human labels.
    """

    name: str
    why: str
    corpus: Settings | None
    task: Settings | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CoursePlan:
    """What all courses are made of.

    Args:
        data: an emo-pillars folder.
        texts: where the annotated comments' texts are: a folder, "hub", or "" for nowhere.
        assignment: the human labels, in one portion; one half of its validation rows stops the
            training and sets thresholds, the other is scored.
        corpus_recipe: of the stages on the corpus.
        task_recipe: of the stages on human labels.
    """

    data: Path
    texts: str
    assignment: Assignment
    corpus_recipe: EncoderRecipe
    task_recipe: EncoderRecipe


@dataclass(frozen=True, slots=True)
class Graded:
    """What came out of a course.

    Args:
        course: its name.
        rows: trained on, by stage.
        run: of its last stage.
        precision: macro average precision, with its 95 % interval.
        f1: macro-F1 at the thresholds that training fitted, with its interval.
        contexts: facts of `swap_probe` on the corpus's validation lines.
    """

    course: str
    rows: Mapping[str, int]
    run: str
    precision: tuple[float, float, float]
    f1: tuple[float, float, float]
    contexts: Mapping[str, Any]


def read_courses(source: Path | None = None) -> tuple[Course, ...]:
    """Read courses from a TOML file, or those that ship.

    Raises:
        SettingsError: the file cannot be read, or a course has no `why` or no stage.
    """
    found = read_named(
        source,
        "encoders.toml",
        lambda name, table: Course(name, table["why"], table.get("corpus"), table.get("task")),
        form="list of courses, each a TOML table with `why` and `corpus`, `task` or both",
    )
    if empty := [c.name for c in found if c.corpus is None and c.task is None]:
        raise SettingsError(
            f"{', '.join(empty)} in {source} has no stage: give it a table `corpus` or `task`."
        )
    return found


def compare_courses(
    plan: CoursePlan,
    courses: Sequence[Course],
    *,
    out: Path,
    say: Say = lambda _: None,
    progress: Progress | None = None,
    told: Callable[[Sequence[Graded]], None] = lambda _: None,
) -> tuple[Graded, ...]:
    """Train and grade each course. Finished stages are reused and stopped ones go on.

    Args:
        plan: what all are made of.
        courses: in the order of the table.
        out: where checkpoints go; stages that are equal are trained once.
        say: is told a sentence for each stage and each course.
        progress: is told step, steps and loss while training.
        told: is given what is there after each course.

    Raises:
        SettingsError: a course sets what is no setting.
        InputError: the human labels come in folds, or every row to score is trained on.
        EmoHubError: a corpus or a checkpoint that cannot be read.
    """
    if len(plan.assignment.portions) != 1:
        raise InputError(
            f"{plan.assignment.name} comes in folds; courses are compared on a set with splits."
        )
    # Settings are checked before any work.
    stages = [_stages(plan, course) for course in courses]
    stops, scored = _halves(plan.assignment, say)
    lines = corpus_rows(plan.data, "validation")
    work = _Work(plan, stops, out, say, progress)
    found: list[Graded] = []
    for course, (corpus, task) in zip(courses, stages, strict=True):
        places = [] if corpus is None else [work.on_corpus(corpus)]
        if task is not None:
            places.append(work.on_task(task, places[0] if places else None))
        found.append(_graded(course.name, places, scored, lines))
        say(f"{course.name}: average precision {found[-1].precision[0]:.3f}.")
        told(found)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Work:
    """What every stage is trained with."""

    plan: CoursePlan
    stops: tuple[TrainingRow, ...]
    out: Path
    say: Say
    progress: Progress | None

    def on_corpus(self, recipe: EncoderRecipe) -> Path:
        place = self.out / f"corpus-{recipe_hash(recipe)[:8]}"
        data, texts = self.plan.data, self.plan.texts
        train_encoder(data, place, recipe, texts=texts, say=self.say, progress=self.progress)
        return place

    def on_task(self, recipe: EncoderRecipe, after: Path | None) -> Path:
        name = f"task-{recipe_hash(recipe)[:8]}"
        if after is not None:
            name += f"-after-{after.name}"
            recipe = dataclasses.replace(recipe, base=str(after))
        place, given = self.out / name, self.plan.assignment
        portion = given.portions[0]
        half = dataclasses.replace(portion, name="half", validation=self.stops, notes=())
        lesson = lesson_of(given, half, recipe)
        train_lesson(lesson, place, recipe, say=self.say, progress=self.progress)
        return place


def _stages(plan: CoursePlan, course: Course) -> tuple[EncoderRecipe | None, EncoderRecipe | None]:
    def changed(recipe: EncoderRecipe, changes: Settings | None) -> EncoderRecipe | None:
        if changes is None:
            return None
        found = fill(EncoderRecipe, {**dataclasses.asdict(recipe), **changes}, where=course.name)
        if "row_share" in changes:
            return dataclasses.replace(found, row_share=found.row_share * recipe.row_share)
        return found

    return changed(plan.corpus_recipe, course.corpus), changed(plan.task_recipe, course.task)


def _halves(
    assignment: Assignment, say: Say = lambda _: None
) -> tuple[tuple[TrainingRow, ...], tuple[TrainingRow, ...]]:
    """Deal validation rows out: those that stop the training, and those that are scored."""
    portion = assignment.portions[0]
    dealt = folds(portion.validation, 2)
    stops, half = (
        tuple(row for row, fold in zip(portion.validation, dealt, strict=True) if fold == number)
        for number in (0, 1)
    )
    scored, dropped = unseen(half, portion.train)
    if dropped:
        say(f"{dropped} of {len(half)} rows to score left out, whose text is trained on.")
    if not scored:
        raise InputError(
            f"{assignment.name} has {len(half)} rows to score, and every one of them is trained "
            "on: give a set whose validation rows have texts of their own."
        )
    return stops, scored


def _graded(
    name: str, places: Sequence[Path], scored: Sequence[TrainingRow], lines: Sequence[TrainingRow]
) -> Graded:
    classifier = EmotionClassifier.load(places[-1])
    labels = classifier.labels
    scores = classifier.score([row.text for row in scored])
    targets = target_table(scored, labels, "hard").astype(np.int64)
    decided = (scores >= classifier.thresholds()).astype(np.int64)

    def score(texts: Sequence[str], contexts: Sequence[str | None]) -> Any:  # noqa: ANN401
        return classifier.logits(texts, contexts if classifier.uses_context else None)

    runs = [json.loads((place / RUN_FILE).read_text(encoding="utf-8")) for place in places]
    return Graded(
        name,
        {run["task"]: sum(run["rows"].values()) for run in runs},
        runs[-1]["run"],
        _with_interval(metrics.mean_average_precision, targets, scores),
        _with_interval(metrics.macro_f1, targets, decided),
        swap_probe(score, lines, labels),
    )


def _with_interval(
    metric: Callable[[Any, Any], float],
    targets: Any,  # noqa: ANN401
    values: Any,  # noqa: ANN401
) -> tuple[float, float, float]:
    found = metrics.bootstrap_interval(metric, targets, values)
    return round(metric(targets, values), 4), round(found.low, 4), round(found.high, 4)
