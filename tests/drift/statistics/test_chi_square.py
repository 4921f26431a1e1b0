from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.statistics import ChiSquare
from mlopskit.drift.statistics.chi_square import fisher_exact


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(20, 500), st.integers(20, 500)), min_size=2, max_size=8))
def test_it_is_scipys_when_no_cell_is_rare(compare_counts, cells):
    table = np.array(cells).T
    expected = stats.chi2_contingency(table, correction=False)
    found = compare_counts(ChiSquare(), *table)
    if expected.expected_freq.min() >= 5:
        assert found.statistic == pytest.approx(expected.statistic, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
        shares = table / table.sum(axis=1, keepdims=True)
        assert found.effect == pytest.approx(sum(abs(p - q) for p, q in shares.T) / 2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(any))
def test_fisher_is_scipys(cells):
    table = np.array(cells).reshape(2, 2)
    assert fisher_exact(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


def test_a_small_batch_of_a_new_category_is_found_against_a_large_reference(compare_counts):
    assert compare_counts(ChiSquare(), [10_000, 0], [0, 20]).p_value < 1e-9
    assert compare_counts(ChiSquare(), [10_000, 0], [20, 0]).p_value == 1


def test_a_new_category_is_found_beside_old_ones(compare_counts):
    assert compare_counts(ChiSquare(), [5000, 5000, 0], [300, 300, 400]).p_value < 1e-9


def test_rare_categories_that_come_and_go_are_no_drift(compare_counts):
    found = compare_counts(ChiSquare(), [900, *[1] * 100, 0], [900, *[0] * 100, 100])
    assert found.p_value == pytest.approx(1)
    assert found.effect < 0.001


def test_chance_alarms_of_a_long_tail_stay_below_alpha(compare_counts):
    random = np.random.default_rng(3)
    weights = 1 / np.arange(1, 400)
    alarms = 0
    for _ in range(300):
        counts = [random.multinomial(size, weights / weights.sum()) for size in (1500, 600)]
        seen = sum(counts) > 0
        alarms += compare_counts(ChiSquare(), *(each[seen] for each in counts)).p_value < 0.05
    assert alarms / 300 < 0.08
