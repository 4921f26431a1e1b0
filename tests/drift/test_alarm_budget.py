from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import alpha_for


@pytest.mark.parametrize(
    ("false_alarms", "per", "batches", "alpha"),
    [(1, "quarter", "day", 24 / 2191.5), (2, "year", "week", 2 * 168 / 8766), (1, "week", "hour", 1 / 168)],
)
def test_alarms_come_as_often_as_is_bearable(false_alarms, per, batches, alpha):
    assert alpha_for(false_alarms, per=per, batches=batches) == pytest.approx(alpha)


@pytest.mark.parametrize("confirm", [(1, 3), (2, 2), (2, 3), (3, 5)])
def test_confirmed_alarms_come_as_often_in_a_simulation(confirm):
    k, n = confirm
    alpha = alpha_for(20, per="year", batches="day", confirm=confirm)
    drifted = np.random.default_rng(0).random(2_000_000) < alpha
    recent = np.convolve(drifted, np.ones(n))[: len(drifted)]
    alarms = (drifted & (recent >= k - 0.5)).mean() * 365.25
    assert alarms == pytest.approx(20, rel=0.03)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"false_alarms": 0, "per": "day"}, "more than none"),
        ({"false_alarms": 9, "per": "day"}, "fewer than all"),
        ({"false_alarms": 1, "per": "fortnight"}, "not 'fortnight'"),
        ({"false_alarms": 1, "per": "year", "confirm": (3, 2)}, "k of n"),
        ({"false_alarms": 1, "per": "year", "confirm": 2}, "two numbers"),
    ],
)
def test_what_can_not_be_borne_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        alpha_for(**params)
