"""SetFit: contrastive tuning of the encoder on pairs of examples, then a head.

The only file that imports setfit. Tunstall et al. 2022 (arXiv 2209.11055), section 3.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from datasets import Dataset
from sentence_transformers import SentenceTransformer
from setfit import SetFitModel, Trainer, TrainingArguments
from setfit.logging import WARNING
from setfit.logging import set_verbosity as set_setfit_verbosity
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from transformers import PreTrainedModel, PrinterCallback, ProgressCallback

from emo_hub.errors import InputError
from emo_hub.fewshot.examples import Examples
from emo_hub.fewshot.head import LinearHead
from emo_hub.fewshot.pairs import draw_pairs
from emo_hub.fewshot.recipe import FewshotRecipe
from emo_hub.modeling import EmotionModel

_HEAD_STEPS = 1000  # sklearn's hundred do not always converge on vectors of unit length


class _BoundedTrainer(Trainer):  # type: ignore[misc]
    """setfit's trainer, with pairs that are drawn and not listed."""

    pairs = 0

    def get_dataset(
        self,
        x: list[str],
        y: Any,  # noqa: ANN401
        args: TrainingArguments,
        max_pairs: int = -1,
    ) -> tuple[Dataset, Any]:
        """Give the pairs to learn from, and the loss."""
        targets = np.asarray(y)
        if targets.ndim == 1:
            targets = np.eye(int(targets.max()) + 1)[targets]
        drawn = draw_pairs(targets.astype(np.bool_), self.pairs, seed=args.seed)
        rows = [{"sentence_1": x[i], "sentence_2": x[j], "label": same} for i, j, same in drawn]
        return Dataset.from_list(rows), args.loss(self.model.model_body)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What SetFit learnt.

    Args:
        setfit: setfit's own model.
        model: its body, to encode with; scale, bias and calibration of its head mean nothing.
        head: its head.
        pairs: how many pairs of examples it learnt from.
    """

    setfit: Any
    model: EmotionModel
    head: LinearHead
    pairs: int


def tune(model: EmotionModel, examples: Examples, recipe: FewshotRecipe) -> Tuned:
    """Tune a copy of an encoder on a user's examples, and fit a head on top.

    Args:
        model: the encoder; it stays as it is.
        examples: N of them.
        recipe: how long and how fast.

    Raises:
        InputError: it is a static one, without a transformer to tune.
    """
    if not isinstance(model.backbone, PreTrainedModel):
        raise InputError(
            f"{model.name} has no transformer, and SetFit tunes one: leave --method setfit, or "
            "start from 'default' or another checkpoint that is no static one."
        )
    set_setfit_verbosity(WARNING)
    pairs = min(recipe.pairs_per_example * len(examples), recipe.max_pairs)
    with tempfile.TemporaryDirectory() as place:
        model.save(Path(place))
        body = SentenceTransformer(place, device=str(model.device), local_files_only=True)
        learner = SetFitModel(
            model_body=body,
            model_head=_head(multi_label=examples.multi_label),
            multi_target_strategy="one-vs-rest" if examples.multi_label else None,
            labels=list(examples.labels),
        )
        _train(learner, examples, recipe, pairs, place)
    # EmotionModel sets it to evaluation.
    backbone = cast("PreTrainedModel", body[0].auto_model)
    tuned = EmotionModel(backbone, model.tokenizer, model.head, None, None)
    dimension = int(model.config.hidden_size)
    head = LinearHead.of(learner.model_head, dimension, multi_label=examples.multi_label)
    return Tuned(learner, tuned, head, pairs)


def _train(
    learner: SetFitModel, examples: Examples, recipe: FewshotRecipe, pairs: int, place: str
) -> None:
    targets = examples.targets
    label = targets.astype(int) if examples.multi_label else targets.argmax(axis=1)
    arguments = TrainingArguments(
        output_dir=place,
        batch_size=recipe.batch_size,
        num_epochs=recipe.epochs,
        body_learning_rate=recipe.learning_rate,
        seed=recipe.seed,
        report_to="none",
        logging_strategy="no",
        save_strategy="no",
        show_progress_bar=False,
    )
    trainer = _BoundedTrainer(
        model=learner,
        args=arguments,
        train_dataset=Dataset.from_dict({"text": list(examples.texts), "label": label.tolist()}),
    )
    trainer.pairs = pairs
    # Pinned memory without an accelerator is a warning and nothing else.
    trainer.st_trainer.args.dataloader_pin_memory = learner.device.type != "cpu"
    for printing in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(printing)
    trainer.train()


def _head(*, multi_label: bool) -> LogisticRegression | OneVsRestClassifier:
    # Balanced: how many examples of a label a user happened to give says nothing of how often it
    # occurs, and one label against all the rest would never reach a half.
    single = LogisticRegression(class_weight="balanced", max_iter=_HEAD_STEPS)
    return OneVsRestClassifier(single) if multi_label else single
