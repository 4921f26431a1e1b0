"""What values are, exactly: the same for every way to store them."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.validation import Validator, checks


def found(check, frame):
    return Validator([check]).validate(frame).results[0]


def of(values, dtype=None):
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


BIG = 2**53


@pytest.mark.parametrize(
    ("values", "low", "high", "examples"),
    [
        ([BIG, BIG + 1], 0, BIG, (1,)),
        ([BIG, BIG + 1], BIG + 1, 2**60, (0,)),
        ([BIG, BIG + 1], 0.0, float(BIG), (1,)),
        ([float(BIG), float(BIG + 2)], BIG + 1, 2**60, (0,)),
        ([float(BIG), float(BIG + 2)], 0, BIG + 1, (1,)),
        ([1, 2, 3], 1.5, 2.5, (0, 2)),
        ([1, 2], 2**70, 2**71, (0, 1)),
        ([1, 2], -(2**70), 2**70, ()),
        ([-(2**63), 2**63 - 1], -(2**71), -(2**70), (0, 1)),
        ([-(2**63), 2**63 - 1], 2**70, 2**71, (0, 1)),
        ([-5, 1, 50], 0, 10, (0, 2)),
        ([1, 2], float("-inf"), float("inf"), ()),
        ([1, 2], float("inf"), float("inf"), (0, 1)),
        ([1.0, math.inf, -math.inf, math.nan], 0, 10, (1, 2)),
    ],
)
def test_bounds_are_compared_without_rounding(values, low, high, examples):
    assert found(checks.Between("x", low, high), of(values)).examples == examples


@pytest.mark.parametrize("values", [[Decimal("1.10"), Decimal("1.11")], [2**70, 2**70 + 1]])
def test_decimals_and_huge_ints_are_compared_exactly(values):
    assert found(checks.Between("x", 0, values[0]), of(values, object)).examples == (1,)


def test_every_bad_value_of_a_mixed_column_is_counted():
    frame = of([1, "a", 2.5, None, b"c", 99], object)
    assert found(checks.Between("x", 0, 10), frame).examples == (1, 4, 5)
    assert found(checks.Matches("x", "a"), frame).examples == (0, 2, 4, 5)
    assert found(checks.OneOf("x", [1, "a"]), frame).examples == (2, 4, 5)


def test_a_bool_is_no_int_and_an_int_no_bool():
    assert found(checks.OneOf("x", [1, 0]), of([True, False])).failed == 2
    assert found(checks.OneOf("x", [True]), of([1, 0])).failed == 2
    assert found(checks.OneOf("x", [1]), of([1, True], object)).examples == (1,)
    assert found(checks.OneOf("x", [1]), of([1.0, 2.0, np.nan])).examples == (1,)
    assert found(checks.OneOf("x", ["1"]), of([1, 2])).failed == 2
    assert found(checks.OneOf("x", [BIG + 1]), of([float(BIG)])).failed == 1


def test_levels_that_no_row_has_do_not_count():
    frame = of(pd.Categorical(["a", "b", None], categories=["a", "b", "unused"]))
    assert found(checks.OneOf("x", ["a", "b"]), frame).status == "passed"
    assert found(checks.Cardinality("x", high=2), frame).observed["value"] == 2
    assert found(checks.Between("x", "a", "a"), frame).examples == (1,)


@pytest.mark.parametrize(
    ("check", "values", "examples"),
    [
        (checks.NotOneOf("x", ["b"]), ["a", "b", None], (1,)),
        (checks.NotOneOf("x", [2]), [1, 2, 3], (1,)),
        (checks.Finite("x"), [1.0, math.inf, -math.inf, math.nan], (1, 2)),
        (checks.Finite("x"), [1, 2], ()),
    ],
)
def test_checks_of_values(check, values, examples):
    assert found(check, of(values)).examples == examples


def test_a_share_of_rows_may_fail():
    frame = of(range(100))
    assert found(checks.Between("x", 0, 94, at_least=0.95), frame).status == "passed"
    result = found(checks.Between("x", 0, 93, at_least=0.95), frame)
    assert (result.status, result.failed) == ("failed", 6)
    assert result.message == "6 of 100 rows fail; at least 0.95 of them have to pass"
    assert found(checks.NotNull("x", at_least=0.5), of([1.0, None])).status == "passed"
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="share of the rows"):
            checks.Between("x", 0, 1, at_least=wrong)


def test_a_million_failing_rows_are_counted_and_told_in_few_words():
    frame = pd.DataFrame({"x": np.full(1_000_000, -1.0)})
    report = Validator([checks.Between("x", 0, 1)]).validate(frame)
    assert report.results[0].failed == 1_000_000
    assert report.results[0].examples == tuple(range(10))
    with pytest.raises(ValueError, match="1000000 of 1000000") as caught:
        report.raise_if_failed()
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(("zone", "bound"), [(None, "2013-01-02T00:00Z"), ("UTC", "2013-01-02")])
def test_moments_with_and_without_a_zone_are_not_compared(zone, bound):
    frame = of(pd.date_range("2013-01-01", periods=3, tz=zone))
    assert found(checks.Between("x", pd.Timestamp(bound), pd.Timestamp(bound)), frame).status == "error"


def test_spans_of_time_have_bounds():
    frame = of(pd.to_timedelta([1, 2, None], unit="h"))
    assert found(checks.Between("x", pd.Timedelta("1h"), pd.Timedelta("90min")), frame).examples == (1,)


VALUES = st.lists(st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_nan=True, width=32)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(values=VALUES, low=st.integers(-5, 5), width=st.integers(0, 5), cut=st.integers(0, 30))
def test_in_chunks_the_answer_is_that_of_the_whole(values, low, width, cut):
    frame = of(values, "float64")
    suite = Validator(
        [
            checks.Between("x", low, low + width),
            checks.OneOf("x", [low, low + 1]),
            checks.NotNull("x"),
            checks.Finite("x"),
            checks.Unique("x"),
            checks.Monotonic("x"),
            checks.Cardinality("x", low=0),
        ]
    )
    chunks = [frame.iloc[:cut], frame.iloc[cut:cut], frame.iloc[cut:]]
    assert suite.validate(chunks).results == suite.validate(frame).results
    brute = [i for i, v in enumerate(frame["x"]) if not (math.isnan(v) or low <= v <= low + width)]
    assert suite.validate(frame).results[0].failed == len(brute)
