"""Rows of a group turn out well or badly together; intervals that know it are wider, and right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mlopskit.drift import PerformanceEstimator
from mlopskit.drift.performance.groups import Groups, dealt, group_variance, stacked
from mlopskit.errors import ValidationError


def days(number, seed, *, each=40, scatter=0.8):
    """Scores and labels of so many days, good and bad ones; most rows are on time, so that bad days go wrong."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(number), each)
    odds = random.normal(-1.5, 1, number * each)
    late = random.uniform(size=len(odds)) < expit(odds + random.normal(0, scatter, number)[day])
    return expit(odds), late.astype(int), day


def test_sums_are_those_of_each_group():
    groups = Groups.of(["b", "a", "b"], 3)
    assert groups.sums(np.array([1.0, 2.0, 4.0])).tolist() == [5, 2]
    assert groups.sums(np.array([[1.0, 0.0], [2.0, 1.0], [4.0, 1.0]])).tolist() == [[5, 1], [2, 1]]
    assert groups.pairs == 2
    assert groups.take(np.array([1])).count == 1


def test_whole_groups_are_dealt_out():
    groups = Groups.of(np.arange(100) // 10, 100)
    fold = dealt(100, groups, 3, np.random.default_rng(0))
    assert all(len(set(fold[groups.codes == one])) == 1 for one in range(10))
    assert set(fold) == {0, 1, 2}


def test_groups_of_two_sides_stay_apart():
    both = stacked([Groups.of(["x", "y"], 2), Groups.of(["x", "x"], 2)])
    assert both.codes.tolist() == [0, 1, 2, 2]
    assert both.count == 3


def test_cells_have_in_common_what_their_groups_are():
    groups = Groups.of([0, 0, 1, 1, 2, 2], 6)
    factor = groups.factor(np.array([0, 0, 0, 1, 1, 1]), 2)
    assert factor @ factor.T == pytest.approx(np.array([[5, 1], [1, 5]]) / 9)


def test_the_scatter_of_groups_is_found_again():
    random = np.random.default_rng(0)
    groups = Groups.of(np.repeat(np.arange(400), 50), 20_000)
    for scatter in (0.0, 0.7):
        effects = random.normal(0, scatter, 400)[groups.codes]
        residuals = effects + random.normal(size=20_000)
        found = group_variance(residuals, np.ones(20_000), np.ones(20_000), groups)
        assert np.sqrt(found) == pytest.approx(scatter, abs=0.08)


def test_intervals_of_a_classifier_hold_what_labels_show_if_they_know_the_groups():
    held = {"alone": 0, "together": 0}
    for trial in range(30):
        score, late, day = days(60, 2 * trial)
        current, truth, of_day = days(15, 2 * trial + 1)
        alone = PerformanceEstimator(["accuracy"], confidence=0.9).fit(late, score)
        held["alone"] += alone.estimate(current, y_true=truth).within("accuracy")
        together = PerformanceEstimator(["accuracy"], confidence=0.9).fit(late, score, groups=day)
        held["together"] += together.estimate(current, y_true=truth, groups=of_day).within("accuracy")
    assert held["together"] >= 22  # of 30 at 0.9, fewer happen once in 200 times
    assert held["alone"] < 22


def test_intervals_of_a_regressor_hold_what_labels_show_if_they_know_the_groups():
    def flights(number, seed):
        random = np.random.default_rng(seed)
        day = np.repeat(np.arange(number), 40)
        return random.normal(size=len(day)) * np.exp(random.normal(0, 0.5, number))[day], day

    held = {"alone": 0, "together": 0}
    for reference in range(5):
        truth, day = flights(60, 1000 + reference)
        alone, together = (
            PerformanceEstimator(["mean_absolute_error"], confidence=0.9).fit(
                truth, y_pred=np.zeros(len(truth)), groups=groups
            )
            for groups in (None, day)
        )
        for trial in range(6):
            later, of_day = flights(15, 10 * reference + trial)
            guess = np.zeros(len(later))
            held["alone"] += alone.estimate(y_pred=guess, y_true=later).within("mean_absolute_error")
            found = together.estimate(y_pred=guess, y_true=later, groups=of_day)
            held["together"] += found.within("mean_absolute_error")
    assert held["together"] >= 22  # of 30 at 0.9
    assert held["alone"] < 22


def test_groups_of_independent_rows_change_little():
    score, late, day = days(100, 0, scatter=0.0)
    current, _, of_day = days(30, 1, scatter=0.0)
    alone = PerformanceEstimator(["roc_auc"]).fit(late, score).estimate(current)["roc_auc"]
    grouped = PerformanceEstimator(["roc_auc"]).fit(late, score, groups=day).estimate(current, groups=of_day)["roc_auc"]
    assert grouped.value == pytest.approx(alone.value, abs=0.01)
    assert grouped.upper - grouped.lower == pytest.approx(alone.upper - alone.lower, rel=0.3)


def test_a_period_of_one_group_is_as_unsure_as_groups_differ():
    score, late, day = days(100, 0)
    estimator = PerformanceEstimator(["accuracy"]).fit(late, score, groups=day)
    current, _, of_day = days(10, 1)
    one, ten = (estimator.estimate(current, groups=groups)["accuracy"] for groups in (np.zeros(400), of_day))
    assert one.upper - one.lower > 1.5 * (ten.upper - ten.lower)


def test_groups_may_be_a_column_of_the_features_and_periods_take_theirs():
    score, late, day = days(60, 0)
    frame = pd.DataFrame({"day": pd.Timestamp("2013-01-01") + pd.to_timedelta(day, "D")})
    estimator = PerformanceEstimator(["accuracy"]).fit(late, score, groups=frame["day"])
    timeline = estimator.estimate_by(score, X=frame, time="day", groups="day")
    assert [each.report.rows for each in timeline.periods] == [31 * 40, 28 * 40, 40]
    assert timeline.periods[1].report == estimator.estimate(
        score[31 * 40 : 59 * 40], groups=frame["day"][31 * 40 : 59 * 40]
    )


def test_groups_are_given_both_times_or_never():
    score, late, day = days(20, 0)
    with pytest.raises(ValidationError, match="fitted with groups: pass those of these rows too"):
        PerformanceEstimator().fit(late, score, groups=day).estimate(score)
    with pytest.raises(ValidationError, match="fitted without groups: fit with them to use them"):
        PerformanceEstimator().fit(late, score).estimate(score, groups=day)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 1], "groups has 2 rows where the predictions have 800"),
        ([None, 1] * 400, "groups is missing in 400 of 800 rows"),
        ([0, 1] * 400, "groups names 2 groups in the reference: at least 10 are needed"),
        ("day", "X has no column 'day' to tell the groups"),
    ],
)
def test_groups_that_tell_nothing_are_refused(groups, message):
    score, late, _ = days(20, 0)
    with pytest.raises(ValidationError, match=message):
        PerformanceEstimator().fit(late, score, groups=groups)
