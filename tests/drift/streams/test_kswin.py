from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from mlopskit.drift import KSWIN
from mlopskit.drift.streams.kswin import largest_gaps, least_alarming, p_value

PARAMS = [{"seed": 3}, {"seed": 0, "alpha": 0.05, "window_size": 40, "stat_size": 8}, {"seed": 1, "alpha": 1e-4}]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_alarms_are_river_s(params, seed, numbers, errors, river_alarms):
    for values in (numbers(seed, 600), errors(seed, 600)):
        assert KSWIN(**params).update_many(values).tolist() == river_alarms("drift.KSWIN", values, **params)


def test_a_change_of_spread_is_found():
    values = np.random.default_rng(0).normal(scale=np.repeat([1, 6], 600))
    (alarm,) = KSWIN(alpha=1e-6, window_size=400, stat_size=150).update_many(values)
    assert 600 < alarm < 800


def test_every_alarm_is_a_test_below_alpha():
    values = np.random.default_rng(0).normal(np.repeat([0, 1, 3], 300))
    generator, window, expected = random.Random(5), [], []
    for position, value in enumerate(values):
        window = [*window, value][-60:]
        if len(window) == 60:
            older = [window[at] for at in generator.sample(range(40), 20)]
            if ks_2samp(older, window[40:]).pvalue <= 0.001:
                expected.append(position)
                generator, window = random.Random(5), []
    assert expected
    assert KSWIN(0.001, window_size=60, stat_size=20, seed=5).update_many(values).tolist() == expected


def paths_within(gap, size):
    """Count the orders of two samples in which their numbers of values up to some point never differ by gap."""
    counts = {0: 1}
    for step in range(1, 2 * size + 1):
        ways = {}
        for ahead, number in counts.items():
            for next_ahead in (ahead - 1, ahead + 1):
                if abs(next_ahead) < gap and (step + abs(next_ahead)) // 2 <= size:
                    ways[next_ahead] = ways.get(next_ahead, 0) + number
        counts = ways
    return counts.get(0, 0)


@pytest.mark.parametrize("size", [1, 2, 5, 30, 64])
def test_p_values_are_the_shares_of_orders(size):
    for gap in range(1, size + 1):
        assert p_value(gap, size) == pytest.approx(1 - paths_within(gap, size) / math.comb(2 * size, size), abs=1e-12)


@pytest.mark.parametrize("gap", [5, 13, 14, 30])
def test_p_values_are_scipy_s(gap):
    expected = ks_2samp(np.arange(30), np.arange(30) + gap, method="exact")
    assert expected.statistic == pytest.approx(gap / 30)
    assert p_value(gap, 30) == pytest.approx(expected.pvalue, rel=1e-9)


@given(st.floats(1e-4, 0.99), st.integers(10, 60))
def test_the_least_alarming_gap_is_where_the_p_value_falls_to_alpha(alpha, size):
    gap = least_alarming(alpha, size)
    assert p_value(gap, size) <= alpha
    assert gap == size // 10 + 1 or p_value(gap - 1, size) > alpha


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_gaps_are_counted_between_values_and_not_within_ties(pairs):
    first, second = np.array(pairs, dtype=np.int32).T
    expected = max(abs(int((first <= point).sum()) - int((second <= point).sum())) for point in range(7))
    assert largest_gaps(first[None], second[None]).tolist() == [expected]


def test_an_alpha_that_no_samples_reach_is_refused():
    assert p_value(5, 5) == pytest.approx(2 / math.comb(10, 5))
    with pytest.raises(ValueError, match=r"KSWIN\(alpha=0.005, stat_size=5\) could never raise an alarm"):
        KSWIN(stat_size=5)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"alpha": 0}, "alpha=0"),
        ({"window_size": 50}, "stat_size=30.*at most half of window_size, which is 50"),
        ({"stat_size": 0}, "stat_size=0"),
        ({"seed": None}, "seed=None.*whole number"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        KSWIN(**params)
