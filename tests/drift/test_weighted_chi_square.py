import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from mlopskit.drift.weighted_chi_square import survival

_TERMS = np.arange(1, 51)


@pytest.mark.parametrize("freedom", [1, 2, 5, 30])
@pytest.mark.parametrize("ratio", [0.1, 0.9, 1.0, 1.00001, 1.5, 3.0, 10.0])
def test_equal_weights_give_a_chi_square(freedom, ratio):
    found = survival(freedom * ratio, np.ones(freedom))
    assert found == pytest.approx(chi2.sf(freedom * ratio, freedom), rel=0.09)


@pytest.mark.parametrize(("value", "p_value"), [(1.248, 0.25), (1.933, 0.1), (2.492, 0.05), (3.857, 0.01)])
def test_critical_values_of_anderson_and_darling(value, p_value):
    """D'Agostino and Stephens, Goodness-of-Fit Techniques (1986), table 4.2."""
    assert survival(value, 1 / (_TERMS * (_TERMS + 1.0)), rest=1 / 51) == pytest.approx(p_value, rel=0.08)


@pytest.mark.parametrize(("value", "p_value"), [(0.34730, 0.1), (0.46136, 0.05), (0.74346, 0.01)])
def test_critical_values_of_cramer_and_von_mises(value, p_value):
    """Anderson and Darling, Asymptotic theory of certain goodness of fit criteria (1952), table 1."""
    weights = 1 / (np.pi * _TERMS) ** 2
    assert survival(value, weights, rest=1 / 6 - weights.sum()) == pytest.approx(p_value, rel=0.06)


def test_one_weight_is_exact():
    assert survival(7.0, np.array([2.0])) == pytest.approx(chi2.sf(3.5, 1), rel=1e-12)


def test_unequal_weights_by_simulation():
    rng, weights = np.random.default_rng(7), np.array([3.0, 1.0, 0.2, 0.05])
    drawn = rng.chisquare(1, (400_000, 4)) @ weights
    for value in (1.0, 4.0, 12.0, 25.0):
        assert survival(value, weights) == pytest.approx((drawn > value).mean(), rel=0.08)


def test_nothing_to_sum():
    assert survival(0.0, np.array([])) == 1.0
    assert survival(1.0, np.array([0.0, -1e-12])) == 0.0


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.floats(1e-9, 1e9), st.floats(1.01, 10))
def test_it_is_a_probability_and_falls(weights, value, factor):
    near, far = (survival(each, np.array(weights)) for each in (value, value * factor))
    assert 0 <= far <= near + 0.01
    assert near <= 1
