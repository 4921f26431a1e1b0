from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.streams.weighted_mean import WeightedMean


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(0, 60), st.floats(0.001, 1))
def test_many_values_at_once_are_taken_as_one_after_the_other(values, before, weight):
    mean = WeightedMean()
    for value in values[:before]:
        mean.take(value, weight)
    rest = np.array(values[before:])
    if not len(rest):
        return
    means, squares = mean.after_each(rest, weight)
    for value, expected, expected_squares in zip(rest.tolist(), means, squares, strict=True):
        mean.take(value, weight)
        assert (mean.mean, mean.squares) == (expected, expected_squares)


def test_the_first_value_has_all_the_weight():
    mean = WeightedMean()
    mean.take(8.0, 0.25)
    assert mean.mean == 8.0
    mean.take(4.0, 0.25)
    assert mean.mean == 7.0
