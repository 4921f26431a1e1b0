from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as peer

from mlopskit.drift import PerformanceEstimator
from mlopskit.drift.performance.losses import LOSS_METRICS
from mlopskit.errors import ValidationError


def flights(rows, seed=0, shift=0.0):
    """Delays whose spread depends on weather, and a model that gives their mean."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"weather": random.normal(shift, 1, rows), "origin": random.choice(["EWR", "JFK"], rows)})
    mean = 10 + 5 * (frame["origin"] == "JFK").to_numpy()
    return frame, mean + random.normal(size=rows) * np.exp(0.4 * frame["weather"].to_numpy()), mean


@pytest.fixture(scope="module")
def fitted():
    frame, truth, predicted = flights(3000)
    return PerformanceEstimator().fit(truth, y_pred=predicted, X=frame)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("mean_absolute_error", peer.mean_absolute_error),
        ("mean_absolute_percentage_error", peer.mean_absolute_percentage_error),
        ("mean_squared_error", peer.mean_squared_error),
        ("mean_squared_log_error", peer.mean_squared_log_error),
        ("rmse", peer.root_mean_squared_error),
        ("rmsle", peer.root_mean_squared_log_error),
    ],
)
def test_known_losses_are_scikit_learns(name, reference):
    random = np.random.default_rng(0)
    truth, predicted = random.uniform(0, 5, 50), random.uniform(0, 5, 50)
    metric = LOSS_METRICS[name]
    assert metric.of_mean(metric.loss(truth, predicted).mean()) == pytest.approx(reference(truth, predicted))


def test_harder_rows_are_expected_to_go_worse_and_do(fitted):
    frame, truth, predicted = flights(2000, 1, shift=0.8)
    report = fitted.estimate(y_pred=predicted, X=frame, y_true=truth)
    assert report.shift.status == "corrected"
    assert report.worse == ("mean_absolute_error", "rmse")
    assert report["mean_absolute_error"].realised == pytest.approx(np.abs(truth - predicted).mean())
    assert report.within("mean_absolute_error")
    assert report["rmse"].value == pytest.approx(report["rmse"].realised, rel=0.15)


def test_rows_like_the_reference_are_expected_to_go_the_same(fitted):
    frame, truth, predicted = flights(2000, 2)
    report = fitted.estimate(y_pred=predicted, X=frame, y_true=truth)
    assert report.shift.status == "none seen"
    assert report.worse == ()
    assert report.within("mean_absolute_error")


def test_rows_from_elsewhere_are_not_estimated(fitted):
    frame, truth, predicted = flights(500, 3, shift=9)
    report = fitted.estimate(y_pred=predicted, X=frame, y_true=truth)
    assert report.shift.status == "too far"
    assert report["rmse"].verdict == "not enough data"
    assert report["rmse"].realised is not None


def test_without_features_losses_depend_on_predictions():
    random = np.random.default_rng(0)
    predicted = random.uniform(1, 5, 3000)
    truth = predicted + random.normal(size=3000) * predicted
    estimator = PerformanceEstimator(["mean_absolute_error"]).fit(truth, y_pred=predicted)
    large = predicted > 3
    found = estimator.estimate(y_pred=predicted[large])["mean_absolute_error"]
    assert found.value == pytest.approx(np.abs(truth - predicted)[large].mean(), rel=0.1)
    assert found.verdict == "worse"


def test_truth_comes_in_pieces_and_few_rows_are_not_enough(fitted):
    frame, truth, predicted = flights(100, 1)
    some = pd.Series(truth).where(np.arange(100) < 60)
    report = fitted.estimate(y_pred=predicted, X=frame, y_true=some)
    assert report.labelled == 60
    assert report["rmse"].realised == pytest.approx(np.sqrt(np.mean((truth - predicted)[:60] ** 2)))
    few = fitted.estimate(y_pred=predicted[:20], X=frame[:20])
    assert few["rmse"].verdict == "not enough data"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_true": [1.0] * 10}, "y_true has 10 rows where the predictions have 200"),
        ({"y_true": [1.0, np.nan] * 100}, "y_true has missing or infinite values in 100 of 200 rows"),
        ({"y_true": ["late"] * 200}, "for a classification pass y_proba"),
        ({"y_true": [1.0] * 50, "y_pred": [1.0] * 50}, "the reference has 50 rows: at least 150"),
        ({"metrics": ["accuracy"]}, "no metric 'accuracy' of regressions; choose from mean_absolute_error"),
        ({"metrics": ["rmsle"], "y_true": [-2.0] * 200}, "rmsle needs numbers above -1"),
        ({"y_true": [1e200, 2.0] * 100}, r"y_true has values beyond 1e\+140 in 100 of 200 rows"),
        ({"y_true": [1e100, 2.0] * 100}, r"rmse has losses beyond 1e\+140: pass y_true and y_pred in a larger unit"),
        ({"X": pd.DataFrame(index=range(200))}, "X has no columns"),
        ({"y_pred": None}, "pass y_proba of a classifier, or y_pred of a regressor"),
    ],
)
def test_a_reference_that_tells_nothing_is_refused(change, message):
    arguments = {"y_true": [1.0, 2.0] * 100, "y_pred": [1.5] * 200} | change
    estimator = PerformanceEstimator(arguments.pop("metrics", None))
    with pytest.raises(ValueError, match=message):
        estimator.fit(**arguments)


def test_what_was_learned_from_is_needed_again(fitted):
    with pytest.raises(ValidationError, match="X is missing"):
        fitted.estimate(y_pred=[1.0])
    with pytest.raises(ValidationError, match="pass y_pred=, not y_proba"):
        fitted.estimate([0.5])


@pytest.mark.parametrize("unit", [1e69, 1e-30])
def test_large_and_small_numbers_are_learned_from_as_any(unit):
    random = np.random.default_rng(0)
    predicted = random.uniform(1, 5, 300)
    truth = predicted + random.normal(size=300)

    def estimate(unit):
        estimator = PerformanceEstimator(["rmse"]).fit(truth * unit, y_pred=predicted * unit)
        return estimator.estimate(y_pred=predicted * unit, y_true=truth * unit)["rmse"]

    plain, found = estimate(1.0), estimate(unit)
    for name in ("value", "lower", "upper", "reference", "realised"):
        assert getattr(found, name) == pytest.approx(unit * getattr(plain, name)), name


def test_a_label_or_a_prediction_that_a_loss_is_not_defined_for_stops_no_other_metric():
    random = np.random.default_rng(0)
    predicted = random.uniform(1, 5, 300)
    truth = predicted * random.uniform(0.5, 2, 300)
    estimator = PerformanceEstimator(["rmsle", "rmse"]).fit(truth, y_pred=predicted)
    late = estimator.estimate(y_pred=predicted, y_true=np.append(truth[1:], -2))
    assert (late["rmsle"].verdict, late["rmsle"].realised) == ("stable", None)
    assert late["rmse"].realised is not None
    odd = estimator.estimate(y_pred=np.append(predicted[1:], -2), y_true=truth)
    assert (odd["rmsle"].verdict, odd["rmsle"].realised) == ("not enough data", None)
    assert odd["rmse"].value is not None
