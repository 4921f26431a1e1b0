import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import roc_auc_score

from mlopskit.validation.bootstrap import percentile_interval, resample
from mlopskit.validation.metrics import metric_named


def differences(first, second, groups, *, resamples, seed):
    return resample(lambda counts: first(counts) - second(counts), groups, resamples=resamples, seed=seed)


def mean_of(sums, sizes):
    return lambda counts: counts @ sums / (counts @ sizes)


def test_gives_what_repeating_the_rows_of_each_drawn_group_gives():
    random = np.random.default_rng(3)
    y, groups = random.integers(0, 2, 200), random.integers(0, 15, 200)
    good, bad = y + random.normal(size=200), random.normal(size=200)
    scorer = metric_named("roc_auc").scorer
    fast = differences(scorer(y, good, groups, 15), scorer(y, bad, groups, 15), 15, resamples=30, seed=5)
    draws = np.random.default_rng(5)
    for difference in fast:
        rows = np.concatenate([np.flatnonzero(groups == group) for group in draws.integers(15, size=15)])
        slow = roc_auc_score(y[rows], good[rows]) - roc_auc_score(y[rows], bad[rows])
        assert difference == pytest.approx(slow, abs=1e-12)


def test_the_same_seed_gives_the_same_draws():
    score, other = mean_of(np.arange(20.0), np.ones(20)), lambda counts: 0.0
    first, again, another = (differences(score, other, 20, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, another)


def test_the_same_score_twice_differs_by_nothing():
    score = mean_of(np.arange(20.0), np.ones(20))
    assert not differences(score, score, 20, resamples=50, seed=1).any()


def test_intervals_cover_the_true_difference_as_often_as_they_say_only_if_groups_are_drawn():
    """Rows of one group share most of their noise, so that drawing rows would promise too much."""
    random = np.random.default_rng(11)
    groups, size, trials = 30, 10, 200
    codes, covered = np.repeat(np.arange(groups), size), {"groups": 0, "rows": 0}
    for trial in range(trials):
        gain = 0.5 + np.repeat(random.normal(size=groups), size) + random.normal(scale=0.3, size=groups * size)
        by_group = mean_of(np.bincount(codes, weights=gain), np.bincount(codes))
        by_row = mean_of(gain, np.ones(len(gain)))
        for kind, score, count in (("groups", by_group, groups), ("rows", by_row, groups * size)):
            found = differences(score, lambda counts: 0.0, count, resamples=200, seed=trial)
            low, high = percentile_interval(found, 0.9, count)
            covered[kind] += low <= 0.5 <= high
    assert 0.82 <= covered["groups"] / trials <= 0.96
    assert covered["rows"] / trials < 0.6


@pytest.mark.parametrize("groups", [10, 15, 30])
def test_the_interval_of_a_mean_is_about_as_wide_as_students(groups):
    random, ratios = np.random.default_rng(0), []
    for seed in range(40):
        values = random.normal(size=groups)
        draws = resample(mean_of(values, np.ones(groups)), groups, resamples=800, seed=seed)
        low, high = percentile_interval(draws, 0.95, groups)
        exact = scipy.stats.t.interval(0.95, groups - 1, loc=values.mean(), scale=scipy.stats.sem(values))
        ratios.append((high - low) / (exact[1] - exact[0]))
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)  # without the expansion 0.82 of 10, 0.88 of 15, 0.94 of 30
