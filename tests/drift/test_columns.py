from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.columns import NUMBERS, kind_of, labels_of, numbers, numbers_by_row
from mlopskit.storage.frames import frames_in


def label_counts(column):
    codes, labels = labels_of(column)
    return {label: int((codes == place).sum()) for place, label in enumerate(labels)}


MOMENTS = pd.date_range("2013-01-01", periods=3)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([1, 2], dtype="uint8"), "numeric"),
        (pd.Series([1.5, np.nan]), "numeric"),
        (pd.Series([1, None], dtype="Int64"), "numeric"),
        (pd.Series([1, 2.5, None], dtype=object), "numeric"),
        (pd.Series([Decimal("1.5"), None], dtype=object), "numeric"),
        (pd.Series([True, False]), "boolean"),
        (pd.Series([True, None], dtype="boolean"), "boolean"),
        (pd.Series([True, None], dtype=object), "boolean"),
        (pd.Series(["a", None]), "categorical"),
        (pd.Series(["a", "b"], dtype=object), "categorical"),
        (pd.Series([1, 2], dtype="category"), "categorical"),
        (pd.Series([True, False], dtype="category"), "categorical"),
        (pd.Series(["a", 1, True], dtype=object), "categorical"),
        (pd.Series(MOMENTS), "datetime"),
        (pd.Series(MOMENTS.tz_localize("Europe/Berlin")), "datetime"),
        (pd.Series(MOMENTS - MOMENTS[0]), "timedelta"),
        (pd.Series([MOMENTS[0].to_pydatetime(), None], dtype=object), "datetime"),
        (pd.Series([np.array([1.0, 2.0]), None, [3, 4]], dtype=object), "vector"),
        (pd.Series([dt.date(2013, 1, 1), None], dtype=object), "datetime"),
        (pd.Series([[1.0, None], [2.0]], dtype=object), "vector"),
        (pd.Series([["JFK", "LAX"], None], dtype=object), "categorical"),
        (pd.Series([[1.0, 2.0], ["JFK", "LAX"]], dtype=object), "categorical"),
        (pd.Series([[1.0, 2.0], [[1.0], [2.0, 3.0]]], dtype=object), "categorical"),
        (pd.Series([[], []], dtype=object), "categorical"),
        (pd.Series([[[1.0]], None], dtype=object), "categorical"),
        (pd.Series([np.nan, np.nan]), "numeric"),
        (pd.Series([None, None], dtype=object), "categorical"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.dtype),
)
def test_kind(column, kind):
    assert kind_of(column) == kind


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32", "Float64", object])
def test_numbers_come_in_their_order_whatever_the_dtype(dtype):
    values = numbers(pd.Series([3, 1, 2], dtype=dtype), "numeric")
    assert values.dtype.kind in "if"
    assert values.tolist() == [3, 1, 2]


def test_numbers_leave_missing_values_out_and_keep_infinities():
    assert numbers(pd.Series([np.inf, np.nan, -np.inf, 0]), "numeric").tolist() == [np.inf, -np.inf, 0]
    assert numbers(pd.Series([2, None], dtype="Int64"), "numeric").tolist() == [2]
    assert numbers(pd.Series([MOMENTS[1], pd.NaT]), "datetime").tolist() == [MOMENTS[1].timestamp()]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_are_seconds_in_utc_whatever_unit_or_zone_they_are_kept_in(unit):
    seconds = [moment.timestamp() for moment in MOMENTS]
    assert numbers(pd.Series(MOMENTS.as_unit(unit)), "datetime").tolist() == seconds
    assert (
        numbers(pd.Series(MOMENTS.tz_localize("UTC").tz_convert("Asia/Tokyo").as_unit(unit)), "datetime").tolist()
        == seconds
    )
    assert numbers(pd.Series((MOMENTS - MOMENTS[0]).as_unit(unit)), "timedelta").tolist() == [0, 86400, 2 * 86400]


def test_labels_of_unused_categories_and_missing_values_are_not_counted():
    column = pd.Series(["a", None, "a"], dtype=pd.CategoricalDtype(["a", "unused"]))
    assert label_counts(column) == {"a": 2}


def test_the_same_categories_have_the_same_labels_in_every_dtype():
    values = ["b", "a", None, "b"]
    assert all(
        label_counts(pd.Series(values, dtype=dtype)) == {"b": 2, "a": 1} for dtype in ("object", "category", "string")
    )


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32", "Int64", object, "category"])
def test_whole_numbers_have_the_same_labels_as_ints_and_as_floats(dtype):
    assert label_counts(pd.Series([0, 7, -7, 7], dtype=dtype)) == {"0": 1, "7": 2, "-7": 1}
    categories = pd.Series([1.0, 2.5, np.nan, 1e300], dtype="category")
    assert label_counts(categories) == {"1": 1, "2.5": 1, "1e+300": 1}
    assert label_counts(pd.Series([1, "1", 1.0, "1.0", None], dtype=object)) == {"1": 3, "1.0": 1}


def test_booleans_have_the_same_labels_in_every_dtype():
    values = [True, False, True]
    assert all(
        label_counts(pd.Series(values, dtype=dtype)) == {"True": 2, "False": 1} for dtype in ("bool", "boolean", object)
    )


def test_values_without_a_hash_are_counted_by_their_text():
    assert label_counts(pd.Series([[1], [1], {"a": 2}, None])) == {"[1]": 2, "{'a': 2}": 1}


def test_nested_values_read_alike_whatever_keeps_them():
    kept = [["a", None], {"a": [1, 2]}, np.array(["a", None], dtype=object), {"a": np.array([1, 2])}]
    assert label_counts(pd.Series(kept)) == {"['a', None]": 2, "{'a': [1, 2]}": 2}


def test_a_vector_that_lacks_a_number_is_missing():
    column = pd.Series([[3.0, 4.0], [3.0, None], None, np.array([np.nan, 1.0])])
    assert np.array_equal(numbers_by_row(column, "vector"), [5.0, np.nan, np.nan, np.nan], equal_nan=True)
    assert numbers(column, "vector").tolist() == [5]


def test_objects_of_far_moments_and_durations_are_numbers_too():
    moments = pd.Series(
        [dt.datetime(2013, 1, 1, tzinfo=dt.UTC), None, dt.datetime(9999, 12, 31, tzinfo=dt.UTC)], dtype=object
    )
    assert numbers(moments, "datetime").tolist() == [1356998400, 253402214400]
    dates = pd.Series([dt.date(2013, 1, 1), None, dt.date(9999, 12, 31)], dtype=object)
    assert numbers(dates, "datetime").tolist() == numbers(moments, "datetime").tolist()
    durations = pd.Series([dt.timedelta(days=300_000), pd.NaT, None], dtype=object)
    assert numbers(durations, "timedelta").tolist() == [300_000 * 86400]


MOMENT = dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC)
ARROW_VALUES = {
    "float16": np.array([1.5, 2.0], dtype="float16"),
    "string": ["JFK", None, "EWR"],
    "large_string": ["JFK", None, "EWR"],
    "binary": [b"JFK", None],
    "bool_": [True, None, False],
    "null": [None, None],
    "date32": [MOMENT.date(), None],
    "date64": [MOMENT.date(), None],
    "time64": [MOMENT.time(), None],
    "timestamp": [MOMENT, None],
    "duration": [dt.timedelta(days=1), None],
    "decimal128": [Decimal("1.50"), None],
    "dictionary": ["JFK", None, "JFK"],
    "list_": [[1.0, 2.0], None, [3.0, None]],
    "list of text": [["JFK"], None, ["JFK", None]],
    "struct": [{"a": [1, 2]}, None],
    "map_": [[("a", 1)], None],
}


def arrow_types():
    import pyarrow as pa

    types = {
        "time64": pa.time64("us"), "timestamp": pa.timestamp("ns", "UTC"), "duration": pa.duration("s"),
        "decimal128": pa.decimal128(9, 2), "dictionary": pa.dictionary(pa.int8(), pa.string()),
        "list_": pa.list_(pa.float32()), "list of text": pa.list_(pa.string()),
        "struct": pa.struct({"a": pa.list_(pa.int64())}), "map_": pa.map_(pa.string(), pa.int64()),
    }  # fmt: skip
    return pa, {name: types[name] if name in types else getattr(pa, name)() for name in ARROW_VALUES}


@pytest.mark.parametrize("name", ARROW_VALUES)
def test_a_column_is_the_same_from_arrow_and_from_pandas(name):
    pytest.importorskip("pyarrow")
    pa, types = arrow_types()
    table = pa.table({"x": pa.array(ARROW_VALUES[name], types[name])})
    plain = table.to_pandas()["x"]
    for column in (table.to_pandas(types_mapper=pd.ArrowDtype)["x"], next(frames_in(table))["x"]):
        kind = kind_of(column)
        assert kind == kind_of(plain)
        if kind in NUMBERS:
            assert numbers(column, kind).tolist() == numbers(plain, kind).tolist()
        else:
            assert label_counts(column) == label_counts(plain)
