"""After the last step: what the scores mean and where to cut them, learnt from validation rows.

Only teacher-labelled rows are seen here. No benchmark's label enters.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_hub.calibration import (
    RIDGE,
    Calibration,
    Floats,
    LabelOffsets,
    NullMoments,
    fit_calibration,
    fit_competition,
    fit_thresholds,
    sigmoid,
)
from emo_hub.modeling import EmotionModel
from emo_hub.palette import palette_names
from emo_hub.scoring import Scoring
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.batches import DescriptorVocabulary
from emo_hub.training.dimension_head import DimensionHead, Rated, fit_dimensions
from emo_hub.training.held_out import measure
from emo_hub.training.label_offsets import Named, fit_offsets
from emo_hub.training.rows import TrainingRow

_REFERENCE_TEXTS = 4000  # enough for the moments of D = 384 dimensions
_SAMPLE = 8000  # rows that are read where no label learns an offset: half a minute on two cores
_OPEN_LABELS = 100  # free words that stand for the labels users type
_CONTEST = 28  # labels that compete in the contests that sharpness is fitted on
# Of the corpus's second looks at comments, the share that chose another of the 28 labels. Without
# it a softmax was as sure as the teacher, and by 0.16 to 0.22 surer than people bear out.
_DOUBT = 0.28
# What a synthetic row counts beside a comment where dimensions are fitted (at 0.3 validation
# comments lose, arousal r 0.76 to 0.74) and where labels of training learn offsets. With 0 these
# forget how people tell of themselves at length: macro-F1 on validation utterances 0.52 to 0.46.
# With 1 they learn little for comments: GoEmotions dev mAP 0.396 instead of 0.410, names 0.382.
_INVENTED = 0.1


@dataclass(frozen=True, slots=True)
class Judgement:
    """What validation rows taught about the scores."""

    moments: NullMoments
    calibration: Calibration
    trained_calibration: Calibration | None
    offsets: LabelOffsets | None
    dimensions: DimensionHead | None
    thresholds: Mapping[str, float]
    default_threshold: float
    facts: Mapping[str, Any]


def judge(
    model: EmotionModel,
    rows: Sequence[TrainingRow],
    validation: Sequence[TrainingRow],
    *,
    shrink: float,
    anchor: float,
    held_out: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """Measure the reference moments, fit offsets, dimensions, calibration and thresholds.

    The moments are those of training utterances by themselves, or of comments where there are none.
    Free words are calibrated by raw logit and standing out, labels of training by the raw logit
    alone. The free words are those of the palette where rows have any, since of these it is known
    of each whether it holds; else the most frequent descriptors. Labels of training, and their
    thresholds, are fitted on annotated comments where there are any, since those are what people
    really wrote: scores on the share of a panel that gives a label, thresholds on what most of it
    give. With comments among the training rows, and an anchor, these labels learn offsets first.
    Words that were kept out of training are measured. `say` is told how much is read, which takes
    minutes on a whole corpus.
    """
    learns = _learns_offsets(model, rows, anchor)
    seen = rows if learns else rows[:: max(1, len(rows) // _SAMPLE)]
    say(f"Reads {len(seen) + len(validation):,} texts once more, for what scores mean.")
    vectors = model.encode_texts([r.text for r in seen], [r.context for r in seen])
    reference = _reference(seen)
    moments = NullMoments.measure(vectors[reference], RIDGE)
    texts = model.encode_texts([r.text for r in validation], [r.context for r in validation])
    names = list(GOEMOTIONS.labels)
    words, said = _open_truth(validation, model)
    comments = np.array([r.source == "comment" for r in validation])
    judges = comments if comments.any() else np.ones(len(validation), bool)

    word_vectors = model.encode_labels(words)
    out = moments.standing_out(texts, word_vectors)
    free = fit_calibration(model.raw_logits(texts, word_vectors), out, said)
    free = fit_competition(free, _contests(out, said), doubt=_DOUBT)
    logits = free.logits(model.raw_logits(texts, word_vectors), out)
    # A pair of which nothing is known is neither right nor wrong, however high it scores.
    known = np.where(np.isnan(said), 0.0, sigmoid(logits))
    _, default = fit_thresholds(known, np.nan_to_num(said) > 0, words, shrink=shrink)

    name_vectors = model.encode_labels(names)
    raw, named = model.raw_logits(texts, name_vectors), _named(validation, names)
    trained, offsets = None, None
    if learns:
        offsets = _learnt(model, seen, vectors, anchor)
        raw = raw + texts @ offsets.weight.T + offsets.bias
    if model.head.trained_labels:
        shares = _shares(validation, names)[judges]
        trained = fit_calibration(raw[judges], np.zeros_like(raw[judges]), shares)
        scores = sigmoid(trained.logits(raw, np.zeros_like(raw)))
    else:
        scores = sigmoid(free.logits(raw, moments.standing_out(texts, name_vectors)))
    thresholds, _ = fit_thresholds(scores[judges], named[judges] > 0, names, shrink=shrink)
    facts: dict[str, Any] = {
        "validation_rows": dict(Counter(r.source for r in validation)),
        "thresholds_from": "annotated comments" if comments.any() else "synthetic rows",
        "reference_texts": len(reference),
        "open_labels": len(words),
    }
    if held_out:
        contest = moments.standing_out(texts, model.encode_labels(held_out, competing=True))
        facts["held_out"] = {
            "words": list(held_out),
            **measure(contest, validation, held_out),
        }
    dimensions = _dimensions(model, seen, vectors) if model.has_vad else None
    return Judgement(moments, free, trained, offsets, dimensions, thresholds, default, facts)


def _reference(rows: Sequence[TrainingRow]) -> list[int]:
    """Choose the rows whose texts stand for all: their places."""
    plain = [i for i, r in enumerate(rows) if r.context is None and r.source != "comment"]
    places = plain or list(range(len(rows)))
    return places[:: max(1, len(places) // _REFERENCE_TEXTS)]


def _learns_offsets(model: EmotionModel, rows: Sequence[TrainingRow], anchor: float) -> bool:
    is_told = any(row.source == "comment" and row.trust > 0 for row in rows)
    return anchor > 0 and is_told and bool(model.head.trained_labels)


def _learnt(
    model: EmotionModel, rows: Sequence[TrainingRow], vectors: Floats, anchor: float
) -> LabelOffsets:
    names = list(GOEMOTIONS.labels)
    told = Named(vectors, _shares(rows, names), _trust(rows))
    by_name = Scoring(model.head, None, model.reader).raw(model.encode_labels(names))
    return fit_offsets(told, by_name.weight, by_name.bias, anchor)


def _dimensions(model: EmotionModel, rows: Sequence[TrainingRow], vectors: Floats) -> DimensionHead:
    values = np.array([row.vad for row in rows], np.float32)
    rated = Rated(vectors, values, [row.source for row in rows], _trust(rows))
    before = DimensionHead(model.vad_weight.cpu().numpy(), model.vad_bias.cpu().numpy())
    return fit_dimensions(rated, before)


def _trust(rows: Sequence[TrainingRow]) -> Floats:
    """How much each row counts, (N,), beside a comment of a teacher who is trusted."""
    counts = [r.trust * (1.0 if r.source == "comment" else _INVENTED) for r in rows]
    return np.array(counts, np.float32)


def _open_truth(rows: Sequence[TrainingRow], model: EmotionModel) -> tuple[list[str], Floats]:
    """Give free words, and whether each holds, (N, C): NaN where nobody knows."""
    asked = np.array([bool(row.words) for row in rows])
    # Whoever learns from free descriptors alone is not judged by a closed list either.
    if not asked.any() or not model.head.trained_labels:
        words = _open_labels(rows, model)
        return words, _free(rows, words)
    words = list(palette_names())
    table = np.full((len(rows), len(words)), np.nan, np.float32)
    table[asked] = [[float(word in row.words) for word in words] for row in rows if row.words]
    return words, table


def _contests(logits: Floats, said: Floats) -> Floats:
    """Draw for each row with a word that holds one of them and words that do not: (N, C)."""
    rng = np.random.default_rng(0)
    contests = []
    for scores, truth in zip(logits, said, strict=True):
        held, absent = np.flatnonzero(truth > 0), np.flatnonzero(truth == 0)
        if len(held) and len(absent) >= _CONTEST - 1:
            others = rng.choice(absent, _CONTEST - 1, replace=False)
            contests.append(scores[[rng.choice(held), *others]])
    return np.array(contests, np.float32).reshape(-1, _CONTEST)


def _open_labels(rows: Sequence[TrainingRow], model: EmotionModel) -> list[str]:
    counts = Counter(d for r in rows for d in r.descriptors if d not in GOEMOTIONS.labels)
    # What a negated word scores follows from the word's own score.
    plain = (word for word, _ in counts.most_common() if not model.reader.read(word).negated)
    return list(itertools.islice(plain, _OPEN_LABELS))


def _named(rows: Sequence[TrainingRow], names: Sequence[str]) -> Floats:
    """Whether each of the 28 holds, (N, L): a teacher that gave a label at all meant it."""
    return np.array(
        [[float(name in held) for name in names] for held in (r.held for r in rows)], np.float32
    )


def _shares(rows: Sequence[TrainingRow], names: Sequence[str]) -> Floats:
    """How many of a panel would say that each of the 28 holds, (N, L) in [0, 1]."""
    told = (row.votes or dict.fromkeys(row.labels, 1.0) for row in rows)
    return np.array([[shares.get(name, 0.0) for name in names] for shares in told], np.float32)


def _free(rows: Sequence[TrainingRow], words: Sequence[str]) -> Floats:
    """Whether each free word holds, (N, C): NaN where it may, though nobody said so."""
    vocabulary = DescriptorVocabulary(rows)
    table = np.zeros((len(rows), len(words)), np.float32)
    for r, row in enumerate(rows):
        table[r, vocabulary.may_hold(row, words)] = np.nan
        table[r, [word in row.descriptors for word in words]] = 1.0
    return table
