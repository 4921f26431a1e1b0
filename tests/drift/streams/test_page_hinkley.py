from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import PageHinkley

PARAMS = [
    {},
    {"threshold": 5.0, "min_instances": 5},
    {"threshold": 20.0, "alpha": 1.0, "mode": "up"},
    {"threshold": 10.0, "delta": 0.3, "alpha": 0.99, "mode": "down"},
]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_alarms_are_river_s(params, seed, numbers, errors, river_alarms):
    for values in (numbers(seed), errors(seed)):
        assert PageHinkley(**params).update_many(values).tolist() == river_alarms("drift.PageHinkley", values, **params)


def test_the_sum_is_page_s():
    values = np.random.default_rng(0).normal(size=200)
    detector = PageHinkley(alpha=1.0, delta=0.1, threshold=1e9)
    detector.update_many(values)
    means = np.cumsum(values) / np.arange(1, 201)
    rises, falls = np.cumsum(values - means - 0.1), np.cumsum(means - values - 0.1)
    state = detector._state
    assert state.deviations - state.tolerance - state.lowest_up == pytest.approx(rises[-1] - rises.min())
    assert -state.deviations - state.tolerance - state.lowest_down == pytest.approx(falls[-1] - falls.min())


def test_a_stream_may_be_longer_than_what_is_tabulated():
    at_once, in_pieces = (PageHinkley(threshold=1e9) for _ in range(2))
    values = np.random.default_rng(0).normal(size=150_000)
    at_once.update_many(values)
    for piece in np.split(values, [70_000, 70_001, 140_000]):
        in_pieces.update_many(piece)
    assert at_once == in_pieces


@pytest.mark.parametrize(("step", "up", "down"), [(3, True, False), (-3, False, True)])
def test_a_mode_sees_changes_in_its_direction_only(step, up, down):
    values = np.random.default_rng(0).normal(np.repeat([0, step], 100))
    found = {mode: bool(len(PageHinkley(mode=mode).update_many(values))) for mode in ("up", "down", "both")}
    assert found == {"up": up, "down": down, "both": True}


def test_the_docs_rate_of_false_alarms():
    alarms = PageHinkley().update_many(np.random.default_rng(0).normal(size=400_000))
    assert 400_000 / len(alarms) == pytest.approx(1600, rel=0.1)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"min_instances": 0}, "min_instances=0"),
        ({"delta": -0.1}, r"PageHinkley\(delta=-0.1\): give a number of at least 0"),
        ({"threshold": 0}, "threshold=0.*above 0"),
        ({"alpha": 1.5}, "alpha=1.5.*up to 1"),
        ({"alpha": float("nan")}, "alpha=nan"),
        ({"mode": "sideways"}, "mode='sideways'.*'both' or 'up' or 'down'"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        PageHinkley(**params)
