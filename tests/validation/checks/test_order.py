import numpy as np
import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, *frames):
    return Validator([check]).validate(frames[0] if len(frames) == 1 else list(frames)).results[0]


def of(values, **options):
    return pd.DataFrame({"x": pd.Series(values, **options)})


@pytest.mark.parametrize(
    ("check", "values", "examples"),
    [
        (checks.Monotonic("x"), [1, 2, 2, 1, 5], (3,)),
        (checks.Monotonic("x", strictly=True), [1, 2, 2, 1, 5], (2, 3)),
        (checks.Monotonic("x", increasing=False), [3, 2, 4], (2,)),
        (checks.Monotonic("x"), [1.0, np.nan, 0.5, 2.0], (2,)),
        (checks.Monotonic("x"), [np.nan, 3.0, np.nan, 2.0, np.nan, 1.0, 4.0], (3, 5)),
        (checks.Monotonic("x"), ["a", "b", "a"], (2,)),
        (checks.Monotonic("x"), [], ()),
    ],
)
def test_order(check, values, examples):
    frame = of(values)
    assert found(check, frame).examples == examples
    for cut in range(len(values) + 1):
        assert found(check, frame.iloc[:cut], frame.iloc[cut:]).examples == examples


def test_what_has_no_order_is_an_error():
    assert found(checks.Monotonic("x"), of([1 + 1j, 2j])).status == "error"
    assert found(checks.Monotonic("x"), of([True, False])).status == "error"


def test_freshness():
    frame = of(pd.to_datetime(["2013-01-01 12:00", None, "2013-01-02 12:00"]))
    check = checks.Fresh("x", "1D", now="2013-01-03 12:00")
    assert found(check, frame).status == "passed"
    assert found(check, frame.iloc[2:], frame.iloc[:1]).status == "passed"
    late = found(checks.Fresh("x", "1h", now="2013-01-03 12:00Z"), frame)
    assert late.message == "the newest moment is 1 days 00:00:00 old"
    assert found(check, of([None], dtype="datetime64[ns]")).message == "there is no moment at all"
    assert found(check, of([1])).status == "error"
    with pytest.raises(ValueError, match="Fresh: now is missing"):
        checks.Fresh("t", "1D", now=pd.NaT)
    with pytest.raises(ValueError, match="no span of time"):
        checks.Fresh("x", "-1h")


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_gaps(zone):
    hours = pd.date_range("2013-03-09", periods=72, freq="h", tz=zone)  # the clock changes on the second day
    frame = of(hours.delete([10, 11])[::-1])
    assert found(checks.NoGaps("x", "3h"), frame).status == "passed"
    result = found(checks.NoGaps("x", "2h"), frame)
    assert result.observed == {"gaps": 1, "longest_seconds": 3 * 3600.0}
    assert found(checks.NoGaps("x", "2h"), frame.iloc[:40], frame.iloc[40:]) == result


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_have_no_order_of_their_own(ordered):
    frame = pd.DataFrame({"x": pd.Categorical(["late", "early"], categories=["late", "early"], ordered=ordered)})
    result = Validator([checks.Monotonic("x")]).validate(frame).results[0]
    assert result.status == "error"
    assert "the column is categorical; convert it" in result.message
