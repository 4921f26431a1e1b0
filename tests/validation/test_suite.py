import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import FormatError, SerializationError
from mlopskit.validation import Validator, checks

EVERY = [
    checks.BetterThanChampion("roc_auc", min_gain=0.01, confidence=0.9, resamples=200, seed=3, severity="warn"),
    checks.Between("distance", 0, 6000.5),
    checks.Between("distance", float("-inf"), 1e300),
    checks.Between("time_hour", pd.Timestamp("2013-01-01"), pd.Timestamp("2014-01-01 00:00:00.000000001")),
    checks.Between("time_hour", pd.Timestamp("2013-01-01", tz="UTC"), pd.Timestamp("2013-12-31", tz="UTC")),
    checks.Between("air_time", pd.Timedelta("9D"), pd.Timedelta("10D 00:00:00.000000001")),
    checks.Between("air_time", dt.timedelta(hours=-1), np.timedelta64(2, "h")),
    checks.OneOf("air_time", [pd.Timedelta("1h"), "1h"]),
    checks.NotOneOf("air_time", [pd.Timedelta("1h")]),
    checks.Share("air_time", [pd.Timedelta("1h")], high=0.5),
    checks.Compare("dep_time", "<=", "arr_time", severity="warn"),
    checks.HasColumns("origin", "dest"),
    checks.Matches("tailnum", r"N\d+é"),
    checks.Approvals(2, by=("ben", "cleo")),
    checks.Calibrated(0.1, bins=5),
    checks.CardComplete(),
    checks.BetterThanDummy(min_gain=0.05),
    checks.DemographicParity("origin", 0.2, confidence=0.9),
    checks.Deterministic(2),
    checks.EqualOpportunity("origin"),
    checks.MaxLatency(20, rows=100),
    checks.MaxOverfit(0.1, "r2"),
    checks.MaxSize(5),
    checks.NoDuplicatesAcross(0.01),
    checks.NoGroupLeakage("tailnum"),
    checks.NoLeakage(time="time_hour"),
    checks.NoTimeLeakage("time_hour", 0.1),
    checks.NoWeakSlice(("origin", "hour"), metric="brier", depth=1),
    checks.RobustTo("missing", 0.2),
    checks.RowByRow(5),
    checks.SingleFeaturePower(0.9),
    checks.StablePredictions(0.2, alpha=0.01),
    checks.SurvivesRoundTrip(seconds=60),
    checks.MinScore("log_loss", 0.4),
    checks.NoWorseSlice("origin", tolerance=0.1),
    checks.NotNull("origin", "dest", severity="warn"),
    checks.OneOf("origin", ["EWR", 3, 2.5, True]),
    checks.RowCount(3),
    checks.RowCount(3, 5),
    checks.Unique("flight", "time_hour"),
    checks.Cardinality("carrier", low=10, high=20),
    checks.Correlation("air_time", "distance", low=0.9),
    checks.Determines("origin", "dest", column="distance"),
    checks.Expression("arr_delay - dep_delay < 120", at_least=0.99),
    checks.Finite("dep_delay"),
    checks.Fresh("time_hour", "1D", now="2013-01-02"),
    checks.HasColumns("origin", "dest", only=True),
    checks.HasDtype("flight", "int64"),
    checks.InTimeZone("time_hour", None),
    checks.IsKind("flight", "int"),
    checks.Length("origin", 3, 3),
    checks.Mean("dep_delay", low=-5, high=30),
    checks.Monotonic("time_hour", strictly=True),
    checks.NoDuplicateRows(severity="warn"),
    checks.NoGaps("time_hour", "6h"),
    checks.NotBlank("tailnum"),
    checks.NotNull("arr_time", at_least=0.95),
    checks.NotOneOf("carrier", ["XX"]),
    checks.Quantile("distance", 0.5, low=700),
    checks.Share("origin", ["JFK", 3], low=0.2),
    checks.StandardDeviation("dep_delay", high=60),
    checks.SumsTo("taxi", "flown", total="elapsed", tolerance=0.01),
    checks.Between(0, 0, 1),
    checks.Compare(("delay", "mean"), "<=", ("delay", 1)),
    checks.NotNull(("delay", "mean"), "0", 0),
    checks.SumsTo(("delay", 0), ("delay", 1), total=("delay", "sum")),
    checks.OneOf(("delay", ""), [("EWR", 1), "JFK"]),
    checks.NoLeakage(time=("when", 0), group=0),
    checks.NoWeakSlice((("origin", 0), 1)),
]
texts_and_ints = st.one_of(st.text(st.characters(codec="utf-8"), min_size=1), st.integers())
names = st.one_of(texts_and_ints, st.lists(texts_and_ints, min_size=1, max_size=3).map(tuple))
finite = st.one_of(st.integers(), st.floats(allow_nan=False))
built = st.one_of(
    st.lists(names, min_size=1, max_size=3, unique=True).map(lambda columns: checks.NotNull(*columns)),
    st.tuples(names, st.tuples(finite, finite).map(sorted)).map(lambda made: checks.Between(made[0], *made[1])),
    st.tuples(names, st.lists(st.one_of(finite, st.text(st.characters(codec="utf-8"))), min_size=1)).map(
        lambda made: checks.OneOf(*made)
    ),
)


class Custom(checks.RowCheck):
    def failing(self, frame):
        return frame[self.column] > 0


class Narrow(checks.Between):
    """A subclass is another class, with code of its own."""


def test_every_built_in_check_round_trips():
    abstract = {"Check", "EachRow", "FrameCheck", "ModelCheck", "RowCheck"}
    with_code = {"Directional", "Invariant", "PerGroup", "References", "ReportPassed", "Satisfies", "When"}
    assert {type(check).__name__ for check in EVERY} == set(checks.__all__) - abstract - with_code
    validator = Validator(EVERY)
    text = validator.to_json()
    assert Validator.from_json(text) == validator
    assert Validator.from_json(text).to_json() == text


@settings(max_examples=60, deadline=None)
@given(st.lists(built, max_size=4))
def test_any_parameters_round_trip_with_their_types(made):
    validator = Validator(made)
    assert repr(Validator.from_json(validator.to_json())) == repr(validator)


def test_spans_that_were_written_as_texts_are_still_read():
    text = '{"format": 1, "checks": [{"check": "NoGaps", "column": "t", "longest": "0 days 06:00:00"}]}'
    assert Validator.from_json(text).checks == (checks.NoGaps("t", "6h"),)


def test_the_text_is_json_with_one_check_a_line():
    text = Validator([checks.NotNull("origin", "dest"), checks.Between("distance", 0, 6000)]).to_json()
    assert text.splitlines() == [
        '{"format": 1, "checks": [',
        '  {"check": "NotNull", "columns": ["origin", "dest"], "severity": "error"},',
        '  {"check": "Between", "column": "distance", "low": 0, "high": 6000, "severity": "error"}',
        "]}",
    ]
    assert json.loads(text)["format"] == 1


def test_what_is_one_thing_and_what_is_several_reads_differently():
    made = [
        checks.NotNull(("delay", "mean"), 0),
        checks.Finite(("delay", "mean")),
        checks.Finite(0),
        checks.Finite("0"),
    ]
    assert Validator(made).to_json().splitlines()[1:-1] == [
        '  {"check": "NotNull", "columns": [{"tuple": ["delay", "mean"]}, 0], "severity": "error"},',
        '  {"check": "Finite", "column": {"tuple": ["delay", "mean"]}, "severity": "error"},',
        '  {"check": "Finite", "column": 0, "severity": "error"},',
        '  {"check": "Finite", "column": "0", "severity": "error"}',
    ]


@pytest.mark.parametrize("check", [Custom("x"), Narrow("x", 0, 1)])
def test_a_check_with_code_of_its_own_is_refused_by_name(check):
    with pytest.raises(SerializationError, match=f"{type(check).__name__} is not a built-in check"):
        Validator([check]).to_json()


@pytest.mark.parametrize(
    ("check", "holds"),
    [(checks.Invariant(len), "a function"), (checks.Directional(len), "a function"),
     (checks.ReportPassed(Validator([]).validate_model(None, None, None)), "a report")],
)  # fmt: skip
def test_a_check_that_holds_code_is_refused_by_name(check, holds):
    with pytest.raises(SerializationError, match=f"{type(check).__name__} holds {holds}"):
        Validator([check]).to_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "not JSON"),
        ("[]", "not a validator"),
        ('{"format": 1}', "not a validator"),
        ('{"format": 2, "checks": []}', "format 1"),
        ('{"format": 1, "checks": [3]}', "check 1 is none"),
        ('{"format": 1, "checks": [{"check": ["NotNull"]}]}', "check 1 is none"),
        ('{"format": 1, "checks": [{"check": "Custom", "column": "x"}]}', "check 1 is none"),
        ('{"format": 1, "checks": [{"check": "Between", "column": "x", "low": 2, "high": 1}]}', "check 1, Between"),
        ('{"format": 1, "checks": [{"check": "Between", "column": "x", "low": 2}]}', "check 1, Between"),
        (
            '{"format": 1, "checks": [{"check": "Between", "column": "x", "low": {"a": 1}, "high": 1}]}',
            "check 1, Between",
        ),
        ('{"format": 1, "checks": [{"check": "NotNull", "columns": 3}]}', "check 1, NotNull"),
    ],
)
def test_other_text_is_refused(text, message):
    with pytest.raises(FormatError, match=message):
        Validator.from_json(text)
