from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.streams.scans import decaying_sums, last_minima, running_sums, until_first

blocks = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=80)


@given(st.floats(-1e9, 1e9), blocks)
def test_running_sums_are_a_loop_s(before, block):
    found = running_sums(before, np.array(block))
    for value, total in zip(block, found, strict=True):
        before += value
        assert before == total


@given(st.floats(-1e9, 1e9), st.floats(0, 1), blocks)
def test_decaying_sums_are_a_loop_s(before, keep, block):
    found = decaying_sums(before, keep, np.array(block))
    for value, expected in zip(block, found, strict=True):
        before = keep * before + value
        assert before == expected


@given(st.integers(-3, 3) | st.just(np.inf), st.lists(st.integers(-3, 3), min_size=1))
def test_minima_are_found_where_they_were_first_reached(lowest, values):
    found = last_minima(lowest, np.array(values, dtype=float))
    for end, at in enumerate(found.tolist()):
        so_far = [lowest, *values[: end + 1]]
        assert at == so_far.index(min(so_far)) - 1


@given(st.lists(st.booleans()))
def test_positions_up_to_the_first_alarm(alarms):
    assert until_first(np.array(alarms, dtype=bool)) == (alarms.index(True) + 1 if any(alarms) else len(alarms))
