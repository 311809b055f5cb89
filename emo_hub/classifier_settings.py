"""What the configuration of a classifier of ours says beyond that of any classifier.

The checkpoint is a stock `...ForSequenceClassification`, so transformers alone runs it. Its labels
stand where every classifier has them; the rest are further keys of `config.json`: `thresholds` (by
label), `calibration_temperature`, `uses_context` and `emo_hub_task`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.checkpoint import HEAD_FILE
from emo_hub.errors import CheckpointError

PROBLEM = "multi_label_classification"
OWN_TASK = "emo-pillars"
TASK_KEY = "emo_hub_task"  # by which a configuration is known to be of ours
# `temperature` is a setting of text generation: transformers writes no configuration that has it.
_TEMPERATURE = "calibration_temperature"
_CLASSIFIER = "ForSequenceClassification"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifierSettings:
    """How scores are read off a classifier's logits, and what it was trained for.

    Args:
        task: "emo-pillars" for the 28 labels of a corpus, else the name of what it was adapted to.
        labels: in the order of its outputs.
        thresholds: the score in [0, 1] from which each label counts.
        temperature: logits are divided by it before the sigmoid; 1 where it was not fitted.
        uses_context: whether it saw contexts in training.
    """

    task: str
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    temperature: float = 1.0
    uses_context: bool = False

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            raise CheckpointError(
                f"A classifier needs at least two labels, all different; got "
                f"{', '.join(self.labels) or 'none'}."
            )
        missing = [label for label in self.labels if not _is_score(self.thresholds.get(label))]
        if missing:
            raise CheckpointError(
                f"A classifier needs a threshold in [0, 1] for each label; {', '.join(missing)} "
                "has none."
            )
        if not _is_number(self.temperature) or not 0 < self.temperature < math.inf:
            raise CheckpointError(
                f"A temperature is a number above 0; got {_TEMPERATURE} = {self.temperature!r}."
            )

    def write_into(self, config: Any) -> None:  # noqa: ANN401
        """Put the settings into a configuration of transformers, to be saved with its model."""
        config.problem_type = PROBLEM
        config.id2label = dict(enumerate(self.labels))
        config.label2id = {label: column for column, label in enumerate(self.labels)}
        config.thresholds = {label: float(self.thresholds[label]) for label in self.labels}
        config.uses_context = self.uses_context
        setattr(config, TASK_KEY, self.task)
        setattr(config, _TEMPERATURE, float(self.temperature))

    @classmethod
    def read(cls, folder: Path) -> ClassifierSettings:
        """Read the settings of a checkpoint.

        Raises:
            CheckpointError: the folder holds none, another kind of model, or a damaged one.
        """
        table = _config(folder)
        _check_kind(table, folder)
        try:
            labels = _labels(table)
            return cls(
                task=str(table[TASK_KEY]),
                labels=labels,
                thresholds=dict(table["thresholds"]),
                temperature=table[_TEMPERATURE],
                uses_context=_flag(table["uses_context"]),
            )
        except (CheckpointError, KeyError, TypeError, ValueError) as error:
            said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise CheckpointError(
                f"{folder / 'config.json'} is damaged ({said}): fetch the checkpoint again."
            ) from error


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if (folder / HEAD_FILE).is_file():
        raise CheckpointError(
            f"{folder} is a dual encoder for labels that are typed, not a classifier: run it with "
            "pipeline('zero-shot-emotion')."
        )
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder} has no config.json, so it is no classifier; make one with: "
            "emo-hub train encoder"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}): fetch the checkpoint again."
        ) from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path} holds a {type(table).__name__}; wanted an object.")
    return table


def _check_kind(table: Mapping[str, Any], folder: Path) -> None:
    architectures = ", ".join(map(str, table.get("architectures") or ())) or "no architecture"
    if _CLASSIFIER not in architectures:
        raise CheckpointError(
            f"{folder} holds {architectures}; wanted a model {_CLASSIFIER}. Make a classifier of "
            "an encoder with: emo-hub train encoder --base"
        )
    if TASK_KEY not in table or table.get("problem_type") != PROBLEM:
        raise CheckpointError(
            f"{folder} is a classifier that emo-hub train encoder did not make: its config.json "
            f"wants {TASK_KEY}, and {PROBLEM} as problem_type. "
            "Run it with pipeline('text-classification'), or score it with: "
            "emo-hub evaluate classifier:..."
        )


def _labels(table: Mapping[str, Any]) -> tuple[str, ...]:
    # JSON keeps numbers as strings, which sort as 0, 1, 10, 11, 2.
    by_column = {int(column): str(label) for column, label in dict(table["id2label"]).items()}
    if sorted(by_column) != list(range(len(by_column))):
        raise ValueError(f"id2label numbers its labels {sorted(by_column)}")
    labels = tuple(by_column[column] for column in range(len(by_column)))
    if dict(table["label2id"]) != {label: column for column, label in enumerate(labels)}:
        raise ValueError("label2id and id2label contradict each other")
    return labels


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"uses_context is {value!r}; wanted true or false")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_score(value: Any) -> bool:  # noqa: ANN401
    return _is_number(value) and 0 <= value <= 1
