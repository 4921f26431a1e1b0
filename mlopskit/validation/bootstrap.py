"""How sure is a score, or a difference between two? They are computed again on resampled groups of rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from mlopskit.errors import ValidationError

Array: TypeAlias = NDArray[Any]
Score: TypeAlias = Callable[[Array], float]
"""A score as a function of how often each group of rows is drawn."""


def resample(statistic: Callable[[Array], Any], groups: int, *, resamples: int, seed: int) -> Array:
    """Return a statistic of many samples of whole groups, drawn with replacement.

    Groups, not rows, are drawn, since rows of one group are not independent (the *cluster* bootstrap).

    Parameters
    ----------
    statistic : callable
        From the multiplicities of the groups, shape (groups,), to a number or an array of k numbers; NaN where it is
        undefined. What it compares is compared on the same draw (a *paired* bootstrap).
    groups : int
        How many there are; as many are drawn.
    resamples : int
        How often.
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    array, shape (resamples,) or (resamples, k)

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, chapters 6 and 8.

    Examples
    --------
    >>> values = np.arange(20.0)
    >>> means = resample(lambda counts: counts @ values / 20, 20, resamples=500, seed=0)
    >>> bool(abs(means.mean() - 9.5) < 0.2)
    True
    """
    random = np.random.default_rng(seed)
    draws = (np.bincount(random.integers(groups, size=groups), minlength=groups) for _ in range(resamples))
    return np.array([statistic(counts.astype(float)) for counts in draws], dtype=float)


def group_codes(groups: Any, rows: int) -> tuple[NDArray[np.intp], int]:
    """Number the groups of rows from 0, and count them; without any, each row is one.

    Raises
    ------
    ValidationError
        If there is not one plain label per row.

    Examples
    --------
    >>> group_codes(["mon", "tue", "mon"], 3)
    (array([0, 1, 0]), 2)
    """
    if groups is None:
        return np.arange(rows), rows
    if isinstance(groups, str) or not hasattr(groups, "__len__") or getattr(groups, "ndim", 1) != 1:
        raise ValidationError(f"groups is a {type(groups).__name__}; give one label per row, such as X['day']")
    if len(groups) != rows:
        raise ValidationError(f"there are {len(groups)} group labels for {rows} rows")
    try:
        codes, labels = pd.factorize(pd.Series(groups))
    except TypeError as error:
        raise ValidationError("groups holds labels without a hash, such as lists; give plain ones") from error
    if missing := int((codes < 0).sum()):
        raise ValidationError(f"groups is missing in {missing} of {rows} rows; leave them out or give them a label")
    return codes, len(labels)


def percentile_interval(values: Array, confidence: float, groups: int) -> tuple[float, float]:
    """Return the central part of a bootstrap distribution, expanded for few groups.

    Draws of few groups vary less than those groups themselves do, by as much as Student's t differs from the normal
    distribution; so percentiles further out are taken.

    Parameters
    ----------
    values : array of float
        Bootstrap replicates.
    confidence : float
        How often such an interval should hold what is true, between 0 and 1; the rest is split equally between both
        tails.
    groups : int
        Of how many groups the replicates were drawn, at least 2.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 13.3; T. C.
    Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015, section 3.3 (the
    expansion).

    Examples
    --------
    >>> [round(end) for end in percentile_interval(np.arange(101.0), 0.5, 1_000_000)]
    [25, 75]
    >>> [round(end) for end in percentile_interval(np.arange(101.0), 0.5, 10)]
    [23, 77]
    """
    tail = norm.cdf(student_quantile((1 - confidence) / 2, groups))
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def student_quantile(tail: float, groups: int) -> float:
    """Return how many standard deviations of draws of few groups a quantile of what they vary around is away.

    Student's t, for a standard deviation that is too small by the square root of ``(groups - 1) / groups``.

    Examples
    --------
    >>> round(student_quantile(0.975, 10), 3), round(student_quantile(0.975, 1_000_000), 3)
    (2.385, 1.96)
    """
    return float(student.ppf(tail, groups - 1)) * math.sqrt(groups / (groups - 1))
