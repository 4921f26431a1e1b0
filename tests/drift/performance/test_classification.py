from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mlopskit.drift import PerformanceEstimator
from mlopskit.errors import ValidationError


def scored(rows, seed=0, shift=0.0):
    """Scores that are right, and what they predict."""
    random = np.random.default_rng(seed)
    score = expit(random.normal(shift, 1.5, rows))
    return score, (random.uniform(size=rows) < score).astype(int)


def with_features(rows, seed=0, shift=0.0):
    """A model that knows one of two features that matter, and the other one moves."""
    random = np.random.default_rng(seed)
    known, unknown = random.normal(size=rows), random.normal(shift, 1, rows)
    late = random.uniform(size=rows) < expit(1.2 * known + unknown)
    return pd.DataFrame({"known": known, "unknown": unknown}), expit(known), late


@pytest.fixture(scope="module")
def fitted():
    score, labels = scored(2000)
    return PerformanceEstimator(["accuracy", "roc_auc"]).fit(labels, score)


def test_labels_of_any_type_give_the_same(fitted):
    score, labels = scored(2000)
    current, truth = scored(500, 1)
    plain = fitted.estimate(current, y_true=truth)
    for names in (["no", "yes"], [False, True], [10.5, 20.5]):
        other = PerformanceEstimator().fit(np.array(names)[labels], score)
        assert other.estimate(current, y_true=np.array(names)[truth]) == plain


def test_the_order_of_classes_is_the_models():
    score, labels = scored(2000)
    current, _ = scored(500, 1)
    names = np.array(["yes", "no"])  # in this order, not in that of the alphabet
    estimator = PerformanceEstimator().fit(names[labels], np.stack([1 - score, score], axis=1), classes=names)
    plain = PerformanceEstimator().fit(labels, score).estimate(current)
    assert estimator.estimate(np.stack([1 - current, current], axis=1)) == plain
    frame = pd.DataFrame({"no": current, "yes": 1 - current})
    assert estimator.estimate(frame) == plain


def test_reference_values_are_those_of_its_labels(fitted):
    from sklearn.metrics import roc_auc_score

    score, labels = scored(2000)
    found = fitted.estimate(score)
    assert found["roc_auc"].reference == pytest.approx(roc_auc_score(labels, score))
    assert found["accuracy"].reference == pytest.approx(np.mean(labels == (score > 0.5)))


def test_a_model_that_does_worse_is_seen_before_labels_arrive(fitted):
    current, truth = scored(3000, 2)
    near = np.abs(current - 0.5) < 0.3  # only flights that are hard to tell are left
    report = fitted.estimate(current[near], y_true=truth[near])
    assert report.worse == ("accuracy", "roc_auc")
    assert report.within("accuracy")
    assert report.within("roc_auc")
    assert fitted.estimate(current).worse == ()


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("right", [True, False])
def test_a_model_that_is_always_right_or_wrong_is_neither_worse_nor_better_when_it_stays_so(classes, right):
    names = ["accuracy", "average_precision", "brier", "f1", "log_loss", "roc_auc", "specificity"]
    truth = np.arange(2000) % classes
    claimed = np.eye(classes)[truth if right else (truth + 1) % classes]
    for number in (200, 500):  # of more than 300 some stand for all
        estimator = PerformanceEstimator(names).fit(truth, claimed)
        report = estimator.estimate(claimed[:number], y_true=truth[:number])
        assert {each.metric: each.verdict for each in report.metrics} == dict.fromkeys(names, "stable")
        assert all(report.within(name) for name in names)


def test_own_labels_decide_what_counts_as_predicted():
    score, labels = scored(3000)
    estimator = PerformanceEstimator(["recall"]).fit(labels, score, y_pred=(score > 0.2).astype(int))
    current, truth = scored(3000, 1)
    found = estimator.estimate(current, y_pred=(current > 0.2).astype(int), y_true=truth)
    assert found["recall"].value == pytest.approx(truth[current > 0.2].sum() / truth.sum(), abs=0.03)
    assert found.within("recall")


@pytest.mark.parametrize(("first", "message"), [(True, "with y_pred: pass it"), (False, "without y_pred: fit with it")])
def test_own_labels_are_given_both_times_or_never(first, message):
    score, labels = scored(200)
    estimator = PerformanceEstimator().fit(labels, score, y_pred=labels if first else None)
    with pytest.raises(ValidationError, match=message):
        estimator.estimate(score, y_pred=None if first else labels)


def test_labels_that_have_come_are_counted_and_the_others_waited_for(fitted):
    current, truth = scored(1000, 1)
    some = pd.Series(truth).where(np.arange(1000) < 400)
    report = fitted.estimate(current, y_true=some)
    assert (report.rows, report.labelled) == (1000, 400)
    assert report["accuracy"].realised == pytest.approx(np.mean(truth[:400] == (current[:400] > 0.5)))
    assert report.within("accuracy") is None
    assert report["accuracy"].value == fitted.estimate(current)["accuracy"].value


def test_few_rows_are_not_enough_to_tell(fitted):
    current, truth = scored(29, 1)
    report = fitted.estimate(current, y_true=truth)
    assert {each.verdict for each in report.metrics} == {"not enough data"}
    assert report["accuracy"].realised is not None
    nothing = fitted.estimate(np.empty(0))
    assert (nothing.rows, nothing["roc_auc"].value, nothing["roc_auc"].realised) == (0, None, None)


def test_a_metric_that_needs_both_classes_waits_for_them(fitted):
    report = fitted.estimate(np.full(60, 0.005), y_true=np.zeros(60))
    assert report["roc_auc"].verdict == "not enough data"
    assert report["roc_auc"].realised is None
    assert report["accuracy"].value == pytest.approx(1, abs=0.05)
    assert report["accuracy"].realised == 1


def test_a_shift_that_the_scores_do_not_show_is_corrected_with_features():
    frame, score, late = with_features(4000)
    current, now, truth = with_features(1500, 1, shift=1.0)
    estimator = PerformanceEstimator(["accuracy"]).fit(late, score, X=frame)
    report = estimator.estimate(now, X=current, y_true=truth)
    blind = estimator.estimate(now, y_true=truth)
    assert report.shift.status == "corrected"
    assert report.shift.effective_rows < 4000
    assert report.within("accuracy")
    assert blind.shift.status == "not asked"
    assert not blind.within("accuracy")


def test_without_a_shift_features_change_nothing():
    frame, score, late = with_features(1000)
    current, now, _ = with_features(500, 1)
    estimator = PerformanceEstimator(["accuracy"]).fit(late, score, X=frame)
    report = estimator.estimate(now, X=current)
    assert report.shift.status == "none seen"
    assert report["accuracy"] == estimator.estimate(now)["accuracy"]


def test_rows_from_elsewhere_are_not_estimated():
    frame, score, late = with_features(1000)
    estimator = PerformanceEstimator(["accuracy"]).fit(late, score, X=frame)
    current, now, truth = with_features(500, 1, shift=8.0)
    report = estimator.estimate(now, X=current, y_true=truth)
    assert report.shift.status == "too far"
    assert report["accuracy"].verdict == "not enough data"
    assert report["accuracy"].realised is not None


def test_more_classes_than_two():
    random = np.random.default_rng(0)
    p = random.dirichlet([1, 1, 1], 3000)
    labels = np.array(["EWR", "JFK", "LGA"])[(p.cumsum(axis=1) < random.uniform(size=(3000, 1))).sum(axis=1).clip(0, 2)]
    names = ["accuracy", "f1", "roc_auc", "brier", "log_loss"]
    estimator = PerformanceEstimator(names, confidence=0.99).fit(labels[:2000], p[:2000])
    report = estimator.estimate(p[2000:], y_true=labels[2000:])
    assert all(report.within(name) for name in names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_true": [0, 1] * 10}, "y_true has 20 rows where the predictions have 200"),
        ({"y_true": [0, 1, None] * 66 + [0, 1]}, "y_true lacks labels in 66 of 200 rows"),
        ({"y_true": [0, 1] * 10, "y_proba": [0.5] * 20}, "the reference has 20 rows: at least 30"),
        ({"y_true": [0] * 200, "classes": [0, 1]}, "no rows of 1 of the 2 classes"),
        ({"y_true": [0] * 200}, "y_true has 1 classes, y_proba has 2"),
        ({"y_pred": [0, None] * 100}, "y_pred is missing in 100 of 200 rows"),
        ({"X": pd.DataFrame({"a": [1]})}, "X has 1 rows where the predictions have 200"),
        ({"metrics": ["rmse"]}, "no metric 'rmse' of classifications; choose from accuracy"),
    ],
)
def test_a_reference_that_tells_nothing_is_refused(change, message):
    score, labels = scored(200)
    arguments = {"y_true": labels, "y_proba": score} | change
    estimator = PerformanceEstimator(arguments.pop("metrics", None))
    with pytest.raises(ValueError, match=message):
        estimator.fit(**arguments)
    assert not hasattr(estimator, "model_")


def test_a_metric_without_a_value_on_the_reference_is_refused():
    with pytest.raises(ValidationError, match="precision has no value on the reference"):
        PerformanceEstimator(["precision", "recall"]).fit([0, 1] * 100, [0.2, 0.4] * 100)


def test_metrics_of_two_classes_are_refused_for_more():
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 90)
    with pytest.raises(ValueError, match="'true_positives' needs two classes, here are 3"):
        PerformanceEstimator(["true_positives"]).fit([0, 1, 2] * 30, p)


def test_probabilities_are_needed_again(fitted):
    with pytest.raises(ValidationError, match="y_proba is missing"):
        fitted.estimate(y_pred=[0, 1])
