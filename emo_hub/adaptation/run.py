"""Trains each seed, or finds it done, scores it once, and writes what came out."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.adaptation.lessons import lesson_of
from emo_hub.adaptation.outcome import FILE, Adapted, Run, read_adapted, summed_up
from emo_hub.adaptation.own import own_assignment
from emo_hub.adaptation.page import write
from emo_hub.adaptation.portions import Assignment, Portion, assignment_of
from emo_hub.adaptation.tasks import TASKS
from emo_hub.checkpoint import RUN_FILE, text_sha256
from emo_hub.config import part
from emo_hub.durable import check_place, put_in_place
from emo_hub.errors import InputError
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.run import evaluate_rows
from emo_hub.evaluation.scored import Scored, read_scored, write_scored
from emo_hub.evaluation.scorers import ModelOptions, open_model
from emo_hub.evaluation.scorers.contestant import FINE_TUNED
from emo_hub.model_card import write_results
from emo_hub.training.encoder import train_lesson
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.loop import LoopSettings, Progress, open_accelerator
from emo_hub.training.writing import is_made

Say = Callable[[str], None]

BEST = "best"
PREDICTIONS = "predictions"
_BATCH = 64


def adapt(
    assignment: Assignment,
    out: Path,
    recipe: EncoderRecipe,
    *,
    seeds: int = 3,
    command: str = "emo-hub train encoder",
    say: Say = lambda _: None,
    progress: Progress | None = None,
) -> Adapted:
    """Fine-tune an encoder on a task with several seeds, and score each of them once.

    Finished seeds are reused and stopped ones go on. `out` gets a checkpoint for each seed, the one
    that was best on validation rows as `best`, adaptation.json and adaptation.md. Under several
    processes every one of them calls this, and the first scores and writes.

    Args:
        assignment: a task with its rows, of `read_task`.
        out: where checkpoints and numbers go.
        recipe: the settings; its seed is the first. What chooses rows of a corpus has no part in
            it, but a share of the rows, or a sample, is taken as there.
        seeds: how many runs.
        command: what the cards and tables name as their origin.
        say: is told, in sentences, what was found and done.
        progress: is told step, steps and loss while training.

    Raises:
        InputError: no seed, or something other than a checkpoint stands where one should go.
        CheckpointError: a damaged base, checkpoint or training state.
        SettingsError: settings that the base cannot meet.
    """
    if seeds < 1:
        raise InputError(f"Adaptation needs at least one seed; got {seeds}.")
    check_place(out / BEST, RUN_FILE)
    accelerator = open_accelerator(part(LoopSettings, recipe))
    is_first = accelerator.is_main_process
    work = _Work(
        assignment,
        out,
        recipe,
        command,
        say if is_first else lambda _: None,
        progress,
        str(accelerator.device),
    )
    runs = []
    for seed in range(recipe.seed, recipe.seed + seeds):
        places = work.trained(seed)
        if is_first:
            runs.append(work.scored(seed, places))
    if is_first:
        _write(work, runs)
    accelerator.wait_for_everyone()
    return read_adapted(out)


def read_task(task: str, benchmarks: Path | None = None) -> Assignment:
    """Read the rows of a task and deal them out.

    Args:
        task: a name of `TASKS`, or a path of one's own rows, as `own.own_assignment` reads them.
        benchmarks: a folder with a subfolder for each public set.

    Raises:
        InputError: no such task, no folder of benchmarks, or a split is not there.
        DataError: rows are missing or cannot be read.
    """
    if task in TASKS:
        if benchmarks is None:
            raise InputError(
                f"The rows of {task} lie in a folder of benchmarks: name it with --benchmarks."
            )
        return assignment_of(TASKS[task], benchmarks)
    path = Path(task)
    if not path.exists():
        raise InputError(
            f"There is no task '{task}' and no such file or folder; tasks are "
            f"{', '.join(TASKS)}, or a path of your own rows."
        )
    return own_assignment(path)


@dataclass(frozen=True, slots=True)
class _Work:
    """What every run of an adaptation is made with."""

    assignment: Assignment
    out: Path
    recipe: EncoderRecipe
    command: str
    say: Say
    progress: Progress | None
    device: str

    def place(self, seed: int, portion: Portion) -> Path:
        return self.out / f"seed-{seed}" / portion.name

    def trained(self, seed: int) -> list[Path]:
        """Train a seed on each portion."""
        recipe = dataclasses.replace(self.recipe, seed=seed)
        places = []
        for portion in self.assignment.portions:
            place = self.place(seed, portion)
            place.parent.mkdir(parents=True, exist_ok=True)
            self.say(f"Seed {seed}{', ' if portion.name else ''}{portion.name}:")
            made = train_lesson(
                lesson_of(self.assignment, portion, recipe),
                place,
                recipe,
                command=self.command,
                progress=self.progress,
                say=self.say,
            )
            places.append(made.path)
        return places

    def scored(self, seed: int, places: list[Path]) -> Run:
        """Score a seed, each portion by its own checkpoint, or take what is kept."""
        found = [
            _score(place, portion.test, self.out / PREDICTIONS, self.device)
            for place, portion in zip(places, self.assignment.portions, strict=True)
        ]
        dev = sum(_dev(place) for place in places) / len(places)
        return Run(seed, dev, found)


def _score(model: Path, rows: LoadedBenchmark, kept: Path, device: str) -> Scored:
    """Score a checkpoint on its test rows, once: predictions are kept under the run's name."""
    place = kept / f"{_run(model)['run']}-{_digest(rows)}"
    # A kill may leave the folder behind without what belongs into it.
    if any(place.rglob("*.parquet")):
        return read_scored(place)[0]
    options = ModelOptions(name=model.name, device=device, batch_size=_BATCH)
    scored = evaluate_rows(open_model(f"encoder:{model}", options), rows, FINE_TUNED)
    if scored is None:
        raise InputError(f"{rows.name} asks for no labels, so nothing is adapted to it.")
    write_scored([scored], place)
    return scored


def _digest(rows: LoadedBenchmark) -> str:
    told = [rows.texts, rows.contexts, rows.targets.tolist()]
    return text_sha256(json.dumps(told))[:12]


def _run(model: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((model / RUN_FILE).read_text(encoding="utf-8"))
    return found


def _dev(model: Path) -> float:
    return float(_run(model)["validation"].get("average_precision", 0.0))


def _write(work: _Work, runs: list[Run]) -> None:
    """Put the best checkpoint in its place, with its card, and write the numbers."""
    best = max(runs, key=lambda run: run.dev)
    portions = work.assignment.portions
    models = [work.place(best.seed, portion) for portion in portions]
    fold = max(range(len(models)), key=lambda number: _dev(models[number]))
    place, source = work.out / BEST, models[fold]
    if not is_made(place, _run(source)):
        put_in_place(place, lambda fresh: shutil.copytree(source, fresh))
    notes = [note for portion in portions for note in portion.notes]
    adapted = summed_up(work.assignment.name, runs, place, list(dict.fromkeys(notes)))
    write(work.out, adapted, _run(source), command=work.command)
    shutil.copy(work.out / FILE, place / FILE)
    result = dataclasses.replace(best.scored[fold].result, available=adapted.rows)
    write_results(place, [result], command=work.command, name=work.out.resolve().name)
    for metric in dict.fromkeys((adapted.headline, "macro_f1")):
        low, high = adapted.intervals[metric].low, adapted.intervals[metric].high
        work.say(
            f"{adapted.task}, {adapted.split}, {metric}: {adapted.mean[metric]:.4f} over "
            f"{len(runs)} seeds ({low:.4f} to {high:.4f})."
        )
    work.say(f"{place}: seed {best.seed}, the best on validation rows.")
