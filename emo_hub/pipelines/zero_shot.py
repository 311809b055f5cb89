"""`pipeline("zero-shot-emotion")`: texts and typed labels in, calibrated scores out.

One forward pass a text, however many labels: label vectors are encoded once and kept.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import Pipeline, PreTrainedModel

from emo_hub.calibration import Floats, sigmoid, softmax
from emo_hub.errors import InputError
from emo_hub.explaining import Explanation, Method, explain
from emo_hub.inputs import check_text
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines.choosing import check_choice
from emo_hub.pipelines.completing import completed
from emo_hub.readings import read_label
from emo_hub.static import StaticBackbone
from emo_hub.taxonomy import normalise

_ONE_TEXT = (str, bytes, Mapping)
_NO_MORE: Any = object()

CandidateLabels = str | Sequence[str] | Mapping[str, str]


class ZeroShotEmotionPipeline(Pipeline):
    """Rate how much a text expresses each of the labels that the caller types.

    Called with one text it gives one dict, with a list of texts a list, with a generator or a
    dataset an iterator: `{"sequence", "labels", "scores"}`, labels sorted by falling score, as
    transformers' zero-shot-classification does.

    Keyword arguments of a call:
        candidate_labels: a list, a comma-separated string, a dict of label to description, or a
            list of lists, one for each text.
        context: what happened or was said before the text; a list for a list of texts.
        multi_label: True rates each label by itself, in [0, 1]; False makes them compete, and the
            scores sum to one.
        threshold: drops labels that score below this number, or, for "auto", below the threshold
            that was fitted for each on synthetic data. Adds "none_of_these": whether none is left.
        top_k: keeps this many labels at most.
        vad: adds "valence", "arousal" and "dominance", each 1..5.
        explain: True for each label of the answer, or a label, or a list of them: adds "words", by
            label a list of {"word", "start", "end", "weight"} in reading order; see `explain`. With
            a context it adds "context_weights", by label how much the context spoke for it.

    Raises:
        InputError: an empty or non-string text or label, no labels, or arguments that do not fit.
    """

    model: EmotionModel
    _load_tokenizer = False
    _load_processor = False
    _load_feature_extractor = False
    _load_image_processor = False
    _load_video_processor = False

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if isinstance(model, PreTrainedModel | StaticBackbone):
            model = completed(model)
        if not isinstance(model, EmotionModel):
            raise InputError(
                f"The pipeline runs an EmotionModel; got a {type(model).__name__}."
                " Give the checkpoint's folder or repository instead, or EmotionModel.load(it)."
            )
        kwargs["tokenizer"] = model.tokenizer
        self.usual_labels: CandidateLabels | None = kwargs.pop("candidate_labels", None)
        super().__init__(model, *args, **kwargs)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"ZeroShotEmotionPipeline({self.model.name!r}, device={self.model.device})"

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Rate one text, a list, a generator or a dataset of texts; see the class."""
        if args:
            raise InputError("Give the labels by name: clf(text, candidate_labels=[...]).")
        labels = kwargs.pop("candidate_labels", self.usual_labels)
        context = kwargs.pop("context", None)
        if isinstance(inputs, tuple | list):
            items = list(_with_each(inputs, labels, context))
            return super().__call__(items, **kwargs) if items else []
        many = isinstance(inputs, Iterable | Dataset) and not isinstance(inputs, _ONE_TEXT)
        if many:
            # Read lazily: a dataset need not fit into memory.
            return super().__call__(_with_each(inputs, labels, context), **kwargs)
        return super().__call__({"text": inputs, **_shared(labels, context)}, **kwargs)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:  # noqa: ANN401
        """Write the checkpoint that runs here; see `EmotionModel.save`."""
        self.model.save(Path(save_directory))

    def thresholds(self, labels: Sequence[str]) -> list[float]:
        """Give the score from which `threshold="auto"` keeps each label."""
        return [float(t) for t in self.model.thresholds(labels)]

    def _sanitize_parameters(
        self,
        *,
        multi_label: bool | None = None,
        threshold: float | str | None = None,
        top_k: int | None = None,
        vad: bool | None = None,
        explain: bool | str | Sequence[str] | None = None,
        **unknown: Any,  # noqa: ANN401
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if unknown:
            raise InputError(
                f"The pipeline knows no argument {', '.join(sorted(unknown))}; it "
                "takes candidate_labels, context, multi_label, threshold, top_k, vad and explain."
            )
        check_choice(threshold, top_k)
        if not isinstance(explain, bool | str | Sequence | None):
            raise InputError(f"explain must be True, a label or a list; got {explain!r:.60}.")
        given = {
            "multi_label": multi_label,
            "threshold": threshold,
            "top_k": top_k,
            "vad": vad,
            "explained": explain,
        }
        return {}, {}, {name: value for name, value in given.items() if value is not None}

    def preprocess(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Turn one text with its labels into tensors and two strings that travel along."""
        labels = _label_map(item["labels"])
        tokens = self.model.tokenize(item["text"], item["context"])
        tensors = {name: torch.tensor([ids]) for name, ids in tokens.items()}
        asked = json.dumps({"labels": labels, "context": item["context"]})
        return {**tensors, "sequence": item["text"], "asked": asked}

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        carried = {name: inputs.pop(name) for name in ("sequence", "asked")}
        return {"embedding": self.model(**inputs), **carried}

    def postprocess(
        self,
        outputs: dict[str, Any],
        *,
        multi_label: bool = True,
        threshold: float | str | None = None,
        top_k: int | None = None,
        vad: bool = False,
        explained: bool | str | Sequence[str] = False,
    ) -> dict[str, Any]:
        """Turn one text's vector into sorted labels and scores."""
        embedding = outputs["embedding"].float().cpu().numpy().reshape(1, -1)
        asked = json.loads(outputs["asked"])
        described: dict[str, str | None] = asked["labels"]
        labels = list(described)
        told = {label: text for label, text in described.items() if text}
        vectors = self.model.encode_labels(labels, told)
        scores = each = sigmoid(self.model.logits(embedding, vectors, labels)[0])
        if not multi_label:
            rivals = self.model.encode_labels(labels, told, competing=True)
            scores = softmax(self.model.competing_logits(embedding, rivals)[0])
        kept = self._kept(labels, each, scores, threshold)
        order = sorted(kept, key=lambda i: -float(scores[i]))[:top_k]
        result: dict[str, Any] = {
            "sequence": outputs["sequence"],
            "labels": [labels[i] for i in order],
            "scores": [float(scores[i]) for i in order],
        }
        if threshold is not None:
            result["none_of_these"] = not order
        if vad:
            names = ("valence", "arousal", "dominance")
            values = self.model.read_vad(embedding)[0]
            result.update({name: float(v) for name, v in zip(names, values, strict=True)})
        if explained is not False:
            wanted = result["labels"] if explained is True else explained
            only = [wanted] if isinstance(wanted, str) else list(wanted)
            how = {"context": asked["context"], "multi_label": multi_label, "only": only}
            found = explain(self.model, outputs["sequence"], described, **how) if only else None
            result.update(_weights_of(found))
        return result

    def explain(
        self,
        text: str,
        candidate_labels: CandidateLabels,
        *,
        context: str | None = None,
        method: Method = "occlusion",
        multi_label: bool = True,
        only: Sequence[str] | None = None,
    ) -> Explanation:
        """Find out which words of one text carried each label; see `emo_hub.explaining.explain`.

        Raises:
            InputError: an empty text or label, or a label in `only` that is no candidate.
        """
        return explain(
            self.model,
            text,
            _label_map(candidate_labels),
            context=context,
            method=method,
            multi_label=multi_label,
            only=only,
        )

    def _kept(
        self, labels: list[str], each: Floats, scores: Floats, threshold: float | str | None
    ) -> Sequence[int]:
        if threshold is None:
            return range(len(labels))
        if threshold == "auto":
            # The fitted thresholds speak of each label by itself, also when the labels compete.
            return np.flatnonzero(each >= self.model.thresholds(labels)).tolist()
        return np.flatnonzero(scores >= float(threshold)).tolist()


def _shared(labels: CandidateLabels | None, context: str | None) -> dict[str, Any]:
    if context is not None and not isinstance(context, str):
        raise InputError(f"A context must be a string; got a {type(context).__name__}.")
    if _is_nested(labels):
        raise InputError("Got a list of label lists with one text; give one list of labels.")
    return {"labels": labels, "context": context}


def _weights_of(found: Explanation | None) -> dict[str, Any]:
    if found is None:
        return {"words": {}}
    words = {label: [asdict(word) for word in found.of(label)] for label in found.labels}
    if found.context is None:
        return {"words": words}
    weights = {label: found.of_context(label) for label in found.labels}
    return {"words": words, "context_weights": weights}


def _is_nested(labels: object) -> bool:
    return (
        isinstance(labels, Sequence)
        and not isinstance(labels, str)
        and len(labels) > 0
        and isinstance(labels[0], (list, tuple, Mapping))
    )


def _with_each(texts: Any, labels: Any, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Give each text its own labels and context where lists of them came, else the shared ones."""
    each_labels = labels if _is_nested(labels) else None
    each_context = None if context is None or isinstance(context, str) else context
    for name, each in (("label lists", each_labels), ("contexts", each_context)):
        if isinstance(each, Sequence) and isinstance(texts, Sequence) and len(each) != len(texts):
            raise InputError(f"Got {len(texts)} texts and {len(each)} {name}; give one each.")
    own_labels = iter(each_labels) if each_labels is not None else itertools.repeat(labels)
    own_context = iter(each_context) if each_context is not None else itertools.repeat(context)
    # KeyDataset has a length and items, but is no iterable.
    rows = texts if isinstance(texts, Iterable) else (texts[i] for i in range(len(texts)))
    for number, text in enumerate(rows, start=1):
        check_text(text)
        mine, before = next(own_labels, _NO_MORE), next(own_context, _NO_MORE)
        if mine is _NO_MORE or before is _NO_MORE:
            raise InputError(f"Text {number} has no context or labels of its own; give one each.")
        yield {"text": text, **_shared(mine, before)}


def _label_map(labels: CandidateLabels | None) -> dict[str, str | None]:
    """Bring every accepted form of candidate labels to label -> description, without repeats."""
    if isinstance(labels, str):
        labels = [part.strip() for part in labels.split(",") if part.strip()]
    if labels is None or (isinstance(labels, Sequence | Mapping) and len(labels) == 0):
        raise InputError("No candidate labels: give at least one, e.g. candidate_labels=['joy'].")
    if not isinstance(labels, Sequence | Mapping):
        raise InputError(
            f"candidate_labels must be a list, a comma-separated string or a dict of descriptions; "
            f"got a {type(labels).__name__}."
        )
    table: dict[str, str | None] = dict.fromkeys(labels)
    if isinstance(labels, Mapping):
        table.update(labels)
    for label, description in table.items():
        if not isinstance(label, str) or not label.strip():
            raise InputError(f"A candidate label must be a non-empty string; got {label!r:.60}.")
        if description is not None and not isinstance(description, str):
            raise InputError(
                f"The description of '{label}' must be a string; got {description!r:.60}."
            )
    return _distinct(table)


def _distinct(labels: Mapping[str, str | None]) -> dict[str, str | None]:
    """Keep the first spelling of labels that differ in case, spaces or underscores alone.

    Raises:
        InputError: a label has no letter, digit or emoji.
    """
    found: dict[tuple[str, str | None], str] = {}
    for label, description in labels.items():
        read_label(normalise(label))
        found.setdefault((normalise(label), description), label)
    return {label: description for (_, description), label in found.items()}
