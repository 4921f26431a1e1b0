import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.multivariate.knot_search import KnotSearch

number = st.one_of(st.integers(-5, 5).map(float), st.floats(allow_nan=False))


@given(knots=st.lists(number.filter(np.isfinite), max_size=30, unique=True), numbers=st.lists(number, max_size=30))
def test_it_answers_as_bisection_does(knots, numbers):
    knots = np.sort(np.clip(knots, -1e300, 1e300))
    found = KnotSearch.of(knots).below(np.array(numbers, dtype=float))
    assert found.tolist() == np.searchsorted(knots, numbers, side="left").tolist()


@pytest.mark.parametrize("spread", [0.5, 1, 3, 8])
def test_long_tails_are_no_exception(spread):
    knots = np.quantile(np.random.default_rng(0).lognormal(sigma=spread, size=5000), np.linspace(0, 1, 97))
    numbers = np.r_[np.random.default_rng(1).lognormal(sigma=spread, size=5000), knots, np.inf, -np.inf]
    assert np.array_equal(KnotSearch.of(knots).below(numbers), np.searchsorted(knots, numbers))
