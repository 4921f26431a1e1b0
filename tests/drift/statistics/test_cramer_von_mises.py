from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.statistics import CramerVonMises


@settings(max_examples=50, deadline=None)
@given(*[st.lists(st.floats(-5, 5).map(lambda each: round(each, 6)), min_size=5, max_size=30, unique=True)] * 2)
def test_the_statistic_is_scipys_without_ties(compare, reference, current):
    if set(reference) & set(current):
        return
    expected = stats.cramervonmises_2samp(reference, current).statistic
    assert compare(CramerVonMises(), reference, current).statistic == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2, 0.4])
def test_p_values_agree_with_scipys(compare, shift):
    random = np.random.default_rng(7)
    reference, current = random.normal(size=500), random.normal(shift, size=400)
    expected = stats.cramervonmises_2samp(reference, current, method="asymptotic").pvalue
    assert compare(CramerVonMises(), reference, current).p_value == pytest.approx(expected, rel=0.08, abs=1e-5)
