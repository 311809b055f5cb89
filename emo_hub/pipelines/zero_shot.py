"""`pipeline("zero-shot-emotion")`: texts and typed labels in, calibrated scores out.

One forward pass a text, however many labels: label vectors are encoded once and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset
from transformers import Pipeline, PreTrainedModel

from emo_hub.calibration import Floats, one_at_least, sigmoid, softmax
from emo_hub.errors import InputError
from emo_hub.explaining import Explanation, Method, explain
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines.choosing import check_choice, check_count, check_explained, check_switch
from emo_hub.pipelines.completing import completed
from emo_hub.pipelines.items import (
    CandidateLabels,
    Candidates,
    Item,
    candidates,
    each_item,
    one_item,
)
from emo_hub.pipelines.matched import MatchedScorers, Reference, check_matching, references
from emo_hub.pipelines.ranking import ranked
from emo_hub.pipelines.saving import check_saving
from emo_hub.pipelines.streams import growing_chunks
from emo_hub.records import DIMENSIONS
from emo_hub.static import StaticBackbone

_ONE_TEXT = (str, bytes, Mapping)
_LIST_CHUNK = 8192  # texts of a list at a time
_STREAM_CHUNK = 1024  # texts of a stream that are held at most
_MOST_SCORES = 2**17  # with their sort keys they stay in a core's own cache


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
        exhaustive: True where every text carries at least one of the labels: what no label's own
            rating finds is then shared out as in a contest, so that scores of several labels mean
            what they say of such texts, and "auto" keeps at least the best.
        reference_texts: unlabelled texts like those that are rated, of which the labels fit about
            equally many each. Labels that compete (`multi_label=False`) are then matched to them,
            so that none is favoured for lying near to texts of that kind; see `emo_hub.matching`.
        threshold: drops labels that score below this number, or, for "auto", below the threshold
            that was fitted for each on synthetic data. Adds "none_of_these": whether none is left.
        top_k: keeps this many labels at most.
        vad: adds "valence", "arousal" and "dominance", each 1..5.
        batch_size: texts that the encoder reads at once, and how many of a stream are read ahead;
            without it, as many as suit the device, and a stream is read in growing chunks.
        explain: True for each label of the answer, or a label, or a list of them: adds "words", by
            label a list of {"word", "start", "end", "weight"} in reading order; see `explain`. With
            a context it adds "context_weights", by label how much the context spoke for it. Of an
            exhaustive set each label's own rating is explained.

    Keyword arguments of making it, beside those of transformers:
        candidate_labels: what calls without labels use. Where the checkpoint learnt labels from
            examples, those it learnt last; they compete then if each example had one. What was
            learnt of a label stays as it is whatever description comes with it.
        backend, precision: what encodes texts; see `EmotionModel.load`.

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
        backend, precision = kwargs.pop("backend", None), kwargs.pop("precision", None)
        kwargs.pop("local_files_only", None)  # transformers has heeded it, and hands it on
        kwargs["tokenizer"] = model.tokenizer
        if backend == "nano" and model.folder is not None:
            model, backend = EmotionModel.load(model.folder, backend="nano"), None
        self.usual_labels: CandidateLabels | None = kwargs.pop("candidate_labels", None)
        self._answers_as_learnt = False
        if model.learnt is not None and self.usual_labels is None:
            self.usual_labels = model.learnt.usual_labels
            self._answers_as_learnt = model.learnt.competing
        before = model.device.type
        self._matched = MatchedScorers(model.encode_texts)
        super().__init__(model, *args, **kwargs)
        if backend or precision:
            model.run_on(backend or "auto", precision or "auto")
        elif model.device.type != before:
            model.run_on(*model.asked)  # what suited the one may not suit the other

    def __repr__(self) -> str:
        return f"ZeroShotEmotionPipeline({self.model.name!r}, device={self.model.device})"

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Rate one text, a list, a generator or a dataset of texts; see the class."""
        if args:
            raise InputError("Give the labels by name: clf(text, candidate_labels=[...]).")
        told = {*(name for name in kwargs if kwargs[name] is not None), *self._postprocess_params}
        if self._answers_as_learnt and not told & {"candidate_labels", "multi_label", "exhaustive"}:
            kwargs["multi_label"] = False
        labels = kwargs.pop("candidate_labels", None)
        labels = self.usual_labels if labels is None else labels
        context = kwargs.pop("context", None)
        batch_size = kwargs.pop("batch_size", self._batch_size)
        check_count("batch_size", batch_size)
        kwargs.pop("num_workers", None)  # tokenising is fast enough beside the encoder
        how = {**self._postprocess_params, **self._sanitize_parameters(**kwargs)[2]}
        check_matching(how)
        if isinstance(inputs, tuple | list):
            items = list(each_item(inputs, labels, context))
            chunks = (items[i : i + _LIST_CHUNK] for i in range(0, len(items), _LIST_CHUNK))
            return [answer for chunk in chunks for answer in self._answers(chunk, batch_size, how)]
        if isinstance(inputs, Iterable | Dataset) and not isinstance(inputs, _ONE_TEXT):
            # Read lazily: a dataset need not fit into memory.
            return self._stream(each_item(inputs, labels, context), batch_size, how)
        return self._answers([one_item(inputs, labels, context)], batch_size, how)[0]

    def _stream(
        self, items: Iterator[Item], batch_size: int | None, how: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        for chunk in growing_chunks(items, batch_size or _STREAM_CHUNK):
            yield from self._answers(chunk, batch_size, how)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:  # noqa: ANN401
        """Write the checkpoint that runs here; see `EmotionModel.save`.

        Raises:
            InputError: it shall be pushed as well, or an argument is unknown.
        """
        check_saving(kwargs)
        self.model.save(Path(save_directory))

    def thresholds(self, labels: CandidateLabels) -> list[float]:
        """Give the score from which `threshold="auto"` keeps each label.

        Raises:
            InputError: there is no label, or one of them cannot be used.
        """
        read = candidates(labels)
        names = [label for label, _ in read] if isinstance(labels, str) else list(labels)
        return [float(t) for t in self.model.thresholds(names)]

    def _sanitize_parameters(
        self,
        *,
        multi_label: bool | None = None,
        exhaustive: bool | None = None,
        reference_texts: Sequence[Any] | None = None,
        threshold: float | str | None = None,
        top_k: int | None = None,
        vad: bool | None = None,
        explain: bool | str | Sequence[str] | None = None,
        **unknown: Any,  # noqa: ANN401
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if unknown:
            raise InputError(
                f"The pipeline knows no argument {', '.join(sorted(unknown))}; it takes "
                "candidate_labels, context, multi_label, exhaustive, reference_texts, threshold, "
                "top_k, vad, batch_size and explain."
            )
        check_choice(threshold, top_k)
        switches = {"multi_label": multi_label, "exhaustive": exhaustive, "vad": vad}
        for name, switch in switches.items():
            check_switch(name, switch)
        check_explained(explain)
        given = {
            "multi_label": multi_label,
            "exhaustive": exhaustive,
            "matched_to": None if reference_texts is None else references(reference_texts),
            "threshold": threshold,
            "top_k": top_k,
            "vad": vad,
            "explained": explain,
        }
        return {}, {}, {name: value for name, value in given.items() if value is not None}

    def preprocess(self, item: Item) -> dict[str, Any]:
        """Hand an item on: many are tokenised at once, in `_answers`."""
        return {"item": item}

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return inputs

    def postprocess(self, outputs: dict[str, Any], **how: Any) -> dict[str, Any]:  # noqa: ANN401
        """Rate one item."""
        return self._answers([outputs["item"]], None, how)[0]

    def _answers(
        self, items: Sequence[Item], batch_size: int | None, how: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Rate items, those with the same labels together."""
        how = dict(how)
        explained = how.pop("explained", False)
        texts, contexts, _ = zip(*items, strict=True)
        vectors = self.model.encode_texts(texts, contexts, batch_size=batch_size)
        groups: dict[Candidates, list[int]] = {}
        last, rows = None, []
        for row, item in enumerate(items):
            if item.labels is not last:
                last, rows = item.labels, groups.setdefault(item.labels, [])
            rows.append(row)
        if len(groups) > 1:
            competing = how.get("exhaustive", False) or not how.get("multi_label", True)
            self._encode_labels_of(groups, competing=competing)
        answers: list[dict[str, Any]] = [{}] * len(items)
        for labels, rows in groups.items():
            # Scores of a chunk of texts by thousands of labels need not stand in memory at once.
            step = max(1, _MOST_SCORES // len(labels))
            for start in range(0, len(rows), step):
                some = rows[start : start + step]
                rated = self._rated(vectors[some], labels, **how)
                for row, extra in zip(some, rated, strict=True):
                    answers[row] = {"sequence": items[row].text, **extra}
        if explained is not False:
            multi_label = bool(how.get("multi_label", True))
            for item, answer in zip(items, answers, strict=True):
                only = answer["labels"] if explained is True else explained
                answer.update(self._explained(item, only, multi_label=multi_label))
        return answers

    def _encode_labels_of(self, groups: Iterable[Candidates], *, competing: bool) -> None:
        """Encode the labels of all groups in one go, so that each group finds them known."""
        told = {label: text for labels in groups for label, text in labels if not text}
        if told:
            self.model.encode_labels(list(told))
            if competing:
                self.model.encode_labels(list(told), competing=True)

    def _rated(
        self,
        vectors: Floats,
        labels: Candidates,
        *,
        threshold: float | str | None = None,
        top_k: int | None = None,
        vad: bool = False,
        **how: Any,  # noqa: ANN401 - what `_scores` takes
    ) -> list[dict[str, Any]]:
        """Rate text vectors (N, D) by the same labels."""
        names = [label for label, _ in labels]
        each, scores = self._scores(vectors, labels, **how)
        kept = None
        if threshold == "auto":
            # The fitted thresholds speak of each label by itself, also when the labels compete.
            judged = scores if how.get("multi_label", True) else each
            kept = judged >= self.model.thresholds(names)
            if how.get("exhaustive", False):
                kept[np.arange(len(scores)), scores.argmax(axis=1)] = True
        elif threshold is not None:
            kept = scores >= float(threshold)
        lists = ranked(names, scores, kept, top_k)
        answers: list[dict[str, Any]] = [{"labels": n, "scores": v} for n, v in lists]
        if threshold is not None:
            for answer in answers:
                answer["none_of_these"] = not answer["labels"]
        if vad:
            for answer, values in zip(answers, self.model.read_vad(vectors).tolist(), strict=True):
                answer.update(zip(DIMENSIONS, values, strict=True))
        return answers

    def _scores(
        self,
        vectors: Floats,
        labels: Candidates,
        *,
        multi_label: bool = True,
        exhaustive: bool = False,
        matched_to: tuple[Reference, ...] | None = None,
    ) -> tuple[Floats, Floats]:
        """Score text vectors (N, D): each label by itself, and as was asked for; both (N, C)."""
        names = [label for label, _ in labels]
        told = {label: text for label, text in labels if text}
        each = sigmoid(self.model.scorer(names, told).logits(vectors))
        if multi_label and not exhaustive:
            return each, each
        contest = self.model.scorer(names, told, competing=True)
        if matched_to is not None:
            contest = self._matched.of(contest, matched_to)
        among = softmax(contest.logits(vectors))
        return each, one_at_least(each, among) if multi_label else among

    def _explained(
        self, item: Item, only: str | Sequence[str], *, multi_label: bool
    ) -> dict[str, Any]:
        wanted = [only] if isinstance(only, str) else list(only)
        if not wanted:
            return _weights_of(None)
        return _weights_of(
            explain(
                self.model,
                item.text,
                dict(item.labels),
                context=item.context,
                multi_label=multi_label,
                only=wanted,
            )
        )

    def explain(
        self,
        text: str,
        candidate_labels: CandidateLabels,
        *,
        context: str | None = None,
        method: Method = "occlusion",
        multi_label: bool = True,
        only: str | Sequence[str] | None = None,
    ) -> Explanation:
        """Find out which words of one text carried each label; see `emo_hub.explaining.explain`.

        Raises:
            InputError: an empty text or label, or a label in `only` that is no candidate.
        """
        return explain(
            self.model,
            text,
            dict(candidates(candidate_labels)),
            context=context,
            method=method,
            multi_label=multi_label,
            only=only,
        )


def _weights_of(found: Explanation | None) -> dict[str, Any]:
    if found is None:
        return {"words": {}}
    words = {label: [asdict(word) for word in found.of(label)] for label in found.labels}
    if found.context is None:
        return {"words": words}
    weights = {label: found.of_context(label) for label in found.labels}
    return {"words": words, "context_weights": weights}
