from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from mlopskit.drift.statistics import (
    ChiSquare,
    GTest,
    Hellinger,
    JensenShannon,
    LInfinity,
    PopulationStabilityIndex,
    TotalVariation,
)

TABLES = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)).filter(any), min_size=2, max_size=8)


def both(table):
    before, after = (np.array(side) for side in zip(*table, strict=True))
    return (before, after) if before.any() and after.any() else (before + 1, after + 1)


@settings(max_examples=100, deadline=None)
@given(TABLES.map(both))
def test_each_is_its_formula(compare_counts, table):
    before, after = table
    p, q = before / before.sum(), after / after.sum()
    smooth = [(counts + 0.5) / (counts + 0.5).sum() for counts in table]
    expected = {
        JensenShannon: jensenshannon(p, q, base=2),
        Hellinger: np.sqrt(max(1 - np.sqrt(p * q).sum(), 0)),
        TotalVariation: np.maximum(p - q, 0).sum(),
        LInfinity: np.abs(p - q).max(),
        PopulationStabilityIndex: stats.entropy(*smooth) + stats.entropy(*smooth[::-1]),
    }
    for kind, distance in expected.items():
        assert compare_counts(kind(), before, after).effect == pytest.approx(distance, abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=2, max_size=8).map(both))
def test_g_is_scipys(compare_counts, table):
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    found = compare_counts(GTest(), *table)
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)


def test_small_distances_tend_to_the_chi_square_that_gives_their_p_value(compare_counts):
    """Divergences with second derivative f''(1): n m / N times them tends to chi-square times f''(1) / 2."""
    random = np.random.default_rng(0)
    counts = [random.multinomial(20_000, [0.1, 0.2, 0.3, 0.4]) for _ in range(2)]
    chi_square = compare_counts(ChiSquare(), *counts).statistic
    size = 10_000
    assert size * compare_counts(PopulationStabilityIndex(), *counts).effect == pytest.approx(chi_square, rel=0.01)
    assert 8 * size * compare_counts(Hellinger(), *counts).effect ** 2 == pytest.approx(chi_square, rel=0.01)
    in_nats = np.log(2) * compare_counts(JensenShannon(), *counts).effect ** 2
    assert 8 * size * in_nats == pytest.approx(chi_square, rel=0.01)


def test_numbers_are_compared_between_deciles(compare):
    random = np.random.default_rng(1)
    numbers = random.normal(size=10_000)
    assert compare(PopulationStabilityIndex(), numbers, random.normal(size=10_000)).effect < 0.01
    assert compare(PopulationStabilityIndex(), numbers, random.normal(1, size=10_000)).effect > 0.5
