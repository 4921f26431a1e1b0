from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.statistics import Energy, Wasserstein

NUMBERS = st.lists(st.integers(-4, 4) | st.floats(-5, 5).map(lambda each: round(each, 6)), min_size=8, max_size=40)


@settings(max_examples=60, deadline=None)
@given(NUMBERS.filter(lambda each: np.subtract(*np.quantile(each, [0.75, 0.25])) > 1.5), NUMBERS)
def test_distances_are_scipys(compare, reference, current):
    found = compare(Wasserstein(normed=False), reference, current).statistic
    assert found == pytest.approx(stats.wasserstein_distance(reference, current), abs=1e-6)
    n, m = len(reference), len(current)
    expected = n * m / (n + m) * stats.energy_distance(reference, current) ** 2
    assert compare(Energy(), reference, current).statistic == pytest.approx(expected, abs=1e-5)


def test_a_mean_that_moves_by_a_tenth_of_a_standard_deviation_is_a_tenth(compare):
    random = np.random.default_rng(0)
    numbers = random.normal(50, 7, size=100_000)
    assert compare(Wasserstein(), numbers, numbers + 0.7).effect == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("statistic", [Energy(), Wasserstein()], ids=lambda each: each.name)
def test_p_values_agree_with_random_permutations(compare, statistic):
    random = np.random.default_rng(4)
    reference, current = random.normal(size=120), random.normal(0.25, size=100)
    observed = compare(statistic, reference, current)
    pooled = np.concatenate([reference, current])
    shuffled = (random.permutation(pooled) for _ in range(400))
    unnormed = Wasserstein(normed=False, draws=9) if isinstance(statistic, Wasserstein) else statistic
    least = compare(unnormed, reference, current).statistic
    at_least = [compare(unnormed, rows[:120], rows[120:]).statistic >= least for rows in shuffled]
    assert observed.p_value == pytest.approx(np.mean(at_least), abs=0.06)
