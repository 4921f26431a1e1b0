from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.validation import Validator, checks


def found(check, *frames):
    return Validator([check]).validate(frames[0] if len(frames) == 1 else list(frames)).results[0]


def test_a_duplicate_split_across_chunks_is_found():
    first, second = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), pd.DataFrame({"a": [3, 1], "b": ["z", "x"]})
    assert found(checks.Unique("a", "b"), first, first.iloc[:0], second).examples == (0, 3)
    assert found(checks.Unique("b"), first, second).examples == (0, 3)


def test_keys_with_a_missing_part_are_not_looked_at():
    frame = pd.DataFrame({"a": [1, 1, None, None], "b": ["x", None, "y", "y"]})
    assert found(checks.Unique("a", "b"), frame).failed == 0


def test_rows_that_come_twice_also_with_missing_values():
    frame = pd.DataFrame({"a": [1.0, None, 1.0, None, 2.0], "b": ["x", "y", "x", "y", None]})
    check = checks.NoDuplicateRows()
    assert found(check, frame).examples == (0, 1, 2, 3)
    assert found(check, frame.iloc[:2], frame.iloc[2:]).examples == (0, 1, 2, 3)
    assert found(check, frame.iloc[3:]).failed == 0
    assert found(check, frame.iloc[:0]).failed == 0
    assert found(check, pd.DataFrame([[1, 2]], columns=["a", "a"])).status == "error"


def test_many_columns_do_not_overflow():
    rows = pd.DataFrame(np.random.default_rng(0).integers(0, 1000, (500, 12)), columns=[f"c{i}" for i in range(12)])
    assert found(checks.NoDuplicateRows(), rows).failed == 0
    assert found(checks.Unique(*rows.columns), pd.concat([rows, rows.iloc[:1]])).examples == (0, 500)


def test_what_a_key_determines():
    frame = pd.DataFrame({"origin": ["JFK", "JFK", "LGA", "LGA", None], "city": ["NY", "NY", "NY", "Q", "X"]})
    assert found(checks.Determines("origin", column="city"), frame).examples == (2, 3)
    assert found(checks.Determines("origin", column="city"), frame.iloc[:3], frame.iloc[3:]).examples == (2, 3)


def test_a_foreign_key():
    planes = pd.Series(["N1", "N2", None])
    frame = pd.DataFrame({"tailnum": ["N1", "N3", None]})
    result = found(checks.References("tailnum", planes, name="planes.tailnum"), frame)
    assert (result.check, result.examples) == ("tailnum is among planes.tailnum", (1,))
    with pytest.raises(TypeError, match="letter by letter"):
        checks.References("tailnum", "N1")


def test_unhashable_values_are_an_error():
    assert found(checks.Unique("x"), pd.DataFrame({"x": [[1], [1]]})).status == "error"


@settings(max_examples=100, deadline=None)
@given(
    keys=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=25),
    cut=st.integers(0, 25),
)
def test_unique_agrees_with_pandas(keys, cut):
    frame = pd.DataFrame(keys, columns=["a", "b"])
    expected = tuple(np.flatnonzero(frame.duplicated(keep=False))[:10].tolist())
    assert found(checks.Unique("a", "b"), frame).examples == expected
    assert found(checks.Unique("a", "b"), frame.iloc[:cut], frame.iloc[cut:]).examples == expected


_ARROW = ["int64[pyarrow]"] if find_spec("pyarrow") else []


@settings(max_examples=100, deadline=None)
@given(
    keys=st.lists(st.none() | st.integers(-4, 9) | st.sampled_from([-(2**63), 2**63 - 1]), max_size=20),
    dtype=st.sampled_from(["Int64", "Int8", "UInt64", *_ARROW, "float64", "object"]),
)
def test_ints_close_together_and_far_apart(keys, dtype):
    if dtype in ("Int8", "UInt64"):
        keys = [key if key is None else key % 100 for key in keys]
    column = pd.Series(keys, dtype="Int64").astype(dtype)
    expected = np.flatnonzero(column.duplicated(keep=False) & column.notna())[:10].tolist()
    assert found(checks.Unique("x"), pd.DataFrame({"x": column})).examples == tuple(expected)


def test_a_key_that_rises_is_unique_until_one_comes_again():
    rising = pd.DataFrame({"id": np.arange(10, 2010)})
    assert found(checks.Unique("id"), rising).failed == 0
    assert found(checks.Unique("id"), pd.concat([rising, rising.iloc[[3]]])).examples == (3, 2000)
