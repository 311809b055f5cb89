"""Dimensions are read off finished vectors: within kinds of text, not between them."""

from __future__ import annotations

import numpy as np
import pytest

from emo_hub.training.dimension_head import DimensionHead, Rated, fit_dimensions

BEFORE = DimensionHead(np.full((3, 8), 0.5, np.float32), np.full(3, 3.0, np.float32))


def rated(count=4000, *, seed=0):
    """Comments and others: the kinds differ along one direction and in their zero.

    Arousal follows the second direction alone, by the same slope in both kinds.
    """
    chance = np.random.default_rng(seed)
    kinds = np.where(np.arange(count) % 2 == 0, "comment", "utterance")
    is_comment = kinds == "comment"
    texts = chance.normal(size=(count, 8)) * 0.3
    texts[:, 0] += np.where(is_comment, 1.0, -1.0)
    values = np.full((count, 3), np.nan)
    values[:, 1] = 3.0 + 1.5 * texts[:, 1] - np.where(is_comment, 0.8, 0.0)
    trust = np.ones(count, np.float32)
    return Rated(texts.astype(np.float32), values.astype(np.float32), list(kinds), trust)


def test_a_kinds_own_zero_is_not_learnt_as_a_feeling():
    found = fit_dimensions(rated(), BEFORE)
    assert found.weight[1, 1] == pytest.approx(1.5, rel=0.1)
    assert abs(found.weight[1, 0]) < 0.02  # the direction that tells the kinds apart


def test_the_bias_lies_between_the_kinds():
    found = fit_dimensions(rated(), BEFORE)
    assert found.bias[1] == pytest.approx((3.0 + 2.2) / 2, abs=0.1)


def test_a_dimension_that_no_row_knows_stays():
    found = fit_dimensions(rated(), BEFORE)
    assert np.array_equal(found.weight[[0, 2]], BEFORE.weight[[0, 2]])
    assert np.array_equal(found.bias[[0, 2]], BEFORE.bias[[0, 2]])


def test_a_row_without_trust_teaches_nothing():
    good, bad = rated(), rated(seed=1)
    texts, kinds = np.concatenate([good.texts, bad.texts]), [*good.kinds, *bad.kinds]
    values = np.concatenate([good.values, 5.0 - bad.values])
    trust = np.concatenate([good.trust, 0.0 * bad.trust])
    mixed = fit_dimensions(Rated(texts, values, kinds, trust), BEFORE)
    assert np.allclose(mixed.weight, fit_dimensions(good, BEFORE).weight, atol=1e-4)
