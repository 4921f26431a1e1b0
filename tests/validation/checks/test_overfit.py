import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import MaxOverfit


@pytest.fixture
def halves():
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(2000, 3)), columns=list("abc"))
    y = X["a"] + random.normal(size=2000)
    return (X[:1000], y[:1000]), (X[1000:], y[1000:])


def test_a_tree_that_learns_by_heart_is_found_and_a_small_one_is_not(halves):
    train, (X, y) = halves
    train, y = (train[0], train[1] > 0), y > 0
    for depth, verdict in ((2, "no overfit"), (None, "overfit")):
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(*train)
        result = MaxOverfit().check(Trial(model, X=X, y=y, train=train))
        assert result.observed["verdict"] == verdict
        assert (result.status == "passed") == (verdict == "no overfit")
    assert result.observed["train"] == 1.0
    assert result.observed["low"] < result.observed["gap"] < result.observed["high"]


def test_where_lower_is_better_a_gap_is_a_higher_error(halves):
    train, (X, y) = halves
    model = DecisionTreeRegressor(random_state=0).fit(*train)
    result = MaxOverfit(0.1, "rmse").check(Trial(model, X=X, y=y, train=train))
    assert result.observed["gap"] == pytest.approx(result.observed["candidate"])
    assert result.status == "failed"


def test_a_gap_near_the_tolerance_is_uncertain(halves):
    train, (X, y) = halves
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(*train)
    trial = Trial(model, X=X, y=y, train=train)
    gap = MaxOverfit(0.1).check(trial).observed["gap"]
    result = MaxOverfit(max(gap, 0.0) + 0.001).check(trial)
    assert (result.status, result.observed["verdict"]) == ("failed", "uncertain")


def test_labels_that_do_not_vary_are_not_enough_data(halves):
    train, (X, y) = halves
    result = MaxOverfit().check(Trial(DecisionTreeRegressor().fit(*train), X=X, y=y * 0, train=train))
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
    assert "r2 is undefined on these rows, as where all labels are the same" in result.message


def test_without_enough_rows_there_is_no_verdict(halves):
    train, (X, y) = halves
    model = DecisionTreeRegressor(max_depth=3).fit(*train)
    assert "pass train=(X_train, y_train)" in MaxOverfit().check(Trial(model, X=X, y=y)).message
    assert MaxOverfit().check(Trial(model, X=X, y=y, train=X)).status == "error"
    few = MaxOverfit().check(Trial(model, X=X[:5], y=y[:5], train=train))
    assert (few.status, few.observed["verdict"]) == ("failed", "not enough data")
