from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.profile import ABSENT, ColumnProfile, count, profile
from mlopskit.errors import ValidationError


def mixed_frame(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    number = random.normal(size=rows)
    number[random.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "number": number,
            "origin": random.choice(["EWR", "JFK", "LGA", None], rows),
            "flag": random.random(rows) < 0.3,
            "moment": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 1000, rows), unit="h"),
        }
    )


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=6), order=st.randoms(use_true_random=False))
def test_chunks_in_any_order_count_like_the_whole(cuts, order):
    profiles, current = profile(mixed_frame(500, seed=1)), mixed_frame(300, seed=2)
    bounds = [0, *sorted(cuts), 300]
    chunks = [current.iloc[start:end] for start, end in pairwise(bounds)]
    order.shuffle(chunks)
    (whole, rows), (merged, merged_rows) = count(profiles, [current]), count(profiles, chunks)
    assert rows == merged_rows == 300
    for name in profiles:
        assert merged[name].cells.tolist() == whole[name].cells.tolist()
        assert merged[name].missing == whole[name].missing


def test_partial_counts_merge_like_a_loop():
    column = ColumnProfile.of(pd.Series([1.0, 2.0, 3.0]))
    parts = [column.count(pd.Series(values)) for values in ([1.0], [np.nan, 2.0], [9.0])]
    merged = reduce(add, parts)
    assert merged.cells.tolist() == [0, 1, 0, 1, 0, 0, 1]
    assert (merged.rows, merged.values, merged.missing_share) == (4, 3, 0.25)


def test_the_reference_counts_itself():
    frame = mixed_frame(500, seed=1)
    profiles = profile(frame)
    counts, _ = count(profiles, [frame])
    assert [column.kind for column in profiles.values()] == ["numeric", "categorical", "boolean", "datetime"]
    assert all(counts[name].cells.tolist() == column.reference.cells.tolist() for name, column in profiles.items())
    assert counts["origin"].missing == frame["origin"].isna().sum()


def test_an_absent_column_and_another_kind_are_noticed_in_any_chunk():
    profiles = profile(pd.DataFrame({"a": [1, 2], "b": [1, 2]}))
    counts, _ = count(profiles, [pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"b": ["x"]})])
    assert counts["a"].unexpected == {ABSENT}
    assert counts["b"].unexpected == {"categorical"}


def test_a_chunk_of_missing_values_is_of_every_kind():
    profiles = profile(pd.DataFrame({"origin": ["JFK", "EWR"]}))
    counts = count(profiles, [pd.DataFrame({"origin": [np.nan, np.nan]})])[0]["origin"]
    assert (counts.unexpected, counts.missing, counts.missing_share) == (frozenset(), 2, 1.0)


def test_names_that_are_not_text_are_known_by_their_text():
    profiles = profile(pd.DataFrame(np.zeros((3, 2))), columns=[1])
    assert list(profiles) == ["1"]


@pytest.mark.parametrize(
    ("frame", "columns", "message"),
    [
        (pd.DataFrame({"a": []}), None, "no rows"),
        (pd.DataFrame({"a": [1]}), ["b"], "no column 'b'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), None, "same name"),
    ],
)
def test_what_can_not_be_profiled(frame, columns, message):
    with pytest.raises(ValidationError, match=message):
        profile(frame, columns)


def test_only_frames_are_profiled():
    with pytest.raises(TypeError, match="not a ndarray"):
        profile(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="not a generator"):
        profile(mixed_frame(10, seed) for seed in range(2))
