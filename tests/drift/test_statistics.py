from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.grids import Knots
from mlopskit.drift.statistics import ChiSquare, KolmogorovSmirnov, fisher_exact


def compare_numbers(reference, current):
    knots = Knots.of(np.sort(np.asarray(reference, dtype=float)))
    return KolmogorovSmirnov().compare(knots.count(pd.Series(reference)), knots.count(pd.Series(current)))


def compare_categories(reference, current):
    return ChiSquare().compare(np.array(reference), np.array(current))


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.integers(-4, 4) | st.floats(-5, 5), min_size=2, max_size=30)] * 2)
def test_the_gap_is_exact_for_few_distinct_values_ties_included(reference, current):
    expected = stats.ks_2samp(reference, current, method="asymp").statistic
    assert compare_numbers(reference, current).statistic == pytest.approx(expected, abs=1e-12)


def test_the_gap_on_knots_is_never_too_large_and_short_by_less_than_the_bound():
    random = np.random.default_rng(0)
    for shift in (0, 0.05, 0.5, 5):
        reference, current = random.normal(size=20_000), random.normal(shift, 1.5, size=3_000)
        exact = stats.ks_2samp(reference, current).statistic
        assert 0 <= exact - compare_numbers(reference, current).statistic < 1 / 1023


@pytest.mark.parametrize(("n", "m"), [(10, 10), (50, 50), (40, 100), (20, 1000), (97, 300), (1000, 1000)])
def test_ks_p_values_err_to_the_safe_side_of_the_exact_ones(n, m):
    random = np.random.default_rng(n * m)
    for shift in (0, 0.1, 0.3, 0.6):
        reference, current = random.normal(size=n), random.normal(shift, size=m)
        exact = stats.ks_2samp(reference, current, method="exact").pvalue
        assert 0.97 * exact <= compare_numbers(reference, current).p_value <= 1.6 * exact + 0.03


def test_ks_p_values_agree_with_scipy_for_large_samples():
    random = np.random.default_rng(1)
    reference, current = random.integers(0, 500, 5000), random.integers(0, 510, 4000)
    expected = stats.ks_2samp(reference, current, method="asymp")
    assert compare_numbers(reference, current).p_value == pytest.approx(expected.pvalue, rel=0.05)


def test_outliers_do_not_hide_a_shift():
    random = np.random.default_rng(2)
    reference = np.append(random.normal(size=2000), 1e12)
    assert compare_numbers(reference, np.append(random.normal(1, size=500), [1e12, np.inf])).p_value < 1e-9


def test_a_constant_stays_and_moves():
    assert compare_numbers([1.0] * 50, [1.0] * 20).p_value == 1
    assert compare_numbers([1.0] * 50, [1.1] * 20).effect == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(20, 500), st.integers(20, 500)), min_size=2, max_size=8))
def test_chi_square_is_scipys_when_no_cell_is_rare(cells):
    table = np.array(cells).T
    expected = stats.chi2_contingency(table, correction=False)
    found = compare_categories(*table)
    if expected.expected_freq.min() >= 5:
        assert found.statistic == pytest.approx(expected.statistic, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    shares = table / table.sum(axis=1, keepdims=True)
    assert found.effect == pytest.approx(sum(abs(p - q) for p, q in shares.T) / 2)


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.integers(0, 60), min_size=4, max_size=4).filter(any)] * 2)
def test_p_values_are_probabilities_whatever_the_table(reference, current):
    found = compare_categories(reference, current)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect <= 1 + 1e-12
    assert found.statistic >= 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(any))
def test_fisher_is_scipys(cells):
    table = np.array(cells).reshape(2, 2)
    assert fisher_exact(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


def test_a_small_batch_of_a_new_category_is_found_against_a_large_reference():
    assert compare_categories([10_000, 0], [0, 20]).p_value < 1e-9
    assert compare_categories([10_000, 0], [20, 0]).p_value == 1


def test_a_new_category_is_found_beside_old_ones():
    assert compare_categories([5000, 5000, 0], [300, 300, 400]).p_value < 1e-9


def test_rare_categories_that_come_and_go_are_no_drift():
    reference, current = [900, *[1] * 100, 0], [900, *[0] * 100, 100]
    assert compare_categories(reference, current).p_value == pytest.approx(1)


def test_chance_alarms_of_a_long_tail_stay_below_alpha():
    random = np.random.default_rng(3)
    weights = 1 / np.arange(1, 400)
    alarms = 0
    for _ in range(300):
        reference, current = (random.multinomial(size, weights / weights.sum()) for size in (1500, 600))
        known = reference > 0
        cells = [np.append(counts[known], counts[~known].sum()) for counts in (reference, current)]
        alarms += compare_categories(*cells).p_value < 0.05
    assert alarms / 300 < 0.08
