"""Anderson-Darling's statistic, the one that numbers are compared by unless another is chosen."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from mlopskit.drift.statistics.bridge import Gaps, quadratic_p_value
from mlopskit.drift.statistics.normal_shift import normal_shift
from mlopskit.drift.statistics.statistic import Comparison, Floats, Sample, Statistic, effective_size
from mlopskit.drift.weighted_chi_square import survival

_TERMS = np.arange(1, 51)
_LARGEST = 40.0


class AndersonDarling(Statistic):
    """Do two samples of numbers have one distribution? The squared gap between them, weighted up in the tails.

    ``A2 = n m / (n + m) * sum over cells (F - G)^2 / (H (1 - H)) dH`` with the pooled distribution H (A. N. Pettitt, A
    two-sample Anderson-Darling rank statistic, Biometrika 63, 1976). A tie's weight goes half to the gap before it and
    half to the one after.

    Of the usual tests of numbers it finds the most: shifts about as often as Kolmogorov-Smirnov, and changes of spread
    far more often. Under the null hypothesis A2 tends to a sum of chi-squares weighted by ``1 / (j (j + 1))``
    (T. W. Anderson and D. A. Darling, 1952), with ties by the eigenvalues that are left. Rows have to be independent,
    and from 5 rows a side on the limit is close enough (F. W. Scholz and M. A. Stephens, K-sample Anderson-Darling
    tests, JASA 82, 1987).

    The effect is that of `normal_shift`: how many standard deviations values have moved.

    Examples
    --------
    >>> cells = np.arange(100.0)
    >>> before, after = Sample(cells, np.repeat([3, 1], 50)), Sample(cells, np.repeat([1, 3], 50))
    >>> AndersonDarling().compare(before, after).p_value < 1e-9
    True
    """

    name = "anderson-darling"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in ascending cells."""
        gaps = Gaps.between(reference, current)
        if not len(gaps.gap):
            return Comparison(0.0, 1.0, 0.0)
        mass = (gaps.share[:-1] + gaps.share[1:]) / 2
        squares = mass / (gaps.time * (1 - gaps.time))
        statistic = effective_size(reference, current) * float(squares @ np.square(gaps.gap))
        p_value = _p_value_with_ties(statistic, gaps) if gaps.is_tied else _p_value(statistic)
        return Comparison(statistic, p_value, normal_shift(reference, current))


def _p_value_with_ties(statistic: float, gaps: Gaps) -> float:
    places = gaps.groups
    time = gaps.time[places]
    share = np.diff(time, prepend=0.0, append=1.0)
    return quadratic_p_value(statistic, time, (share[:-1] + share[1:]) / 2 / (time * (1 - time)))


def _p_value(statistic: float) -> float:
    """Read the tail off a table; beyond it, it is computed."""
    if statistic > _LARGEST:
        return _limit(statistic)
    values, logarithms = _table()
    return math.exp(float(np.interp(statistic, values, logarithms)))


@lru_cache(maxsize=1)
def _table() -> tuple[Floats, Floats]:
    values = np.linspace(0.0, math.sqrt(_LARGEST), 200) ** 2
    tail = [max(_limit(value), 1e-300) for value in values]
    return values, np.log(np.minimum.accumulate(tail))


def _limit(statistic: float) -> float:
    return survival(statistic, 1 / (_TERMS * (_TERMS + 1.0)), rest=1 / (_TERMS[-1] + 1))
