"""Stretches of time begin where they begin, whatever rows there are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.layout import Layout
from mlopskit.drift.periods import stretches_by_size, stretches_by_time
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
