import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation.checks import NoWeakSlice


@pytest.fixture
def spoiled(held_out):
    """The signal says the opposite at one origin on late days."""
    X, y = held_out
    return X.assign(spoiled=X["signal"].where((X["origin"] != "JFK") | (X["day"] < 20), 1 - X["signal"])), y


def test_finds_a_pair_that_nobody_named(spoiled, linear):
    X, y = spoiled
    trial = Trial(linear("spoiled"), None, X[["origin", "day", "spoiled"]], y)
    result = NoWeakSlice(("origin", "day")).check(trial)
    assert (result.status, result.observed["verdict"]) == ("failed", "weak")
    first = result.observed["slices"][0]
    assert first["slice"].startswith("origin is JFK")
    assert first["low"] < first["gap"] < first["high"]
    assert 0 < first["support"] < 0.5
    assert "JFK" not in result.message
    assert "origin" in result.message
    assert canonical_json.can_encode(result.observed)


def test_columns_of_any_label_are_searched(spoiled, linear):
    X, y = spoiled
    labels = [("place", "origin"), ("time", 0), ("model", "spoiled")]
    named = X[["origin", "day", "spoiled"]].set_axis(pd.MultiIndex.from_tuples(labels), axis=1)
    result = NoWeakSlice(tuple(labels[:2])).check(Trial(linear(labels[2]), None, named, y))
    assert (result.status, result.observed["verdict"]) == ("failed", "weak")
    assert result.observed["slices"][0]["slice"].startswith("('place', 'origin') is JFK")


def test_a_pair_within_a_weak_slice_is_no_further_finding(held_out, linear):
    X, y = held_out
    X = X.assign(spoiled=X["signal"].where(X["origin"] != "JFK", 1 - X["signal"]))
    result = NoWeakSlice(("origin", "day")).check(Trial(linear("spoiled"), None, X, y))
    statuses = [found["status"] for found in result.observed["slices"]]
    assert (statuses.count("weak"), statuses.count("within a weak slice")) == (1, 5)
    assert result.observed["slices"][0]["slice"] == "origin is JFK"
    assert result.message.startswith("1 of 23 slices are weak")


def test_a_model_that_is_as_good_everywhere_passes(held_out, linear):
    result = NoWeakSlice(("origin", "day")).check(Trial(linear(), None, *held_out))
    assert result.status == "passed"
    assert result.observed["searched"] > 10
    assert result.observed["against"] == "the other rows"


def test_with_a_champion_only_what_it_does_better_counts(spoiled, linear):
    X, y = spoiled
    assert NoWeakSlice(("origin", "day")).check(Trial(linear("spoiled"), linear("spoiled"), X, y)).ok
    result = NoWeakSlice(("origin", "day")).check(Trial(linear("spoiled"), linear(), X, y))
    assert (result.status, result.observed["against"]) == ("failed", "champion")


def test_numbers_are_judged_by_how_far_off_they_are():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.normal(size=2000), "origin": random.choice([0.0, 1.0], 2000)})
    y = X["x"] + random.normal(size=2000) * (0.1 + X["origin"])
    result = NoWeakSlice().check(Trial(LinearRegression().fit(X, y), X=X, y=y))
    assert (result.status, result.observed["metric"]) == ("failed", "mean_absolute_error")
    assert "origin" in result.observed["slices"][0]["columns"]


def test_few_rows_are_not_enough_data(held_out, linear):
    X, y = held_out
    result = NoWeakSlice().check(Trial(linear(), None, X[:150], y[:150]))
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")


@pytest.mark.parametrize("wrong", [{"metric": "roc_auc"}, {"depth": 3}, {"alpha": 0}, {"min_effect": -1}])
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NoWeakSlice(**wrong)


@pytest.mark.parametrize("column", ["accuracy", 3])
def test_a_single_column_is_no_tuple_of_columns(column):
    with pytest.raises(TypeError, match=f"NoWeakSlice: within is a tuple of columns, not {column!r} alone; give"):
        NoWeakSlice(column)


def test_what_can_not_be_searched_is_an_error(held_out, linear):
    assert NoWeakSlice().check(Trial(linear(), X=np.zeros((3, 1)), y=[0, 1, 0])).status == "error"
    assert "'nope' is missing" in NoWeakSlice(("nope",)).check(Trial(linear(), None, *held_out)).message
