"""Rows in chunks get the same answer as all of them at once, whatever a chunk happens to hold."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mlopskit import Validator
from mlopskit.validation import checks

INF, NAN = math.inf, math.nan


def column(*values, dtype=None):
    return pd.DataFrame({"x": pd.Series(list(values), dtype=dtype)})


def both(check, *chunks):
    """Validate all rows at once, and in chunks."""
    whole = Validator([check]).validate(pd.concat(chunks, ignore_index=True)).results[0]
    parts = Validator([check]).validate(iter(chunks)).results[0]
    assert (parts.status, parts.failed) == (whole.status, whole.failed)
    return whole


@pytest.mark.parametrize("dtype", ["double[pyarrow]", "Float64", "float64"])
def test_nan_among_floats_hides_no_other_value(dtype):
    if "pyarrow" in dtype:
        pa = pytest.importorskip("pyarrow")
        stored = pd.arrays.ArrowExtensionArray(pa.chunked_array([[NAN, 500.0, 1.0]]))
        frame = pd.DataFrame({"x": stored})
    else:
        frame = column(NAN, 500.0, 1.0, dtype=dtype)
    assert both(checks.Between("x", 0, 10), frame.iloc[:1], frame.iloc[1:]).failed == 1
    assert both(checks.NotNull("x"), frame.iloc[:1], frame.iloc[1:]).failed == 1
    assert both(checks.OneOf("x", [1.0, 500.0]), frame.iloc[:1], frame.iloc[1:]).status == "passed"


@pytest.mark.parametrize(("second", "failed"), [({"b": [2], "a": [1]}, 2), ({"b": [1], "a": [2]}, 0)])
def test_columns_in_another_order_are_the_same_columns(second, failed):
    assert both(checks.NoDuplicateRows(), pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame(second)).failed == failed


def test_chunks_of_other_columns_are_named():
    chunks = [pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})]
    result = Validator([checks.NoDuplicateRows()]).validate(iter(chunks)).results[0]
    assert (result.status, result.message.endswith("not all have a, b")) == ("error", True)


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        ([column(1.0, NAN), column(2.0, 3.0)], "passed"),
        ([column(1.0, 2.0), column(NAN, NAN)], "passed"),
        ([column(1.0, 2.0), column(3.0)], "failed"),
        ([column(1.0, NAN), column(2.5)], "failed"),
    ],
)
def test_a_gap_in_one_chunk_tells_the_kind_of_all(chunks, status):
    assert both(checks.IsKind("x", "int"), *chunks).status == status


@pytest.mark.parametrize("rows", [5, 2000])
def test_true_is_not_1_however_many_rows_there_are(rows):
    frame = column(True, *[1] * rows, dtype=object)
    chunks = frame.iloc[: rows // 2], frame.iloc[rows // 2 :]
    assert both(checks.OneOf("x", [1]), *chunks).failed == 1
    assert both(checks.Cardinality("x", high=1), *chunks).status == "failed"


def test_an_infinite_mean_does_not_depend_on_the_order_of_chunks():
    first, second = column(1.0, INF), column(2.0, 3.0)
    assert both(checks.Mean("x", low=0), first, second).observed["value"] == INF
    assert both(checks.Mean("x", low=0), second, first).status == "passed"
    assert both(checks.Mean("x", low=0), first, column(-INF)).status == "failed"


def test_a_chunk_without_values_adds_nothing_to_a_correlation():
    full = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 5.0]})
    empty = pd.DataFrame({"x": pd.Series([None], dtype=object), "y": [9.0]})
    check = checks.Correlation("x", "y", low=0.9)
    assert Validator([check]).validate(iter([full, empty])).results[0].status == "passed"
    assert Validator([check]).validate(empty).results[0].message == "not enough data"


@pytest.mark.parametrize(
    ("part", "total", "failed"), [(1.0, INF, 1), (INF, 1.0, 1), (INF, INF, 0), (-INF, INF, 1), (1.0, 1.0, 0)]
)
def test_only_the_same_infinity_is_the_sum(part, total, failed):
    frame = pd.DataFrame({"x": [part], "y": [total]})
    assert both(checks.SumsTo("x", total="y"), frame, frame).failed == 2 * failed


@pytest.mark.parametrize(
    ("check", "values", "failed"),
    [
        (checks.Matches("x", "[a-z]"), [b"a", 1, "a"], 2),
        (checks.Between("x", 0, 5), [1, "b", 9], 2),
        (checks.Between("x", "2013-01-01", "2014-01-01"), [pd.Timestamp("2013-05-01"), 5, pd.Timestamp("2015")], 2),
        (checks.Finite("x"), ["a", 1.0, INF, Decimal("-Infinity")], 2),
    ],
)
def test_objects_are_judged_one_by_one(check, values, failed):
    """What a chunk happens to hold is no reason not to run; only what no chunk has is."""
    assert both(check, *[column(value, dtype=object) for value in values]).failed == failed


@pytest.mark.parametrize(
    ("check", "values"),
    [
        (checks.Matches("x", "[a-z]"), [1, b"a", None]),
        (checks.NotBlank("x"), [1, 2.5]),
        (checks.Between("x", 0, 5), ["a", b"b", True]),
        (checks.Finite("x"), ["a", b"b", True]),
    ],
)
def test_objects_of_which_none_fits_are_an_error(check, values):
    result = both(check, *[column(value, dtype=object) for value in values])
    assert (result.status, result.message.startswith("can not conclude on 'x'")) == ("error", True)
    assert both(check, column(None, dtype=object), column(None, dtype=object)).status == "passed"


def test_any_infinite_number_in_an_object_column_is_found():
    assert both(checks.Finite("x"), column(np.float32("inf"), "a", dtype=object)).failed == 1


@pytest.mark.parametrize(
    ("chunks", "groups", "failing"),
    [
        ([column(True, 1, True, dtype=object), column(1, 2, dtype=object)], 3, 1),
        ([column(True, False), column(1, 0, dtype=object)], 4, 1),
        ([column(1, 2), column(1.0, NAN), column(1, "a", dtype=object)], 3, 1),
        ([column(True, False), column(True, None, dtype=object)], 2, 1),
    ],
)
def test_true_and_1_are_two_groups_and_1_is_one_however_it_is_stored(chunks, groups, failing):
    """The first row fails, and with it one group of that many."""
    chunks = [chunk.assign(delay=0) for chunk in chunks]
    chunks[0].loc[0, "delay"] = 9
    result = both(checks.PerGroup(checks.Between("delay", 0, 5), by="x"), *chunks)
    assert result.status == "failed"
    assert (result.observed["groups"], result.observed["failing_groups"]) == (groups, failing)
    assert both(checks.Cardinality("x", low=groups, high=groups), *chunks).status == "passed"


@pytest.mark.parametrize(
    "check",
    [
        checks.Fresh("x", "1D", now="2020-01-02"),
        checks.NoGaps("x", "2D"),
        checks.InTimeZone("x", None),
        checks.Monotonic("x"),
        checks.Between("x", "2019-01-01", "2021-01-01"),
    ],
)
@pytest.mark.parametrize("dtype", [float, object])
@pytest.mark.filterwarnings("ignore:The behavior of DataFrame concatenation")  # of pandas before 3
def test_a_chunk_without_a_moment_says_nothing(check, dtype):
    moments, none = column(*pd.to_datetime(["2020-01-01", "2020-01-02"])), column(None, dtype=dtype)
    assert both(check, moments, none).status == "passed"
    assert both(check, none, moments).status == "passed"


def test_objects_of_several_time_zones():
    moments = [pd.Timestamp("2020-01-01 12:00", tz="UTC"), pd.Timestamp("2020-01-01 13:00", tz="Europe/Rome")]
    chunks = [column(moment, dtype=object) for moment in moments]
    assert both(checks.InTimeZone("x", "UTC"), *chunks).observed["found"] == ["Europe/Rome", "UTC"]
    assert both(checks.InTimeZone("x", "UTC"), *chunks).status == "failed"
    assert both(checks.InTimeZone("x", "UTC"), chunks[0], column(None, dtype=object)).status == "passed"
    assert both(checks.InTimeZone("x", None), *chunks).status == "failed"
    assert both(checks.InTimeZone("x", None), column(dt.date(2020, 1, 1), dtype=object)).status == "passed"
    assert both(checks.NoGaps("x", "1s"), *chunks).observed["gaps"] == 0
    assert both(checks.Fresh("x", "2h", now="2020-01-01 13:00"), *chunks).observed["age_seconds"] == 3600
