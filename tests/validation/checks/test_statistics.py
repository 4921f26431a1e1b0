import numpy as np
import pandas as pd
import pytest

from mlopskit.validation import Validator, checks

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": RNG.normal(10, 3, 500), "y": RNG.normal(0, 1, 500), "c": RNG.choice(["a", "b", "c"], 500)})
FRAME.loc[::7, "x"] = np.nan


def value(check, frame=FRAME):
    return Validator([check]).validate(frame).results[0].observed["value"]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (checks.Mean("x", low=0), FRAME["x"].mean()),
        (checks.StandardDeviation("x", low=0), FRAME["x"].std()),
        (checks.Quantile("x", 0.9, low=0), FRAME["x"].quantile(0.9)),
        (checks.Share("c", ["a", "b"], low=0), FRAME["c"].isin(["a", "b"]).mean()),
        (checks.Cardinality("c", low=0), FRAME["c"].nunique()),
        (checks.Correlation("x", "y", low=-1), FRAME["x"].corr(FRAME["y"])),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, checks.Check) else "",
)
def test_each_is_what_pandas_says_also_in_chunks(check, expected):
    assert value(check) == pytest.approx(expected, rel=1e-12)
    chunks = [FRAME.iloc[:3], FRAME.iloc[3:3], FRAME.iloc[3:200], FRAME.iloc[200:]]
    assert value(check, chunks) == pytest.approx(expected, rel=1e-12)


def test_bounds():
    result = Validator([checks.Mean("x", low=50)]).validate(FRAME).results[0]
    assert (result.status, result.message) == ("failed", f"it is {FRAME['x'].mean():.6g}")
    assert Validator([checks.Mean("x", high=50)]).validate(FRAME).ok
    for wrong in ({}, {"low": 2, "high": 1}, {"low": float("nan")}):
        with pytest.raises(ValueError, match="Mean"):
            checks.Mean("x", **wrong)


@pytest.mark.parametrize(
    "check", [checks.Mean("x", low=0), checks.StandardDeviation("x", low=0), checks.Quantile("x", 0.5, low=0)]
)
@pytest.mark.parametrize("values", [[], [None, None]])
def test_without_values_there_is_not_enough_data(check, values):
    result = Validator([check]).validate(pd.DataFrame({"x": pd.Series(values, dtype=float)})).results[0]
    assert (result.status, result.message) == ("failed", "not enough data")


def test_of_a_constant_column_there_is_no_correlation():
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 3.0]})
    assert Validator([checks.Correlation("x", "y", low=0)]).validate(frame).results[0].message == "not enough data"


def test_text_has_no_mean():
    assert Validator([checks.Mean("c", low=0)]).validate(FRAME).results[0].status == "error"
