from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.cells import Cells
from mlopskit.drift.counting import count_by_group, count_column, count_floats, number_cells

NUMBERS = st.one_of(st.floats(), st.integers(-3, 3).map(float))


@given(st.integers(0, 40).flatmap(lambda rows: st.lists(st.lists(NUMBERS, min_size=rows, max_size=rows), min_size=1)))
def test_columns_counted_together_are_counted_like_each_by_itself(columns):
    arrays = [np.array(column, dtype=float) for column in columns]
    for array, together in zip(arrays, count_floats(arrays), strict=True):
        alone = count_column(pd.Series(array), "numeric")
        assert together.missing == alone.missing
        assert together.cells.keys.tolist() == alone.cells.keys.tolist()
        assert together.cells.counts.tolist() == alone.cells.counts.tolist()


@pytest.mark.parametrize("is_weighed", [False, True])
@pytest.mark.parametrize("kind", ["numeric", "categorical", "boolean", "datetime"])
def test_groups_counted_together_are_counted_like_each_by_itself(kind, is_weighed):
    random = np.random.default_rng(1)
    column = {
        "numeric": pd.Series(np.where(random.random(900) < 0.1, np.nan, random.normal(size=900))),
        "categorical": pd.Series(random.choice([*(f"N{each}" for each in range(99)), None], 900)),
        "boolean": pd.Series(random.choice([True, False, None], 900)),
        "datetime": pd.Series(pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 500, 900), unit="h")),
    }[kind]
    group = random.integers(-1, 4, 900)
    weights = random.integers(0, 3, 900) / 2 if is_weighed else None
    counted = list(count_by_group(column, kind, group, 5, weights))
    assert len(counted) == 5
    for place, together in enumerate(counted):
        rows = group == place
        alone = count_column(column[rows], kind, weights[rows] if is_weighed else None)
        expected = Cells.none(64) + alone.cells
        assert together.missing == alone.missing
        assert together.cells.dropped == expected.dropped
        assert together.cells.keys.tolist() == expected.keys.tolist()
        assert together.cells.counts.tolist() == expected.counts.tolist()


def test_more_numbers_than_cells_lose_the_same_bits():
    array = np.random.default_rng(0).standard_normal(4000)
    together, alone = next(count_floats([array])).cells, count_column(pd.Series(array), "numeric").cells
    assert together.dropped == alone.dropped > 0
    assert together.keys.tolist() == alone.keys.tolist()


@given(st.lists(st.integers(-(2**31), 2**31) | st.integers(-9, 9), max_size=60))
def test_whole_numbers_are_counted_as_floats_are(numbers):
    table, floats = number_cells(np.array(numbers, dtype=np.int64)), number_cells(np.array(numbers) + 0.5)
    assert table.counts.tolist() == floats.counts.tolist() if not table.dropped else table.total == len(numbers)
    assert number_cells(np.array(numbers, dtype=float)).keys.tolist() == table.keys.tolist()
