"""Dimensions are read off finished vectors: within kinds of text, not between them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emo_hub.pooling import vad_from
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
    values[:, 1] = 3.0 + 0.6 * texts[:, 1] - np.where(is_comment, 0.4, 0.0)
    trust = np.ones(count, np.float32)
    return Rated(texts.astype(np.float32), values.astype(np.float32), list(kinds), trust)


def test_a_kinds_own_zero_is_not_learnt_as_a_feeling():
    found = fit_dimensions(rated(), BEFORE)
    assert found.weight[1, 1] == pytest.approx(0.6, rel=0.1)
    assert abs(found.weight[1, 0]) < 0.02  # the direction that tells the kinds apart


def test_what_is_read_through_the_head_lies_on_the_scale_between_the_kinds():
    rows = rated()
    found = fit_dimensions(rows, BEFORE)
    read = vad_from(*(torch.from_numpy(a) for a in (rows.texts, found.weight, found.bias)))
    error = read[:, 1].numpy() - rows.values[:, 1]
    is_comment = np.array(rows.kinds) == "comment"
    assert error[is_comment].mean() == pytest.approx(0.2, abs=0.05)
    assert error[~is_comment].mean() == pytest.approx(-0.2, abs=0.05)
    assert np.corrcoef(read[is_comment, 1], rows.values[is_comment, 1])[0, 1] > 0.98


def test_the_ends_of_the_scale_are_finite():
    rows = rated()
    rows.values[:, 1] = np.where(rows.texts[:, 1] > 0, 5.0, 1.0)
    assert np.isfinite(fit_dimensions(rows, BEFORE).weight).all()


def test_a_dimension_that_no_row_knows_stays():
    found = fit_dimensions(rated(), BEFORE)
    assert np.array_equal(found.weight[[0, 2]], BEFORE.weight[[0, 2]])
    assert np.array_equal(found.bias[[0, 2]], BEFORE.bias[[0, 2]])


def test_a_row_without_trust_teaches_nothing():
    good, bad = rated(), rated(seed=1)
    texts, kinds = np.concatenate([good.texts, bad.texts]), [*good.kinds, *bad.kinds]
    values = np.concatenate([good.values, 6.0 - bad.values])
    trust = np.concatenate([good.trust, 0.0 * bad.trust])
    mixed = fit_dimensions(Rated(texts, values, kinds, trust), BEFORE)
    assert np.allclose(mixed.weight, fit_dimensions(good, BEFORE).weight, atol=1e-4)
