from __future__ import annotations

import datetime as dt
import operator
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.validation import Validator, checks

NARROW = [("float32", 1e39), ("float16", 1e6)]


def failed(check, values, dtype) -> int:
    result = Validator([check]).validate(pd.DataFrame({"x": np.array(values, dtype=dtype)})).results[0]
    assert result.status in ("passed", "failed"), result.message
    return result.failed


@pytest.mark.parametrize(("dtype", "beyond"), NARROW)
@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, np.inf], [-np.inf, 1.0], [np.inf, -np.inf, np.nan]])
def test_bounds_beyond_a_narrow_column_are_those_of_a_wide_one(dtype, beyond, values):
    for low, high in [
        (0, beyond),
        (-beyond, 0),
        (-beyond, beyond),
        (beyond, 2 * beyond),
        (-np.inf, beyond),
        (0, np.inf),
    ]:
        check = checks.Between("x", low, high)
        assert failed(check, values, dtype) == failed(check, values, "float64")


@pytest.mark.parametrize(("dtype", "beyond"), NARROW)
def test_a_number_beyond_a_narrow_column_is_not_infinity(dtype, beyond):
    assert failed(checks.OneOf("x", [1.0, beyond]), [1.0, np.inf], dtype) == 1
    assert failed(checks.NotOneOf("x", [beyond]), [1.0, np.inf], dtype) == 0
    assert failed(checks.OneOf("x", [1.0, np.inf]), [1.0, np.inf], dtype) == 0


def test_infinity_is_a_value_like_others():
    assert failed(checks.OneOf("x", [1, np.inf]), [1.0, np.inf, -np.inf], "float64") == 1
    assert failed(checks.NotOneOf("x", [2**2000, np.inf]), [1.0, np.inf, -np.inf], "float64") == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_bound_is_as_fine_as_the_column(dtype):
    """0.1 in a column of 32 bits is the bound 0.1, though it is a little more than the 0.1 of 64 bits."""
    assert failed(checks.Between("x", 0.1, 1), [0.1], dtype) == 0
    assert failed(checks.Between("x", -1, 0.1), [0.1], dtype) == 0
    assert failed(checks.OneOf("x", [0.1]), [0.1], dtype) == 0
    assert failed(checks.Between("x", -1, 0.1), [0.1, np.nextafter(np.dtype(dtype).type(0.1), 1)], dtype) == 1


MOMENTS = pd.to_datetime(["2020-01-01", None, "2021-06-01"]).to_series(index=range(3))
SPANS = pd.to_timedelta(["1h", None, "3h"]).to_series(index=range(3))


def examples(check, series) -> tuple:
    result = Validator([check]).validate(pd.DataFrame({"x": series})).results[0]
    assert result.status in ("passed", "failed"), result.message
    return result.examples


def as_arrow(series, dtype):
    pytest.importorskip("pyarrow")
    return series.astype(f"{dtype}[pyarrow]")


@pytest.mark.parametrize(
    "kind", ["datetime64[ns]", "timestamp[us]", "timestamp[ns]", "date32[day]", object, "dates", "category"]
)
@pytest.mark.parametrize(
    "bounds",
    [
        ("2020-01-01", "2020-12-31"),
        (dt.date(2020, 1, 1), dt.date(2020, 12, 31)),
        (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31")),
        (np.datetime64("2020-01-01"), np.datetime64("2020-12-31")),
    ],
)
def test_moments_however_stored_are_compared_with_bounds_however_given(kind, bounds):
    if kind == "dates":
        series = pd.Series([dt.date(2020, 1, 1), None, dt.date(2021, 6, 1)], dtype=object)
    else:
        series = as_arrow(MOMENTS, kind) if "[" in str(kind) and "64" not in str(kind) else MOMENTS.astype(kind)
    assert examples(checks.Between("x", *bounds), series) == (2,)


@pytest.mark.parametrize("kind", ["timedelta64[ns]", "timedelta64[us]", "duration[us]", object])
@pytest.mark.parametrize(
    "bounds",
    [
        (pd.Timedelta(0), pd.Timedelta("2h")),
        (dt.timedelta(0), dt.timedelta(hours=2)),
        (np.timedelta64(0, "ns"), np.timedelta64(2 * 3600 * 10**9, "ns")),
    ],
)
def test_spans_however_stored_are_compared_with_bounds_however_given(kind, bounds):
    series = as_arrow(SPANS, kind) if "duration" in str(kind) else SPANS.astype(kind)
    assert examples(checks.Between("x", *bounds), series) == (2,)
    assert examples(checks.OneOf("x", bounds), series) == (0, 2)
    assert examples(checks.OneOf("x", [bounds[0], pd.Timedelta("1h")]), series) == (2,)


@pytest.mark.parametrize("zoned", ["datetime64[ns, UTC]", "timestamp[us, tz=UTC]"])
def test_moments_of_a_zone_need_bounds_of_a_zone(zoned):
    series = MOMENTS.dt.tz_localize("UTC")
    series = as_arrow(series, zoned) if "tz=" in zoned else series.astype(zoned)
    bounds = pd.Timestamp("2020-01-01 01:00", tz="Europe/Rome"), pd.Timestamp("2020-12-31", tz="UTC")
    assert examples(checks.Between("x", *bounds), series) == (2,)
    result = Validator([checks.Between("x", "2020-01-01", "2020-12-31")]).validate(pd.DataFrame({"x": series}))
    assert result.results[0].status == "error"


def test_decimals_times_and_bytes_of_arrow_are_what_they_are_as_objects():
    pa = pytest.importorskip("pyarrow")
    values = {
        "decimal": [Decimal("1.50"), None, Decimal("2.50")],
        "time": [dt.time(1), None, dt.time(5)],
        "bytes": [b"a", None, b"c"],
    }
    bounds = {"decimal": (0, 2), "time": (dt.time(0), dt.time(2)), "bytes": (b"a", b"b")}
    for frame in (pa.table(values), pd.DataFrame(values, dtype=object)):
        suite = [checks.Between(name, *bounds[name]) for name in values]
        suite += [checks.NotOneOf(name, [values[name][2]]) for name in values]
        assert {result.examples for result in Validator(suite).validate(frame).results} == {(2,)}
        suite = [
            checks.IsKind("decimal", "float"),
            checks.IsKind("bytes", "bytes"),
            checks.Finite("decimal"),
            checks.Mean("decimal", low=2, high=2),
            checks.Monotonic("decimal"),
        ]
        assert [result.status for result in Validator(suite).validate(frame).results] == ["passed"] * 5
    result = Validator([checks.Between("bytes", 0, 1)]).validate(pa.table(values)).results[0]
    assert (result.status, "needs values that its bounds can be compared with" in result.message) == ("error", True)


OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
ENDS = [sign * 2**power + off for sign in (1, -1) for power in (0, 53, 60, 63, 64) for off in (-1, 0, 1)]
ints = st.one_of(st.sampled_from(ENDS), st.integers(-(2**64), 2**64))
floats = st.one_of(st.sampled_from(ENDS).map(float), st.floats(), st.floats(-3, 3))


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "int32"])
@given(pairs=st.lists(st.tuples(ints, floats), min_size=1), op=st.sampled_from(sorted(OPERATORS)))
def test_ints_and_floats_are_compared_as_python_does(dtype, pairs, op):
    limits = np.iinfo(dtype.lower())
    pairs = [(whole, real) for whole, real in pairs if limits.min <= whole <= limits.max]
    whole = np.array([whole for whole, _ in pairs], dtype=dtype.lower())
    frame = pd.DataFrame({"a": pd.Series(whole, dtype=dtype), "b": np.array([real for _, real in pairs], float)})
    present = [pair for pair in enumerate(pairs) if not np.isnan(pair[1][1])]
    for check, holds in (
        (checks.Compare("a", op, "b"), OPERATORS[op]),
        (checks.Compare("b", op, "a"), lambda whole, real: OPERATORS[op](real, whole)),
    ):
        failing = tuple(place for place, pair in present if not holds(*pair))
        result = Validator([check]).validate(frame).results[0]
        assert (result.failed, result.examples) == (len(failing), failing[:10])


@pytest.mark.parametrize("left", ["int64[pyarrow]", "Int64", "uint64"])
@pytest.mark.parametrize("right", ["double[pyarrow]", "Float64", "float64", "Int64", "uint64", "int64"])
def test_numbers_of_any_two_dtypes_are_compared(left, right):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": pd.array([2**53 + 1, 2], dtype=left), "b": pd.array([2**53, 2], dtype=right)})
    assert failed_in(checks.Compare("a", ">", "b"), frame) == 1
    assert failed_in(checks.Compare("b", "<=", "a"), frame) == 0


def failed_in(check, frame) -> int:
    result = Validator([check]).validate(frame).results[0]
    assert result.status in ("passed", "failed"), result.message
    return result.failed


@pytest.mark.parametrize("dtype", ["float64", "float32", object])
def test_decimals_among_the_values_are_numbers(dtype):
    values = [Decimal("1.5"), Decimal("0.1"), Decimal("Infinity"), Decimal(2)]
    assert examples(checks.OneOf("x", values), pd.Series([1.5, 2.5, np.inf, 2.0], dtype=dtype)) == (1,)
    assert examples(checks.NotOneOf("x", values), pd.Series([1.5, 0.1], dtype=dtype)) == (0,)
    assert examples(checks.OneOf("x", values), pd.Series([2, 3])) == (1,)
