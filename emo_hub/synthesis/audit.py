"""Rows of a corpus whose labels are likely wrong, for a person to look at.

A cheap probe learns the labels from the text, and cleanlab compares what it expects with what is
given. A row's expectation always comes from a probe that saw neither the row nor anything of its
narrative or request, so no row vouches for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emo_hub.dataset import StoredCorpus, read_corpus
from emo_hub.errors import InputError, require
from emo_hub.metrics import mean_average_precision
from emo_hub.records import SPLITS
from emo_hub.synthesis.audit_probe import DEFAULT_AUDIT, AuditSettings, Judged, judge
from emo_hub.taxonomy import GOEMOTIONS

if TYPE_CHECKING:
    from emo_hub.modeling import EmotionModel

AUDITED = ("contextless", "contextual", "descriptors")
_CHUNK = 1024  # rows encoded at once
_EXPECTED = 3  # labels shown per row
_MAX_TOKENS = 128

Batch = Mapping[str, list[Any]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row whose labels are likely wrong.

    Args:
        id: of the row.
        split: where it is.
        text: what was read; empty for stand-off rows, whose texts are not ours to copy.
        labels: as given.
        expected: the likeliest labels and their probability, out of sample.
        quality: of the labels as a whole, in [0, 1]; low is suspicious.
        extra: given labels that seem wrong.
        missing: other labels that seem to hold.
    """

    id: str
    split: str
    text: str
    labels: tuple[str, ...]
    expected: tuple[tuple[str, float], ...]
    quality: float
    extra: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What an audit says of one label: its rows, and on how many it seems wrong or missing."""

    label: str
    rows: int
    judged: bool
    extra: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    Args:
        config: that was audited.
        encoder: whose text vectors the probe read.
        rows: that were judged.
        left_out: rows without a text, or with none but labels that were not judged.
        groups: narratives and requests, none of which was on both sides of a fold.
        flagged: rows with at least one suspicious label; the list may be shorter.
        precision: mean average precision of the probe against the given labels, out of sample:
            how well it knows what it judges.
        suspects: the most suspicious first.
        labels: all that occur, in the order of the taxonomy.
    """

    config: str
    encoder: str
    rows: int
    left_out: int
    groups: int
    flagged: int
    precision: float
    suspects: tuple[Suspect, ...]
    labels: tuple[LabelAudit, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows as columns; texts are empty where they are not ours to copy."""

    ids: list[str]
    splits: list[str]
    texts: list[str]
    groups: list[str]
    labels: list[list[int]]
    vectors: NDArray[np.float16]
    left_out: int


def audit(
    corpus: StoredCorpus | Path,
    config: str = "contextless",
    model: EmotionModel | str | Path | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    settings: AuditSettings = DEFAULT_AUDIT,
    progress: Progress | None = None,
) -> AuditReport:
    """List the rows of a corpus whose labels are likely wrong.

    Args:
        corpus: the corpus or its folder.
        config: contextless, contextual or descriptors; all its splits are read.
        model: the encoder: a checkpoint, a folder or a Hub name; None takes the packaged MiniLM.
            One that was trained on this corpus has seen the labels and finds less.
        texts: for descriptors, the texts by `source_id`; they are read and not written anywhere.
        settings: folds, limits and seed.
        progress: told how many of how many rows are done; one that is encoded is half done.

    Raises:
        ImportError: cleanlab is not installed.
        InputError: an unknown config, or descriptors without texts.
        DataError: too few rows, groups or labels to judge anything.
    """
    require("cleanlab", "quality", "The label audit")
    if config not in AUDITED:
        raise InputError(f"An audit reads one of {', '.join(AUDITED)}; got '{config}'.")
    if config == "descriptors" and not texts:
        raise InputError(
            "The descriptors are stand-off annotations: an audit of them needs the texts by id."
        )
    stored = corpus if isinstance(corpus, StoredCorpus) else read_corpus(corpus)
    encoder = _encoder(model)
    table = _read_table(stored, config, encoder, texts or {}, progress)
    return _report(table, config, encoder.name, settings, progress)


def _report(
    table: _Table,
    config: str,
    encoder: str,
    settings: AuditSettings,
    progress: Progress | None,
) -> AuditReport:
    targets = np.zeros((len(table.ids), len(GOEMOTIONS)), dtype=np.int8)
    for row, labels in enumerate(table.labels):
        targets[row, labels] = 1
    read = len(table.ids) + table.left_out

    def further(count: int) -> None:
        if progress is not None:
            progress((read + table.left_out + count) // 2, read)

    judged = judge(table.vectors, targets, table.groups, settings, further)
    given = targets[np.ix_(judged.rows, judged.columns)]
    return AuditReport(
        config=config,
        encoder=encoder,
        rows=len(judged.rows),
        left_out=table.left_out + len(table.ids) - len(judged.rows),
        groups=len(set(table.groups)),
        flagged=int(judged.suspicious.any(axis=1).sum()),
        precision=mean_average_precision(given, judged.probabilities),
        suspects=tuple(_suspects(table, judged, given, settings.top)),
        labels=tuple(_label_audits(targets, judged, given)),
    )


def _encoder(model: EmotionModel | str | Path | None) -> EmotionModel:
    import torch
    from transformers import AutoModel, AutoTokenizer

    from emo_hub.checkpoint import HEAD_FILE, PACKAGED_BASE, Head, base_folder
    from emo_hub.modeling import EmotionModel

    if isinstance(model, EmotionModel):
        return model
    name = PACKAGED_BASE if model is None else str(model)
    folder = base_folder(name)
    if (folder / HEAD_FILE).exists():
        return EmotionModel.load(folder)
    # An encoder as it is published has no head; none is needed to read texts.
    head = Head(1.0, 0.0, ("{}",), (), _MAX_TOKENS, {}, 0.5, None, None, name)
    backbone = AutoModel.from_pretrained(folder, dtype=torch.float32)
    encoder = EmotionModel(backbone, AutoTokenizer.from_pretrained(folder), head, None, None)
    encoder.name = name
    return encoder


def _read_table(
    stored: StoredCorpus,
    config: str,
    encoder: EmotionModel,
    known: Mapping[str, str],
    progress: Progress | None,
) -> _Table:
    total = sum(stored.counts[config][split] for split in SPLITS)
    vectors = [np.zeros((0, int(encoder.config.hidden_size)), dtype=np.float16)]
    table = _Table([], [], [], [], [], vectors[0], 0)
    seen = 0
    for split, batch in _batches(stored, config):
        texts = _texts(batch, config, known)
        kept = [i for i, text in enumerate(texts) if text]
        contexts = [batch["context"][i] for i in kept] if config == "contextual" else None
        found = encoder.encode_texts([texts[i] for i in kept], contexts)
        # Half precision halves the one array that grows with the corpus, and is exact enough.
        vectors.append(found.astype(np.float16))
        table.ids.extend(batch["id"][i] for i in kept)
        table.splits.extend(split for _ in kept)
        table.texts.extend("" if config == "descriptors" else texts[i] for i in kept)
        table.groups.extend(_group(batch, i) for i in kept)
        table.labels.extend(batch["labels"][i] for i in kept)
        seen += len(texts)
        if progress is not None:
            progress(seen // 2, total)
    return replace(table, vectors=np.concatenate(vectors), left_out=seen - len(table.ids))


def _batches(stored: StoredCorpus, config: str) -> Iterator[tuple[str, Batch]]:
    for split in SPLITS:
        for batch in stored.split(config, split).iter(batch_size=_CHUNK):
            yield split, batch


def _texts(batch: Batch, config: str, known: Mapping[str, str]) -> list[str]:
    if config == "descriptors":
        return [known.get(source_id, "").strip() for source_id in batch["source_id"]]
    return [text.strip() for text in batch["utterance"]]


def _group(batch: Batch, row: int) -> str:
    if "source_id" in batch:
        # Both looks at a text are one group: each would give the other's labels away.
        return "/".join(batch[name][row] for name in ("source", "source_split", "source_id"))
    return str(batch["narrative_id"][row] or batch["provenance"][row]["request_id"])


def _suspects(
    table: _Table, judged: Judged, given: NDArray[np.int8], top: int
) -> Iterator[Suspect]:
    names = [GOEMOTIONS.labels[column] for column in judged.columns]
    flagged = np.flatnonzero(judged.suspicious.any(axis=1))
    order = flagged[np.argsort(judged.quality[flagged], kind="stable")]
    for place in order[:top]:
        row = judged.rows[place]
        probabilities = judged.probabilities[place]
        wrong, held = judged.suspicious[place], given[place] == 1
        yield Suspect(
            id=table.ids[row],
            split=table.splits[row],
            text=table.texts[row],
            labels=tuple(GOEMOTIONS.labels[label] for label in table.labels[row]),
            expected=tuple(
                (names[k], round(float(probabilities[k]), 4))
                for k in np.argsort(-probabilities, kind="stable")[:_EXPECTED]
            ),
            quality=round(float(judged.quality[place]), 6),
            extra=tuple(names[k] for k in np.flatnonzero(wrong & held)),
            missing=tuple(names[k] for k in np.flatnonzero(wrong & ~held)),
        )


def _label_audits(
    targets: NDArray[np.int8], judged: Judged, given: NDArray[np.int8]
) -> Iterator[LabelAudit]:
    extra = (judged.suspicious & (given == 1)).sum(axis=0)
    missing = (judged.suspicious & (given == 0)).sum(axis=0)
    places = {int(column): k for k, column in enumerate(judged.columns)}
    for column, rows in enumerate(targets.sum(axis=0, dtype=np.int64)):
        label = GOEMOTIONS.labels[column]
        if (k := places.get(column)) is not None:
            yield LabelAudit(
                label, int(rows), judged=True, extra=int(extra[k]), missing=int(missing[k])
            )
        elif rows:
            yield LabelAudit(label, int(rows), judged=False)
