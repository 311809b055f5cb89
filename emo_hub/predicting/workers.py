"""Rating chunks of texts, in this process or in several, with the order kept."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emo_hub.errors import EmoHubError
from emo_hub.inputs import is_blank
from emo_hub.records import DIMENSIONS

_DIGITS = 6

# What is known of a text: "best", "labels" (where there is a threshold), "scores" in the order in
# which the labels were given, "vad" (where the model has it). None for a blank text.
Answer = dict[str, Any] | None


class Chunk(NamedTuple):
    """Texts, and what came before each."""

    texts: Sequence[str]
    contexts: Sequence[str | None] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """What texts are rated by.

    Args:
        labels: the candidates, each once.
        threshold: the score from which a label counts, "auto" for fitted ones; None keeps all.
        single: whether labels compete.
        exhaustive: whether every text carries at least one of the labels.
        model: a folder or a repository; None for the embedded default.
        backend, precision: see `EmotionModel.load`.
        reference_texts: what labels that compete are matched to; see `emo_hub.matching`.
    """

    labels: tuple[str, ...]
    threshold: float | str | None = None
    single: bool = False
    exhaustive: bool = False
    model: str | None = None
    backend: str = "auto"
    precision: str = "auto"
    reference_texts: tuple[Mapping[str, str | None], ...] = ()


class Rater:
    """A zero-shot pipeline, opened once, that rates chunks."""

    def __init__(self, how: How) -> None:
        from emo_hub.pipelines import pipeline

        self._how = how
        self._clf = pipeline(
            model=how.model,
            backend=how.backend,
            precision=how.precision,
            reference_texts=how.reference_texts or None,
        )
        self._cuts: dict[str, float] | None = None
        if how.threshold == "auto":
            self._cuts = dict(zip(how.labels, self._clf.thresholds(how.labels), strict=True))
        elif how.threshold is not None:
            # Scores are of this precision, and so the number that they are compared with.
            cut = float(np.float32(how.threshold))
            self._cuts = dict.fromkeys(how.labels, cut)

    def __call__(self, chunk: Chunk) -> list[Answer]:
        """Rate a chunk; a blank text has no answer."""
        places = [i for i, text in enumerate(chunk.texts) if not is_blank(text)]
        answers: list[Answer] = [None] * len(chunk.texts)
        if not places:
            return answers
        texts = [chunk.texts[i] for i in places]
        contexts = None if chunk.contexts is None else [chunk.contexts[i] for i in places]
        found = self._asked(texts, contexts, vad=self._clf.model.has_vad)
        if self._how.threshold == "auto" and self._how.single:
            # Fitted thresholds speak of each label by itself, and the scores above do not.
            kept = [one["labels"] for one in self._asked(texts, contexts, threshold="auto")]
        else:
            kept = [self._kept(one) for one in found]
        for place, one, labels in zip(places, found, kept, strict=True):
            answers[place] = self._answer(one, labels)
        return answers

    def _asked(
        self,
        texts: list[str],
        contexts: list[str | None] | None,
        **more: Any,  # noqa: ANN401
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._clf(
            texts,
            candidate_labels=list(self._how.labels),
            context=contexts,
            multi_label=not self._how.single,
            exhaustive=self._how.exhaustive,
            **more,
        )
        return found

    def _kept(self, found: dict[str, Any]) -> list[str]:
        if self._cuts is None:
            return list(found["labels"][:1])
        # Of labels of which every text carries one the best is kept, as the pipeline does.
        is_sure = self._how.exhaustive and self._how.threshold == "auto"
        best = found["labels"][0] if is_sure else None
        pairs = zip(found["labels"], found["scores"], strict=True)
        return [label for label, score in pairs if score >= self._cuts[label] or label == best]

    def _answer(self, found: dict[str, Any], kept: list[str]) -> Answer:
        scores = dict(zip(found["labels"], found["scores"], strict=True))
        answer: dict[str, Any] = {"best": kept[0] if kept else None}
        if self._cuts is not None:
            answer["labels"] = kept
        answer["scores"] = [round(scores[label], _DIGITS) for label in self._how.labels]
        if "valence" in found:
            answer["vad"] = [round(found[name], _DIGITS) for name in DIMENSIONS]
        return answer


def rate(chunks: Iterable[Chunk], how: How, processes: int = 1) -> Iterator[list[Answer]]:
    """Rate chunks in their order.

    With several processes at most two chunks for each are read ahead, however long the file.

    Raises:
        EmoHubError: the model does not open, or a process died.
    """
    if processes == 1:
        yield from map(Rater(how), chunks)
        return
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_open,
        initargs=(how, processes),
    )
    waiting: deque[Future[list[Answer]]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(_rate, chunk))
            if len(waiting) == window(processes):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise EmoHubError(
            "A process that rates texts died, most often for lack of memory: fewer --processes "
            "need less."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def window(processes: int) -> int:
    """Say how many chunks are read ahead: one at work and one waiting for each process."""
    return 2 * processes


# What a worker holds: its rater, or why it has none. A process has one, opened by `_open`.
_opened: list[Rater | EmoHubError | ImportError] = []


def _open(how: How, processes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one decides what a Ctrl-C does
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = max(1, _cores() // processes)
    os.environ["RAYON_NUM_THREADS"] = str(threads)  # of the tokenizer, read when it first works
    import torch

    torch.set_num_threads(min(threads, torch.get_num_threads()))
    try:
        _opened.append(Rater(how))
    except (EmoHubError, ImportError) as error:
        _opened.append(error)


def _rate(chunk: Chunk) -> list[Answer]:
    rater = _opened[0]
    if not isinstance(rater, Rater):
        raise rater
    return rater(chunk)


def _end_with_parent() -> None:
    """Leave nobody behind: a worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
