from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from mlopskit.drift.performance.calibration import Curve
from mlopskit.drift.performance.metrics import METRICS
from mlopskit.drift.performance.outcomes import Outcomes, Predicted
from mlopskit.drift.performance.probabilities import Calibration
from mlopskit.drift.performance.simulation import intervals

# right, without doubt
SURE = Calibration((Curve(np.array([-1.0, 1.0]), np.array([-1.0, 1.0])),), np.zeros((1, 2)), np.zeros(1))


def predicted(p):
    both = np.stack([1 - p, p], axis=1)
    return Predicted(both, both.argmax(axis=1))


def rows(number, seed, shift=0.0, slope=1.0):
    random = np.random.default_rng(seed)
    odds = random.normal(shift, 1.2, number)
    return predicted(expit(slope * odds)), (random.uniform(size=number) < expit(odds)).astype(int)


def of(names):
    return {name: METRICS[name] for name in names}


@pytest.mark.parametrize("number", [50, 5000])
def test_without_doubt_about_calibration_the_interval_is_that_of_a_sum_of_unequal_coins(number):
    p = np.random.default_rng(0).uniform(size=number)
    found = intervals(of(["accuracy"]), predicted(p), SURE, 0.95)["accuracy"]
    right = np.maximum(p, 1 - p)
    if number == 50:  # the exact distribution, coin by coin
        hits = np.ones(1)
        for chance in right:
            hits = np.convolve(hits, [1 - chance, chance])
        lower, upper = (np.searchsorted(hits.cumsum(), tail) / number for tail in (0.025, 0.975))
    else:
        half = 1.96 * np.sqrt((right * (1 - right)).sum()) / number
        lower, upper = right.mean() - half, right.mean() + half
    assert found.value == pytest.approx(right.mean())
    assert found.lower == pytest.approx(lower, abs=0.06 * (upper - lower) + 1 / number)
    assert found.upper == pytest.approx(upper, abs=0.06 * (upper - lower) + 1 / number)


def test_the_estimate_is_exact_also_where_draws_are_made_for_some_rows_only():
    some, _ = rows(30_000, 0)
    found = intervals(of(["roc_auc", "f1"]), some, SURE, 0.95)
    for name, each in found.items():
        assert each.value == float(METRICS[name](Outcomes(some, some.probability, expected=True)))
        assert each.lower < each.value < each.upper


def test_draws_for_some_rows_lie_around_the_estimate_for_all():
    random = np.random.default_rng(0)
    p = random.uniform(size=20_000)
    some = Predicted(np.stack([1 - p, p], axis=1), random.integers(0, 2, 20_000))  # labels that scores do not tell
    for name, found in intervals(of(["accuracy", "f1", "recall"]), some, SURE, 0.95).items():
        assert (found.lower + found.upper) / 2 == pytest.approx(found.value, abs=0.1 * (found.upper - found.lower)), (
            name
        )


def test_a_smaller_reference_and_fewer_rows_make_wider_intervals():
    widths = []
    for reference, current in ((500, 5000), (5000, 5000), (5000, 500)):
        learned, codes = rows(reference, 1)
        calibration = Calibration.learn(learned.probability, codes)
        found = intervals(of(["roc_auc"]), rows(current, 2)[0], calibration, 0.95)["roc_auc"]
        widths.append(found.upper - found.lower)
    assert widths[1] < 0.7 * min(widths[0], widths[2])


@pytest.mark.parametrize(
    "slope", [0.8, 1.0, 1.25, 1.8], ids=["timid", "calibrated", "somewhat exaggerating", "exaggerating"]
)
def test_intervals_hold_the_metrics_that_labels_show_under_covariate_shift(slope):
    names, trials = ("roc_auc", "average_precision", "accuracy", "f1", "log_loss"), 40
    held = dict.fromkeys(names, 0)
    for trial in range(trials):
        reference, codes = rows(1500, 2 * trial, slope=slope)
        current, truth = rows(400, 2 * trial + 1, shift=0.8, slope=slope)
        found = intervals(of(names), current, Calibration.learn(reference.probability, codes), 0.9)
        known = Outcomes.known(current, truth)
        for name in names:
            held[name] += found[name].lower <= float(METRICS[name](known)) <= found[name].upper
    assert min(held.values()) >= 30, held  # of 40 at 0.9, fewer happen once in a thousand times


def test_what_weights_changed_is_doubted_by_a_tenth():
    some, _ = rows(20_000, 0)  # so many that chance alone leaves little open
    other = Calibration((Curve(np.array([-1.0, 1.0]), np.array([-0.2, 0.2])),), np.zeros((1, 2)), np.zeros(1))
    sure, doubted = (
        intervals(of(["accuracy"]), some, SURE, 0.95, unweighted=each)["accuracy"] for each in (None, other)
    )
    changed = sure.value - intervals(of(["accuracy"]), some, other, 0.95)["accuracy"].value
    chance, both = ((each.upper - each.lower) / 2 for each in (sure, doubted))
    assert doubted.value == sure.value
    assert both == pytest.approx(np.hypot(chance, 1.96 * 0.1 * changed), rel=0.06)


def test_the_order_of_rows_does_not_matter():
    learned, codes = rows(1000, 0)
    calibration = Calibration.learn(learned.probability, codes)
    some, _ = rows(3000, 1)
    shuffled = some.take(np.random.default_rng(2).permutation(3000))
    for plain, other in zip(
        *(intervals(of(METRICS), each, calibration, 0.95).values() for each in (some, shuffled)), strict=True
    ):
        assert other.value == pytest.approx(plain.value)
        assert (other.lower, other.upper) == pytest.approx((plain.lower, plain.upper))


def test_how_often_a_metric_has_no_value_is_told():
    rare = predicted(np.full(100, 0.01))
    found = intervals(of(["roc_auc", "accuracy"]), rare, SURE, 0.95)
    assert found["roc_auc"].undefined == pytest.approx(0.99**100, abs=0.06)
    assert found["accuracy"].undefined == 0


def test_many_classes_and_many_rows():
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(12), 3000)
    codes = (p.cumsum(axis=1) < random.uniform(size=(3000, 1))).sum(axis=1).clip(0, 11)
    calibration = Calibration.learn(p, codes)
    some = Predicted(p, p.argmax(axis=1))
    names = [name for name, metric in METRICS.items() if not metric.binary_only]
    for name, found in intervals(of(names), some, calibration, 0.99).items():
        assert found.lower <= float(METRICS[name](Outcomes.known(some, codes))) <= found.upper, name
