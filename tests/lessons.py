"""A small lesson for classifiers, which more than one process of a test puts together."""

from emo_hub.training.encoder import Lesson
from emo_hub.training.encoder_recipe import EncoderRecipe
from emo_hub.training.material import Material
from emo_hub.training.rows import TrainingRow

LABELS = ("joy", "anger", "sadness", "fear")
_WORDS = {"joy": "happy", "anger": "anger", "sadness": "sad", "fear": "fear"}


def _rows(count, part):
    rows = []
    for n in range(count):
        label = LABELS[n % 4]
        text, context, story = f"i feel so {_WORDS[label]} {part}{n}", None, ""
        if n % 3 == 0:
            # The line says nothing; what came before it does.
            text, context = f"it was so {part}{n}", f"{_WORDS[label]} {_WORDS[label]} of you"
            story = f"{part}{n % 5}"
        rows.append(
            TrainingRow(
                f"{part}{n}",
                "scene" if context else "utterance",
                text,
                context,
                {label: 0.9, **({"fear": 0.4} if n % 8 == 0 else {})},
                (),
                primary=label,
                story=story,
                character="my: a you" if context else "",
            )
        )
    return tuple(rows)


def quick_recipe(base):
    """One epoch over few rows, for tests of what surrounds a training."""
    return EncoderRecipe(
        base=str(base),
        epochs=1,
        batch_size=8,
        max_tokens=48,
        mixed_precision="no",
        save_every=0,
        checks_per_epoch=1,
    )


def lesson(train=48, validation=24, labels=LABELS):
    material = Material(_rows(train, "t"), _rows(validation, "v"), ("Rows of a test.",))
    return Lesson("emo-pillars", labels, material, {})
