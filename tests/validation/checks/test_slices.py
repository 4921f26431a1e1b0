import numpy as np
import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.validation import checks


@pytest.fixture
def spoiled(held_out):
    """The signal is worth nothing at one origin."""
    X, y = held_out
    noise = np.random.default_rng(0).normal(size=len(X))
    return X.assign(spoiled=X["signal"].where(X["origin"] != "JFK", noise)), y


def test_finds_the_slice_that_the_whole_hides(spoiled, linear):
    trial = Trial(linear("spoiled"), linear("noisy"), *spoiled)
    result = checks.NoWorseSlice("origin").check(trial)
    assert result.status == "failed"
    assert result.message.startswith("1 of 3 slices are worse, the worst by 0.")
    assert "JFK" not in result.message
    assert next((found["slice"], found["status"]) for found in result.observed["slices"]) == ("JFK", "worse")


def test_passes_where_no_slice_is_worse(held_out, linear):
    result = checks.NoWorseSlice("origin").check(Trial(linear(), linear("noisy"), *held_out))
    assert (result.status, result.message) == ("passed", "3 slices are no worse")
    assert result.observed["against"] == "champion"


def test_without_a_champion_slices_are_compared_with_the_whole(spoiled, linear):
    result = checks.NoWorseSlice("origin", tolerance=0.1).check(Trial(linear("spoiled"), None, *spoiled))
    assert result.status == "failed"
    assert result.observed["against"] == "own score on all rows"
    assert checks.NoWorseSlice("origin", tolerance=0.5).check(Trial(linear("spoiled"), None, *spoiled)).ok


def test_small_and_undefined_slices_have_no_say_and_are_named(held_out, linear):
    X, y = held_out
    carrier = pd.Series("UA", index=X.index, dtype=object)
    carrier[:50], carrier[y == 0], carrier[50:60] = "small", "one class", None
    result = checks.NoWorseSlice("origin").check(Trial(linear(), None, X.assign(origin=carrier), y))
    assert result.message == "not enough data: none of 4 slices has 100 rows on which the metric is defined"
    found = {found["slice"]: found["status"] for found in result.observed["slices"]}
    assert found == dict.fromkeys(["UA", "small", "one class", "missing"], "not enough data")


def test_a_column_of_many_values_lists_only_the_worst(held_out, linear):
    X, y = held_out
    trial = Trial(linear(), linear("noisy"), X.assign(flight=range(len(X))), y)
    result = checks.NoWorseSlice("flight", metric="log_loss").check(trial)
    assert result.status == "failed"
    assert len(result.observed["slices"]) == 20


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (None, "no held-out rows"),
        (np.zeros((3, 1)), "slices need a DataFrame"),
        (pd.DataFrame({"signal": [1.0] * 3}), "the column 'origin' is missing"),
        (pd.DataFrame([[1, 1, 2.0]] * 3, columns=["origin", "origin", "signal"]), "2 columns are named 'origin'"),
    ],
)
def test_rows_without_the_column_are_an_error(X, message, linear):
    result = checks.NoWorseSlice("origin").check(Trial(linear(), None, X, [0, 1, 0]))
    assert result.status == "error"
    assert message in result.message


@pytest.mark.parametrize("tolerance", [-0.1, float("nan"), float("inf")])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        checks.NoWorseSlice("origin", tolerance=tolerance)
