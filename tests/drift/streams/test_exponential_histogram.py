from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.streams.exponential_histogram import bucket_ends, bucket_ends_of_many, vanishing_ends


def ends_one_by_one(n, capacity):
    """Where the buckets end when values are really put into them, one after the other."""
    levels = [[]]
    for value in range(1, n + 1):
        levels[0].append(value)
        for number, level in enumerate(levels):
            if len(level) > capacity:
                if number + 1 == len(levels):
                    levels.append([])
                levels[number + 1].append(level[1])
                del level[:2]
    return [end for level in reversed(levels) for end in level]


@given(st.integers(0, 700), st.integers(1, 9))
def test_ends_are_those_of_buckets_that_are_merged_one_by_one(n, capacity):
    assert bucket_ends(n, capacity) == ends_one_by_one(n, capacity)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9), st.integers(1, 9))
def test_many_windows_have_the_ends_of_each(several, capacity):
    for row, n in zip(bucket_ends_of_many(np.array(several), capacity), several, strict=True):
        assert sorted(row[row > 0].tolist()) == bucket_ends(n, capacity)


@given(st.integers(1, 10**6), st.integers(1, 9))
def test_what_vanishes_is_the_difference_to_the_window_before(n, capacity):
    expected = {*bucket_ends(n - 1, capacity), n} - {*bucket_ends(n, capacity)}
    vanishing = list(vanishing_ends(n, capacity))
    assert sorted(vanishing) == sorted(expected)


def test_buckets_grow_in_number_with_the_logarithm():
    assert len(bucket_ends(10**9, 5)) <= 5 * 28
