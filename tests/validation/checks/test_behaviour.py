import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import Directional, Invariant


def other_origin(frame):
    frame["origin"] = "LGA"
    return frame


def stronger(frame):
    return frame.assign(signal=frame["signal"] + 0.5)


def test_what_the_model_does_not_look_at_does_not_matter_and_the_rows_stay(held_out, linear):
    X, y = held_out
    before = X.copy()
    result = Invariant(other_origin).check(Trial(linear(), X=X, y=y))
    assert (result.status, result.failed, result.rows) == ("passed", 0, 2000)
    pd.testing.assert_frame_equal(X, before)


def test_classes_that_change_are_counted_and_pointed_at(held_out, linear):
    X, y = held_out
    result = Invariant(stronger).check(Trial(linear(), X=X, y=y))
    crossing = np.flatnonzero((X["signal"] <= 0) & (X["signal"] > -0.5))
    assert (result.status, result.failed) == ("failed", len(crossing))
    assert result.examples == tuple(crossing[:10])
    assert result.message == f"{len(crossing)} of 2000 predictions change"
    assert Invariant(stronger, max_share=0.5).check(Trial(linear(), X=X, y=y)).status == "passed"


def test_numbers_may_move_by_the_tolerance(held_out):
    X, y = held_out[0][["signal"]], pd.DataFrame({"one": held_out[0]["signal"], "two": 0.0})
    trial = Trial(LinearRegression().fit(X, y), X=X, y=y)
    assert Invariant(stronger, tolerance=0.6).check(trial).status == "passed"
    assert Invariant(stronger, tolerance=0.4).check(trial).failed == 2000
    assert "2 outputs" in Directional(stronger).check(trial).message
    assert Directional(stronger).check(Trial(LinearRegression().fit(X, y["one"]), X=X, y=y["one"])).ok


def test_probabilities_have_to_move_the_expected_way(held_out, linear):
    trial = Trial(linear(), X=held_out[0], y=held_out[1])
    assert Directional(stronger, "up").check(trial).status == "passed"
    result = Directional(stronger, "down").check(trial)
    assert (result.status, result.failed, result.observed["verdict"]) == ("failed", 2000, "unexpected")
    assert result.message == "2000 of 2000 predictions go up"
    assert Directional(stronger, "down", tolerance=0.2).check(trial).status == "passed"


def test_a_change_that_fails_or_loses_rows_is_an_error(held_out, linear):
    trial = Trial(linear(), X=held_out[0], y=held_out[1])
    for change, words in (
        (lambda frame: frame["nope"], "raised KeyError"),
        (lambda frame: frame[1:], "all 2000 rows"),
        (lambda frame: frame.__setitem__("signal", 0), "a NoneType without all"),
    ):
        result = Invariant(change).check(trial)
        assert (result.status, words in result.message) == ("error", True)


def test_a_change_that_changes_nothing_shows_nothing(held_out, linear):
    for X, change in ((held_out[0], lambda frame: frame.assign(origin=frame["origin"].str.upper())),
                      (held_out[0][["signal"]].to_numpy(), lambda rows: rows)):  # fmt: skip
        for check in (Invariant(change), Directional(change)):
            result = check.check(Trial(linear(), X=X, y=held_out[1]))
            assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
            assert "changes none of the 2000 rows" in result.message


def test_bad_use_is_refused_at_construction():
    with pytest.raises(ValueError, match="direction"):
        Directional(stronger, "sideways")
    with pytest.raises(TypeError, match="change"):
        Invariant("signal")
