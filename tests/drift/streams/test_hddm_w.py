from __future__ import annotations

import math

import numpy as np
import pytest

from mlopskit.drift import HDDM_W

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
        assert HDDM_W(**params).update_many(stream).tolist() == river_alarms("binary.HDDMW", stream, **params)


@pytest.mark.parametrize("seed", range(6))
def test_warnings_are_river_s(seed, errors, river):
    ours, theirs = HDDM_W(), river("binary.HDDMW")
    for value in errors(seed).tolist():
        theirs.update(value)
        ours.update(value)
        assert ours.warning_detected == theirs.warning_detected


def test_a_falling_mean_is_an_alarm_on_both_sides_only():
    errors = np.random.default_rng(0).random(2000) < np.repeat([0.6, 0.2], 1000)
    assert not len(HDDM_W().update_many(errors))
    assert len(HDDM_W(two_sided_test=True).update_many(errors))


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"drift_confidence": 1}, r"HDDM_W\(drift_confidence=1\): give a number between 0 and 1"),
        ({"drift_confidence": 0.01}, "warning_confidence=0.005.*at least drift_confidence, which is 0.01"),
        ({"two_sided_test": 1}, "two_sided_test=1.*False or True"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        HDDM_W(**params)


def weighted(values):
    """The weighted mean, and the sum of squares of the independent bounded condition, straight from their sums."""
    keep = 0.95 ** np.arange(len(values))[::-1]
    weights = np.where(np.arange(len(values)) == 0, keep, 0.05 * keep)
    squares = 0.05**2 * (keep**2).sum() + 0.95 ** (2 * len(values))
    return weights @ values, squares


def test_the_alarm_is_that_of_mcdiarmid_s_bound():
    errors = (np.random.default_rng(1).random(1200) < np.repeat([0.1, 0.5], 600)).astype(float)
    bounds, found = [], None
    for n in range(1, len(errors) + 1):
        mean, squares = weighted(errors[:n])
        bounds.append(mean + math.sqrt(squares * math.log(1000) / 2))
        cut = int(np.argmin(bounds)) + 1
        if cut == n:
            continue
        (before, before_squares), (after, after_squares) = weighted(errors[:cut]), weighted(errors[cut:n])
        if after - before > math.sqrt((before_squares + after_squares) * math.log(1000) / 2):
            found = n - 1
            break
    assert found is not None
    assert HDDM_W().update_many(errors)[0] == found


def test_the_weight_is_checked():
    with pytest.raises(ValueError, match=r"lambda_val=0.*above 0"):
        HDDM_W(lambda_val=0)
