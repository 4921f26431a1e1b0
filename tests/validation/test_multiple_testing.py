import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.validation.multiple_testing import holm


def step_down(p_values, alpha):
    """Holm's procedure in his own words: reject one after the other, and stop at the first that is too large."""
    rejected = set()
    for left, place in zip(range(len(p_values), 0, -1), np.argsort(p_values), strict=True):
        if p_values[place] * left > alpha:
            break
        rejected.add(int(place))
    return rejected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_what_is_at_most_alpha_is_what_the_procedure_rejects(p_values, alpha):
    assert set(np.flatnonzero(holm(np.array(p_values)) <= alpha).tolist()) == step_down(p_values, alpha)


def test_tests_that_are_not_listed_count():
    assert holm(np.array([0.01, 0.02]), tests=10).tolist() == [0.1, 0.18]
    assert holm(np.array([])).tolist() == []
