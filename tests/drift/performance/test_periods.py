from __future__ import annotations

import pandas as pd
import pytest

from mlopskit.drift.detector import DriftDetector
from mlopskit.drift.performance.periods import periods
from mlopskit.errors import ValidationError

DAYS = ["2013-01-31", "2013-03-01", None, "2013-01-02", "2013-03-09"]


def found(*arguments):
    return {label: places.tolist() for label, places in periods(*arguments)}


@pytest.mark.parametrize(
    "time", [DAYS, pd.to_datetime(DAYS), pd.Series(pd.to_datetime(DAYS), index=[3, 3, 3, 1, 2]), pd.Series(DAYS)]
)
def test_periods_are_in_order_and_an_empty_one_is_one_of_them(time):
    months = {"2013-01-01T00:00:00": [0, 3], "2013-02-01T00:00:00": [], "2013-03-01T00:00:00": [1, 4]}
    assert found(5, time, "MS", None) == months


def test_time_zones_stay():
    time = pd.to_datetime(["2013-01-01", "2013-01-02"]).tz_localize("America/New_York")
    assert list(found(2, time, "D", None)) == ["2013-01-01T00:00:00-05:00", "2013-01-02T00:00:00-05:00"]


@pytest.mark.parametrize("freq", ["14D", "D", "6h", "W", "MS"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_periods_are_those_of_the_detector(freq, zone):
    moments = pd.date_range("2013-02-20", "2013-04-02", freq="5h", tz=zone)  # clocks are put forward in between
    rows = pd.DataFrame({"when": moments, "x": range(len(moments))})
    timeline = DriftDetector().fit(rows).detect_by(rows, time="when", freq=freq)
    assert list(found(len(rows), moments, freq, None)) == [each.period for each in timeline.periods]


def test_months_that_begin_nowhere_are_refused():
    with pytest.raises(ValueError, match="freq='2MS' begins nowhere by itself"):
        found(5, DAYS, "2MS", None)


def test_rows_are_cut_by_number():
    assert found(5, None, "MS", 2) == {"rows 0-1": [0, 1], "rows 2-3": [2, 3], "rows 4-4": [4]}
    by_time = {"2013-01-02T00:00:00": [3, 0], "2013-03-01T00:00:00": [1, 4]}
    assert found(5, DAYS, "MS", 2) == by_time


def test_without_rows_there_are_no_periods():
    assert found(0, None, "MS", 10) == {}
    assert found(0, pd.to_datetime([]), "MS", None) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, None, "MS", None), "pass time= with freq= to cut by time, or size="),
        ((4, DAYS, "MS", None), "time has 5 rows where the predictions have 4"),
        ((1, ["secret"], "MS", None), "column 'time' can not be read as moments"),
        ((5, 2013, "MS", None), "time is of type int: pass an array"),
        ((5, None, "MS", 0), "size is a number of rows of at least 1, not 0"),
        ((5, None, "MS", 2.5), r"size is a number of rows of at least 1, not 2\.5"),
        ((5, None, "MS", "2"), "size is a number of rows of at least 1, not '2'"),
    ],
)
def test_what_can_not_be_cut_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        found(*arguments)
    assert "secret" not in str(error.value)
    assert isinstance(error.value, ValidationError) or "size" in message
