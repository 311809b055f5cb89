"""How many texts a second a static model reads, beside the transformer that it came from."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
import torch

from emo_hub.modeling import EmotionModel
from emo_hub.static import StaticBackbone, StaticConfig, silent_ids

pytestmark = pytest.mark.slow

LINES = [
    "I waited two hours in the rain and nobody came, so I took the last bus home.",
    "Thank you so much, that means the world to me!",
    "lol what were they even thinking",
    "My sister finally called, and we talked until the battery of my phone was empty.",
]


def nano(model):
    size = model.tokenizer.vocab_size
    config = StaticConfig(
        vocab_size=size,
        hidden_size=model.config.hidden_size,
        max_position_embeddings=model.head.max_tokens,
    )
    table = torch.randn(size, config.hidden_size)
    table[silent_ids(model.tokenizer)] = 0
    backbone = StaticBackbone(table, config)
    return EmotionModel(backbone, model.tokenizer, model.head, None, model.moments)


def texts_a_second(model, texts, repeats):
    model.encode_texts(texts[:64])
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        model.encode_texts(texts)
        taken.append(time.perf_counter() - start)
    return len(texts) / statistics.median(taken)


def test_speed_beside_the_transformer(default_model):
    texts = [f"{LINES[i % 4]} {i}" for i in range(16384)]
    static = nano(default_model)
    fast = texts_a_second(static, texts, 5)
    slow = texts_a_second(default_model, texts[:512], 3)
    labels = ["joy", "anger", "relief"]
    start = time.perf_counter()
    scores = static.score(texts, labels)
    scored = len(texts) / (time.perf_counter() - start)
    assert np.isfinite(scores).all()
    print(
        f"\nstatic {fast:,.0f} texts/s, {scored:,.0f} with scores; transformer {slow:,.0f}: "
        f"{fast / slow:.0f} times, {torch.get_num_threads()} threads"
    )
