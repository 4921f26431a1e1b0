import numpy as np
import pytest

from mlopskit.records.agreement import disagreeing


@pytest.mark.parametrize(
    ("found", "expected", "rows"),
    [
        ([1, 2, 3], [1, 2, 4], [2]),
        (["late", "in time"], ["late", "late"], [1]),
        ([0.1, np.nan], [0.1 + 1e-9, np.nan], []),
        ([0.1, np.nan], [0.1, 0.2], [1]),
        ([[0.1, 0.9], [0.5, 0.5]], [[0.1, 0.9], [0.4, 0.6]], [1]),
        ([1, 2], [1.0, 2.0], []),
        ([True, False], [1, 0], []),
        ([1, 2, 3], [1, 2], [0, 1]),
        ([[1], [2]], [1, 2], [0, 1]),
        ([], [], []),
        (["1"], [1], [0]),
    ],
)
def test_rows_that_differ_are_told(found, expected, rows):
    assert np.flatnonzero(disagreeing(found, expected)).tolist() == rows


def test_the_tolerance_is_relative_and_may_be_none():
    assert not disagreeing([1e9], [1e9 + 1]).any()
    assert disagreeing([1e9], [1e9 + 1], tolerance=0.0).all()
