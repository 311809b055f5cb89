"""The table of courses, and its numbers as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.adaptation.courses import Course, CoursePlan, Graded
from emo_hub.dataset import read_corpus
from emo_hub.learning_curves.page import put
from emo_hub.version import __version__

NOTES = (
    "One run with one seed for each line, of recipes with few rows and epochs: the numbers compare "
    "with each other and not with those of a finished model.",
    "Half of the dev rows stops the training and sets thresholds, the other half is scored; no "
    "test split is read. A difference within the intervals may be chance.",
    "The last columns say how often the label that scores highest is a contextual line's main "
    "emotion, on the corpus's validation lines, with the right context, none, and another story's.",
)
_HEADS = (
    "course", "rows of the corpus", "rows of people", "mAP", "macro-F1", "right", "none", "swapped",
)  # fmt: skip


def write_courses(
    out: Path, plan: CoursePlan, courses: Sequence[Course], found: Sequence[Graded], command: str
) -> None:
    """Write courses.json and courses.md.

    Args:
        out: the folder.
        plan: what all are made of.
        courses: in the order of `found`; more than there are results is fine.
        found: what came out so far.
        command: what the files name as their origin.
    """
    told = list(zip(courses, found, strict=False))
    facts = {
        "command": command,
        "emo_hub": __version__,
        "corpus_version": read_corpus(plan.data).version,
        "task": plan.assignment.name,
        "corpus_recipe": dataclasses.asdict(plan.corpus_recipe),
        "task_recipe": dataclasses.asdict(plan.task_recipe),
        "notes": NOTES,
        "courses": [dataclasses.asdict(course) | dataclasses.asdict(one) for course, one in told],
    }
    put(out / "courses.json", json.dumps(facts, indent=1))
    put(out / "courses.md", _page(told, facts))


def _page(told: Sequence[tuple[Course, Graded]], facts: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "# Courses of training",
            "",
            f"Made by `{facts['command']}` with emo_hub {facts['emo_hub']} from corpus "
            f"{facts['corpus_version']} and {facts['task']}.",
            "",
            *(f"- {note}" for note in NOTES),
            "",
            f"| {' | '.join(_HEADS)} |",
            "|---" + "|--:" * (len(_HEADS) - 1) + "|",
            *(_line(one, facts["task"]) for _, one in told),
            "",
            *(f"- **{course.name}**: {course.why}" for course, _ in told),
            "",
        ]
    )


def _line(one: Graded, task: str) -> str:
    people = one.rows.get(task, 0)
    contexts = [one.contexts.get(name) for name in ("right", "none", "swapped")]
    cells = [
        one.course,
        f"{sum(one.rows.values()) - people:,}",
        f"{people:,}",
        *("{:.3f} ({:.3f} to {:.3f})".format(*numbers) for numbers in (one.precision, one.f1)),
        *("-" if value is None else f"{value:.3f}" for value in contexts),
    ]
    return f"| {' | '.join(cells)} |"
