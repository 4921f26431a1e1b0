import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from mlopskit.drift.multivariate.encoding import Encoder, Feature
from mlopskit.drift.multivariate.mmd import MMD


def features(count):
    return tuple(Feature(f"x{number}", "score") for number in range(count))


def fitted(matrix, **params):
    test = MMD(**params)
    return test, test.fit_summarize(matrix, features(matrix.shape[1]))


def scores(random, rows, correlation=0.0, columns=6):
    matrix = random.normal(size=(rows, columns))
    matrix[:, 1] = correlation * matrix[:, 0] + np.sqrt(1 - correlation**2) * matrix[:, 1]
    return np.clip(np.round(matrix * 16) / 16, -3, 3)


def test_waves_stand_for_the_kernel():
    rows = scores(np.random.default_rng(0), 40)
    test = MMD(frequencies=20_000)
    test.features_ = features(6)
    test.restore(test.features_, test.learn(rows))
    waves = test.numbers(rows)
    distances = np.square(rows[:, None] - rows).sum(axis=2)
    bandwidth = np.sqrt(np.median(distances[np.triu_indices(40, 1)]))
    assert test.learned_["bandwidth"] == pytest.approx(bandwidth)
    assert waves @ waves.T / 20_000 == pytest.approx(np.exp(-distances / (2 * bandwidth**2)), abs=0.05)


def test_the_p_value_is_that_of_permutations():
    random = np.random.default_rng(3)
    x, y = scores(random, 150), scores(random, 100)
    y[:, 0] += 0.25
    test, reference = fitted(x, frequencies=64)
    observed = test.compare(reference, test.summarize(y))
    together, statistics = np.concatenate([x, y]), []
    for _ in range(400):
        order = random.permutation(250)
        first, second = (test.summarize(together[side]) for side in (order[:150], order[150:]))
        statistics.append(test.compare(first, second).statistic)
    by_permutation = np.mean(np.array(statistics) >= observed.statistic)
    assert 0.001 < by_permutation < 0.5
    assert observed.p_value == pytest.approx(by_permutation, abs=0.04)


def test_p_values_are_uniform_when_nothing_moves(most_alarms):
    random = np.random.default_rng(0)
    p_values = []
    for _ in range(200):
        test, reference = fitted(scores(random, 600, 0.5), frequencies=64)
        p_values.append(test.compare(reference, test.summarize(scores(random, 200, 0.5))).p_value)
    assert kstest(p_values, "uniform").pvalue > 0.001
    assert np.sum(np.array(p_values) < 0.05) <= most_alarms(200, 0.05)


def test_a_change_of_correlation_alone_is_found_and_its_columns_blamed():
    random = np.random.default_rng(0)
    test, reference = fitted(scores(random, 1000))
    found = [test.compare(reference, test.summarize(scores(random, 1000, 0.5))) for _ in range(20)]
    assert all(result.p_value < 0.001 for result in found)
    blamed = [set(list(result.contributions)[:2]) for result in found]
    assert blamed.count({"x0", "x1"}) >= 18


def test_a_change_that_no_correlation_shows_is_found():
    """Three columns, independent by pairs, whose product has a sign."""
    random = np.random.default_rng(0)
    rows = scores(random, 3000, columns=3)
    changed = scores(random, 3000, columns=3)
    changed[:, 2] = np.abs(changed[:, 2]) * np.sign(changed[:, 0] * changed[:, 1])
    test, reference = fitted(rows)
    assert test.compare(reference, test.summarize(changed)).p_value < 1e-6


def test_a_vector_counts_as_much_as_a_column():
    random = np.random.default_rng(0)
    reference = pd.DataFrame({"vector": list(random.normal(size=(500, 64))), "x": random.normal(size=500)})
    current = pd.DataFrame({"vector": list(random.normal(size=(500, 64))), "x": random.normal(0.5, size=500)})
    encoder, test = Encoder.of(reference), MMD()
    moments = test.fit_summarize(encoder.encode(reference), encoder.features)
    found = test.compare(moments, test.summarize(encoder.encode(current)))
    assert found.p_value < 1e-4
    assert next(iter(found.contributions)) == "x"


def test_frequencies_follow_from_the_seed_and_lie_on_the_lattice():
    rows = scores(np.random.default_rng(0), 100)
    first, _ = fitted(rows, seed=1)
    again, _ = fitted(rows, seed=1)
    other, _ = fitted(rows, seed=2)
    assert np.array_equal(first.numbers(rows), again.numbers(rows))
    assert not np.array_equal(first.numbers(rows), other.numbers(rows))
    assert np.array_equal(first.numbers(rows) * 128, np.rint(first.numbers(rows) * 128))


@pytest.mark.parametrize("cut", [1, 700, 1024, 2999])
def test_chunks_add_up_to_the_same_bits(cut):
    rows = scores(np.random.default_rng(0), 3000)
    test, whole = fitted(rows)
    assert np.array_equal((test.summarize(rows[cut:]) + test.summarize(rows[:cut])).products, whole.products)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"frequencies": 0}, r"MMD\(frequencies=0\): give a whole number of at least 1"),
        ({"frequencies": 2.5}, r"MMD\(frequencies=2.5\): give a whole number"),
        ({"ridge": -1}, r"MMD\(ridge=-1\): give a number of at least 0"),
        ({"ridge": float("nan")}, r"MMD\(ridge=nan\)"),
        ({"seed": -1}, r"MMD\(seed=-1\)"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        MMD(**params)
