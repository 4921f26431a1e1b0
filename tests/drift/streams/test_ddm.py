from __future__ import annotations

import math

import numpy as np
import pytest

from mlopskit.drift import DDM

PARAMS = [{}, {"warm_start": 5, "warning_threshold": 1.0, "drift_threshold": 1.5}, {"warm_start": 300}]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(20))
def test_alarms_are_river_s(params, seed, errors, river_alarms):
    values = errors(seed)
    assert DDM(**params).update_many(values).tolist() == river_alarms("binary.DDM", values, **params)


@pytest.mark.parametrize("seed", range(6))
def test_warnings_are_river_s(seed, errors, river):
    ours, theirs = DDM(), river("binary.DDM")
    for value in errors(seed).tolist():
        theirs.update(value)
        ours.update(value)
        assert ours.warning_detected == theirs.warning_detected


def test_the_alarm_is_that_of_the_paper_s_formula():
    errors = np.random.default_rng(2).random(3000) < np.repeat([0.1, 0.25], 1500)
    best = (math.inf, 0.0)
    for n in range(31, 3001):
        p = errors[:n].mean()
        s = math.sqrt(p * (1 - p) / n)
        best = min(best, (p, s), key=sum)
        if p + s > best[0] + 3 * best[1]:
            break
    assert DDM().update_many(errors)[0] == n - 1


def test_the_first_error_of_a_faultless_model_is_an_alarm():
    assert DDM().update_many([0] * 40 + [1]).tolist() == [40]
    assert DDM().update_many([0] * 20 + [1] + [0] * 40 + [1]).tolist() == []
    assert DDM().update_many([1] * 500).tolist() == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"warm_start": True}, "warm_start=True"),
        ({"warning_threshold": -1}, "warning_threshold=-1"),
        ({"drift_threshold": 1.0}, "drift_threshold=1.0.*at least warning_threshold, which is 2.0"),
        ({"drift_threshold": "3"}, "drift_threshold='3'.*a number above 0"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        DDM(**params)
