from __future__ import annotations

import math

import numpy as np
import pytest

from mlopskit.drift import HDDM_A

PARAMS = [
    {},
    {"two_sided_test": True},
    {"drift_confidence": 0.05, "warning_confidence": 0.2, "two_sided_test": True},
]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_alarms_are_river_s(params, seed, errors, river_alarms):
    values = errors(seed)
    shares = np.random.default_rng(seed).beta(1 + 5 * values, 3)
    for stream in (values, shares):
        assert HDDM_A(**params).update_many(stream).tolist() == river_alarms("binary.HDDMA", stream, **params)


@pytest.mark.parametrize("seed", range(6))
def test_warnings_are_river_s(seed, errors, river):
    ours, theirs = HDDM_A(), river("binary.HDDMA")
    for value in errors(seed).tolist():
        theirs.update(value)
        ours.update(value)
        assert ours.warning_detected == theirs.warning_detected


def test_a_falling_mean_is_an_alarm_on_both_sides_only():
    errors = np.random.default_rng(0).random(2000) < np.repeat([0.6, 0.2], 1000)
    assert not len(HDDM_A().update_many(errors))
    assert len(HDDM_A(two_sided_test=True).update_many(errors))


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"drift_confidence": 1}, r"HDDM_A\(drift_confidence=1\): give a number between 0 and 1"),
        ({"drift_confidence": 0.01}, "warning_confidence=0.005.*at least drift_confidence, which is 0.01"),
        ({"two_sided_test": 1}, "two_sided_test=1.*False or True"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        HDDM_A(**params)


def test_the_alarm_is_that_of_hoeffding_s_bound():
    errors = np.random.default_rng(1).random(3000) < np.repeat([0.1, 0.2], 1500)
    means = np.cumsum(errors) / np.arange(1, 3001)
    for n in range(2, 3001):
        cut = min(range(1, n + 1), key=lambda m: means[m - 1] + math.sqrt(math.log(1000) / (2 * m)))
        if cut < n and means[n - 1] - means[cut - 1] >= math.sqrt((n - cut) / (n * cut) * math.log(2000) / 2):
            break
    assert HDDM_A().update_many(errors)[0] == n - 1
