from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlopskit.drift.correction import CORRECTIONS

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


@given(probabilities)
def test_benjamini_hochberg_is_scipys(p_values):
    expected = stats.false_discovery_control(p_values, method="bh")
    np.testing.assert_allclose(CORRECTIONS["bh"](p_values), expected, rtol=1e-12)


@given(probabilities)
def test_bonferroni_is_the_strictest_and_none_changes_nothing(p_values):
    assert (CORRECTIONS["bonferroni"](p_values) >= CORRECTIONS["bh"](p_values) - 1e-12).all()
    assert CORRECTIONS["none"](p_values).tolist() == p_values.tolist()


@pytest.mark.parametrize("name", CORRECTIONS)
def test_no_tests_need_no_correction(name):
    assert len(CORRECTIONS[name](np.array([]))) == 0
