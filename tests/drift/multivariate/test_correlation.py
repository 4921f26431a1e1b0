import numpy as np
import pytest

from mlopskit.drift.multivariate.correlation import CorrelationChange
from mlopskit.drift.multivariate.encoding import Feature

FEATURES = (
    Feature("a", "score"),
    Feature("b", "score"),
    Feature("c", "level", "x"),
    Feature("c", "level", "y"),
    Feature("v", "dimension", "0"),
)


def rows_of(random, rows, correlation=0.3):
    a, b = random.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], rows).T
    x = random.random(rows) < 0.3
    y = ~x & (random.random(rows) < 0.5)
    matrix = np.column_stack([a, b, x, y, random.normal(size=rows)])
    matrix[:, :2] = np.clip(np.round(matrix[:, :2] * 16) / 16, -3, 3)
    return matrix


def fitted(matrix):
    test = CorrelationChange()
    return test, test.fit_summarize(matrix, FEATURES)


def influence(x, y):
    u, v = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = (u * v).mean()
    return r, u * v - r * (u**2 + v**2) / 2


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 3)])
def test_moments_give_correlations_and_what_each_row_moves_them(pair):
    matrix = rows_of(np.random.default_rng(0), 500)
    test, moments = fitted(matrix)
    found = test._pairs(moments, np.arange(4))
    r, moves = influence(*matrix[:, pair].T)
    assert found.correlation[pair] == pytest.approx(r)
    assert found.row_variance[pair] == pytest.approx((moves**2).mean())


def test_the_statistic_is_the_largest_change_in_standard_errors():
    random = np.random.default_rng(0)
    before, after = rows_of(random, 4000), rows_of(random, 2000, 0.6)
    test, reference = fitted(before)
    found = test.compare(reference, test.summarize(after))
    change = influence(*after[:, :2].T)[0] - influence(*before[:, :2].T)[0]
    moves = influence(*np.concatenate([before, after])[:, :2].T)[1]
    assert found.statistic == pytest.approx(change / np.sqrt((moves**2).mean() * (1 / 4000 + 1 / 2000)))
    assert found.effect == pytest.approx(change)
    assert set(list(found.contributions)[:2]) == {"a", "b"}
    assert found.details[0] == "correlation of a and b: 0.31 -> 0.60"


def test_pairs_within_a_column_and_vectors_are_left_out():
    test, _ = fitted(rows_of(np.random.default_rng(0), 100))
    assert int(test._may_pair.sum()) == 5
    vectors = CorrelationChange()
    matrix = np.random.default_rng(0).normal(size=(100, 2))
    moments = vectors.fit_summarize(matrix, [Feature("v", "dimension", "0"), Feature("v", "dimension", "1")])
    assert vectors.compare(moments, moments).note == "not enough data: nothing varies"


def test_no_false_alarm_from_levels_that_meet_once():
    """Two rare levels that never meet in the reference meet in one row: by the plain error, 4 standard errors."""
    features = (Feature("a", "level", "x"), Feature("b", "level", "y"))
    before, after = np.zeros((10_000, 2)), np.zeros((500, 2))
    before[:100, 0] = before[100:200, 1] = 1
    after[:5, 0] = after[4:9, 1] = 1
    test = CorrelationChange()
    reference = test.fit_summarize(before, features)
    assert test.compare(reference, test.summarize(after)).p_value > 0.01


@pytest.mark.parametrize("sizes", [(10_000, 500), (400, 400)])
def test_false_alarms_over_many_pairs(most_alarms, sizes):
    simulations, alarms, columns = 200, 0, 12
    features = tuple(Feature(f"x{number}", "score") for number in range(columns - 4))
    features += tuple(Feature(f"y{number}", "level", "l") for number in range(4))
    for seed in range(simulations):
        random = np.random.default_rng(seed)
        sides = []
        for size in sizes:
            z = random.normal(size=(size, columns)) + random.normal(size=(size, 1))
            z[:, -4:] = z[:, -4:] > [0, 1, 2, 3]
            z[:, 0] = np.where(random.random(size) < 0.8, 0, z[:, 0])
            sides.append(np.clip(np.round(z * 16) / 16, -3, 3))
        test = CorrelationChange()
        reference = test.fit_summarize(sides[0], features)
        alarms += test.compare(reference, test.summarize(sides[1])).p_value < 0.05
    assert alarms <= most_alarms(simulations, 0.05)


def test_more_columns_than_rows():
    random = np.random.default_rng(0)
    features = tuple(Feature(f"x{number}", "score") for number in range(60))
    test = CorrelationChange()
    reference = test.fit_summarize(np.round(random.normal(size=(30, 60)) * 16) / 16, features)
    found = test.compare(reference, test.summarize(np.round(random.normal(size=(30, 60)) * 16) / 16))
    assert 0.05 < found.p_value <= 1


def test_the_effect_is_the_largest_of_the_sure_changes_not_the_surest():
    """Of two columns that go together closely, a tiny change is surest."""
    random = np.random.default_rng(0)
    features = tuple(Feature(name, "score") for name in "abcd")

    def rows(noise, correlation):
        a, c = random.normal(size=(2, 5000))
        b = a + noise * random.normal(size=5000)
        d = correlation * c + np.sqrt(1 - correlation**2) * random.normal(size=5000)
        return np.clip(np.round(np.column_stack([a, b, c, d]) * 16) / 16, -3, 3)

    test = CorrelationChange()
    reference = test.fit_summarize(rows(0.1, 0.0), features)
    found = test.compare(reference, test.summarize(rows(0.5, 0.3)))
    assert found.effect == pytest.approx(0.3, abs=0.05)
    assert found.details[0].startswith("correlation of c and d")
    assert found.details[1].startswith("correlation of a and b: 0.99 -> 0.")
