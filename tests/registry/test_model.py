import pickle
import warnings

import attrs
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.svm import LinearSVC

from mlopskit.errors import DamagedError, SignatureError
from mlopskit.registry.model import Model, agree, load_model
from mlopskit.registry.provenance import versions_here


@pytest.fixture
def loaded(registry, model, flights):
    registry.register("m", model, sample=flights, reference={"rows": 300})
    return registry.load("m/1")


class Drawn:
    """Answers differently each time."""

    def predict(self, frame):
        return np.random.default_rng().random(len(frame))


class Constant:
    def __init__(self, value):
        self.value = value

    def predict(self, frame):
        return np.full(len(frame), self.value)


def test_it_predicts_what_the_estimator_predicts(loaded, model, flights):
    X = flights[["distance", "hour"]]
    np.testing.assert_array_equal(loaded.predict(flights), model.predict(X))
    np.testing.assert_allclose(loaded.predict_proba(flights), model.predict_proba(X))
    np.testing.assert_allclose(loaded.decision_function(flights), model.decision_function(X))
    assert loaded.classes_.tolist() == [0, 1]


def test_one_row_many_rows_and_a_frame_are_the_same(loaded, flights):
    rows = flights.head(5).to_dict("records")
    expected = loaded.predict_proba(flights.head(5))
    np.testing.assert_allclose(loaded.predict_proba(rows), expected)
    np.testing.assert_allclose(loaded.predict_proba(rows[0]), expected[:1])


def test_no_rows_give_no_predictions(loaded, flights):
    assert loaded.predict(flights.head(0)).shape == (0,)
    assert loaded.predict([]).dtype == loaded.predict(flights).dtype
    assert loaded.predict_proba(pd.DataFrame()).shape == (0, 2)


def test_it_has_the_estimators_methods_only(registry, flights):
    X, y = flights[["distance", "hour"]], flights["late"]
    registry.register("regression", LinearRegression().fit(X, y), sample=X)
    registry.register("margin", LinearSVC().fit(X, y), sample=X)
    regression, margin = registry.load("regression/1"), registry.load("margin/1")
    assert not hasattr(regression, "predict_proba")
    assert not hasattr(regression, "classes_")
    assert hasattr(margin, "decision_function")
    assert not hasattr(margin, "predict_proba")


def test_the_reference_comes_with_it(loaded, registry, model):
    assert loaded.reference == {"rows": 300}
    registry.register("bare", model)
    assert registry.load("bare/1").reference is None


def test_it_says_what_it_is(loaded):
    assert repr(loaded) == "<Model m/1: LogisticRegression, 2 columns>"
    assert (loaded.name, loaded.version.number) == ("m", 1)
    assert str(loaded.signature) == "distance: float, hour: int"


def test_input_of_another_form_is_refused(loaded):
    with pytest.raises(SignatureError, match="'hour' is not there"):
        loaded.predict({"distance": 3})


def test_it_travels_to_another_process(loaded, flights):
    again = pickle.loads(pickle.dumps(loaded))
    np.testing.assert_array_equal(again.predict(flights), loaded.predict(flights))
    assert again.reference == {"rows": 300}


def test_a_model_fitted_on_an_array_is_given_arrays(registry, flights):
    X = flights[["distance", "hour"]].to_numpy()
    registry.register("array", LinearRegression().fit(X, flights["late"]), sample=X)
    loaded = registry.load("array/1")
    assert loaded.signature.names == ("x0", "x1")
    assert loaded.predict(X).shape == (300,)
    assert loaded.predict({"x0": 100, "x1": 7}).shape == (1,)
    with pytest.raises(SignatureError, match=r"shape \(300, 1\)"):
        loaded.predict(X[:, :1])


def test_without_a_sample_input_goes_through_as_it_is(registry, model, flights):
    registry.register("bare", model)
    loaded = registry.load("bare/1")
    assert loaded.signature is None
    assert loaded.predict({"distance": 3.0, "hour": 4}).shape == (1,)
    assert loaded.predict(flights[["distance", "hour"]]).shape == (300,)


def test_a_model_that_predicts_something_else_is_refused(registry, flights, tmp_path):
    registry.register("m", Constant(1.0), sample=flights[["hour"]])
    other = registry.register("m", Constant(2.0), sample=flights[["hour"]])
    mixed = attrs.evolve(other, artifacts=registry.load("m/1").version.artifacts | {"model": other.artifacts["model"]})
    with pytest.raises(DamagedError, match="m/2 no longer gives the predictions"):
        load_model(mixed, registry._artifacts, trust=False)


def test_a_model_that_never_answers_twice_the_same_is_not_registered(registry, flights):
    with pytest.raises(SignatureError, match="other predictions each time"):
        registry.register("m", Drawn(), sample=flights)


def test_a_model_that_can_not_predict_its_sample_is_not_registered(registry, flights):
    with pytest.raises(SignatureError, match="can not predict the sample"):
        registry.register("m", LinearRegression().fit(flights[["hour"]].to_numpy(), flights["late"]), sample=flights)


def test_other_versions_are_warned_of_once_with_both(registry, model, flights, monkeypatch):
    old = {"python": "3.9.1", "sklearn": "1.0.2"}
    now = versions_here()
    monkeypatch.setattr("mlopskit.registry.provenance.versions_here", lambda: old)
    registry.register("m", model, sample=flights)
    with pytest.warns(UserWarning, match=r"m/1 was registered with Python 3.9.1 .* and scikit-learn 1.0.2") as caught:
        registry.load("m/1")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert all(now[part] in str(caught[0].message) for part in now)


def test_equal_versions_are_no_reason_to_warn(registry, model):
    registry.register("m", model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(registry.load("m/1"), Model)


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        ([1.0, np.nan], [1.0 + 1e-9, np.nan], True),
        ([1.0], [1.001], False),
        ([1], [1.0], True),
        (["a", None], ["a", None], True),
        (["a"], ["b"], False),
        ([1.0, 2.0], [1.0], False),
    ],
)
def test_predictions_agree_up_to_rounding(found, expected, equal):
    assert agree(np.asarray(found), np.asarray(expected)) is equal
