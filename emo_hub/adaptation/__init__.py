"""Adaptation: a classifier of ours is fine-tuned on a public set or a user's own, and scored.

`tasks` declares, `portions` and `own` read rows, `run` trains each seed and scores it once,
`outcome` holds what came out and `page` writes it. `courses` compares ways of training, and
`courses_page` writes what came out of them.
"""

from emo_hub.adaptation.courses import Course, CoursePlan, Graded, compare_courses, read_courses
from emo_hub.adaptation.outcome import Adapted, SeedScores, read_adapted
from emo_hub.adaptation.run import adapt, read_task
from emo_hub.adaptation.tasks import TASKS, Task

__all__ = [
    "TASKS",
    "Adapted",
    "Course",
    "CoursePlan",
    "Graded",
    "SeedScores",
    "Task",
    "adapt",
    "compare_courses",
    "read_adapted",
    "read_courses",
    "read_task",
]
