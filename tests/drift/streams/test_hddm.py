from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import HDDM_A, HDDM_W

both = pytest.mark.parametrize("kind", [HDDM_A, HDDM_W])
PARAMS = [
    {},
    {"two_sided_test": True},
    {"drift_confidence": 0.05, "warning_confidence": 0.2, "two_sided_test": True},
]


def name_in_river(kind):
    return f"binary.{kind.__name__.replace('_', '')}"


@both
@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_alarms_are_river_s(kind, params, seed, errors, river_alarms):
    values = errors(seed)
    shares = np.random.default_rng(seed).beta(1 + 5 * values, 3)
    for stream in (values, shares):
        assert kind(**params).update_many(stream).tolist() == river_alarms(name_in_river(kind), stream, **params)


@both
@pytest.mark.parametrize("seed", range(6))
def test_warnings_are_river_s(kind, seed, errors, river):
    ours, theirs = kind(), river(name_in_river(kind))
    for value in errors(seed).tolist():
        theirs.update(value)
        ours.update(value)
        assert ours.warning_detected == theirs.warning_detected


@both
def test_a_falling_mean_is_an_alarm_on_both_sides_only(kind):
    errors = np.random.default_rng(0).random(2000) < np.repeat([0.6, 0.2], 1000)
    assert not len(kind().update_many(errors))
    assert len(kind(two_sided_test=True).update_many(errors))


@both
@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"drift_confidence": 1}, r"HDDM_[AW]\(drift_confidence=1\): give a number between 0 and 1"),
        ({"drift_confidence": 0.01}, "warning_confidence=0.005.*at least drift_confidence, which is 0.01"),
        ({"two_sided_test": 1}, "two_sided_test=1.*False or True"),
    ],
)
def test_parameters_are_checked(kind, params, told):
    with pytest.raises(ValueError, match=told):
        kind(**params)
