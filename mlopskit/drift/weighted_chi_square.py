"""The tail of a weighted sum of chi-squares, the limit in which quadratic statistics end when nothing has moved.

Anderson-Darling's, Cramer-von Mises' and the energy statistic, MMD and Hotelling-like sums all have it; they differ in
the weights.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr

Weights = npt.NDArray[np.float64]

_STEPS = 60
_CLOSE = 1e-9


def survival(statistic: float, weights: Weights, *, rest: float = 0.0) -> float:
    """Tell how likely a weighted sum of independent chi-squares, of one degree of freedom each, is to exceed a value.

    The saddlepoint approximation of D. Kuonen, Saddlepoint approximations for distributions of quadratic forms in
    normal variables, Biometrika 86 (1999), formulas (3) and (4). Far out in the tail it is too large by at most a tenth
    of the true value, and by a few hundredths where terms are many: it errs to the safe side.

    Parameters
    ----------
    statistic : float
        The value of ``sum(weights * chi_squares)``.
    weights : ndarray of float64, shape (terms,)
        Zeros and below are passed over.
    rest : float, default 0.0
        The mean of further terms, each too small to vary.

    Returns
    -------
    float
        From 0 to 1; 1 if no weight is positive and nothing exceeds the rest.

    Examples
    --------
    Five equal weights give the chi-square of five degrees of freedom, which exceeds 11.07 in 5 % of cases:

    >>> round(survival(11.07, np.ones(5)), 3)
    0.05
    """
    terms = weights[weights > 0]
    value = statistic - rest
    if value <= 0:
        return 1.0
    if not len(terms):
        return 0.0
    largest = float(terms.max())
    if len(terms) == 1:
        return float(chdtrc(1, value / largest))
    scaled, value = terms / largest, value / largest
    mean = float(scaled.sum())
    if abs(value - mean) < 1e-4 * mean:  # where the formula is 0 / 0; it is smooth around
        low, high = (_saddlepoint(mean * (1 + side * 2e-4), scaled) for side in (-1, 1))
        return (low + high) / 2
    return _saddlepoint(value, scaled)


def _saddlepoint(value: float, weights: Weights) -> float:
    point = _saddle(value, weights)
    left = 1.0 - 2.0 * point * weights
    generating = -0.5 * float(np.log(left).sum())
    curvature = 2.0 * float(np.square(weights / left).sum())
    w = math.copysign(math.sqrt(max(2.0 * (point * value - generating), 0.0)), point)
    v = point * math.sqrt(curvature)
    return min(max(float(ndtr(-(w + math.log(v / w) / w))), 0.0), 1.0)


def _saddle(value: float, weights: Weights) -> float:
    """Solve ``sum(weights / (1 - 2 s weights)) = value`` for s below 1/2, where the largest weight is 1.

    The left side grows in s from 0 to infinity, so that halving the bracket is safe where Newton's step leaves it.
    """
    terms = len(weights)
    low, high = 0.5 - terms / (2.0 * value), 0.5 - 1.0 / (2.0 * value) if value > 1 else 0.5
    low, high = min(low, high), max(low, high)
    point = (low + high) / 2
    for _ in range(_STEPS):
        shares = weights / (1.0 - 2.0 * point * weights)
        miss = float(shares.sum()) - value
        if abs(miss) < _CLOSE * value:
            break
        low, high = (low, point) if miss > 0 else (point, high)
        step = point - miss / (2.0 * float(np.square(shares).sum()))
        point = step if low < step < high else (low + high) / 2
    return point
