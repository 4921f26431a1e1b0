from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.statistics import KolmogorovSmirnov

KS = KolmogorovSmirnov()


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.integers(-4, 4) | st.floats(-5, 5).map(lambda each: round(each, 9)), min_size=2, max_size=30)] * 2)
def test_the_gap_is_scipys_ties_included(compare, reference, current):
    expected = stats.ks_2samp(reference, current, method="asymp").statistic
    assert compare(KS, reference, current).statistic == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(10, 10), (7, 31), (50, 50), (40, 100), (200, 200)])
def test_p_values_of_few_rows_are_scipys_exact_ones(compare, n, m):
    random = np.random.default_rng(n * m)
    for shift in (0, 0.1, 0.3, 0.6, 3):
        reference, current = random.normal(size=n), random.normal(shift, size=m)
        exact = stats.ks_2samp(reference, current, method="exact").pvalue
        assert compare(KS, reference, current).p_value == pytest.approx(exact, rel=1e-6)


def test_p_values_with_ties_are_those_of_all_ways_to_deal_the_rows_out(compare):
    random = np.random.default_rng(5)
    reference, current = random.integers(0, 3, 6), random.integers(1, 4, 5)
    observed = compare(KS, reference, current)

    def gap(first, second):
        return max(abs((first <= value).mean() - (second <= value).mean()) for value in range(4))

    from itertools import combinations

    pooled = np.concatenate([reference, current])
    gaps = []
    for chosen in combinations(range(11), 6):
        mask = np.isin(np.arange(11), chosen)
        gaps.append(gap(pooled[mask], pooled[~mask]))
    assert observed.p_value == pytest.approx(np.mean(np.array(gaps) >= observed.statistic - 1e-9), rel=1e-9)


def test_p_values_of_many_rows_agree_with_scipy(compare):
    random = np.random.default_rng(1)
    for largest in (500, 505, 510, 530):
        reference, current = random.integers(0, 500, 5000), random.integers(0, largest, 4000)
        expected = stats.ks_2samp(reference, current, method="asymp").pvalue
        assert compare(KS, reference, current).p_value == pytest.approx(expected, rel=0.05)


def test_the_gap_of_many_distinct_numbers_is_short_by_less_than_a_cell(compare):
    random = np.random.default_rng(0)
    for shift in (0, 0.05, 0.5, 5):
        reference, current = random.normal(size=20_000), random.normal(shift, 1.5, size=3_000)
        exact = stats.ks_2samp(reference, current).statistic
        assert 0 <= exact - compare(KS, reference, current).statistic + 1e-12 < 0.006
