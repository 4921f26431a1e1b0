from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

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
