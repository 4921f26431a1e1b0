"""Moments are read; stretches of time begin where they begin, whatever rows there are."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.layout import Layout
from mlopskit.drift.periods import moments_of, stretches_by_size, stretches_by_time
from mlopskit.errors import ValidationError

READ = Layout(("x",), time="when", season="weekday").read


def rows_with_gaps(zone: str | None = None) -> pd.DataFrame:
    """Five months over a change of the clocks, of which one is empty, and some rows without a time."""
    random = np.random.default_rng(0)
    minutes = np.sort(random.integers(0, 150 * 24 * 60, 300))
    when = pd.Series(pd.Timestamp("2013-01-17") + pd.to_timedelta(minutes, unit="m"))
    when = when[when.dt.month != 4].reset_index(drop=True)
    if zone:
        when = when.dt.tz_localize("UTC").dt.tz_convert(zone)
    return pd.DataFrame({"when": when.mask(when.index % 17 == 0), "x": random.normal(size=len(when))})


def figures(stretches):
    return [
        (label, each.profile.rows, each.profile.columns["x"].cells.keys.tolist(), each.seasons)
        for label, each in stretches.items()
    ]


@settings(max_examples=60, deadline=None)
@given(
    freq=st.sampled_from(["D", "7D", "MS", "W", "h", "36h", "ME", "QS", "B"]),
    zone=st.sampled_from([None, "America/New_York"]),
    cuts=st.lists(st.integers(0, 230), max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_however_rows_are_cut_and_in_any_order_stretches_are_those_of_the_whole(freq, zone, cuts, order):
    whole = rows_with_gaps(zone)
    chunks = [whole.iloc[start:end] for start, end in pairwise([0, *sorted(cuts), len(whole)])]
    order.shuffle(chunks)
    assert figures(stretches_by_time(chunks, "when", freq, READ)) == figures(
        stretches_by_time([whole], "when", freq, READ)
    )


def test_stretches_begin_on_the_clock_of_the_zone_and_none_is_left_out():
    zone = "America/New_York"
    days = pd.date_range("2013-03-08 09:00", periods=8, tz=zone).delete(4)
    frame = pd.DataFrame({"when": days, "x": range(7)})
    by_day = stretches_by_time([frame.iloc[:2], frame.iloc[2:]], "when", "D", READ)
    assert list(by_day) == list(pd.date_range("2013-03-08", periods=8, tz=zone))
    assert [each.profile.rows for each in by_day.values()] == [1, 1, 1, 1, 0, 1, 1, 1]
    by_week = stretches_by_time([frame], "when", "7D", READ)
    assert list(by_week) == list(pd.to_datetime(["2013-03-07", "2013-03-14"]).tz_localize(zone))
    assert (next(iter(by_week)).tz_localize(None) - pd.Timestamp(0)).days % 7 == 0


@pytest.mark.parametrize("freq", ["2MS", "2W", "3QS"])
def test_several_months_or_weeks_are_refused_since_they_begin_nowhere(freq):
    with pytest.raises(ValueError, match=f"freq='{freq}' begins nowhere by itself: give days"):
        stretches_by_time([rows_with_gaps()], "when", freq, READ)


def test_chunks_of_several_zones_are_refused():
    chunks = [rows_with_gaps(zone) for zone in ("America/New_York", "Europe/Berlin")]
    with pytest.raises(ValidationError, match="'when' is in several time zones: convert it to one"):
        stretches_by_time(chunks, "when", "D", READ)


def test_rows_without_any_time_are_no_stretch():
    assert stretches_by_time([rows_with_gaps().assign(when=pd.NaT)], "when", "D", READ) == {}


def test_seasons_of_a_stretch_are_counted_or_weighed():
    whole = rows_with_gaps().assign(weight=0.5)
    ((_, first), *_) = stretches_by_size([whole], 100, READ)
    counted = whole["when"].head(100).dt.day_of_week.value_counts()
    assert first.seasons == counted.to_dict()
    ((_, first), *_) = stretches_by_size([whole], 100, Layout(("x",), "when", weights="weight", season="weekday").read)
    assert first.seasons == (counted / 2).to_dict()


def moments(values, dtype=None):
    return moments_of(pd.DataFrame({"t": pd.Series(values, dtype=dtype)}), "t")


def test_text_is_read_as_it_is_written_and_offsets_in_utc():
    assert moments(["2013-03-30", None]).tolist() == [pd.Timestamp("2013-03-30"), pd.NaT]
    summer = moments([None, "2013-03-30T00:00+01:00", "2013-04-01T00:00+02:00"])
    assert summer.tolist() == [pd.NaT, *pd.to_datetime(["2013-03-29T23:00Z", "2013-03-31T22:00Z"])]
    assert moments(["2013-03-30T00:00+01:00"]).tolist() == summer[1:2].tolist()


def test_moments_keep_their_zone():
    zoned = pd.date_range("2013-01-01", periods=3, tz="America/New_York")
    assert moments(zoned).equals(pd.DatetimeIndex(zoned))


def test_objects_of_moments_and_dates_are_moments():
    day = dt.date(2013, 1, 1)
    assert moments([day, None], object).tolist() == [pd.Timestamp("2013-01-01"), pd.NaT]
    zoned = dt.datetime(2013, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert moments([zoned, zoned.astimezone(dt.UTC)], object).tolist() == 2 * [pd.Timestamp("2012-12-31T22:00Z")]


def test_moments_and_dates_of_arrow():
    pytest.importorskip("pyarrow")
    days = pd.Series([dt.date(2013, 1, 1), None], dtype="date32[day][pyarrow]")
    assert moments(days).tolist() == [pd.Timestamp("2013-01-01"), pd.NaT]
    zoned = pd.Series(pd.date_range("2013-01-01", periods=3, tz="America/New_York"))
    assert moments(zoned.astype("timestamp[ns, America/New_York][pyarrow]")).equals(pd.DatetimeIndex(zoned))
    assert moments(pd.Series(["2013-01-01"], dtype="string[pyarrow]")).tolist() == [pd.Timestamp("2013-01-01")]


@pytest.mark.parametrize("values", [[2013, 2014], [1.37e9, None], np.array([1, 2], dtype=object)])
def test_numbers_do_not_say_what_they_count(values):
    with pytest.raises(ValidationError, match=r"'t' holds numbers: .*to_datetime\(\.\.\., unit=\.\.\.\)"):
        moments(values)


@pytest.mark.parametrize("dtype", [float, object, "M8[ns]"])
def test_no_moment_is_known_where_all_are_missing(dtype):
    assert moments([None, None], dtype).isna().all()


@pytest.mark.parametrize("values", [["secret"], ["2013-01-01", "secret"], [True], ["99999-01-01"], [[1.0]]])
def test_what_is_no_moment_is_refused_without_showing_it(values):
    with pytest.raises(ValidationError, match="'t' can not be read as moments") as caught:
        moments(values)
    assert "secret" not in str(caught.value)


def test_a_column_is_known_by_the_text_of_its_name():
    frame = pd.DataFrame({0: ["2013-01-01"]})
    assert moments_of(frame, "0").tolist() == [pd.Timestamp("2013-01-01")]
    with pytest.raises(ValidationError, match="no column '1'"):
        moments_of(frame, "1")
