import datetime as dt
import sys
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopskit.errors import SerializationError
from mlopskit.storage.serializers import cells, serializer_named

bounded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
columns = serializer_named("columns")


@bounded
@given(data=st.data())
def test_every_frame_comes_back_exactly(data, any_frame, round_trip, exact):
    frame = data.draw(any_frame)
    exact(frame, round_trip("columns", frame))


@bounded
@given(data=st.data())
def test_every_series_comes_back_exactly(data, any_series, round_trip, exact):
    series = data.draw(any_series)
    exact(series, round_trip("columns", series))


@bounded
@given(data=st.data())
def test_every_index_comes_back_exactly(data, any_index, round_trip, exact):
    index = data.draw(any_index)
    exact(index, round_trip("columns", index))


def test_every_scalar_in_a_column_of_objects_keeps_its_type(scalars, round_trip, exact):
    series = pd.Series(np.fromiter(scalars, object, len(scalars)), dtype=object)
    exact(series, round_trip("columns", series))


def test_the_kinds_of_missing_are_kept_apart(round_trip):
    series = pd.Series([None, np.nan, pd.NA, pd.NaT, "text"], dtype=object)
    assert [type(cell).__name__ for cell in round_trip("columns", series)] == [
        "NoneType",
        "float",
        "NAType",
        "NaTType",
        "str",
    ]


def test_nan_payloads_and_negative_zeros_are_kept(round_trip, exact):
    bits = np.array([0x7FF8000000000123, 0xFFF8000000000000, 1 << 63], "u8")
    series = pd.Series(bits.view("f8"))
    exact(series, round_trip("columns", series))


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "a"],
        [None, "a"],
        [1, "1"],
        [1.5, True],
        [("a", 1), "b"],
        [pd.Timestamp("2026-01-01"), dt.date(2026, 1, 1)],
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", None]),
        pd.date_range("2026", periods=2, freq="D", name="day"),
        pd.CategoricalIndex(["low", "high"], ["low", "high", "none"], ordered=True),
    ],
)
def test_column_labels_of_any_kind_are_kept(labels, round_trip, exact):
    frame = pd.DataFrame([[1, 2.5]])
    frame.columns = labels if isinstance(labels, pd.Index) else pd.Index(labels, dtype=object, tupleize_cols=False)
    exact(frame, round_trip("columns", frame))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame(index=["a", "b"]),
        pd.DataFrame(columns=["a", "b"]),
        pd.DataFrame({"a": pd.Series(dtype="Int8"), "b": pd.Series(dtype="category")}),
    ],
)
def test_empty_frames_keep_their_labels_and_dtypes(frame, round_trip, exact):
    exact(frame, round_trip("columns", frame))


def test_attrs_and_the_flag_against_duplicate_labels_are_kept(round_trip, exact):
    frame = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    frame.attrs = {"source": "radar", "scale": (1, np.float32(2))}
    exact(frame, round_trip("columns", frame))


def test_time_zones_of_pytz_stay_those_of_pytz(round_trip, exact):
    pytz = pytest.importorskip("pytz")
    for zone in (pytz.utc, pytz.timezone("Europe/Berlin")):
        index = pd.date_range("2026-10-24", periods=3, tz=zone)
        exact(index, again := round_trip("columns", index))
        assert type(again.tz).__module__.partition(".")[0] == "pytz"


def test_without_pytz_its_zones_are_those_of_the_standard_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytz", None)
    assert cells.timezone_from_json(["pytz", "Europe/Berlin"]) == zoneinfo.ZoneInfo("Europe/Berlin")
    assert cells.timezone_from_json(["pytz", "UTC"]) == dt.UTC


def test_what_is_read_may_be_written_to(round_trip):
    frame = round_trip("columns", pd.DataFrame({"a": [1, 2], "s": ["x", "y"], "n": pd.array([1, None], dtype="Int8")}))
    frame.loc[0, ["a", "n"]] = 7
    frame.loc[0, "s"] = "z"
    assert frame.iloc[0].tolist() == [7, "z", 7]


def test_a_wide_frame_comes_back(round_trip, exact):
    frame = pd.DataFrame(np.arange(4000.0).reshape(2, 2000))
    exact(frame, round_trip("columns", frame))


class Special(pd.DataFrame):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Special({"a": [1]}),
        pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
        pd.Series(pd.arrays.SparseArray([0, 1])),
        np.array([1]),
        "text",
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_kept_is_not_accepted(value):
    assert not columns.accepts(value)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [object()]}),
        pd.DataFrame({"a": [{1, 2}]}),
        pd.DataFrame({"a": [np.zeros(2)]}),
        pd.DataFrame({"a": [1]}, index=pd.Index([1], name=frozenset())),
    ],
)
def test_cells_and_names_of_other_types_are_refused_when_written(frame, to_bytes):
    with pytest.raises(SerializationError):
        to_bytes("columns", frame)


def test_attrs_of_other_types_are_refused(to_bytes):
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["model"] = object()
    with pytest.raises(SerializationError):
        to_bytes("columns", frame)


def test_a_frequency_that_its_name_does_not_tell_is_refused(to_bytes):
    holidays = pd.offsets.CustomBusinessDay(holidays=["2026-01-02"])
    with pytest.raises(SerializationError, match="frequency"):
        to_bytes("columns", pd.date_range("2026", periods=3, freq=holidays))


def test_equal_frames_are_equal_bytes(to_bytes):
    frame = pd.DataFrame({"a": [1, 2], "s": ["x", None]})
    assert to_bytes("columns", frame) == to_bytes("columns", frame.copy())


def test_strings_over_pyarrow_are_read_without_it(monkeypatch, to_bytes, from_bytes):
    pytest.importorskip("pyarrow")
    content = to_bytes("columns", pd.Series(["x", None], dtype="string[pyarrow]"))
    monkeypatch.setattr("mlopskit.storage.serializers.dtypes.find_spec", lambda name: None)
    series = from_bytes("columns", content)
    assert series.dtype == pd.StringDtype("python")
    assert series[1] is pd.NA
