"""Every metric equals the reference implementation where there is one."""

import dataclasses
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
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


SHAPES = st.sampled_from([(1, 1), (1, 4), (7, 1), (40, 3), (60, 6)])


def _decisions(seed, shape):
    """Targets and predictions with rows and labels that are empty on either side or both."""
    generator = np.random.default_rng(seed)
    targets, predicted = (generator.random((2, *shape)) < 0.35).astype(np.int8)
    if shape[1] > 2:
        targets[:, 0] = 0
        predicted[:, 1] = 0
    targets[::3], predicted[::4] = 0, 0
    return targets, predicted


def _single(seed, shape):
    generator = np.random.default_rng(seed)
    rows, labels = shape
    eye = np.eye(labels, dtype=np.int8)
    scores = generator.dirichlet(np.full(labels, 0.5), rows)
    return eye[generator.integers(0, labels, rows)], scores


def _columns(seed, rows=50):
    generator = np.random.default_rng(seed)
    x = generator.normal(3, 1, rows).round(1)
    return x, (0.5 * x + generator.normal(1, 0.7, rows)).round(1)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SHAPES)
def test_the_f1_family_equals_scikit_learn(seed, shape):
    targets, predicted = _decisions(seed, shape)
    # A matrix with one column is a binary task to scikit-learn.
    options = {"zero_division": 0, "labels": range(shape[1])} if shape[1] > 1 else None
    for ours, theirs, average in (
        (metrics.macro_f1, reference.f1_score, "macro"),
        (metrics.weighted_f1, reference.f1_score, "weighted"),
        (metrics.macro_precision, reference.precision_score, "macro"),
        (metrics.macro_recall, reference.recall_score, "macro"),
        (metrics.label_precision, reference.precision_score, None),
        (metrics.label_recall, reference.recall_score, None),
    ):
        if options is None:
            wanted = theirs(targets[:, 0], predicted[:, 0], zero_division=0)
            wanted = wanted if targets.any() or average != "weighted" else 0.0
        else:
            wanted = theirs(targets, predicted, average=average, **options)
        assert ours(targets, predicted) == pytest.approx(wanted)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SHAPES)
def test_jaccard_equals_scikit_learn_where_nothing_on_nothing_is_right(seed, shape):
    targets, predicted = _decisions(seed, shape)
    if shape[1] > 1:
        theirs = reference.jaccard_score(targets, predicted, average="samples", zero_division=1)
    else:
        theirs = np.mean(targets == predicted)
    assert metrics.jaccard(targets, predicted) == pytest.approx(theirs)


def test_a_row_with_no_label_on_either_side_counts_as_fully_right_in_jaccard():
    targets = np.array([[0, 0], [0, 0], [1, 1]])
    predicted = np.array([[0, 0], [1, 0], [1, 0]])
    assert metrics.jaccard(targets, predicted) == pytest.approx((1 + 0 + 0.5) / 3)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SHAPES)
def test_hamming_loss_equals_scikit_learn(seed, shape):
    targets, predicted = _decisions(seed, shape)
    theirs = reference.hamming_loss(targets, predicted)
    assert metrics.hamming_loss(targets, predicted) == pytest.approx(theirs)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_ranking_precision_equals_scikit_learn_over_rows_with_a_label(seed):
    targets, scores = _matrices(seed)
    kept = targets.any(axis=1)
    theirs = reference.label_ranking_average_precision_score(targets[kept], scores[kept])
    assert metrics.ranking_precision(targets, scores) == pytest.approx(theirs)


def test_rankings_without_any_label_are_zero_and_not_an_error():
    targets, scores = np.zeros((3, 2), dtype=np.int8), np.full((3, 2), 0.5)
    assert metrics.mean_average_precision(targets, scores) == 0.0
    assert metrics.ranking_precision(targets, scores) == 0.0


def test_average_precision_of_a_label_that_never_occurs_is_not_a_number():
    targets, scores = _matrices(1)
    areas = metrics.label_average_precision(targets, scores)
    assert np.isnan(areas).tolist() == [False] * 4 + [True]
    theirs = reference.average_precision_score(targets[:, 2], scores[:, 2])
    assert areas[2] == pytest.approx(theirs)


def test_precision_recall_curves_equal_scikit_learn_pooled_and_per_label():
    targets, scores = _matrices(4)
    found = metrics.precision_recall(targets, scores)
    pairs = [(found.pooled, targets.ravel(), scores.ravel())]
    pairs += [(found.per_label[i], targets[:, i], scores[:, i]) for i in range(4)]
    for curve, there, given_scores in pairs:
        precision, recall, thresholds = reference.precision_recall_curve(there, given_scores)
        full = dict(zip(thresholds, zip(precision, recall, strict=True), strict=False))
        for i, threshold in enumerate(curve.thresholds):
            assert (curve.precision[i], curve.recall[i]) == pytest.approx(full[threshold])
        assert (curve.precision[-1], curve.recall[-1]) == (1.0, 0.0)
        area = -np.sum(np.diff(recall) * precision[:-1])
        assert curve.average_precision == pytest.approx(area)


def test_precision_recall_has_no_curve_for_a_label_that_never_occurs():
    targets, scores = _matrices(4)
    assert metrics.precision_recall(targets, scores).per_label[4] is None
    assert metrics.precision_recall(np.zeros_like(targets), scores).pooled is None


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 30))
def test_calibration_error_is_what_the_reliability_diagram_shows(seed, bins):
    targets, scores = _matrices(seed)
    found = metrics.reliability_bins(targets, scores, bins)
    there = found.counts > 0
    gaps = np.abs(found.scores - found.rates)[there] * found.counts[there]
    assert found.counts.sum() == targets.size
    assert len(found.edges) == bins + 1
    assert np.isnan(found.rates[~there]).all()
    error = metrics.calibration_error(targets, scores, bins=bins)
    assert gaps.sum() / targets.size == pytest.approx(error)


def test_reliability_bins_hold_the_scores_between_their_edges():
    targets, scores = _matrices(6)
    found = metrics.reliability_bins(targets, scores, bins=8)
    flat = scores.ravel().astype(float)
    for i, (low, high) in enumerate(zip(found.edges, found.edges[1:], strict=False)):
        inside = (flat >= low) & ((flat < high) | (i == 7))
        assert found.counts[i] == inside.sum()
        assert found.rates[i] == pytest.approx(targets.ravel()[inside].mean())
        assert found.scores[i] == pytest.approx(flat[inside].mean())


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_top_label_calibration_error_equals_a_calculation_row_by_row(seed):
    targets, scores = _single(seed, (80, 5))
    bins = [[] for _ in range(10)]
    for row, right in zip(scores, targets, strict=True):
        best = int(np.argmax(row))
        bins[min(int(row[best] * 10), 9)].append((row[best], right[best]))
    error = sum(abs(sum(c for c, _ in b) - sum(h for _, h in b)) for b in bins) / 80
    found = metrics.top_label_calibration_error(targets, scores, bins=10)
    assert found == pytest.approx(error)


def test_adaptive_calibration_error_equals_equal_shares_of_the_sorted_scores():
    generator = np.random.default_rng(0)
    scores = generator.permutation(np.linspace(0, 0.2, 600)).reshape(150, 4)
    targets = (generator.random((150, 4)) < 0.1).astype(np.int8)  # gaps of either sign
    order = np.argsort(scores.ravel())
    parts = np.split(order, 12)
    error = sum(
        len(part) * abs(scores.ravel()[part].mean() - targets.ravel()[part].mean())
        for part in parts
    )
    found = metrics.adaptive_calibration_error(targets, scores, bins=12)
    assert found == pytest.approx(error / 600)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_adaptive_calibration_error_does_not_see_the_order_of_rows(seed):
    targets, scores = _matrices(seed)
    order = np.random.default_rng(seed).permutation(len(targets))
    one = metrics.adaptive_calibration_error(targets, scores, bins=7)
    other = metrics.adaptive_calibration_error(targets[order], scores[order], bins=7)
    assert one == pytest.approx(other)


def test_adaptive_calibration_error_of_one_constant_score_is_its_distance_from_the_rate():
    targets = np.array([[1, 0, 0, 0]])
    found = metrics.adaptive_calibration_error(targets, np.full((1, 4), 0.6))
    assert found == pytest.approx(0.35)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_log_losses_equal_scikit_learn(seed):
    targets, scores = _matrices(seed)
    theirs = reference.log_loss(targets.ravel(), scores.ravel().astype(float), labels=[0, 1])
    assert metrics.log_loss(targets, scores) == pytest.approx(theirs)
    right, spread = _single(seed, (30, 4))
    theirs = reference.log_loss(right.argmax(axis=1), spread, labels=range(4))
    assert metrics.top_label_log_loss(right, spread) == pytest.approx(theirs, abs=1e-9)
    assert metrics.top_label_log_loss(right, spread / 2) == pytest.approx(theirs, abs=1e-9)


def test_log_loss_of_the_one_right_label_is_refused_where_rows_have_none_or_two():
    scores = np.full((2, 2), 0.5)
    for targets in ([[1, 0], [0, 0]], [[1, 0], [1, 1]]):
        with pytest.raises(InputError, match="one right label"):
            metrics.top_label_log_loss(np.array(targets), scores)


@pytest.mark.parametrize(
    "measure",
    [
        metrics.calibration_error,
        metrics.top_label_calibration_error,
        metrics.adaptive_calibration_error,
        metrics.reliability_bins,
        metrics.log_loss,
    ],
)
@pytest.mark.parametrize("bad", [-0.2, 1.5, np.nan, np.inf])
def test_scores_that_are_no_probabilities_are_refused(measure, bad):
    targets, scores = _matrices(0)
    scores[3, 1] = bad
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        measure(targets, scores)


def test_no_bins_are_refused():
    targets, scores = _matrices(0)
    for measure in (metrics.calibration_error, metrics.adaptive_calibration_error):
        with pytest.raises(InputError, match="at least one bin"):
            measure(targets, scores, bins=0)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_spearman_equals_scipy_with_ties(seed):
    x, y = _columns(seed)
    assert metrics.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_concordance_equals_its_definition_by_expected_squared_distance(seed):
    x, y = _columns(seed)
    apart = ((x - y) ** 2).mean()
    by_chance = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    assert metrics.concordance(x, y) == pytest.approx(1 - apart / by_chance)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_absolute_error_equals_scikit_learn(seed):
    x, y = _columns(seed)
    theirs = reference.mean_absolute_error(x, y)
    assert metrics.mean_absolute_error(x, y) == pytest.approx(theirs)


def test_one_row_or_a_constant_column_has_no_rank_correlation():
    assert metrics.spearman(np.ones(1), np.ones(1)) == 0.0
    assert metrics.spearman(np.arange(4), np.full(4, 2)) == 0.0
    assert metrics.concordance(np.full(4, 2), np.full(4, 2)) == 0.0


def test_columns_of_different_length_are_refused():
    for measure in (metrics.pearson, metrics.concordance, metrics.mean_absolute_error):
        with pytest.raises(InputError, match="one length"):
            measure(np.arange(3), np.arange(4))


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from([(2, 2), (30, 3), (60, 6)]))
def test_kappa_equals_scikit_learn(seed, shape):
    targets, scores = _single(seed, shape)
    predicted = metrics.predict_best(scores)
    ids = targets.argmax(axis=1), predicted.argmax(axis=1)
    found = metrics.kappa(targets, predicted)
    if len(np.unique(ids)) == 1:
        assert found == 0.0
    else:
        assert found == pytest.approx(reference.cohen_kappa_score(*ids))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_kappa_per_label_equals_scikit_learn_and_is_undefined_for_equal_constants(seed):
    targets, predicted = _decisions(seed, (60, 6))
    targets[:, 5] = predicted[:, 5] = 0
    found = metrics.label_kappa(targets, predicted)
    for i in range(5):
        theirs = reference.cohen_kappa_score(targets[:, i], predicted[:, i])
        assert found[i] == pytest.approx(theirs)
    assert np.isnan(found[5])
    assert metrics.mean_label_kappa(targets, predicted) == pytest.approx(found[:5].mean())


def test_kappa_of_equal_constants_is_zero():
    ones = np.array([[1, 0], [1, 0]])
    assert metrics.kappa(ones, ones) == 0.0
    assert metrics.mean_label_kappa(ones, ones) == 0.0


def test_kappa_of_one_label_is_refused_where_rows_have_none_or_two():
    good = np.array([[1, 0], [0, 1]])
    for bad in ([[1, 1], [0, 1]], [[0, 0], [0, 1]]):
        for pair in ((good, np.array(bad)), (np.array(bad), good)):
            with pytest.raises(InputError, match="exactly one label"):
                metrics.kappa(*pair)


def _votes(seed, rows=40, labels=5):
    """Shares of annotators with zeros and a row without votes, and scores with zeros."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(labels, 0.4), rows).round(1)
    shares[0] = 0
    scores = generator.random((rows, labels)).round(2)
    return shares, scores


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_jensen_shannon_distance_equals_scipy_over_rows_with_votes(seed):
    shares, scores = _votes(seed)
    voted = shares.any(axis=1)
    theirs = jensenshannon(shares[voted], scores[voted], base=2, axis=1).mean()
    assert metrics.annotator_distance(shares, scores) == pytest.approx(theirs)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_divergence_equals_scipy_and_cross_entropy_adds_the_entropy(seed):
    shares, scores = _votes(seed)
    scores += 0.01
    scores /= scores.max()
    voted = shares.any(axis=1)
    kl = stats.entropy(shares[voted], scores[voted], axis=1).mean()
    own = stats.entropy(shares[voted], axis=1).mean()
    assert metrics.annotator_divergence(shares, scores) == pytest.approx(kl)
    assert metrics.annotator_cross_entropy(shares, scores) == pytest.approx(kl + own)


def test_a_label_with_votes_and_no_score_costs_much_but_not_infinitely_much():
    shares, scores = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert 20 < metrics.annotator_cross_entropy(shares, scores) < 30
    assert metrics.annotator_distance(shares, scores) == pytest.approx(1.0)
    assert metrics.annotator_distance(shares, shares) == pytest.approx(0.0)


def test_scores_that_are_all_zero_are_read_as_no_preference():
    shares = np.array([[0.5, 0.5], [1.0, 0.0]])
    found = metrics.annotator_cross_entropy(shares, np.zeros((2, 2)))
    assert found == pytest.approx(np.log(2))


def test_rows_without_votes_alone_have_no_distance():
    nothing, scores = np.zeros((2, 3)), np.full((2, 3), 0.5)
    for measure in (
        metrics.annotator_distance,
        metrics.annotator_divergence,
        metrics.annotator_cross_entropy,
    ):
        assert measure(nothing, scores) == 0.0


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_expected_accuracy_is_the_mean_accuracy_over_the_annotators(seed):
    generator = np.random.default_rng(seed)
    votes = generator.integers(0, 4, (30, 5))  # one label by each of five annotators
    shares = np.stack([(votes == i).mean(axis=1) for i in range(4)], axis=1)
    predicted = metrics.predict_best(generator.random((30, 4)))
    by_annotator = [np.mean(votes[:, a] == predicted.argmax(axis=1)) for a in range(5)]
    found = metrics.expected_accuracy(shares, predicted)
    assert found == pytest.approx(np.mean(by_annotator))
    best = metrics.expected_accuracy(shares, metrics.predict_best(shares))
    assert metrics.annotator_ceiling(shares) == pytest.approx(best)
    assert best >= found


def test_expected_accuracy_of_several_labels_is_their_mean_share_and_of_none_is_zero():
    shares = np.array([[0.6, 0.2, 0.2], [1.0, 0.0, 0.0]])
    predicted = np.array([[1, 1, 0], [0, 0, 0]])
    assert metrics.expected_accuracy(shares, predicted) == pytest.approx(0.2)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_correlation_of_shares_equals_scipy_over_all_pairs(seed):
    shares, scores = _votes(seed)
    theirs = stats.pearsonr(shares.ravel(), scores.ravel()).statistic
    assert metrics.share_correlation(shares, scores) == pytest.approx(theirs)


def _case(name, seed, shape):
    """Targets and two models' answers of the kind that a metric takes."""
    generator = np.random.default_rng(seed + 1)
    if name in ("pearson", "concordance", "mean_absolute_error", "spearman"):
        x, y = _columns(seed, shape[0])
        z = (0.8 * x + generator.normal(0, 0.7, shape[0])).round(1)
        if name in ("pearson", "spearman"):  # on the scale on which rows are swapped
            y, z = ((v - v.mean()) / (v.std() or 1.0) for v in (y, z))
        return x, y, z
    targets, predicted = _decisions(seed, shape)
    if name in ("brier_score", "calibration_error"):
        return targets, *generator.random((2, *shape)).round(2)
    other = np.where(generator.random(shape) < 0.3, targets, predicted)
    return targets, predicted, other


BY_SUMS = [
    "macro_f1",
    "micro_f1",
    "weighted_f1",
    "macro_precision",
    "macro_recall",
    "accuracy",
    "jaccard",
    "hamming_loss",
    "brier_score",
    "calibration_error",
    "pearson",
    "concordance",
    "mean_absolute_error",
]


def _hidden(name):
    """The same metric, not known as one that is a sum over rows."""
    metric = getattr(metrics, name)
    return lambda targets, values: metric(targets, values)


@pytest.mark.parametrize("name", BY_SUMS)
@settings(max_examples=6, deadline=None)
@given(SEEDS, st.sampled_from([(1, 3), (12, 1), (50, 4)]))
def test_resampling_by_sums_equals_computing_the_metric_on_every_draw(name, seed, shape):
    targets, first, _ = _case(name, seed, shape)
    fast = metrics.bootstrap_interval(getattr(metrics, name), targets, first, resamples=40)
    slow = metrics.bootstrap_interval(_hidden(name), targets, first, resamples=40)
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=1e-9)


@pytest.mark.parametrize("name", BY_SUMS)
@settings(max_examples=6, deadline=None)
@given(SEEDS, st.sampled_from([(1, 3), (12, 1), (50, 4)]))
def test_comparing_by_sums_equals_computing_the_metric_on_every_draw_and_swap(name, seed, shape):
    arrays = _case(name, seed, shape)
    fast = metrics.paired_difference(getattr(metrics, name), *arrays, resamples=40)
    slow = metrics.paired_difference(_hidden(name), *arrays, resamples=40)
    for field in ("first", "second", "difference", "low", "high", "p_value"):
        assert getattr(fast, field) == pytest.approx(getattr(slow, field), abs=1e-9), field


def test_resampling_in_several_blocks_equals_one_block(monkeypatch):
    targets, predicted = _decisions(0, (60, 6))
    whole = metrics.bootstrap_interval(metrics.macro_f1, targets, predicted, resamples=50)
    monkeypatch.setattr("emo_hub.metrics.resampling._BLOCK", 60 * 7)
    parts = metrics.bootstrap_interval(metrics.macro_f1, targets, predicted, resamples=50)
    assert (whole.low, whole.high) == pytest.approx((parts.low, parts.high), abs=1e-12)


@pytest.mark.parametrize("shape", [(17_528, 8), (5_427, 28)])
def test_a_thousand_resamples_of_a_large_benchmark_take_seconds_at_most(shape):
    targets, predicted = _decisions(0, shape)
    other = np.roll(predicted, 1, axis=0)
    start = time.perf_counter()
    metrics.paired_difference(metrics.macro_f1, targets, predicted, other)
    assert time.perf_counter() - start < 5  # 0.3 s on a quiet machine; naively half a minute


def test_the_difference_is_what_the_second_model_adds():
    targets, _ = _matrices(0, rows=300)
    worse, better = np.zeros_like(targets), targets
    found = metrics.paired_difference(metrics.accuracy, targets, worse, better, resamples=200)
    assert found.first == metrics.accuracy(targets, worse)
    assert found.second == 1.0
    assert found.difference == pytest.approx(1.0 - found.first)
    assert 0 < found.low < found.difference < found.high
    assert found.p_value == pytest.approx(1 / 201)
    back = metrics.paired_difference(metrics.accuracy, targets, better, worse, resamples=200)
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-found.difference, -found.high, -found.low)
    )


@pytest.mark.parametrize("name", ["macro_f1", "pearson", "spearman", "mean_absolute_error"])
def test_a_model_does_not_differ_from_itself(name):
    targets, first, _ = _case(name, 3, (60, 6))
    found = metrics.paired_difference(getattr(metrics, name), targets, first, first, resamples=50)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert (found.low, found.high) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_randomisation_of_accuracy_agrees_with_the_exact_test():
    generator = np.random.default_rng(5)
    targets = np.eye(2, dtype=np.int8)[generator.integers(0, 2, 400)]
    first = np.where(generator.random((400, 1)) < 0.25, 1 - targets, targets)
    second = np.where(generator.random((400, 1)) < 0.31, 1 - targets, targets)
    exact = metrics.mcnemar(targets, first, second)
    found = metrics.paired_difference(metrics.accuracy, targets, first, second, resamples=8000)
    assert 0.01 < exact.p_value < 0.5
    assert found.p_value == pytest.approx(exact.p_value, abs=0.015)


def test_p_values_of_equally_good_models_are_spread_evenly():
    generator = np.random.default_rng(11)
    below = 0
    for seed in range(300):
        targets = (generator.random((80, 3)) < 0.4).astype(np.int8)
        first, second = (
            np.where(generator.random((80, 3)) < 0.3, 1 - targets, targets) for _ in range(2)
        )
        found = metrics.paired_difference(
            metrics.macro_f1, targets, first, second, resamples=99, seed=seed
        )
        below += found.p_value <= 0.2
    assert 0.13 < below / 300 < 0.27


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_scale_of_one_model_changes_nothing_for_a_correlation(name):
    x, y, z = _case(name, 0, (80, 1))
    metric = getattr(metrics, name)
    one = metrics.paired_difference(metric, x, y, z, resamples=200)
    other = metrics.paired_difference(metric, x, y, 1000 * z + 7, resamples=200)
    assert other.p_value == one.p_value
    assert (other.low, other.high) == pytest.approx((one.low, one.high))


def test_scale_of_one_model_changes_nothing_for_average_precision():
    targets, scores = _matrices(0)
    other = np.random.default_rng(1).random(scores.shape)
    one = metrics.paired_difference(
        metrics.mean_average_precision, targets, scores, other, resamples=30
    )
    same = metrics.paired_difference(
        metrics.mean_average_precision, targets, scores, other * 1e-3, resamples=30
    )
    assert same == one


def test_comparing_repeats_with_its_seed_alone():
    arrays = _case("macro_f1", 0, (60, 6))
    one, again, other = (
        metrics.paired_difference(metrics.macro_f1, *arrays, resamples=50, seed=seed)
        for seed in (0, 0, 1)
    )
    assert one == again
    assert one.low != other.low


def test_the_swaps_of_a_comparison_follow_its_seed():
    targets, first, _ = _case("brier_score", 0, (60, 6))
    second = np.random.default_rng(7).random((60, 6))
    found = {
        metrics.paired_difference(
            metrics.brier_score, targets, first, second, resamples=99, seed=seed
        ).p_value
        for seed in range(6)
    }
    assert len(found) > 1


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_mcnemar_equals_the_binomial_tails(seed):
    generator = np.random.default_rng(seed)
    targets, first = _decisions(seed, (40, 2))
    second = np.where(generator.random((40, 2)) < 0.3, targets, first)
    second[:10] = 1 - targets[:10]
    found = metrics.mcnemar(targets, first, second)
    right = [(targets == answers).all(axis=1) for answers in (first, second)]
    b, c = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    assert (found.only_first, found.only_second) == (b, c)
    tails = 2 * stats.binom.cdf(min(b, c), b + c, 0.5)
    assert found.p_value == pytest.approx(min(tails, 1.0))


def test_mcnemar_of_models_that_are_right_on_the_same_rows_is_one():
    targets, _ = _decisions(0, (20, 3))
    found = metrics.mcnemar(targets, targets, targets)
    assert (found.only_first, found.only_second, found.p_value) == (0, 0, 1.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.999))
def test_holm_rejects_what_stepping_down_rejects(p_values, alpha):
    rejected = set()
    for step, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[i] * (len(p_values) - step) > alpha:
            break
        rejected.add(i)
    corrected = metrics.holm(p_values)
    assert {i for i, p in enumerate(corrected) if p <= alpha} == rejected


def test_holm_gives_values_in_the_order_of_the_tests():
    assert metrics.holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert metrics.holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert metrics.holm([]).tolist() == []


@pytest.mark.parametrize("bad", [[-0.1], [1.2], [float("nan")]])
def test_holm_refuses_what_is_no_p_value(bad):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        metrics.holm(bad)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"resamples": 0}, "at least one resample"), ({"level": 95}, "share in"), ({"level": 0}, "0")],
)
def test_senseless_resampling_is_refused(options, words):
    targets, predicted = _decisions(0, (20, 3))
    with pytest.raises(InputError, match=words):
        metrics.bootstrap_interval(metrics.macro_f1, targets, predicted, **options)


def test_a_comparison_of_no_resamples_is_refused():
    targets, predicted = _decisions(0, (20, 3))
    with pytest.raises(InputError, match="at least one resample"):
        metrics.paired_difference(metrics.macro_f1, targets, predicted, predicted, resamples=0)


def test_models_of_different_shape_are_not_compared():
    targets, predicted = _decisions(0, (20, 3))
    with pytest.raises(InputError, match="equal shapes"):
        metrics.paired_difference(metrics.macro_f1, targets, predicted, predicted[:, :2])
    with pytest.raises(InputError, match="same number of rows"):
        metrics.paired_difference(metrics.macro_f1, targets, predicted, predicted[:5])


def test_importing_the_metrics_loads_neither_scikit_learn_nor_scipy_nor_evaluate():
    code = (
        "import sys, emo_hub.metrics;"
        "print(sorted({'sklearn', 'scipy', 'evaluate', 'datasets', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def grouped(seed=0, groups=40, size=6):
    """Rows that are equal within a group, so that there are far fewer of them than it seems."""
    generator = np.random.default_rng(seed)
    targets = np.repeat(np.eye(3, dtype=np.int8)[generator.integers(0, 3, groups)], size, axis=0)
    predicted = np.repeat(np.eye(3, dtype=np.int8)[generator.integers(0, 3, groups)], size, axis=0)
    names = np.repeat([f"dialogue {i}" for i in range(groups)], size)
    return targets, predicted, list(names)


def test_an_interval_over_groups_is_that_over_one_row_of_each():
    targets, predicted, names = grouped()
    whole = metrics.bootstrap_interval(metrics.accuracy, targets, predicted, groups=sorted(names))
    once = metrics.bootstrap_interval(metrics.accuracy, targets[::6], predicted[::6])
    rows = metrics.bootstrap_interval(metrics.accuracy, targets, predicted)
    assert (whole.high - whole.low) == pytest.approx(once.high - once.low, rel=0.15)
    assert (whole.high - whole.low) > 1.8 * (rows.high - rows.low)


def test_groups_give_the_same_by_sums_and_draw_by_draw():
    targets, predicted, names = grouped()
    other = grouped(seed=1)[1]
    naive = lambda t, p: metrics.macro_f1(t, p)  # noqa: E731
    pairs = [
        (metrics.bootstrap_interval(m, targets, predicted, groups=names),
         metrics.paired_difference(m, targets, predicted, other, resamples=50, groups=names))
        for m in (metrics.macro_f1, naive)
    ]  # fmt: skip
    assert pairs[0][0].low == pytest.approx(pairs[1][0].low)
    assert pairs[0][0].high == pytest.approx(pairs[1][0].high)
    assert dataclasses.astuple(pairs[0][1]) == pytest.approx(dataclasses.astuple(pairs[1][1]))


@pytest.mark.parametrize("name", BY_SUMS)
def test_groups_of_unequal_size_give_the_same_by_sums_and_draw_by_draw(name):
    arrays = _case(name, 3, (50, 4))
    groups = [f"dialogue {i * i // 60}" for i in range(50)]
    metric, hidden = getattr(metrics, name), _hidden(name)
    fast, slow = (
        metrics.bootstrap_interval(m, *arrays[:2], resamples=40, groups=groups)
        for m in (metric, hidden)
    )
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=1e-9)
    fast, slow = (
        metrics.paired_difference(m, *arrays, resamples=40, groups=groups) for m in (metric, hidden)
    )
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=1e-9)
    assert fast.p_value == pytest.approx(slow.p_value, abs=1e-9)


def test_a_group_for_every_row_changes_nothing_but_the_draws_names():
    targets, predicted, _ = grouped()
    names = [f"{i:04d}" for i in range(len(targets))]
    assert metrics.bootstrap_interval(
        metrics.micro_f1, targets, predicted, groups=names
    ) == metrics.bootstrap_interval(metrics.micro_f1, targets, predicted)


def test_groups_that_do_not_fit_the_rows_are_refused():
    targets, predicted, names = grouped()
    with pytest.raises(InputError, match="one for each row"):
        metrics.bootstrap_interval(metrics.accuracy, targets, predicted, groups=names[1:])
