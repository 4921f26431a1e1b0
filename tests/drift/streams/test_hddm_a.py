from __future__ import annotations

import math

import numpy as np

from mlopskit.drift import HDDM_A


def test_the_alarm_is_that_of_hoeffding_s_bound():
    errors = np.random.default_rng(1).random(3000) < np.repeat([0.1, 0.2], 1500)
    means = np.cumsum(errors) / np.arange(1, 3001)
    for n in range(2, 3001):
        cut = min(range(1, n + 1), key=lambda m: means[m - 1] + math.sqrt(math.log(1000) / (2 * m)))
        if cut < n and means[n - 1] - means[cut - 1] >= math.sqrt((n - cut) / (n * cut) * math.log(2000) / 2):
            break
    assert HDDM_A().update_many(errors)[0] == n - 1
