"""`pipeline("contextual-emotion")`: an utterance and its context in, calibrated scores out.

It runs a classifier with fixed labels, made by `emo-hub train encoder`. The emotions are those of
the utterance; the context says how it is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import Pipeline

from emo_hub.calibration import Floats
from emo_hub.classifier import EmotionClassifier
from emo_hub.errors import CheckpointError, InputError
from emo_hub.inputs import check_text, checked_context
from emo_hub.pipelines.choosing import check_choice, check_count
from emo_hub.pipelines.saving import check_saving
from emo_hub.pipelines.spreading import contexts_of, rows_of, text_and_own_context

_ONE_TEXT = (str, bytes, Mapping)


class ContextualEmotionPipeline(Pipeline):
    """Rate how much an utterance expresses each of a classifier's labels, given its context.

    Called with one text it gives one dict, with a list of texts a list, with a generator or a
    dataset an iterator: `{"sequence", "labels", "scores"}`, labels sorted by falling score. A text
    is a string, or a dict `{"text": ..., "context": ...}`.

    Keyword arguments of a call:
        context: what happened or was said before the text; a list for a list of texts.
        threshold: drops labels that score below this number, or, for "auto", below the threshold
            that was fitted for each. Adds "none_of_these": whether none is left.
        top_k: keeps this many labels at most.

    Raises:
        InputError: an empty or non-string text, a context for a model that was trained without, or
            arguments that do not fit.
    """

    model: EmotionClassifier
    _load_tokenizer = False
    _load_processor = False
    _load_feature_extractor = False
    _load_image_processor = False
    _load_video_processor = False

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if not isinstance(model, EmotionClassifier):
            raise InputError(
                f"The pipeline runs an EmotionClassifier; got a {type(model).__name__}."
                " Give the checkpoint's folder or repository, or EmotionClassifier.load(it)."
            )
        kwargs.pop("local_files_only", None)  # transformers has heeded it, and hands it on
        kwargs["tokenizer"] = model.tokenizer
        super().__init__(model, *args, **kwargs)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"ContextualEmotionPipeline({self.model.name!r}, device={self.model.device})"

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Rate one text, a list, a generator or a dataset of texts; see the class."""
        if args:
            raise InputError("Give the context by name: clf(text, context=...).")
        check_count("batch_size", kwargs.get("batch_size"))
        context = kwargs.pop("context", None)
        if isinstance(inputs, tuple | list):
            items = list(_with_each(inputs, context))
            return super().__call__(items, **kwargs) if items else []
        if isinstance(inputs, Iterable | Dataset) and not isinstance(inputs, _ONE_TEXT):
            # Read lazily: a dataset need not fit into memory.
            return super().__call__(_with_each(inputs, context), **kwargs)
        return super().__call__(_item(inputs, context), **kwargs)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:  # noqa: ANN401
        """Write the checkpoint that runs here; see `EmotionClassifier.save`.

        Raises:
            InputError: it shall be pushed as well, or an argument is unknown.
        """
        check_saving(kwargs)
        self.model.save(Path(save_directory))

    def _sanitize_parameters(
        self,
        *,
        threshold: float | str | None = None,
        top_k: int | None = None,
        **unknown: Any,  # noqa: ANN401
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if unknown:
            raise InputError(
                f"The pipeline knows no argument {', '.join(sorted(unknown))}; it takes context, "
                "threshold, top_k and batch_size. Its labels are those of its model; for labels "
                "of your own there is pipeline('zero-shot-emotion')."
            )
        check_choice(threshold, top_k)
        given = {"threshold": threshold, "top_k": top_k}
        return {}, {}, {name: value for name, value in given.items() if value is not None}

    def preprocess(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Turn one text after its context into tensors, and the text, which travels along."""
        tokens = self.model.tokenize(item["text"], item["context"])
        tensors = {name: torch.tensor([ids]) for name, ids in tokens.items()}
        return {**tensors, "sequence": item["text"]}

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        sequence = inputs.pop("sequence")
        return {"logits": self.model(**inputs), "sequence": sequence}

    def postprocess(
        self,
        outputs: dict[str, Any],
        *,
        threshold: float | str | None = None,
        top_k: int | None = None,
    ) -> dict[str, Any]:
        """Turn one text's logits into sorted labels and scores."""
        logits = outputs["logits"].float().cpu().numpy().reshape(-1)
        scores = self.model.calibrated(logits)
        order = sorted(self._kept(scores, threshold), key=lambda i: -float(scores[i]))[:top_k]
        result: dict[str, Any] = {
            "sequence": outputs["sequence"],
            "labels": [self.model.labels[i] for i in order],
            "scores": [float(scores[i]) for i in order],
        }
        if threshold is not None:
            result["none_of_these"] = not order
        return result

    def _kept(self, scores: Floats, threshold: float | str | None) -> Sequence[int]:
        if threshold is None:
            return range(len(scores))
        cuts = self.model.thresholds() if threshold == "auto" else np.float32(threshold)
        return np.flatnonzero(scores >= cuts).tolist()


class NoDefault(dict[str, Any]):
    """What stands where transformers looks for a task's default model: there is none, and why."""

    def __init__(self) -> None:
        super().__init__(model=())

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401
        raise no_model()


def no_model() -> CheckpointError:
    """Say that a model has to be named, and where one comes from."""
    return CheckpointError(
        "No classifier ships with emo_hub, so contextual-emotion needs one by name: "
        "pipeline('contextual-emotion', model=FOLDER_OR_REPOSITORY). Train one with "
        "`emo-hub train encoder --data CORPUS --out FOLDER`, or name a repository on the Hub that "
        "holds one. Without any, pipeline('zero-shot-emotion') reads contexts too."
    )


def _with_each(texts: Any, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Give each text its own context where a list of them came, else the shared one."""
    for text, before in zip(rows_of(texts), contexts_of(context, texts), strict=False):
        yield _item(text, before)


def _item(given: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401
    """Bring a text, or a dict of a text and its context, to one form."""
    text, own = text_and_own_context(given)
    if own is not None and context is not None:
        raise InputError(f"The text {text!r:.60} has two contexts; give one.")
    check_text(text)
    return {"text": text, "context": checked_context(context if own is None else own)}
