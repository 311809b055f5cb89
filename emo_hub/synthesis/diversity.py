"""How different the lines of a corpus are: similarity, repeats of sense, topics.

Measured on a sample, in the space of all-MiniLM-L6-v2 as it was released: no training of ours has
taught it what should be alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from emo_hub.calibration import Floats
from emo_hub.synthesis.stored import StoredLine, chance
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import GOEMOTIONS

SAME_SENSE = 0.9
_NEUTRAL = GOEMOTIONS.index("neutral")
TOPICS = 30
PAIRS = 40_000
_EDGES = np.round(np.arange(-0.3, 1.01, 0.05), 2)
_BLOCK = 2048
_ROUNDS = 25
_FEWEST_IN_TOPIC = 2
_TELLING = 6


def packaged_vectors(texts: Sequence[str], *, batch_size: int = 64, tokens: int = 96) -> Floats:
    """Encode texts with the packaged encoder, as it was released, to unit vectors (N, D).

    Raises:
        CheckpointError: the package of the encoder is missing or damaged.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    from emo_hub.checkpoint import PACKAGED_BASE, base_folder
    from emo_hub.pooling import mean_pool

    folder = base_folder(PACKAGED_BASE)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), place))
    vectors = np.zeros((len(texts), int(encoder.config.hidden_size)), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=tokens,
                return_tensors="pt",
            )
            hidden = encoder(**batch).last_hidden_state
            vectors[rows] = mean_pool(hidden, batch["attention_mask"]).numpy()
    return vectors


def similarities(lines: Sequence[StoredLine], vectors: Floats) -> dict[str, Any]:
    """Compare lines within a voice and across voices (the paper's section 6).

    A voice is a character of a story, or what one request brought. The paper has neutral lines at
    about 0.30 within a character and 0.16 across.
    """
    found: dict[str, Any] = {}
    neutral = [n for n, line in enumerate(lines) if line.primary == _NEUTRAL]
    for name, places in (("all", list(range(len(lines)))), ("neutral", neutral)):
        voices: dict[str, list[int]] = {}
        for place in places:
            # Only within one config: an original and its rewriting are alike by design.
            voices.setdefault(f"{lines[place].config}/{lines[place].voice}", []).append(place)
        within = _pairs_within([group for _, group in sorted(voices.items())])
        across = _pairs_across(lines, places)
        found[name] = {
            "within": _facts(vectors, within),
            "across": _facts(vectors, across),
        }
    return found


def same_sense(lines: Sequence[StoredLine], vectors: Floats) -> dict[str, Any]:
    """Count lines with an earlier one of the same config that says nearly the same."""
    counts: Counter[str] = Counter()
    pairs: list[tuple[float, str, str]] = []
    for config in sorted({line.config for line in lines}):
        places = [n for n, line in enumerate(lines) if line.config == config]
        found, best = nearest_before(vectors[places])
        for place, other, cosine in zip(places, found, best, strict=True):
            if cosine >= SAME_SENSE:
                counts[config] += 1
                pairs.append((float(cosine), lines[place].text, lines[places[other]].text))
    pairs.sort(key=lambda pair: (-pair[0], pair[1]))
    return {
        "threshold": SAME_SENSE,
        "lines": len(lines),
        "repeats": dict(counts),
        "share": round(counts.total() / max(len(lines), 1), 4),
        "closest": [[round(cosine, 3), one, other] for cosine, one, other in pairs[:10]],
    }


def nearest_before(vectors: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Find, for each of (N, D) vectors, the closest one before it: places (N,), cosines (N,).

    The first has none: its cosine is -1.
    """
    places = np.zeros(len(vectors), np.int64)
    best = np.full(len(vectors), -1.0, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        stop = min(start + _BLOCK, len(vectors))
        cosines = vectors[start:stop] @ vectors[:stop].T
        cosines[np.arange(stop)[None, :] >= np.arange(start, stop)[:, None]] = -1.0
        places[start:stop] = cosines.argmax(axis=1)
        best[start:stop] = cosines.max(axis=1)
    return places, best


def nearest_in(vectors: Floats, others: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Find, for each of (N, D) vectors, the closest of (M, D) others: places (N,), cosines (N,)."""
    places = np.zeros(len(vectors), np.int64)
    best = np.full(len(vectors), -1.0, np.float32)
    for start in range(0, len(vectors), _BLOCK) if len(others) else ():
        cosines = vectors[start : start + _BLOCK] @ others.T
        places[start : start + _BLOCK] = cosines.argmax(axis=1)
        best[start : start + _BLOCK] = cosines.max(axis=1)
    return places, best


def topics(lines: Sequence[StoredLine], vectors: Floats, count: int = TOPICS) -> dict[str, Any]:
    """Sort lines into topics by spherical k-means and say how evenly they are covered.

    Returns:
        `evenness`, the entropy over its maximum, 1 where all topics are of one size; `largest`,
        the share of the largest one; `topics`, share and most telling words of each.
    """
    count = min(count, len(lines) // _FEWEST_IN_TOPIC)
    if count < _FEWEST_IN_TOPIC:
        return {"count": 0, "evenness": nan, "largest": nan, "topics": []}
    assigned = clusters(vectors, count)
    sizes = np.bincount(assigned, minlength=count)
    shares = sizes / len(lines)
    entropy = -sum(float(share) * log(share) for share in shares if share)
    telling = _telling_words(lines, assigned)
    order = sorted(range(count), key=lambda topic: -sizes[topic])
    return {
        "count": count,
        "evenness": round(entropy / log(count), 4),
        "largest": round(float(shares.max()), 4),
        "topics": [[round(float(shares[t]), 4), telling[t]] for t in order if sizes[t]],
    }


def clusters(vectors: Floats, count: int) -> npt.NDArray[np.int64]:
    """Assign (N, D) unit vectors to so many clusters by spherical k-means; always the same way."""
    random = np.random.default_rng(0)
    # k-means++ on cosines: each further centre is drawn far from those there are.
    centres = [vectors[int(random.integers(len(vectors)))]]
    far = 1.0 - vectors @ centres[0]
    while len(centres) < count:
        weight = np.maximum(far.astype(np.float64), 1e-9) ** 2
        centres.append(vectors[int(random.choice(len(vectors), p=weight / weight.sum()))])
        far = np.minimum(far, 1.0 - vectors @ centres[-1])
    middle = np.stack(centres)
    assigned = np.zeros(len(vectors), np.int64)
    for _ in range(_ROUNDS):
        before, assigned = assigned, np.asarray((vectors @ middle.T).argmax(axis=1), np.int64)
        if np.array_equal(before, assigned):
            break
        for topic in range(count):
            if (members := vectors[assigned == topic]).size:
                mean = members.mean(axis=0)
                middle[topic] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return assigned


def _telling_words(
    lines: Sequence[StoredLine], assigned: npt.NDArray[np.int64]
) -> Mapping[int, list[str]]:
    everywhere: Counter[str] = Counter()
    inside: dict[int, Counter[str]] = {}
    for line, topic in zip(lines, assigned.tolist(), strict=True):
        told = {word for word in words(line.text) if len(word) > 3}
        everywhere.update(told)
        inside.setdefault(topic, Counter()).update(told)
    sizes = np.bincount(assigned)
    found = {}
    for topic, counts in inside.items():
        expected = {word: everywhere[word] * sizes[topic] / len(lines) for word in counts}
        telling = {word: n * log(n / expected[word]) for word, n in counts.items()}
        found[topic] = sorted(telling, key=lambda word: (-telling[word], word))[:_TELLING]
    return found


def _pairs_within(groups: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    random = np.random.default_rng(1)
    parts = []
    for group in groups:
        first, second = np.triu_indices(len(group), 1)
        parts.append(np.stack([np.array(group)[first], np.array(group)[second]], axis=1))
    pairs = np.concatenate(parts) if parts else np.zeros((0, 2), np.int64)
    if len(pairs) > PAIRS:
        pairs = pairs[np.sort(random.choice(len(pairs), PAIRS, replace=False))]
    return pairs.astype(np.int64)


def _pairs_across(lines: Sequence[StoredLine], places: Sequence[int]) -> npt.NDArray[np.int64]:
    if len(places) < _FEWEST_IN_TOPIC:
        return np.zeros((0, 2), np.int64)
    random = np.random.default_rng(2)
    drawn = np.array(places)[random.integers(0, len(places), (PAIRS, 2))]
    stories = np.array([chance(line.story, "story") for line in lines])
    configs = np.array([line.config for line in lines])
    apart = stories[drawn[:, 0]] != stories[drawn[:, 1]]
    pairs: npt.NDArray[np.int64] = drawn[apart & (configs[drawn[:, 0]] == configs[drawn[:, 1]])]
    return pairs


def _facts(vectors: Floats, pairs: npt.NDArray[np.int64]) -> dict[str, Any]:
    if not len(pairs):
        return {"pairs": 0, "mean": nan, "sd": nan, "edges": [], "counts": []}
    cosines = np.concatenate(
        [
            np.einsum("nd,nd->n", vectors[part[:, 0]], vectors[part[:, 1]])
            for part in np.array_split(pairs, max(1, len(pairs) // 8192))
        ]
    )
    counts, _ = np.histogram(np.clip(cosines, _EDGES[0], _EDGES[-1]), _EDGES)
    return {
        "pairs": len(pairs),
        "mean": round(float(cosines.mean()), 4),
        "sd": round(float(cosines.std()), 4),
        "edges": _EDGES.tolist(),
        "counts": counts.tolist(),
    }
