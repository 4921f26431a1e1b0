from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import EDDM

PARAMS = [{}, {"warm_start": 5, "alpha": 0.8, "beta": 0.7}, {"alpha": 0.9, "beta": 0.9}]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("seed", range(20))
def test_alarms_are_river_s(params, seed, errors, river_alarms):
    values = errors(seed)
    assert EDDM(**params).update_many(values).tolist() == river_alarms("binary.EDDM", values, **params)


def test_the_widest_spacing_is_mean_and_two_standard_deviations():
    errors = np.random.default_rng(0).random(500) < 0.1
    detector = EDDM(alpha=0.01, beta=0.01)
    detector.update_many(errors)
    at = np.flatnonzero(errors) + 1
    distances = np.diff(at, prepend=0)
    spacings = [
        distances[:k].mean() + 2 * (distances[:k].std(ddof=1) if k > 1 else 0)
        for k in range(1, len(at) + 1)
        if at[k - 1] > 30
    ]
    assert detector._state.widest == pytest.approx(max(spacings))


def test_errors_at_one_distance_raise_no_alarm():
    assert not len(EDDM().update_many(np.arange(1, 5001) % 7 == 0))
    assert not len(EDDM().update_many(np.zeros(100)))


@pytest.mark.parametrize(
    ("params", "told"),
    [({"alpha": 0.5}, "beta=0.9.*at most alpha, which is 0.5"), ({"beta": 0}, "beta=0"), ({"alpha": 2}, "alpha=2")],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        EDDM(**params)
