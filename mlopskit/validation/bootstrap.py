"""How sure is a difference between two scores? Both are computed again on resampled groups of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Score: TypeAlias = Callable[[Array], float]
"""A score as a function of how often each group of rows is drawn."""


def resample_differences(first: Score, second: Score, groups: int, *, resamples: int, seed: int) -> Array:
    """Return ``first - second`` for many samples of whole groups, drawn with replacement.

    Both scores see the same draw (a *paired* bootstrap), so what is hard or easy about it for both cancels. Groups, not
    rows, are drawn, since rows of one group are not independent (the *cluster* bootstrap).

    Parameters
    ----------
    first, second : callable
        From the multiplicities of the groups, shape (groups,), to a score; NaN where it is undefined.
    groups : int
        How many there are; as many are drawn.
    resamples : int
        How many differences to return.
    seed : int
        The same seed gives the same draws.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, chapters 6 and 8.

    Examples
    --------
    >>> values = np.arange(20.0)
    >>> differences = resample_differences(
    ...     lambda counts: counts @ values / 20, lambda counts: 9.0, 20, resamples=500, seed=0)
    >>> bool(abs(differences.mean() - 0.5) < 0.2)
    True
    """
    random = np.random.default_rng(seed)
    differences = np.empty(resamples)
    for index in range(resamples):
        counts = np.bincount(random.integers(groups, size=groups), minlength=groups).astype(float)
        differences[index] = first(counts) - second(counts)
    return differences


def percentile_interval(values: Array, confidence: float) -> tuple[float, float]:
    """Return the central part of a bootstrap distribution.

    Parameters
    ----------
    values : array of float
        Bootstrap replicates.
    confidence : float
        The part that lies within, between 0 and 1; what remains is split equally between both tails.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 13.3.

    Examples
    --------
    >>> percentile_interval(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
