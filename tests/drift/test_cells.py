from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlopskit.drift.cells import Cells, aligned

KEYS = arrays.arrays(np.int64, st.integers(0, 200), elements=st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9))


def parts(cells: Cells):
    return cells.keys.tolist(), cells.counts.tolist(), cells.dropped


@settings(max_examples=200, deadline=None)
@given(KEYS, st.integers(2, 40))
def test_they_count_what_is_left_of_the_keys_and_drop_no_bit_too_many(keys, limit):
    cells = Cells.of(keys, limit)
    expected, counts = np.unique(keys >> cells.dropped, return_counts=True)
    assert len(cells.keys) <= limit
    assert parts(cells) == (expected.tolist(), counts.tolist(), cells.dropped)
    if cells.dropped:
        assert len(np.unique(keys >> (cells.dropped - 1))) > limit


@settings(max_examples=200, deadline=None)
@given(KEYS, st.lists(st.integers(0, 200), max_size=6), st.integers(2, 40), st.randoms(use_true_random=False))
def test_pieces_in_any_order_merge_into_the_cells_of_the_whole(keys, cuts, limit, order):
    pieces = [Cells.of(piece, limit) for piece in np.split(keys, sorted(min(cut, len(keys)) for cut in cuts))]
    order.shuffle(pieces)
    assert parts(reduce(lambda one, other: one + other, pieces)) == parts(Cells.of(keys, limit))


def test_many_keys_count_like_few():
    keys = np.random.default_rng(0).standard_normal(200_000).view(np.int64)
    whole = Cells.of(keys, 512)
    pieces = [Cells.of(piece, 512) for piece in np.array_split(keys, 17)]
    assert 256 <= len(whole.keys) <= 512
    assert parts(reduce(lambda one, other: one + other, pieces)) == parts(whole)
    assert whole.total == 200_000


def test_counted_keys_count_like_single_ones():
    keys = np.array([7, -3, 7, 7, 100])
    distinct, counts = np.unique(keys, return_counts=True)
    for limit in (2, 3):
        assert parts(Cells.of_counted(distinct[::-1], counts[::-1], limit)) == parts(Cells.of(keys, limit))


@settings(max_examples=200, deadline=None)
@given(KEYS, KEYS, st.integers(2, 40), st.integers(2, 40))
def test_two_samples_get_the_same_cells(first, second, limit, other_limit):
    cells, before, after = aligned(Cells.of(first, limit), Cells.of(second, other_limit))
    keys = np.unique(np.concatenate([first, second]) >> cells.dropped)
    assert cells.keys.tolist() == keys.tolist()
    assert before.tolist() == [int(np.sum(first >> cells.dropped == key)) for key in keys]
    assert after.tolist() == [int(np.sum(second >> cells.dropped == key)) for key in keys]
    assert cells.counts.tolist() == (before + after).tolist()


@pytest.mark.parametrize("limit", [2, 100])
def test_no_keys_are_no_cells(limit):
    none = Cells.none(limit)
    assert parts(Cells.of(np.empty(0, dtype=np.int64), limit)) == parts(none) == ([], [], 0)
    some = Cells.of(np.array([3]), limit)
    assert parts(none + some) == parts(some + none) == parts(some)
