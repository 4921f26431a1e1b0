from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.signals import cohens_h, new_categories, signals, vanished_categories
from mlopskit.drift.statistics import ChiSquare


def zipf(random, rows, labels=200):
    weights = 1 / np.arange(1, labels + 1)
    return random.multinomial(rows, weights / weights.sum())


def test_new_categories_follow_the_beta_binomial():
    reference, current = np.array([500, 300, 1, 1, 2, 0, 0]), np.array([60, 30, 0, 0, 0, 3, 2])
    spread = 1 + 2 * 1 / 3
    expected = stats.betabinom.sf(4, 95, 3 / spread, 802 / spread)
    assert new_categories(reference, current).p_value == pytest.approx(expected, rel=1e-6)


def test_vanished_categories_follow_the_hypergeometric():
    reference, current = np.array([500, 40, 5]), np.array([100, 0, 0])
    expected = 3 * stats.hypergeom.pmf(0, 645, 40, 100)
    assert vanished_categories(reference, current).p_value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("of", [new_categories, vanished_categories])
@pytest.mark.parametrize(("n", "m"), [(2000, 300), (300, 300), (300, 2000)])
def test_a_long_tail_raises_no_false_alarms(of, n, m):
    """Of 400 pairs at most 31 may lie below 0.05: a binomial count of that probability exceeds it once in 200 times."""
    random = np.random.default_rng(n + m)
    alarms = 0
    for _ in range(400):
        before, after = zipf(random, n), zipf(random, m)
        if (after[before == 0] if of is new_categories else before[after == 0]).any():
            alarms += of(before, after).p_value < 0.05
    assert alarms <= 31


def test_all_labels_seen_once_tell_nothing_about_new_ones():
    assert new_categories(np.array([1, 1, 1, 0]), np.array([0, 0, 0, 5])).p_value == 1


def test_cohens_h_is_the_same_size_everywhere():
    assert cohens_h(0, 0.01) == pytest.approx(cohens_h(0.4, 0.5), rel=0.01)
    assert cohens_h(0.3, 0.3) == 0
    assert cohens_h(0.2, 0.6) == cohens_h(0.6, 0.2)


def test_each_way_to_move_is_tested_only_where_there_is_something_to_test():
    def methods(before, after):
        columns = (ColumnProfile.of(pd.Series(values)) for values in (before, after))
        return [each.method for each in signals(*columns, ChiSquare())]

    assert methods(["a", "b"] * 20, ["a", "b"] * 20) == ["chi-square"]
    assert methods(["a", "b"] * 20, ["a", "c"] * 20) == ["chi-square", "new categories", "vanished categories"]
    assert methods(["a", None] * 20, ["a", "a"] * 20) == ["chi-square", "missing share"]
    assert methods(["a"] * 4, ["a"] * 20) == []
    assert methods([None] * 20, ["a"] * 20) == ["missing share"]
