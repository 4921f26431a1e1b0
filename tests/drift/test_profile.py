from __future__ import annotations

from functools import reduce
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.counting import number_cells
from mlopskit.drift.profile import ColumnProfile, Profile
from mlopskit.errors import ValidationError


def mixed_frame(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    number = random.normal(size=rows)
    number[random.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "number": number,
            "whole": random.integers(-50, 5000, rows),
            "origin": random.choice(["EWR", "JFK", "LGA", None], rows),
            "tail": [f"N{each}" for each in random.integers(0, 5000, rows)],
            "flag": random.random(rows) < 0.3,
            "moment": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 1000, rows), unit="h"),
        }
    )


def parts(profile: Profile):
    return {
        name: (
            column.kind, column.cells.keys.tolist(), column.cells.counts.tolist(), column.cells.dropped, column.missing,
            column.absent, dict(column.names), column.label_lengths.keys.tolist(), column.label_lengths.counts.tolist(),
        )
        for name, column in profile.columns.items()
    }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=6), order=st.randoms(use_true_random=False))
def test_chunks_in_any_order_profile_like_the_whole(cuts, order):
    frame = mixed_frame(3000, seed=2)
    chunks = [Profile.of(frame.iloc[start:end]) for start, end in pairwise([0, *sorted(cuts), 3000])]
    order.shuffle(chunks)
    merged = reduce(Profile.merge, chunks)
    assert merged.rows == 3000
    assert parts(merged) == parts(Profile.of(frame))


@pytest.mark.parametrize(
    "dtype", ["int64", "int8", "float32", "float64", "Int64", "Float64", pytest.param("int64[pyarrow]", id="arrow")]
)
def test_the_same_numbers_profile_alike_in_every_dtype(dtype):
    if dtype.endswith("[pyarrow]"):
        pytest.importorskip("pyarrow")
    column = pd.Series([3, 1, 3, 120, 0, -4])
    assert parts(Profile({"x": ColumnProfile.of(column.astype(dtype))})) == parts(
        Profile({"x": ColumnProfile.of(column)})
    )


@given(st.lists(st.integers(-(2**31), 2**31) | st.integers(-9, 9), max_size=60))
def test_whole_numbers_are_counted_as_floats_are(numbers):
    table, floats = number_cells(np.array(numbers, dtype=np.int64)), number_cells(np.array(numbers) + 0.5)
    assert table.counts.tolist() == floats.counts.tolist() if not table.dropped else table.total == len(numbers)
    assert number_cells(np.array(numbers, dtype=float)).keys.tolist() == table.keys.tolist()


def test_kinds_names_and_missing_values_are_known():
    frame = mixed_frame(500, seed=1)
    columns = Profile.of(frame).columns
    assert [each.kind for each in columns.values()] == [
        "numeric", "numeric", "categorical", "categorical", "boolean", "datetime",
    ]  # fmt: skip
    assert sorted(columns["origin"].names.values()) == ["EWR", "JFK", "LGA"]
    assert columns["number"].missing == frame["number"].isna().sum()
    assert columns["number"].missing_share == frame["number"].isna().mean()


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


def test_a_chunk_without_a_column_or_of_another_kind_is_noticed():
    chunks = [pd.DataFrame({"a": [1], "b": [1], "c": [None]}), pd.DataFrame({"b": ["x"], "c": [2.0]})]
    merged = reduce(Profile.merge, (Profile.of(chunk, ["a", "b", "c"]) for chunk in chunks)).columns
    assert (merged["a"].kind, merged["a"].absent, merged["a"].rows) == ("numeric", 1, 1)
    assert (merged["b"].kind, merged["b"].rows) == ("mixed", 2)
    assert (merged["c"].kind, merged["c"].missing, merged["c"].values) == ("numeric", 1, 1)


def test_merging_with_no_rows_changes_nothing():
    profile = Profile.of(mixed_frame(20, seed=1))
    for none in (Profile.none(), Profile.none(profile.columns), Profile.of(mixed_frame(0, seed=1))):
        assert parts(none.merge(profile)) == parts(profile.merge(none)) == parts(profile)


def test_vectors_are_known_by_their_lengths():
    column = ColumnProfile.of(pd.Series([np.array([3.0, 4.0]), None, np.array([0.0, 1.0])]))
    assert (column.kind, column.numbers.tolist(), column.missing) == ("vector", [1.0, 5.0], 1)


def test_names_that_are_not_text_are_known_by_their_text():
    assert list(Profile.of(pd.DataFrame(np.zeros((3, 2))), columns=[1]).columns) == ["1"]


def test_what_can_not_be_profiled():
    with pytest.raises(ValidationError, match="same name"):
        Profile.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(TypeError, match="not a ndarray"):
        Profile.of(np.zeros((2, 2)))  # type: ignore[arg-type]
