import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import StablePredictions


def trial(kind, shift, count=2000):
    random = np.random.default_rng(0)
    train, X = (pd.DataFrame({"x": random.normal(size=count)}) for _ in range(2))
    labels = {
        "numbers": lambda x: x + random.normal(size=count),
        "two classes": lambda x: x + random.normal(size=count) > 0,
        "three classes": lambda x: np.digitize(x + random.normal(size=count), [-0.5, 0.5]),
        "two outputs": lambda x: np.column_stack([x, -x]) + random.normal(size=(count, 2)),
    }[kind]
    known = labels(train["x"])
    model = (LogisticRegression() if "classes" in kind else LinearRegression()).fit(train, known)
    X = X + shift
    return Trial(model, X=X, y=labels(X["x"]), train=(train, known))


@pytest.mark.parametrize("kind", ["numbers", "two classes", "three classes", "two outputs"])
def test_what_moves_is_found_and_what_stays_is_not(kind):
    assert StablePredictions().check(trial(kind, 0.0)).observed["verdict"] == "stable"
    result = StablePredictions().check(trial(kind, 0.7))
    assert (result.status, result.observed["verdict"]) == ("failed", "drifted")
    assert result.observed["p_value"] < 0.001


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    asked = trial("numbers", 0.3)
    expected = ks_2samp(asked.model.predict(asked.train[0]), asked.model.predict(asked.X)).statistic
    assert StablePredictions().check(asked).observed["distance"] == pytest.approx(expected)


def test_predictions_of_few_values_that_hardly_differ_warn_of_nothing():
    asked = trial("numbers", 0.0, 400)  # where SciPy can not tell an exact p-value
    rows = asked.X.round(0)
    moved = rows.copy()
    moved.iloc[0] += 1e-9
    result = StablePredictions().check(Trial(asked.model, X=rows, y=asked.y, train=(moved, asked.y)))
    assert (result.status, result.observed["p_value"]) == ("passed", pytest.approx(1))


def test_few_rows_far_apart_are_uncertain():
    asked = trial("numbers", 0.0)
    few = Trial(asked.model, X=asked.X[:12], y=asked.y[:12], train=asked.train)
    result = StablePredictions(0.05).check(few)
    assert (result.status, result.observed["verdict"]) == ("failed", "uncertain")


def test_without_training_rows_it_is_an_error():
    asked = trial("numbers", 0.0)
    assert StablePredictions().check(Trial(asked.model, X=asked.X, y=asked.y)).status == "error"
