"""Intervals of shares, good for few rows and for shares near 0 or 1, where a bootstrap would promise certainty."""

from __future__ import annotations

import math

from scipy.stats import norm


def wilson_interval(hits: float, rows: float, confidence: float) -> tuple[float, float]:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    hits, rows : float
        In how many of how many rows it holds; more than none. Fractions are for rows that are not independent.
    confidence : float
        Between 0 and 1.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.

    Examples
    --------
    >>> low, high = wilson_interval(20, 20, 0.95)
    >>> round(low, 3), high
    (0.839, 1.0)
    """
    z = float(norm.ppf((1 + confidence) / 2))
    share, weight = hits / rows, z**2 / rows
    centre = (share + weight / 2) / (1 + weight)
    width = z / (1 + weight) * math.sqrt(share * (1 - share) / rows + weight / (4 * rows))
    return (0.0 if hits == 0 else centre - width), (1.0 if hits == rows else centre + width)


def newcombe_interval(
    hits: float, rows: float, other_hits: float, other_rows: float, confidence: float
) -> tuple[float, float]:
    """Return the interval of a difference between two shares of different rows, made from Wilson's of each.

    Parameters
    ----------
    hits, rows, other_hits, other_rows : float
        In how many of how many rows it holds, of the first share and of the one taken away from it.
    confidence : float
        Between 0 and 1.

    References
    ----------
    R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
    1998, method 10. The example is its table II (a).

    Examples
    --------
    >>> [round(end, 4) for end in newcombe_interval(56, 70, 48, 80, 0.95)]
    [0.0524, 0.3339]
    """
    share, other = hits / rows, other_hits / other_rows
    low, high = wilson_interval(hits, rows, confidence)
    other_low, other_high = wilson_interval(other_hits, other_rows, confidence)
    difference = share - other
    return (
        difference - math.hypot(share - low, other_high - other),
        difference + math.hypot(high - share, other - other_low),
    )
