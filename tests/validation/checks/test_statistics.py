import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import ValidationError
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


# -- bounds from a reference -----------------------------------------------------------------

EACH = [
    (checks.Mean, ("x",), FRAME["x"].mean()),
    (checks.StandardDeviation, ("x",), FRAME["x"].std()),
    (checks.Quantile, ("x", 0.9), FRAME["x"].quantile(0.9)),
    (checks.Share, ("c", ["a", "b"]), FRAME["c"].isin(["a", "b"]).mean()),
    (checks.Cardinality, ("c",), FRAME["c"].nunique()),
    (checks.Correlation, ("x", "y"), FRAME["x"].corr(FRAME["y"])),
]


@pytest.mark.parametrize(("kind", "parameters", "expected"), EACH)
def test_bounds_lie_around_the_reference(kind, parameters, expected):
    check = kind.from_reference(FRAME, *parameters, absolute=0.01, severity="warn")
    assert (check.low, check.high) == pytest.approx((expected - 0.01, expected + 0.01))
    assert check.severity == "warn"
    check = kind.from_reference(FRAME, *parameters, relative=0.1)
    assert sorted([check.low, check.high]) == pytest.approx(sorted([0.9 * expected, 1.1 * expected]))
    assert Validator([check]).validate(FRAME).ok


@pytest.mark.parametrize(("kind", "parameters", "expected"), EACH)
def test_a_reference_may_come_in_chunks_and_is_not_kept(kind, parameters, expected):
    check = kind.from_reference(
        (FRAME.iloc[start : start + 90] for start in range(0, 500, 90)), *parameters, absolute=1
    )
    assert [check.low, check.high] == pytest.approx(
        [max(expected - 1, kind.possible[0]), min(expected + 1, kind.possible[1])]
    )
    validator = Validator([check])
    assert Validator.from_json(validator.to_json()) == validator
    assert len(validator.to_json()) < 300


def test_what_moved_fails():
    check = checks.Mean.from_reference(FRAME, column="x", relative=0.05)
    assert not Validator([check]).validate(FRAME.assign(x=FRAME["x"] * 1.06)).ok
    assert not Validator([check]).validate(FRAME.assign(x=FRAME["x"] * 0.94)).ok
    below_zero = checks.Mean.from_reference(FRAME.assign(x=-FRAME["x"]), "x", relative=0.05)
    assert below_zero.low < below_zero.high < 0


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ({}, "needs either relative= or absolute="),
        ({"relative": 0.1, "absolute": 1}, "needs either relative= or absolute="),
        ({"relative": -0.1}, "relative is a finite number of at least 0, not -0.1"),
        ({"absolute": float("nan")}, "absolute is a finite number of at least 0, not nan"),
        ({"absolute": float("inf")}, "absolute is a finite number of at least 0, not inf"),
    ],
)
def test_how_far_off_is_said_in_one_way(allowed, said):
    with pytest.raises(ValueError, match=f"Mean.from_reference.*{said}"):
        checks.Mean.from_reference(FRAME, "x", **allowed)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: checks.Mean.from_reference(FRAME, "gone", absolute=1),
            "the mean of gone: .* 'gone' is missing; name col",
        ),
        (
            lambda: checks.Mean.from_reference(FRAME, "c", absolute=1),
            "the mean of c: .*needs numbers.*convert it first",
        ),
        (lambda: checks.Mean.from_reference(FRAME[:0], "x", absolute=1), "the mean of x: there is not enough data"),
        (lambda: checks.Mean.from_reference([], "x", absolute=1), "the mean of x: there is not enough data"),
        (
            lambda: checks.StandardDeviation.from_reference(FRAME[1:2], "x", absolute=1),
            "of x: there is not enough data",
        ),
        (lambda: checks.Cardinality.from_reference(FRAME[:0], "c", absolute=1), "of c: there is not enough data"),
        (lambda: checks.Share.from_reference(FRAME.assign(c=None), "c", ["a"], absolute=0.1), "not enough data"),
        (
            lambda: checks.Correlation.from_reference(FRAME.assign(y=1), "x", "y", absolute=1),
            "x and y: .*not enough data",
        ),
        (lambda: checks.Mean.from_reference(FRAME.assign(x=np.inf), "x", absolute=1), "the mean of x is infinite"),
        (
            lambda: checks.Share.from_reference(FRAME, "c", ["z"], relative=0.1),
            "of z in c is 0 .*give absolute= instead",
        ),
    ],
)
def test_a_reference_without_the_number_is_refused(make, said):
    with pytest.raises(ValidationError, match=said):
        make()


@pytest.mark.parametrize("unit", [1e-120, 1e-90, 1.0, 1e100, 1e150])
@pytest.mark.parametrize("slope", [3.0, -3.0])
def test_a_perfect_correlation_is_one_in_any_unit(unit, slope):
    for seed in range(50):
        x = np.random.default_rng(seed).normal(size=20)
        found = value(checks.Correlation("x", "y", low=-1), pd.DataFrame({"x": unit * x, "y": slope * unit * x + unit}))
        assert found == pytest.approx(np.sign(slope))
        assert abs(found) <= 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: checks.Share("o", ["JFK"], low=2),
            r"Share\('o'\): low is 2, .*JFK in o is always from 0 to 1; give a bound",
        ),
        (lambda: checks.Share("o", ["JFK"], high=50), "high is 50"),
        (lambda: checks.Correlation("x", "y", low=-1.5), "low is -1.5"),
        (lambda: checks.StandardDeviation("x", high=-1), "high is -1"),
        (lambda: checks.Cardinality("x", low=-1), "low is -1, .*from 0 to inf"),
    ],
)
def test_a_bound_that_no_data_can_reach_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
