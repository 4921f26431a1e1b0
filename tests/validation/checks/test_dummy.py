import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import BetterThanDummy


def rows(kind, count=600):
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(count, 2)), columns=["a", "b"])
    score = X["a"] + random.normal(size=count)
    return X, score if kind == "numbers" else score > 0.5


LABELS = {
    "booleans": lambda y: y,
    "numbers 0 and 1": lambda y: y.astype(int),
    "texts": lambda y: y.map({True: "late", False: "in time"}),
    "categories": lambda y: y.map({True: "late", False: "in time"}).astype("category"),
    "floats": lambda y: y.map({True: 7.0, False: -1.0}),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("metric", [None, "accuracy", "log_loss", "brier", "f1"])
def test_any_labels_and_metrics_can_be_compared(labels, metric):
    X, y = rows("classes")
    y = LABELS[labels](y)
    model = LogisticRegression().fit(X[:300], y[:300])
    result = BetterThanDummy(metric, resamples=200).check(Trial(model, X=X[300:], y=y[300:], train=(X[:300], y[:300])))
    assert result.status == "passed", result
    assert result.observed["task"] == "classification into 2 classes, since scikit-learn calls the model a classifier"


def test_the_dummy_is_scikit_learns():
    X, y = rows("classes")
    result = BetterThanDummy("accuracy").check(Trial(LogisticRegression().fit(X, y), X=X, y=y))
    dummy = DummyClassifier().fit(X, y)
    assert result.observed["dummy"] == pytest.approx(accuracy_score(y, dummy.predict(X)))


def test_a_model_that_learned_nothing_is_no_better():
    X, y = rows("classes")
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=X.shape), columns=X.columns)
    result = BetterThanDummy().check(Trial(LogisticRegression().fit(noise, y), X=X[["b", "a"]][["a", "b"]], y=y))
    assert (result.status, result.observed["verdict"] in ("uncertain", "worse", "better")) != ("error", True)
    assert BetterThanDummy().check(Trial(DummyClassifier().fit(X, y), X=X, y=y)).observed["verdict"] == "uncertain"


def test_the_positive_class_is_the_last_of_the_models_own_order():
    class Backwards:
        classes_ = np.array(["late", "in time"])

        def predict_proba(self, X):
            late = 1 / (1 + np.exp(-X["a"].to_numpy()))
            return np.column_stack([late, 1 - late])

        def predict(self, X):
            return np.where(X["a"] > 0, "late", "in time")

    X, y = rows("classes")
    y = LABELS["texts"](y)
    result = BetterThanDummy("f1", resamples=100).check(Trial(Backwards(), X=X, y=y))
    share = (y == "in time").mean()
    assert result.observed["dummy"] == pytest.approx(2 * share / (1 + share))  # it always says "in time"


def test_numbers_and_several_outputs():
    X, y = rows("numbers")
    result = BetterThanDummy().check(Trial(LinearRegression().fit(X, y), X=X, y=y))
    assert (result.status, result.observed["metric"]) == ("passed", "r2")
    assert result.observed["dummy"] == pytest.approx(0, abs=1e-9)
    two = pd.DataFrame({"one": y, "other": -y})
    assert BetterThanDummy().check(Trial(LinearRegression().fit(X, two), X=X, y=two)).status == "passed"


def test_a_class_that_only_the_held_out_rows_have_is_known_to_the_dummy():
    X, y = rows("classes")
    y = y.astype(int) + (X["b"] > 1.5)
    model = LogisticRegression().fit(X, y)
    train = (X[y < 2], y[y < 2])
    assert BetterThanDummy("log_loss").check(Trial(model, X=X, y=y, train=train)).status == "passed"
