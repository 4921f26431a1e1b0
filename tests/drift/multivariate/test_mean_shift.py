import numpy as np
import pytest
from scipy.stats import f, ttest_ind

from mlopskit.drift.multivariate.mean_shift import effect_of, mean_shift
from mlopskit.drift.multivariate.moments import Moments


def moments(*samples):
    return [Moments.of(sample) for sample in samples]


def hotelling(x, y):
    n, m, p = len(x), len(y), x.shape[1]
    pooled = ((n - 1) * np.cov(x.T) + (m - 1) * np.cov(y.T)) / (n + m - 2)
    difference = x.mean(axis=0) - y.mean(axis=0)
    squared = n * m / (n + m) * difference @ np.linalg.solve(np.atleast_2d(pooled), difference)
    return f.sf(squared * (n + m - p - 1) / (p * (n + m - 2)), p, n + m - p - 1)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("sizes", [(3000, 3000), (3000, 500)])
def test_without_a_ridge_it_is_hotellings_test(shift, sizes):
    random = np.random.default_rng(int(shift * 100))
    x, y = (random.multivariate_normal([0, 0, 0], [[1, 0.9, 0], [0.9, 1, 0], [0, 0, 4]], size) for size in sizes)
    found = mean_shift(*moments(x, y + shift), ridge=0.0)
    assert found.p_value == pytest.approx(hotelling(x, y + shift), rel=0.15, abs=1e-6)


def test_one_number_is_compared_by_its_mean_whatever_the_ridge():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2000, 1)), random.normal(0.1, size=(2000, 1))
    expected = ttest_ind(x, y).pvalue[0]
    for ridge in (0.0, 0.3):
        assert mean_shift(*moments(x, y), ridge).p_value == pytest.approx(expected, rel=0.1)


def test_the_distance_of_samples_of_one_kind_is_zero_on_average():
    distances = []
    for seed in range(300):
        x, y = (np.random.default_rng([seed, size]).exponential(size=(size, 20)) for size in (60, 40))
        distances.append(mean_shift(*moments(x, y), ridge=0.3).distance)
    assert abs(np.mean(distances)) < 3.3 * np.std(distances) / np.sqrt(300)


def test_the_direction_tells_the_samples_apart():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 2000, 4))
    y[:, 2] += 0.5
    found = mean_shift(*moments(x, y), ridge=0.3)
    assert np.abs(found.direction).argmax() == 2
    assert found.effect == pytest.approx(effect_of(0.5**2), abs=0.05)


def test_what_varies_nowhere_has_no_answer_and_two_constants_differ():
    assert mean_shift(*moments(np.ones((50, 2)), np.ones((50, 2))), ridge=0.3) is None
    assert mean_shift(*moments(np.ones((50, 2)), np.zeros((50, 2))), ridge=0.3).p_value < 1e-6


@pytest.mark.parametrize("sizes", [(2000, 25), (60, 60)])
def test_false_alarms_of_a_small_sample_and_many_bounded_numbers(most_alarms, sizes):
    """The plain statistic, with each row's own term, raises three times as many where one sample is far smaller."""
    simulations, alarms = 200, 0
    frequencies = np.random.default_rng(0).normal(size=(5, 40)) / 3
    for seed in range(simulations):
        random = np.random.default_rng(seed)
        x, y = (np.cos(random.normal(size=(size, 5)) @ frequencies) for size in sizes)
        alarms += mean_shift(*moments(x, y), ridge=0.3).p_value < 0.05
    assert alarms <= most_alarms(simulations, 0.05)
