"""emo_hub: an open emotion corpus, models distilled from it, a pipeline for typed labels.

Importing it is light: it registers `pipeline("zero-shot-emotion")` and
`pipeline("contextual-emotion")` with transformers and the name "emo-pillars" with datasets, for
whenever the program imports them, and touches nothing else.

    taxonomy    label sets, what labels mean, projections between sets
    synthesis   teacher's replies to records
    training    records to a dual encoder, or to a classifier
    evaluation  a scorer on public benchmarks
    pipelines   the transformers pipelines
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emo_hub.registration import register
from emo_hub.version import __version__

if TYPE_CHECKING:
    from emo_hub.classifier import EmotionClassifier
    from emo_hub.modeling import EmotionModel
    from emo_hub.pipelines import ContextualEmotionPipeline, ZeroShotEmotionPipeline, pipeline

__all__ = [
    "ContextualEmotionPipeline",
    "EmotionClassifier",
    "EmotionModel",
    "ZeroShotEmotionPipeline",
    "__version__",
    "pipeline",
]

_HOMES = {
    "ContextualEmotionPipeline": "emo_hub.pipelines",
    "EmotionClassifier": "emo_hub.classifier",
    "EmotionModel": "emo_hub.modeling",
    "ZeroShotEmotionPipeline": "emo_hub.pipelines",
    "pipeline": "emo_hub.pipelines",
}

register()


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'emo_hub' has no attribute '{name}'")
