from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.column_profile import ColumnProfile


@pytest.mark.parametrize(
    "dtype", ["int64", "int8", "float32", "float64", "Int64", "Float64", pytest.param("int64[pyarrow]", id="arrow")]
)
def test_the_same_numbers_profile_alike_in_every_dtype(dtype):
    if dtype.endswith("[pyarrow]"):
        pytest.importorskip("pyarrow")
    column = pd.Series([3, 1, 3, 120, 0, -4])
    same, expected = (ColumnProfile.of(each) for each in (column.astype(dtype), column))
    assert (same.kind, same.missing) == (expected.kind, 0)
    assert same.cells.keys.tolist() == expected.cells.keys.tolist()
    assert same.cells.counts.tolist() == expected.cells.counts.tolist()


def test_few_distinct_numbers_are_kept_exactly_and_many_are_rounded():
    numbers = np.random.default_rng(0).normal(size=100_000)
    few, many = ColumnProfile.of(pd.Series(numbers[:500])), ColumnProfile.of(pd.Series(numbers))
    assert np.allclose(few.numbers, np.sort(numbers[:500]), rtol=1e-11)
    assert 1024 <= len(many.numbers) <= 2048
    assert many.cells.counts.max() / 100_000 < 0.006
    assert np.allclose(many.quantiles(0.1, 0.5, 0.9), np.quantile(numbers, [0.1, 0.5, 0.9]), atol=0.02)


def test_labels_too_many_to_be_told_apart_lose_their_names():
    column = ColumnProfile.of(pd.Series([f"N{number}" for number in range(5000)]))
    assert not column.names
    assert len(column.cells.keys) <= 1024
    assert column.label_lengths.total == 5000


def test_vectors_are_known_by_their_lengths():
    column = ColumnProfile.of(pd.Series([np.array([3.0, 4.0]), None, np.array([0.0, 1.0])]))
    assert (column.kind, column.numbers.tolist(), column.missing) == ("vector", [1.0, 5.0], 1)
