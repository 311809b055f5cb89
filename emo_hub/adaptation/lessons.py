"""What one training of a task learns from: a portion of its rows, sampled as the recipe asks."""

from __future__ import annotations

from emo_hub.adaptation.portions import Assignment, Portion
from emo_hub.errors import DataError
from emo_hub.training.encoder import Lesson
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.material import Material, sampled


def lesson_of(assignment: Assignment, portion: Portion, recipe: EncoderRecipe) -> Lesson:
    """Give what a portion's training learns from and what its outputs are.

    Raises:
        DataError: the portion has no row to train on.
    """
    if not portion.train:
        raise DataError(
            f"There is nothing to train on: every training row of {assignment.name} is also "
            "scored. Check that its splits are not the same rows."
        )
    rows, further = sampled(portion.train, recipe.row_share, recipe.max_rows, recipe.seed)
    return Lesson(
        assignment.name,
        assignment.labels,
        Material(rows, portion.validation, (*portion.notes, *further)),
        {"portion": portion.name},
        assignment.counterparts,
        assignment.shares,
    )
