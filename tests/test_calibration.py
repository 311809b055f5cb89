"""Scores mean something: moments are exact, the map is the maximum of its likelihood, cuts hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from emo_hub.calibration import (
    Calibration,
    NullMoments,
    best_threshold,
    fit_calibration,
    fit_competition,
    fit_thresholds,
    fit_thresholds_by_rate,
    one_at_least,
    sigmoid,
    softmax,
)

RNG = np.random.default_rng(0)


def unit(n, d):
    vectors = RNG.normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_moments_of_labels_equal_those_of_their_cosines():
    texts, labels = unit(500, 12), unit(4, 12)
    mean, spread = NullMoments.measure(texts).of_labels(labels)
    cosines = texts @ labels.T
    assert np.allclose(mean, cosines.mean(axis=0), atol=1e-5)
    assert np.allclose(spread, cosines.std(axis=0), atol=1e-4)


def test_calibration_holds_far_from_its_start():
    # Logits all far below zero and almost no positive: a whole Newton step overshoots here.
    rng = np.random.default_rng(0)
    raw = rng.normal(-60.0, 0.05, (4000, 1)).astype(np.float32)
    out = rng.normal(0.0, 1.0, (4000, 1)).astype(np.float32)
    targets = (rng.random((4000, 1)) < 0.01).astype(np.float32)
    found = fit_calibration(raw, out, targets)
    scores = sigmoid(found.logits(raw, out))
    assert scores.mean() == pytest.approx(float(targets.mean()), rel=0.05)


def test_calibration_is_the_logistic_regression_of_its_inputs():
    x = RNG.normal(size=(4000, 2))
    y = (RNG.random(4000) < 1 / (1 + np.exp(-(1.5 * x[:, 0] - 0.7 * x[:, 1] - 1)))).astype(float)
    ours = fit_calibration(x[:, :1], x[:, 1:], y[:, None])
    theirs = LogisticRegression(C=1e6).fit(x, y)
    assert (ours.raw, ours.standing_out) == pytest.approx(tuple(theirs.coef_[0]), abs=1e-2)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-2)


def test_unknown_targets_do_not_move_the_calibration():
    x = RNG.normal(size=(300, 2)).astype(np.float32)
    y = (x[:, :1] > 0.3).astype(np.float32)
    wild = np.concatenate([x, 100 * x])
    padded = np.concatenate([y, np.full_like(y, np.nan)])
    one = fit_calibration(x[:, :1], x[:, 1:], np.abs(y - 0.1))
    two = fit_calibration(wild[:, :1], wild[:, 1:], np.abs(padded - 0.1))
    assert (one.raw, one.intercept) == pytest.approx((two.raw, two.intercept), rel=1e-6)


def contests(rate, rows=4000, labels=6, lead=2.0):
    """Contests of which the first label leads in a share `rate`, one of the others in the rest."""
    logits = RNG.normal(size=(rows, labels)).astype(np.float32)
    leader = np.where(RNG.random(rows) < rate, 0, RNG.integers(1, labels, rows))
    logits[np.arange(rows), leader] += lead
    return logits


def test_competition_is_sharp_where_the_best_is_right():
    start = Calibration(1.0, 0.0, 0.0)
    sharp = fit_competition(start, contests(1.0, lead=6.0), doubt=0.0).competition
    dull = fit_competition(start, contests(0.0), doubt=0.0).competition
    assert sharp > 1 > 0.3 > dull


def test_competition_finds_the_sharpness_by_which_labels_were_drawn():
    logits = RNG.normal(size=(4000, 6)).astype(np.float32)
    drawn = (RNG.random(4000)[:, None] > softmax(1.7 * logits).cumsum(axis=1)).sum(axis=1)
    rows = np.arange(4000)
    logits[rows, drawn], logits[:, 0] = logits[:, 0].copy(), logits[rows, drawn].copy()
    found = fit_competition(Calibration(1.0, 0.0, 0.0), logits, doubt=0.0).competition
    assert found == pytest.approx(1.7, rel=0.1)


def test_doubt_about_the_right_label_dulls_the_competition():
    logits, start = np.full((50, 6), -3.0, np.float32), Calibration(1.0, 0.0, 0.0)
    logits[:, 0] = 3.0
    sure, less = (fit_competition(start, logits, doubt=doubt).competition for doubt in (0.0, 0.28))
    assert softmax(less * logits)[:, 0].mean() == pytest.approx(0.72, abs=0.03)
    assert sure > less


def test_no_contest_leaves_the_competition_as_it_was():
    start = Calibration(1.0, 0.0, 0.0, competition=0.7)
    assert fit_competition(start, np.zeros((0, 28), np.float32), doubt=0.1) == start


def test_best_threshold_finds_the_gap():
    scores = np.array([0.9, 0.8, 0.3, 0.2, 0.1], np.float32)
    cut = best_threshold(scores, np.array([True, True, False, False, False]))
    assert 0.3 < cut < 0.8


def test_label_that_never_holds_gets_one_half():
    assert best_threshold(np.array([0.2, 0.9], np.float32), np.zeros(2, bool)) == 0.5


def test_thresholds_beat_one_half_where_scores_are_low():
    scores = (0.3 * RNG.random((500, 3))).astype(np.float32)
    targets = scores > 0.2
    fitted, _ = fit_thresholds(scores, targets, ["a", "b", "c"], shrink=10)
    cut = np.array([fitted[name] for name in "abc"])
    assert f1_score(targets, scores >= cut, average="macro") > 0.9


def test_the_global_threshold_is_nearly_the_same_for_every_sample_of_rows():
    found = []
    for seed in range(12):
        drawn = np.random.default_rng(seed)
        chance = drawn.beta(0.4, 4, (1500, 12)).astype(np.float32)
        targets = drawn.random(chance.shape) < chance
        found.append(fit_thresholds(chance, targets, list("abcdefghijkl"), shrink=1)[1])
    assert np.std(found) < 0.009  # the raw best of each curve spreads by 0.013
    assert 0.15 < np.mean(found) < 0.25


def test_rare_label_is_drawn_to_the_global_threshold():
    scores = RNG.random((1000, 2)).astype(np.float32)
    targets = np.stack([scores[:, 0] > 0.5, np.zeros(1000, bool)], axis=1)
    targets[int(scores[:, 1].argmax()), 1] = True
    fitted, default = fit_thresholds(scores, targets, ["common", "rare"], shrink=300)
    assert abs(fitted["rare"] - default) < 0.02


def test_a_label_without_a_positive_takes_the_default_though_that_is_worth_nothing():
    scores = RNG.random((100, 2)).astype(np.float32)
    targets = np.stack([scores[:, 0] > 0.5, np.zeros(100, bool)], axis=1)
    fitted, default = fit_thresholds(scores, targets, ["held", "never"], shrink=0)
    assert fitted["never"] == default
    assert fitted["held"] == best_threshold(scores[:, 0], targets[:, 0])


def rare_and_common():
    """Calibrated scores of a common label and of one that holds once in 200 rows."""
    chance = np.stack([RNG.beta(1, 2, 6000), RNG.beta(0.5, 100, 6000)], axis=1)
    return chance.astype(np.float32), RNG.random((6000, 2)) < chance


def test_a_threshold_by_rate_lets_a_rare_label_through():
    scores, targets = rare_and_common()
    drawn, _ = fit_thresholds(scores, targets, ["common", "rare"], shrink=1000)
    fitted, _ = fit_thresholds_by_rate(scores, targets, ["common", "rare"], shrink=1000)
    given, held = (scores[:, 1] >= fitted["rare"]).sum(), targets[:, 1].sum()
    assert (scores[:, 1] >= drawn["rare"]).sum() == 0
    assert held / 4 <= given <= held * 4


def test_a_rare_label_is_given_at_the_rate_of_common_ones():
    scores, targets = rare_and_common()
    fitted, _ = fit_thresholds_by_rate(scores, targets, ["common", "rare"], shrink=1e9)
    common, rare = (
        (scores[:, column] >= fitted[name]).sum() / targets[:, column].sum()
        for column, name in enumerate(("common", "rare"))
    )
    assert rare == pytest.approx(common, rel=0.05)


def test_equal_scores_are_never_parted_nor_all_let_through():
    scores = np.repeat(np.array([[0.9], [0.1]], np.float32), [30, 970], axis=0)
    targets = np.arange(1000)[:, None] < 25
    fitted, _ = fit_thresholds_by_rate(scores, targets, ["joy"], shrink=20)
    assert 0.1 < fitted["joy"] < 0.9


def test_a_label_that_holds_nowhere_gets_the_global_threshold():
    scores, targets = rare_and_common()
    targets[:, 1] = False
    fitted, default = fit_thresholds_by_rate(scores, targets, ["common", "rare"], shrink=20)
    assert fitted["rare"] == default


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8))
def test_softmax_sums_to_one_whatever_comes(values):
    assert softmax(np.array(values, np.float32)).sum() == pytest.approx(1.0, abs=1e-4)


@given(st.floats(-1e30, 1e30))
def test_sigmoid_stays_within_its_bounds(value):
    assert 0.0 <= float(sigmoid(np.array([value], np.float32))[0]) <= 1.0


def test_with_a_ridge_labels_are_standardised_along_their_own_directions():
    texts, labels = unit(800, 12), unit(4, 12)
    texts[:, 0] *= 5.0
    moments = NullMoments.measure(texts, ridge=2.0)
    found = moments.standing_out(texts, labels)
    assert np.allclose(found.mean(axis=0), 0.0, atol=1e-3)
    assert np.allclose(found.std(axis=0), 1.0, atol=1e-3)


def test_a_direction_that_all_texts_vary_along_decides_less_with_a_ridge():
    texts = unit(800, 12)
    texts[:, 0] *= 20.0
    label = unit(1, 12)
    plain, sharp = (
        NullMoments.measure(texts, ridge).directions(label) for ridge in (math.inf, 1.0)
    )
    share = [abs(v[0, 0]) / np.linalg.norm(v) for v in (plain, sharp)]
    assert share[1] < 0.2 * share[0]


def test_a_label_and_its_negative_stand_out_alike():
    texts, labels = unit(300, 12), unit(4, 12)
    moments = NullMoments.measure(texts, ridge=3.0)
    assert np.allclose(
        moments.standing_out(texts, -labels), -moments.standing_out(texts, labels), atol=1e-5
    )


def test_the_ridge_is_kept_with_the_moments(tmp_path):
    from emo_hub.tensors import read_moments, write_moments

    moments = NullMoments.measure(unit(300, 12), ridge=3.0)
    write_moments(moments, tmp_path)
    kept = read_moments(tmp_path)
    labels = unit(4, 12)
    assert kept is not None
    assert np.allclose(kept.directions(labels), moments.directions(labels), atol=1e-6)


def test_of_an_exhaustive_set_what_no_rating_finds_is_shared_out_by_the_contest():
    among = np.array([[0.7, 0.2, 0.1]], np.float32)
    nothing, sure = np.zeros((1, 3), np.float32), np.array([[1.0, 0.0, 0.0]], np.float32)
    assert one_at_least(nothing, among) == pytest.approx(among)
    assert one_at_least(sure, among) == pytest.approx(sure)
    half = one_at_least(np.array([[0.5, 0.5, 0.0]], np.float32), among)
    assert half == pytest.approx(np.array([[0.5 + 0.25 * 0.7, 0.5 + 0.25 * 0.2, 0.25 * 0.1]]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_scores_of_an_exhaustive_set_are_probabilities_of_one_label_or_more(each, seed):
    rated = np.array([each], np.float32)
    among = softmax(np.random.default_rng(seed).normal(size=rated.shape).astype(np.float32))
    found = one_at_least(rated, among)
    assert (found >= rated - 1e-6).all()
    assert (found <= 1 + 1e-6).all()
    assert found.sum() >= 1 - 1e-5
