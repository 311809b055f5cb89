"""Every metric equals the reference implementation where there is one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as reference

from emo_hub import metrics
from emo_hub.errors import InputError

SEEDS = st.integers(0, 10_000)


def _matrices(seed, rows=60, labels=5):
    generator = np.random.default_rng(seed)
    targets = (generator.random((rows, labels)) < 0.3).astype(np.int8)
    targets[:, -1] = 0  # a label that never occurs
    scores = generator.random((rows, labels)).astype(np.float32).round(2)  # with ties
    return targets, scores


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_f1_equals_scikit_learn(seed):
    targets, scores = _matrices(seed)
    predicted = metrics.predict_at(scores, np.linspace(0.2, 0.8, 5))
    for average, ours in (("macro", metrics.macro_f1), ("micro", metrics.micro_f1)):
        theirs = reference.f1_score(targets, predicted, average=average, zero_division=0)
        assert ours(targets, predicted) == pytest.approx(theirs)
    theirs = reference.f1_score(targets, predicted, average=None, zero_division=0)
    assert metrics.label_f1(targets, predicted) == pytest.approx(theirs)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_accuracy_equals_scikit_learn(seed):
    targets, scores = _matrices(seed)
    predicted = metrics.predict_at(scores, np.array(0.7))
    theirs = reference.accuracy_score(targets, predicted)
    assert metrics.accuracy(targets, predicted) == pytest.approx(theirs)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_average_precision_equals_scikit_learn_over_labels_that_occur(seed):
    targets, scores = _matrices(seed)
    present = targets.any(axis=0)
    theirs = reference.average_precision_score(targets[:, present], scores[:, present])
    assert metrics.mean_average_precision(targets, scores) == pytest.approx(theirs)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_ranking_precision_of_one_label_is_the_mean_reciprocal_rank(seed):
    generator = np.random.default_rng(seed)
    scores = generator.permuted(np.tile(np.linspace(0, 1, 6), (40, 1)), axis=1)
    right = generator.integers(0, 6, 40)
    ranks = (scores > scores[np.arange(40), right][:, None]).sum(axis=1) + 1
    found = metrics.ranking_precision(np.eye(6, dtype=np.int8)[right], scores)
    assert found == pytest.approx((1 / ranks).mean())


def test_ranking_precision_skips_rows_without_a_label():
    targets = np.array([[1, 0], [0, 0]])
    scores = np.array([[0.1, 0.9], [0.5, 0.5]])
    assert metrics.ranking_precision(targets, scores) == pytest.approx(0.5)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_brier_equals_scikit_learn(seed):
    targets, scores = _matrices(seed)
    theirs = reference.brier_score_loss(targets.ravel(), scores.ravel().astype(float))
    assert metrics.brier_score(targets, scores) == pytest.approx(theirs)


def test_calibration_error_of_honest_scores_is_near_zero_and_of_boasts_is_not():
    generator = np.random.default_rng(0)
    scores = generator.random((4000, 5))
    targets = (generator.random((4000, 5)) < scores).astype(np.int8)
    assert metrics.calibration_error(targets, scores) < 0.015
    assert metrics.calibration_error(targets, np.ones_like(scores)) == pytest.approx(
        1 - targets.mean()
    )


def test_calibration_error_equals_a_calculation_bin_by_bin():
    targets, scores = _matrices(3)
    edges = np.arange(16) / 15
    flat, hit, total = scores.ravel().astype(float), targets.ravel(), 0.0
    for i in range(15):
        inside = (flat >= edges[i]) & ((flat < edges[i + 1]) | (i == 14))
        if inside.any():
            total += inside.mean() * abs(flat[inside].mean() - hit[inside].mean())
    assert metrics.calibration_error(targets, scores) == pytest.approx(total)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_pearson_equals_scipy(seed):
    generator = np.random.default_rng(seed)
    x = generator.normal(3, 0.3, 50)
    y = 0.5 * x + generator.normal(0, 0.2, 50)
    assert metrics.pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic)


def test_concordance_is_one_only_for_equal_values():
    x = np.array([1.0, 2.0, 4.0])
    assert metrics.concordance(x, x) == pytest.approx(1.0)
    assert metrics.pearson(x, 2 * x + 1) == pytest.approx(1.0)
    assert metrics.concordance(x, 2 * x + 1) < 0.8


def test_concordance_follows_from_pearson_and_the_moments():
    generator = np.random.default_rng(1)
    x, y = generator.normal(2, 1, 80), generator.normal(3, 2, 80)
    r = stats.pearsonr(x, y).statistic
    wanted = 2 * r * x.std() * y.std() / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert metrics.concordance(x, y) == pytest.approx(wanted)


def test_a_constant_column_correlates_with_nothing():
    x = np.arange(5.0)
    assert metrics.pearson(x, np.full(5, 3.0)) == 0.0
    assert metrics.concordance(x, np.full(5, 3.0)) == 0.0


def test_a_score_at_its_threshold_counts_as_there():
    predicted = metrics.predict_at(np.array([[0.5, 0.4], [0.6, 0.39]]), np.array([0.5, 0.4]))
    assert predicted.tolist() == [[1, 1], [1, 0]]


def test_best_prediction_marks_exactly_one_label_per_row():
    _, scores = _matrices(5)
    predicted = metrics.predict_best(scores)
    assert (predicted.sum(axis=1) == 1).all()
    assert (scores[predicted.astype(bool)] == scores.max(axis=1)).all()


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_no_other_threshold_beats_the_global_threshold(seed):
    targets, scores = _matrices(seed)
    found = metrics.global_threshold(targets, scores)
    best = metrics.macro_f1(targets, metrics.predict_at(scores, found))
    others = [metrics.macro_f1(targets, metrics.predict_at(scores, t)) for t in np.unique(scores)]
    assert best >= max(others) - 0.01  # quantiles, so one of two close neighbours may be missing


def test_bootstrap_interval_of_a_mean_agrees_with_its_standard_error():
    values = np.random.default_rng(0).normal(0, 1, 900)
    interval = metrics.bootstrap_interval(lambda x: float(x.mean()), values, resamples=2000)
    half_width = (interval.high - interval.low) / 2
    assert half_width == pytest.approx(1.96 * values.std() / 30, rel=0.1)
    assert interval.low < values.mean() < interval.high


def test_bootstrap_draws_the_same_rows_from_every_array():
    values = np.arange(50)
    interval = metrics.bootstrap_interval(lambda a, b: float((a == b).mean()), values, values)
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_bootstrap_repeats_with_its_seed_alone():
    targets, scores = _matrices(2)
    one, again, other = (
        metrics.bootstrap_interval(metrics.brier_score, targets, scores, seed=seed)
        for seed in (0, 0, 1)
    )
    assert one == again != other


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.macro_f1(np.zeros((2, 3)), np.zeros((3, 2))),
        lambda: metrics.brier_score(np.zeros((0, 3)), np.zeros((0, 3))),
        lambda: metrics.pearson(np.zeros((2, 2)), np.zeros((2, 2))),
        lambda: metrics.bootstrap_interval(metrics.macro_f1, np.zeros((2, 1)), np.zeros((3, 1))),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call):
    with pytest.raises(InputError, match=r"shape|rows"):
        call()


def test_row_that_reaches_no_threshold_gets_the_label_that_means_none():
    scores = np.array([[0.1, 0.2, 0.1], [0.9, 0.1, 0.1]])
    assert metrics.predict_at(scores, 0.5, otherwise=2).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert metrics.predict_at(scores, 0.5).tolist() == [[0, 0, 0], [1, 0, 0]]


def test_row_that_reaches_no_threshold_gets_the_best_label_where_it_must_have_one():
    scores = np.array([[0.1, 0.2, 0.1], [0.9, 0.1, 0.1]])
    assert metrics.predict_at(scores, 0.5, otherwise="best").tolist() == [[0, 1, 0], [1, 0, 0]]
