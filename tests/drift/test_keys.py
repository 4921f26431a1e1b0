from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.cells import Cells
from mlopskit.drift.keys import key_numbers, label_keys, number_keys

NUMBERS = st.lists(st.floats(allow_nan=False), min_size=1, max_size=50)


@given(NUMBERS)
def test_keys_are_ordered_as_their_numbers_are(numbers):
    ascending = np.sort(np.array(numbers))
    assert (np.diff(number_keys(ascending)) >= 0).all()


@given(NUMBERS)
def test_numbers_come_back_to_twelve_digits(numbers):
    values = np.array(numbers)
    back = key_numbers(Cells.of(number_keys(values), limit=1000))
    expected = np.unique(values + 0.0)
    finite = expected[np.isfinite(expected)]
    nearest = back[np.abs(np.subtract.outer(finite / 4, back / 4)).argmin(axis=1)] if len(finite) else finite
    assert np.allclose(nearest, finite, rtol=1e-11, atol=1e-290)
    assert set(back[~np.isfinite(back)]) == set(expected[~np.isfinite(expected)])


@given(st.integers(-(2**40), 2**40))
def test_whole_numbers_come_back_exactly(number):
    assert key_numbers(Cells.of(number_keys(np.array([float(number)])), limit=1)).tolist() == [number]


@given(st.lists(st.floats(allow_nan=False), min_size=3, max_size=50, unique=True), st.integers(2, 8))
def test_rounded_numbers_lie_in_their_cells(numbers, limit):
    keys = number_keys(np.array(numbers))
    cells = Cells.of(keys, limit)
    middles = key_numbers(cells)
    assert (np.diff(middles) > 0).all()
    assert not np.isnan(middles).any()
    finite = np.isfinite(middles)
    assert np.array_equal(number_keys(middles[finite]) >> cells.dropped, cells.keys[finite])


def test_infinities_and_both_zeros():
    values = np.array([-np.inf, -0.0, 0.0, np.inf])
    assert key_numbers(Cells.of(number_keys(values), limit=9)).tolist() == [-np.inf, 0.0, np.inf]


def test_labels_have_keys_of_their_own_however_odd():
    labels = ["", "JFK", "jfk", "\ud800", "日本"]
    assert len(set(label_keys(labels).tolist())) == len(labels)
    assert label_keys(["JFK"]).tolist() == label_keys(["EWR", "JFK"]).tolist()[1:]


def test_keys_of_labels_never_change():
    """They are kept in stores."""
    assert label_keys(["JFK", "EWR"]).tolist() == [195223386312801468, 12011206863962458]
