import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.multivariate.vectors import Vectors


def test_dimensions_are_brought_to_one_scale():
    matrix = np.random.default_rng(0).normal([1, -5], [2, 0.1], size=(4000, 2))
    found, missing = Vectors.of(matrix).encode(matrix)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=0.05)
    assert found.std(axis=0) == pytest.approx([1, 1], abs=0.05)
    assert not missing.any()


def test_lists_are_vectors_and_what_does_not_fit_is_missing():
    column = pd.Series([[1.0, 2.0], None, np.array([3, 4]), [1.0], "text", [np.nan, 1.0], (5, 6)] * 10)
    encoding = Vectors.of(column)
    found, missing = encoding.encode(column)
    assert found.shape == (70, 2)
    assert missing[:7].tolist() == [False, True, False, True, True, True, False]
    assert not found[missing].any()
    assert encoding.encode(np.ones((3, 5)))[1].all()


def test_a_huge_value_is_clipped_and_a_constant_dimension_stays():
    matrix = np.c_[np.random.default_rng(0).normal(size=100), np.full(100, 7.0)]
    matrix[0] = [1e12, np.inf]
    found, _ = Vectors.of(matrix).encode(matrix)
    assert found[0].tolist() == [4, 4]
    assert not found[1:, 1].any()


def test_no_coordinate_of_a_row_is_kept():
    matrix = np.random.default_rng(0).normal(size=(101, 3))
    kept = Vectors.of(matrix).to_json()
    assert not set(kept["centres"]) & set(matrix.ravel().tolist())
    again = Vectors.from_json(kept)
    assert np.array_equal(again.encode(matrix)[0], Vectors.of(matrix).encode(matrix)[0])


@pytest.mark.parametrize(
    "stray", [["planted", "b"], [[1], [2, 3]], [[1, 2], [3, 4]], [1j, 2.0], [10**400, 1], [pd.NA, 1.0], [None, 1.0]]
)
def test_what_no_float_stands_for_makes_its_row_missing_and_no_other(stray):
    good = [[1.0, 2.0], [3.0, 5.0]] * 20
    column = pd.Series([stray, *good])
    encoding = Vectors.of(column)
    assert encoding.encode(column)[1].tolist() == [True, *[False] * 40]
    rows = np.empty((41, 2), dtype=object)
    rows[0, 0], rows[0, 1] = stray
    rows[1:] = good
    assert encoding.encode(rows)[1].tolist() == [True, *[False] * 40]
