import datetime as dt

import attrs
import numpy as np
import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, frame):
    return Validator([check]).validate(frame).results[0]


@pytest.mark.parametrize(
    ("check", "examples"),
    [
        (checks.NotNull("origin", "dest"), (1, 2)),
        (checks.Between("distance", 0, 6000), (4, 5)),
        (checks.OneOf("origin", ["EWR", "JFK", "LGA"]), (5,)),
        (checks.Matches("tailnum", r"N\d+"), (3, 4, 5)),
        (checks.Compare("dep_time", "<=", "arr_time"), (4,)),
        (checks.Compare("dep_time", ">", "arr_time"), (0, 1, 5)),
        (checks.Compare("origin", "!=", "dest"), ()),
    ],
    ids=str,
)
def test_check_names_the_rows_that_fail_by_position(check, examples, flights):
    result = found(check, flights)
    assert result.examples == examples
    assert (result.failed, result.rows) == (len(examples), len(flights))
    assert result.status == ("failed" if examples else "passed")


def test_not_null_counts_missing_values_per_column(flights):
    result = found(checks.NotNull("origin", "dest", "flight"), flights)
    assert result.observed == {"missing": {"origin": 1, "dest": 2}}
    assert result.message == "2 of 6 rows fail: 1 in 'origin', 2 in 'dest'"


@pytest.mark.parametrize("bound", [5, 5.0, np.int64(5), np.float32(5)])
def test_bounds_themselves_pass(bound):
    assert found(checks.Between("x", bound, bound), pd.DataFrame({"x": [5, 5]})).status == "passed"


def test_infinite_bounds_leave_a_side_open():
    frame = pd.DataFrame({"x": [-1e300, 1e300]})
    assert found(checks.Between("x", float("-inf"), float("inf")), frame).status == "passed"


@pytest.mark.parametrize(
    "kind", ["int64", "Int64", "float32", "Float64", "uint8", "object", "int64[pyarrow]", "Sparse[int64]", "category"]
)
def test_numbers_of_any_dtype_are_compared(kind):
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": pd.Series([0, 1, 1], dtype=kind)})
    assert found(checks.Between("x", 0, 0), frame).examples == (1, 2)
    assert found(checks.OneOf("x", [1]), frame).examples == (0,)


@pytest.mark.parametrize("kind", ["object", "string", "category", "str", "string[pyarrow]"])
def test_texts_of_any_dtype_are_matched_and_missing_ones_pass(kind):
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    values = pd.Series(["N1", None, "1N", "N2"], dtype="object" if kind == "str" else kind)
    frame = pd.DataFrame({"x": values})
    assert found(checks.Matches("x", "N."), frame).examples == (2,)
    assert found(checks.OneOf("x", ["N1", "N2", 3]), frame).examples == (2,)
    assert found(checks.NotNull("x"), frame).examples == (1,)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_dates_are_compared_with_any_kind_of_date(zone):
    frame = pd.DataFrame({"t": pd.date_range("2013-01-01", periods=3, tz=zone)})
    low = pd.Timestamp("2013-01-02", tz=zone)
    assert found(checks.Between("t", low, low.to_pydatetime()), frame).examples == (0, 2)
    if zone is None:
        assert checks.Between("t", dt.date(2013, 1, 2), np.datetime64("2013-01-02")) == checks.Between("t", low, low)


@pytest.mark.parametrize(
    ("check", "column", "dtype"),
    [
        (checks.Between("x", 0, 1), ["a", "b"], "object"),
        (checks.Between("x", 0, 1), [True, False], "boolean"),
        (checks.Between("x", 0, 1), [True, False], "bool"),
        (checks.Between("x", 0, 1), [1 + 0j, 2j], "complex128"),
        (checks.Between("x", "a", "b"), [1.0, 2.0], "float64"),
        (checks.Between("x", 0, 1), ["2013-01-01"], "datetime64[ns]"),
        (checks.Matches("x", "a"), [1, 2], "int64"),
        (checks.NotBlank("x"), [1, 2], "Int64"),
        (checks.Length("x", 1, 2), [1.5, 2.0], "float64"),
        (checks.Finite("x"), ["a", "b"], "str"),
    ],
)
def test_incomparable_types_are_an_error_that_names_the_column_but_no_value(check, column, dtype):
    result = found(check, pd.DataFrame({"x": pd.Series(column, dtype=dtype)}))
    assert result.status == "error"
    assert "'x'" in result.message
    assert not any(f"'{value}'" in result.message for value in column)


def test_missing_and_duplicate_columns_are_errors_that_name_them(flights):
    assert found(checks.Compare("distance", "<", "nope"), flights).message == "the column 'nope' is missing"
    twice = pd.DataFrame([[1, 2]], columns=["x", "x"])
    assert found(checks.NotNull("x"), twice).message == "2 columns are named 'x'; names must be unique"


def test_empty_and_wholly_missing_columns_pass_all_but_not_null():
    for frame in (pd.DataFrame({"x": []}), pd.DataFrame({"x": [None, None]})):
        for check in (checks.Between("x", 0, 1), checks.OneOf("x", [1]), checks.Matches("x", "a")):
            assert found(check, frame).status == "passed"
        assert found(checks.NotNull("x"), frame).failed == len(frame)


@pytest.mark.parametrize(
    "wrong",
    [
        checks.NotNull,
        lambda: checks.NotNull(["origin"]),
        lambda: checks.NotNull("a", "a"),
        lambda: checks.NotNull("a", severity="fatal"),
        lambda: checks.Between("x", 2, 1),
        lambda: checks.Between("x", float("nan"), 1),
        lambda: checks.Between("x", 0, pd.NaT),
        lambda: checks.Between("x", None, 1),
        lambda: checks.Between("x", "a", 1),
        lambda: checks.Between(3.0, 0, 1),
        lambda: checks.OneOf("x", []),
        lambda: checks.OneOf("x", "EWR"),
        lambda: checks.OneOf("x", ["EWR", None]),
        lambda: checks.OneOf("x", [["EWR"]]),
        lambda: checks.Matches("x", "("),
        lambda: checks.Matches("x", 3),
        lambda: checks.Compare("a", "=<", "b"),
    ],
)
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises((TypeError, ValueError)):
        wrong()


@pytest.mark.parametrize("kind", [checks.OneOf, checks.NotOneOf, checks.Share])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("JFK", r"\('o'\): values is a list of values, not 'JFK' alone; give \['JFK'\]"),
        (3, r"\('o'\): values is a list of values, not 3 alone; give \[3\]"),
        ([], r"\('o'\): values is empty; list at least one"),
        ([1, float("nan")], r"\('o'\): values holds a missing value or NaN; leave it out"),
        ([pd.NaT], r"\('o'\): values holds a missing value or NaN; leave it out"),
        ([["JFK"]], r"\('o'\): values holds a value without a hash .*; list texts"),
    ],
)
def test_values_are_a_list_of_values(kind, values, said):
    with pytest.raises((TypeError, ValueError), match=kind.__name__ + said):
        kind("o", values, **({"low": 0.5} if kind is checks.Share else {}))


def test_checks_are_frozen_hashable_values():
    check = checks.OneOf("x", {"b", "a"})
    assert check == checks.OneOf("x", ["a", "b"])
    assert hash(check) == hash(checks.OneOf("x", ("a", "b")))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        check.column = "y"
