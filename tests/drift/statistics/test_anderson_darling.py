from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from mlopskit.drift.statistics import AndersonDarling, KolmogorovSmirnov

AD = AndersonDarling()


def scholz_stephens_deviation(n: int, m: int) -> float:
    """The standard deviation of the statistic under the null hypothesis, K-sample Anderson-Darling Tests, 1987, (4)."""
    rows, k = n + m, 2
    harmonic = sum(1 / i for i in range(1, rows))
    g = sum(1 / ((rows - i) * j) for i in range(1, rows - 1) for j in range(i + 1, rows))
    sizes = 1 / n + 1 / m
    a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * sizes
    b = (2 * g - 4) * k**2 + 8 * harmonic * k + (2 * g - 14 * harmonic - 4) * sizes - 8 * harmonic + 4 * g - 6
    c = (6 * harmonic + 2 * g - 2) * k**2 + (4 * harmonic - 4 * g + 6) * k + (2 * harmonic - 6) * sizes + 4 * harmonic
    d = (2 * harmonic + 6) * k**2 - 4 * harmonic * k
    return float(np.sqrt((a * rows**3 + b * rows**2 + c * rows + d) / ((rows - 1) * (rows - 2) * (rows - 3))))


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_the_statistic_is_scipys_before_it_is_standardised(compare, shift):
    random = np.random.default_rng(3)
    reference, current = random.normal(size=60), random.normal(shift, size=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        standardised = stats.anderson_ksamp([reference, current], midrank=False).statistic
    found = compare(AD, reference, current).statistic
    assert (found - 1) / scholz_stephens_deviation(60, 40) == pytest.approx(standardised, rel=1e-6)


def test_p_values_agree_with_random_permutations(compare):
    random = np.random.default_rng(4)
    reference, current = random.normal(size=80), random.normal(0.3, size=70)
    observed = compare(AD, reference, current)
    pooled = np.concatenate([reference, current])
    shuffled = (random.permutation(pooled) for _ in range(2000))
    at_least = [compare(AD, rows[:80], rows[80:]).statistic >= observed.statistic for rows in shuffled]
    assert observed.p_value == pytest.approx(np.mean(at_least), abs=0.02)


def test_two_values_give_the_chi_square_of_one_degree_of_freedom(compare):
    found = compare(AD, [0] * 60 + [1] * 40, [0] * 45 + [1] * 55)
    expected = stats.chi2_contingency([[60, 40], [45, 55]], correction=False)
    assert found.statistic == pytest.approx(expected.statistic / 2)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.03)


def test_far_out_p_values_keep_falling(compare):
    random = np.random.default_rng(5)
    found = [
        compare(AD, random.normal(size=5000), random.normal(shift, size=5000)).p_value for shift in (0.2, 0.3, 0.4)
    ]
    assert 0 <= found[2] < found[1] < found[0] < 1e-10


def test_a_change_of_spread_is_found_far_more_often_than_by_kolmogorov_smirnov(compare):
    """1,000 rows a side, a standard deviation of 1.25, alpha 0.005."""
    random = np.random.default_rng(6)
    pairs = [(random.normal(size=1000), random.normal(0, 1.25, size=1000)) for _ in range(150)]
    power = {each.name: np.mean([compare(each, *pair).p_value < 0.005 for pair in pairs])
             for each in (AD, KolmogorovSmirnov())}  # fmt: skip
    assert power["anderson-darling"] > 0.85
    assert power["kolmogorov-smirnov"] < 0.55
