from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.streams.exponential_histogram import ExponentialHistogram, Growth


def grown(values, capacity):
    histogram = ExponentialHistogram()
    for value in values:
        histogram.add(value, capacity)
    return histogram


def stretches(histogram):
    """Which slice of the values each bucket holds, with its level and its place there, oldest first."""
    begin = 0
    for exponent, level in reversed(list(enumerate(histogram.levels))):
        for place in range(len(level.totals)):
            yield slice(begin, begin + 2**exponent), level, place
            begin += 2**exponent


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 7))
def test_each_bucket_holds_sum_and_squared_deviations_of_its_values(values, capacity):
    histogram, values = grown(values, capacity), np.array(values)
    for part, level, place in stretches(histogram):
        assert level.totals[place] == pytest.approx(values[part].sum(), rel=1e-9, abs=1e-6)
        deviations = values[part] - values[part].mean()
        assert level.squares[place] == pytest.approx((deviations**2).sum(), rel=1e-9, abs=1e-6)
    assert part.stop == histogram.n == len(values)
    assert histogram.total == pytest.approx(values.sum(), rel=1e-9, abs=1e-6)
    assert histogram.squares == pytest.approx(((values - values.mean()) ** 2).sum(), rel=1e-9, abs=1e-6)
    assert all(len(level.totals) <= capacity for level in histogram.levels)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 150), st.integers(1, 150), st.integers(1, 7), st.integers(0, 2**32))
def test_growth_is_what_adding_gives(before, more, capacity, seed):
    values = np.random.default_rng(seed).normal(size=before + more)
    histogram = grown(values[:before], capacity)
    kept = copy.deepcopy(histogram)
    growth = Growth(histogram, values[before:], capacity)
    moments = np.arange(before + 1, before + more + 1)
    totals, sizes = growth.buckets_after(moments)
    for column, n in enumerate(moments.tolist()):
        histogram.add(values[n - 1], capacity)
        assert growth.histogram_after(n) == histogram
        held = sizes[:, column] > 0
        expected_totals, expected_sizes = histogram.buckets()
        assert totals[held, column].tolist() == expected_totals[:, 0].tolist()
        assert sizes[held, column].tolist() == expected_sizes[:, 0].tolist()
        assert not totals[~held, column].any()
    assert growth.histogram_after(before + 1) != kept


@pytest.mark.parametrize("capacity", [1, 2, 5])
def test_what_is_left_after_the_oldest_bucket_is_dropped(capacity):
    values = np.random.default_rng(0).normal(3, 2, size=100)
    histogram = grown(values, capacity)
    sizes = [part.stop - part.start for part, _, _ in stretches(histogram)]
    for size in sizes[:-1]:
        histogram.drop_oldest()
        values = values[size:]
        assert histogram.n == len(values)
        assert histogram.total == pytest.approx(values.sum())
        assert histogram.squares == pytest.approx(((values - values.mean()) ** 2).sum(), abs=1e-9)
        assert histogram.levels[-1].totals
