"""The metrics of this package as `evaluate.Metric`s, which work without a network.

Each stands in a folder of its own, so that `evaluate.load(module_path("emotion_f1"))` finds it as
`evaluate` expects; `from emo_hub.metrics.modules import EmotionF1` gives the class itself.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from emo_hub.errors import InputError, require

# Class name by module name.
MODULES = {
    "emotion_f1": "EmotionF1",
    "emotion_jaccard": "EmotionJaccard",
    "emotion_accuracy": "EmotionAccuracy",
    "emotion_map": "EmotionMap",
    "emotion_lrap": "EmotionLrap",
    "emotion_ece": "EmotionEce",
    "emotion_brier": "EmotionBrier",
    "emotion_pearson": "EmotionPearson",
    "emotion_ccc": "EmotionCcc",
    "emotion_kappa": "EmotionKappa",
    "emotion_annotator_agreement": "EmotionAnnotatorAgreement",
}


def module_path(name: str) -> str:
    """Give the folder of a metric, as `evaluate.load` takes it.

    Raises:
        InputError: there is no metric of this name; lists those there are.
    """
    if name not in MODULES:
        raise InputError(f"There is no metric module {name!r}; there are {', '.join(MODULES)}.")
    return str(Path(__file__).parent / name)


def __getattr__(name: str) -> object:
    # `evaluate` takes seconds to import and is optional, so a class is looked up when it is used.
    for module, metric in MODULES.items():
        if metric == name:
            require("evaluate", "report", f"{name} as a metric module")
            found = importlib.import_module(f"emo_hub.metrics.modules.{module}.{module}")
            return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return ["MODULES", "module_path", *MODULES.values()]
