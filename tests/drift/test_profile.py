from __future__ import annotations

from functools import reduce
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.profile import Profile
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


def test_kinds_names_and_missing_values_are_known():
    frame = mixed_frame(500, seed=1)
    columns = Profile.of(frame).columns
    assert [each.kind for each in columns.values()] == [
        "numeric", "numeric", "categorical", "categorical", "boolean", "datetime",
    ]  # fmt: skip
    assert sorted(columns["origin"].names.values()) == ["EWR", "JFK", "LGA"]
    assert columns["number"].missing == frame["number"].isna().sum()
    assert columns["number"].missing_share == frame["number"].isna().mean()


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


def test_names_that_are_not_text_are_known_by_their_text():
    assert list(Profile.of(pd.DataFrame(np.zeros((3, 2))), columns=[1]).columns) == ["1"]


def test_what_can_not_be_profiled():
    with pytest.raises(ValidationError, match="same name"):
        Profile.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(TypeError, match="not a ndarray"):
        Profile.of(np.zeros((2, 2)))  # type: ignore[arg-type]
