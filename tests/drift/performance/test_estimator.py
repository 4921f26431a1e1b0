from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mlopskit.drift import PerformanceEstimator
from mlopskit.errors import NotFittedError, ValidationError

HOURS = pd.date_range("2013-01-01", periods=2160, freq="h")  # January, February, March


def year(seed=0):
    random = np.random.default_rng(seed)
    score = expit(random.normal(0, 1.5, len(HOURS)))
    return score, (random.uniform(size=len(HOURS)) < score).astype(int)


@pytest.fixture(scope="module")
def fitted():
    score, labels = year()
    return PerformanceEstimator(["accuracy"]).fit(labels, score)


def test_each_period_is_estimated_as_its_rows_alone(fitted):
    score, labels = year(1)
    timeline = fitted.estimate_by(score, time=HOURS, freq="MS", y_true=labels)
    assert [each.period for each in timeline.periods] == [f"2013-0{month}-01T00:00:00" for month in (1, 2, 3)]
    february = HOURS.month == 2
    assert timeline.periods[1].report == fitted.estimate(score[february], y_true=labels[february])


def test_the_order_of_rows_does_not_matter(fitted):
    score, labels = year(1)
    order = np.random.default_rng(0).permutation(len(score))
    plain = fitted.estimate_by(score, time=HOURS, y_true=labels).to_frame()
    other = fitted.estimate_by(score[order], time=HOURS[order], y_true=labels[order]).to_frame()
    pd.testing.assert_frame_equal(plain, other)


def test_labels_come_late_and_the_chart_shows_what_there_is(fitted):
    score, labels = year(1)
    known = pd.Series(labels).where(HOURS.month < 3)
    timeline = fitted.estimate_by(score, time=HOURS, y_true=known)
    realised = [each.report["accuracy"].realised for each in timeline.periods]
    assert [value is None for value in realised] == [False, False, True]
    assert "the realised one lies in its interval in 2 of 2" in timeline.summary()
    assert "realised, 2013-02-01" in timeline.chart("accuracy")
    assert "realised, 2013-03-01" not in timeline.chart("accuracy")


def test_time_may_be_a_column_of_the_features():
    score, labels = year()
    frame = pd.DataFrame({"time_hour": HOURS, "distance": 1.0})
    estimator = PerformanceEstimator(["accuracy"]).fit(labels, score)
    by_name = estimator.estimate_by(score, X=frame, time="time_hour")
    assert by_name == estimator.estimate_by(score, time=HOURS)
    with pytest.raises(ValidationError, match="X has no column 'month' to tell the time"):
        estimator.estimate_by(score, X=frame, time="month")


def test_a_period_of_few_rows_does_not_stop_the_others(fitted):
    score, _ = year(1)
    timeline = fitted.estimate_by(score[:1010], size=500)
    verdicts = [each.report["accuracy"].verdict for each in timeline.periods]
    assert verdicts == ["stable", "stable", "not enough data"]


def test_parameters_are_scikit_learns():
    estimator = PerformanceEstimator(["f1"], confidence=0.9)
    assert estimator.get_params() == {"metrics": ["f1"], "confidence": 0.9}
    assert estimator.set_params(confidence=0.8).confidence == 0.8
    with pytest.raises(ValueError, match="has no parameter alpha; it has metrics, confidence"):
        estimator.set_params(alpha=1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"confidence": 95}, "confidence is a number between 0 and 1, not 95"),
        ({"confidence": "x"}, "confidence is a number between 0 and 1, not 'x'"),
        ({"confidence": None}, "confidence is a number between 0 and 1, not None"),
        ({"confidence": np.nan}, "confidence is a number between 0 and 1, not nan"),
        ({"metrics": "f1"}, r"write metrics=\['f1'\]"),
        ({"metrics": []}, r"metrics is a list of names, not \[\]: name some"),
        ({"metrics": 5}, "metrics is a list of names, not 5: name some"),
    ],
)
def test_parameters_out_of_range_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        PerformanceEstimator(**params).fit([0, 1] * 50, [0.2, 0.8] * 50)


def test_a_higher_confidence_makes_a_wider_interval(fitted):
    score, labels = year()
    wide = PerformanceEstimator(["accuracy"], confidence=0.999).fit(labels, score).estimate(score)["accuracy"]
    plain = fitted.estimate(score)["accuracy"]
    assert wide.lower < plain.lower < plain.upper < wide.upper


def test_it_says_so_before_it_is_fitted():
    for ask in (PerformanceEstimator().estimate, PerformanceEstimator().estimate_by):
        with pytest.raises(NotFittedError, match="call fit with labels and predictions first"):
            ask([0.5])
