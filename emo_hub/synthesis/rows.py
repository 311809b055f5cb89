"""Records to rows, one function per config; here, and only here, names become class numbers."""

from __future__ import annotations

from collections.abc import Sequence

from emo_hub.dataset import Row
from emo_hub.palette import palette_names
from emo_hub.records import (
    Affect,
    Annotation,
    ContextualUtterance,
    Look,
    Narrative,
    Provenance,
    Utterance,
)
from emo_hub.synthesis.consensus import agreement
from emo_hub.taxonomy import GOEMOTIONS


def row_of(record: Utterance | ContextualUtterance | Annotation | Narrative) -> Row:
    """Turn a record into a row of its config, labels as class numbers.

    A record says which config it belongs to by its type: `Utterance` contextless,
    `ContextualUtterance` contextual, `Annotation` descriptors, `Narrative` narratives.
    """
    match record:
        case Utterance():
            return {
                "id": record.id,
                "utterance": record.text,
                **_affect_columns(record.affect),
                **_look_columns(record.looks),
                **_origin_columns(
                    record.register, record.world, record.narrative_id, record.provenance
                ),
            }
        case ContextualUtterance():
            return _contextual_row(record)
        case Annotation():
            return _annotation_row(record)
        case Narrative():
            return {
                "id": record.id,
                "title": record.title,
                "genre": record.genre,
                "setting": record.setting,
                "narrative": record.text,
                "characters": [
                    {"name": person.name, "description": person.description}
                    for person in record.characters
                ],
                "provenance": _provenance_columns(record.provenance),
            }


def _annotation_row(record: Annotation) -> Row:
    columns = _affect_columns(record.affect)
    kept = ("descriptors", "words", "labels", "intensities", "valence", "arousal")
    return {
        "id": record.id,
        "source": record.source,
        "source_split": record.source_split,
        "source_id": record.source_id,
        "look": record.look,
        **{name: columns[name] for name in kept},
        "voted": [GOEMOTIONS.index(label) for label, _ in record.votes],
        "votes": [count for _, count in record.votes],
        "provenance": _provenance_columns(record.provenance),
    }


def _contextual_row(record: ContextualUtterance) -> Row:
    return {
        "id": record.id,
        "utterance": record.text,
        "context": record.context,
        "character": record.character.name,
        "character_description": record.character.description,
        "utterance_original": record.original,
        **_affect_columns(record.affect),
        **_look_columns(record.looks),
        **_origin_columns(
            record.register, record.narrative.setting, record.narrative.id, record.provenance
        ),
    }


def _affect_columns(affect: Affect) -> Row:
    return {
        "labels": [GOEMOTIONS.index(label) for label in affect.labels],
        "intensities": list(affect.intensities),
        "primary_emotion": GOEMOTIONS.index(affect.primary),
        "descriptors": list(affect.descriptors),
        "words": [palette_names().index(word) for word in affect.words],
        "valence": affect.valence,
        "arousal": affect.arousal,
        "dominance": affect.dominance,
    }


def _look_columns(looks: Sequence[Look]) -> Row:
    # A single look is the row's own labels; nothing is said twice.
    several = looks if len(looks) > 1 else ()
    return {
        "looks": [
            {
                "teacher": look.teacher,
                "labels": [GOEMOTIONS.index(label) for label, _ in look.emotions],
                "intensities": [intensity for _, intensity in look.emotions],
                "outside": [word for word, _ in look.outside],
                "descriptors": list(look.descriptors),
                "valence": look.valence,
                "arousal": look.arousal,
                "dominance": look.dominance,
            }
            for look in several
        ],
        "agreement": agreement(several),
    }


def _origin_columns(register: str, world: str, narrative_id: str, provenance: Provenance) -> Row:
    return {
        "register": register,
        "world": world,
        "narrative_id": narrative_id,
        "provenance": _provenance_columns(provenance),
    }


def _provenance_columns(provenance: Provenance) -> Row:
    return {
        "teacher": provenance.teacher,
        "prompt_version": provenance.prompt_version,
        "request_id": provenance.request_id,
    }
