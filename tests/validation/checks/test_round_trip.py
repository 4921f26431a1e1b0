import os
import threading
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation.checks import SurvivesRoundTrip


@pytest.fixture(scope="module")
def flights():
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "hour": random.integers(5, 24, 80),
            "distance": random.normal(1000, 300, 80),
            "origin": random.choice(["EWR", "JFK"], 80),
            "carrier": pd.Categorical(random.choice(["UA", "B6"], 80)),
            "weekend": random.integers(0, 2, 80).astype(bool),
        }
    )
    return X, pd.Series(np.where(X["hour"] > 14, "late", "in time"))


def test_a_scikit_learn_pipeline_survives_and_every_finding_is_named(flights):
    X, y = flights
    one_hot = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["origin", "carrier"]), remainder="passthrough"
    )
    model = make_pipeline(one_hot, LogisticRegression(max_iter=2000)).fit(X, y)
    result = SurvivesRoundTrip().check(Trial(model, X=X.assign(note="not the model's"), y=y))
    assert result.status == "passed", result
    findings = result.observed["findings"]
    for name in ("predict of the same rows", "predict_proba of the same rows", "one row", "many rows"):
        assert findings[name] == "the same"
    assert findings["no rows"] == "refused with ValueError"
    assert findings["missing column hour"] == "refused with ValueError, naming the column"
    assert findings["texts in distance"].startswith("refused with ValueError")
    assert findings["unseen value in carrier"] == "answered"
    assert findings["missing value in distance"] == "refused with ValueError"
    assert canonical_json.can_encode(result.observed)


def careless():
    """A model of this function, so that cloudpickle takes its code along."""

    class Careless:
        def predict(self, X):
            hour = pd.to_numeric(X["hour"], errors="coerce") if "hour" in X else pd.Series(0.0, index=X.index)
            return hour.to_numpy(dtype=float, na_value=np.nan) + np.arange(len(X)) // 1000

    return Careless()


def test_silence_is_found(flights):
    result = SurvivesRoundTrip().check(Trial(careless(), X=flights[0]))
    assert (result.status, result.observed["verdict"]) == ("failed", "does not survive")
    findings = result.observed["findings"]
    assert findings["no rows"] == "answered none"
    assert findings["many rows"] == "answered something else, in silence"
    assert findings["missing column hour"] == "answered something else, in silence"
    assert findings["texts in hour"] == "answered something else, in silence"
    assert findings["missing value in hour"] == "answered 1 missing values"
    assert findings["missing column origin"] == "not used"
    assert findings["reordered columns"] == "the same"
    assert result.message.startswith("4 of ")


def test_a_process_that_dies_is_found_with_the_input_that_killed_it(flights):
    class Dies:
        def predict(self, X):
            if len(X) == 0:
                import os

                os._exit(3)
            return np.zeros(len(X))

    result = SurvivesRoundTrip().check(Trial(Dies(), X=flights[0][["hour"]]))
    assert result.status == "failed"
    assert list(result.observed["findings"].items())[-1] == ("no rows", "ended the process")


def test_a_model_that_remembers_something_of_its_process_does_not_survive(flights):
    here = os.getpid()

    class Remembers:
        def predict(self, X):
            import os

            return np.full(len(X), float(os.getpid() == here))

    result = SurvivesRoundTrip().check(Trial(Remembers(), X=flights[0][["hour"]]))
    assert result.observed["findings"]["predict of the same rows"] == "answered something else, in silence"


def test_a_module_that_is_not_installed_is_named(flights, tmp_path, monkeypatch):
    (tmp_path / "our_models.py").write_text("class Ours:\n    def predict(self, X): return X['hour']\n")
    monkeypatch.syspath_prepend(tmp_path)
    result = SurvivesRoundTrip().check(Trial(import_module("our_models").Ours(), X=flights[0]))
    assert (result.status, result.observed["verdict"]) == ("failed", "can not be loaded")
    assert "needs the module our_models" in result.message
    assert "install its package" in result.message


def test_what_can_not_be_saved_is_found():
    class Locked:
        def __init__(self):
            self.lock = threading.Lock()

        def predict(self, X):
            return np.zeros(len(X))

    result = SurvivesRoundTrip().check(Trial(Locked(), X=pd.DataFrame({"x": [1]})))
    assert (result.status, result.message) == ("failed", "it can not be saved: cloudpickle raised TypeError")


def test_time_is_limited(flights):
    class Slow:
        def predict(self, X):
            import time

            time.sleep(0 if len(X) == 3 else 60)
            return np.zeros(len(X))

    result = SurvivesRoundTrip(seconds=3).check(Trial(Slow(), X=flights[0][:3]))
    assert (result.status, result.observed["verdict"] in ("too slow", "can not be loaded")) == ("failed", True)


def test_arrays_have_no_columns_to_ask_about(flights):
    X = flights[0][["hour", "distance"]].to_numpy()
    result = SurvivesRoundTrip().check(Trial(LogisticRegression(max_iter=2000).fit(X, flights[1]), X=X))
    assert result.status == "passed"
    assert len(result.observed["findings"]) == 5


def test_what_can_not_be_asked_here_is_an_error(flights, linear):
    for trial in (Trial(linear("nope"), X=flights[0]), Trial(object(), X=flights[0]), Trial(linear())):
        assert SurvivesRoundTrip().check(trial).status == "error"
