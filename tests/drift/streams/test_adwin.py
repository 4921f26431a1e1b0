from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import ADWIN

PARAMS = [
    {},
    {"delta": 0.1, "clock": 1},
    {"delta": 0.3, "clock": 7, "max_buckets": 2, "min_window_length": 1, "grace_period": 0},
    {"delta": 0.01, "max_buckets": 8, "min_window_length": 20, "grace_period": 100},
]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_alarms_are_river_s(params, seed, numbers, errors, river_alarms):
    for values in (numbers(seed), errors(seed)):
        assert ADWIN(**params).update_many(values).tolist() == river_alarms("drift.ADWIN", values, **params)


def test_the_streams_of_these_tests_raise_alarms(numbers):
    assert sum(len(ADWIN().update_many(numbers(seed))) for seed in range(12)) > 20


@pytest.mark.parametrize("seed", range(6))
def test_the_window_at_each_alarm_is_river_s(seed, numbers, river):
    ours, theirs = ADWIN(clock=5), river("drift.ADWIN", clock=5)
    for value in numbers(seed).tolist():
        theirs.update(value)
        if ours.update(value):
            assert ours.width < ours.n
        assert ours.width == theirs.width
        assert ours.mean == pytest.approx(theirs.estimation, rel=1e-9, abs=1e-9)


def test_an_alarm_tells_the_mean_of_what_came_after_the_change():
    detector = ADWIN()
    values = np.random.default_rng(0).normal(np.repeat([0, 5], [1000, 100]))
    (alarm,) = detector.update_many(values[: 1000 + 24])
    assert alarm == 1023
    assert detector.width < 100
    assert np.isnan(ADWIN().mean)


def test_memory_grows_with_the_logarithm_of_the_stream():
    detector = ADWIN()
    assert not len(detector.update_many(np.random.default_rng(0).normal(size=100_000)))
    assert len(detector._state.ends) == len(detector._state.totals) == len(detector._state.squares) <= 5 * 17


def test_values_far_from_zero_are_as_good_as_others():
    values = np.random.default_rng(0).integers(0, 8, 30_000) + 4.0 * (np.arange(30_000) >= 20_000)
    alarms = ADWIN().update_many(values)
    assert len(alarms) == 1
    assert ADWIN().update_many(values + 2.0**40).tolist() == alarms.tolist()


@pytest.mark.parametrize("grace", [0, 15, 22, 23])
def test_the_first_alarm_comes_with_the_first_value_after_the_grace_period(grace):
    values, params = np.repeat([0.0, 1000.0], [12, 30]), {"delta": 0.9, "clock": 1, "min_window_length": 3}
    earliest = ADWIN(**params, grace_period=0).update_many(values)[0]
    detector = ADWIN(**params, grace_period=grace)
    alarms = [position for position, value in enumerate(values.tolist()) if detector.update(value)]
    assert alarms[0] == max(earliest, grace)
    assert ADWIN(**params, grace_period=grace).update_many(values).tolist() == alarms


def test_each_part_has_a_least_length():
    values = np.repeat([0.0, 1000.0], [7, 30])
    params = {"delta": 0.9, "clock": 1, "grace_period": 0}
    assert ADWIN(**params, min_window_length=2).update_many(values)[0] < 13
    assert ADWIN(**params, min_window_length=7).update_many(values)[0] >= 13
    assert not len(ADWIN(**params, min_window_length=19).update_many(values))


@pytest.mark.parametrize("value", [0.0, 0.1, -1e140, 1e-300])
def test_a_constant_raises_no_alarm(value):
    assert not len(ADWIN(delta=0.5, clock=1).update_many(np.full(5000, value)))


def test_false_alarms_are_rarer_than_delta_allows():
    streams = [np.random.default_rng(seed).normal(size=5000) for seed in range(40)]
    alarms = sum(len(ADWIN(delta=0.05).update_many(stream)) for stream in streams)
    assert alarms <= 0.05 * 40 * 5000 / 32


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"delta": 0}, r"ADWIN\(delta=0\): give a number between 0 and 1"),
        ({"clock": 0}, "clock=0.*whole number of at least 1"),
        ({"max_buckets": 1.5}, "max_buckets=1.5"),
        ({"min_window_length": 0}, "min_window_length=0"),
        ({"grace_period": -1}, "grace_period=-1.*at least 0"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        ADWIN(**params)
