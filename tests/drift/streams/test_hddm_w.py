from __future__ import annotations

import math

import numpy as np
import pytest

from mlopskit.drift import HDDM_W


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
