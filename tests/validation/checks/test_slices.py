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


def test_a_loss_that_chance_explains_is_uncertain_and_passes(held_out, linear):
    X, y = held_out
    slightly = X.assign(candidate=X["signal"] + np.random.default_rng(3).normal(scale=0.25, size=len(X)))
    result = checks.NoWorseSlice("day", "log_loss", tolerance=0.0).check(
        Trial(linear("candidate"), linear(), slightly.assign(day=slightly["day"] % 10), y)
    )
    listed = result.observed["slices"]
    assert (result.status, result.observed["verdict"]) == ("passed", "uncertain")
    assert "worse by estimate but not beyond chance" in result.message
    assert {found["status"] for found in listed if found["loss"] <= 0} <= {"no worse"}
    assert all(found["low"] < found["loss"] < found["high"] for found in listed)


def test_the_probability_of_calling_any_slice_worse_is_at_most_what_was_asked_for(linear):
    random, alarms = np.random.default_rng(0), 0
    for _ in range(60):
        y = random.integers(0, 2, 1000)
        noise = y[:, None] + random.normal(size=(1000, 2))  # two models that are equally good
        X = pd.DataFrame(noise, columns=["one", "other"]).assign(origin=random.integers(0, 8, 1000))
        check = checks.NoWorseSlice("origin", "accuracy", tolerance=0.0, confidence=0.9, resamples=150)
        alarms += check.check(Trial(linear("one"), linear("other"), X, y)).status == "failed"
    assert alarms / 60 <= 0.22  # three standard errors above 0.1


@pytest.mark.parametrize("champion", [True, False])
def test_few_groups_raise_no_more_false_alarms(champion, linear):
    random, alarms, day = np.random.default_rng(1), 0, np.repeat(np.arange(10), 100)
    for _ in range(100):
        y = random.integers(0, 2, 1000)
        shared = random.normal(size=(10, 2))[day] * 0.8  # how good either model is on a day
        noise = (2 * y[:, None] - 1) * (1 + shared) + random.normal(size=(1000, 2))
        X = pd.DataFrame(noise, columns=["one", "other"]).assign(origin=random.integers(0, 5, 1000))
        check = checks.NoWorseSlice("origin", "accuracy", tolerance=0.0, resamples=150)
        alarms += check.check(Trial(linear("one"), linear("other") if champion else None, X, y, day)).status == "failed"
    assert alarms / 100 <= 0.08  # 0.05 is asked for; with a normal distribution 0.11


def test_small_and_undefined_slices_have_no_say_and_are_named(held_out, linear):
    X, y = held_out
    carrier = pd.Series("UA", index=X.index, dtype=object)
    carrier[:50], carrier[y == 0], carrier[50:60] = "small", "one class", None
    result = checks.NoWorseSlice("origin").check(Trial(linear(), None, X.assign(origin=carrier), y))
    assert result.message == "not enough data: none of 4 slices has 100 rows on which the metric is defined"
    found = {found["slice"]: found["status"] for found in result.observed["slices"]}
    assert found == dict.fromkeys(["UA", "small", "one class", "missing"], "not enough data")


def test_a_slice_on_which_few_draws_have_a_score_has_no_say(linear):
    y = np.append([0] * 149 + [1], [0, 1] * 75)
    X = pd.DataFrame({"signal": np.random.default_rng(0).normal(size=300), "origin": ["seldom"] * 150 + ["JFK"] * 150})
    result = checks.NoWorseSlice("origin", tolerance=0.9).check(Trial(linear(), None, X, y))
    assert {each["slice"]: each["status"] for each in result.observed["slices"]} == {
        "JFK": "no worse", "seldom": "not enough data"
    }  # fmt: skip
    assert "1 have not enough data" in result.message


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


def test_values_that_can_not_be_told_apart_make_no_slices(held_out, linear):
    X, y = held_out
    trial = Trial(linear(), None, X.assign(origin=[["JFK"]] * len(X)), y)
    for check in (
        checks.NoWorseSlice("origin"),
        checks.NoWeakSlice(("origin",)),
        checks.DemographicParity("origin"),
        checks.EqualOpportunity("origin"),
    ):
        result = check.check(trial)
        assert (result.status, "'origin' holds values without a hash" in result.message) == ("error", True), result
    assert "searched" in checks.NoWeakSlice().check(trial).observed


@pytest.mark.parametrize("tolerance", [-0.1, float("nan"), float("inf")])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        checks.NoWorseSlice("origin", tolerance=tolerance)
