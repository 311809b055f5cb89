"""What every annotating prompt says about the 28 labels, and the schema of what must come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from emo_hub.errors import ReplyError
from emo_hub.records import Affect
from emo_hub.taxonomy import GOEMOTIONS, lexicon

MOST_LABELS = 4
MOST_WORDS_IN_DESCRIPTOR = 5
FAINTEST, STRONGEST = 0.3, 1.0

LABEL_GUIDE = "The labels:\n" + "\n".join(
    f"- {label}: {lexicon()[label].definition}" for label in GOEMOTIONS.labels
)
AFFECT_SCHEMA = """\
"emotions": a list of {"label": one of the labels, "intensity": number from 0.3 (faint) to 1},
    strongest first; neutral stands alone
"descriptors": a list of short free phrases
"valence": number from 1 (unpleasant) to 5 (pleasant)
"arousal": number from 1 (calm) to 5 (stirred up)"""

Model = TypeVar("Model", bound=BaseModel)
Degree = Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]


class EmotionReply(BaseModel):
    """One soft label of a reply."""

    model_config = ConfigDict(strict=True)

    label: str
    intensity: Annotated[float, Field(ge=FAINTEST, le=STRONGEST, allow_inf_nan=False)]

    @field_validator("label")
    @classmethod
    def _known(cls, label: str) -> str:
        if label not in GOEMOTIONS.labels:
            raise PydanticCustomError("unknown_label", "'{label}'", {"label": label})
        return label


class AffectReply(BaseModel):
    """The annotation of one text in a reply, dominance not asked for."""

    model_config = ConfigDict(strict=True)

    emotions: list[EmotionReply]
    descriptors: list[str]
    valence: Degree
    arousal: Degree
    dominance: Degree | None = None

    @field_validator("emotions")
    @classmethod
    def _consistent(cls, emotions: list[EmotionReply]) -> list[EmotionReply]:
        labels = [emotion.label for emotion in emotions]
        if not labels:
            raise PydanticCustomError("no_label", "no emotion given")
        if len(labels) > MOST_LABELS:
            raise PydanticCustomError("too_many_labels", "{n} labels", {"n": len(labels)})
        if len(set(labels)) < len(labels):
            raise PydanticCustomError("repeated_label", "{labels}", {"labels": ", ".join(labels)})
        if "neutral" in labels and len(labels) > 1:
            raise PydanticCustomError(
                "neutral_with_others", "{labels}", {"labels": ", ".join(labels)}
            )
        return emotions

    @field_validator("descriptors")
    @classmethod
    def _short(cls, descriptors: list[str]) -> list[str]:
        phrases = [" ".join(phrase.split()) for phrase in descriptors]
        if not phrases or not all(phrases):
            raise PydanticCustomError("no_descriptor", "none given, or an empty one")
        for phrase in phrases:
            if len(phrase.split()) > MOST_WORDS_IN_DESCRIPTOR:
                raise PydanticCustomError("long_descriptor", "'{phrase}'", {"phrase": phrase})
        return phrases

    def affect(self) -> Affect:
        """Give the annotation as a record, strongest label first."""
        # sorted is stable: of equals, the one written first stays first.
        emotions = sorted(self.emotions, key=lambda emotion: -emotion.intensity)
        return Affect(
            tuple((emotion.label, emotion.intensity) for emotion in emotions),
            tuple(self.descriptors),
            self.valence,
            self.arousal,
            self.dominance,
        )


class FullAffectReply(AffectReply):
    """The annotation of one text in a reply, dominance included."""

    dominance: Degree


_REASONS = {
    "missing": "missing_field",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "string_too_short": "empty_text",
    "too_short": "too_few_items",
    "too_long": "too_many_items",
} | {
    own: own
    for own in (
        "unknown_label", "no_label", "too_many_labels", "repeated_label", "neutral_with_others",
        "no_descriptor", "long_descriptor", "unknown_word", "uncounted_votes",
    )
}  # fmt: skip


def misfit(error: ValidationError) -> ReplyError:
    """Turn the first thing that a schema found into a reason that can be counted."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = _REASONS.get(first["type"], "wrong_type")
    if first["type"] == "string_too_short" and first.get("input"):
        reason = "too_short"
    return ReplyError(reason, f"{place}: {first['msg']}")


def numbered_by(model: type[Model], number: str) -> Callable[[object], tuple[int, Model]]:
    """Make what parses an entry of a `Numbered` list.

    Args:
        model: of an entry.
        number: its field that says what the entry is about.
    """

    def parse(value: object) -> tuple[int, Model]:
        try:
            found = model.model_validate(value)
        except ValidationError as error:
            raise misfit(error) from error
        return getattr(found, number), found

    return parse
