"""Cramer-von Mises' statistic."""

from __future__ import annotations

import numpy as np

from mlopskit.drift.statistics.bridge import Gaps, quadratic_p_value
from mlopskit.drift.statistics.normal_shift import normal_shift
from mlopskit.drift.statistics.statistic import Comparison, Sample, Statistic, effective_size
from mlopskit.drift.weighted_chi_square import survival

_TERMS = 1 / (np.pi * np.arange(1, 51)) ** 2
_REST = 1 / 6 - _TERMS.sum()


class CramerVonMises(Statistic):
    """Do two samples of numbers have one distribution? The squared gap between them, alike in the middle and the tails.

    ``T = n m / (n + m) * sum over cells (F - G)^2 dH`` (T. W. Anderson, On the distribution of the two-sample
    Cramer-von Mises criterion, 1962). Under the null hypothesis it tends to a sum of chi-squares weighted by
    ``1 / (j pi)^2``; its mean is brought to ``(1 + 1 / N) / 6`` as there. Rows have to be independent.

    The effect is that of `normal_shift`: how many standard deviations values have moved.

    Examples
    --------
    >>> cells = np.array([1.0, 2.0, 3.0, 4.0])
    >>> first, second = Sample(cells, np.array([1, 1, 0, 0])), Sample(cells, np.array([0, 0, 1, 1]))
    >>> CramerVonMises().compare(first, second).statistic
    0.375
    """

    name = "cramer-von-mises"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in ascending cells."""
        gaps = Gaps.between(reference, current)
        statistic = effective_size(reference, current) * float(gaps.share[:-1] @ np.square(gaps.gap))
        adjusted = statistic - 1 / (6 * (reference.size + current.size))
        if gaps.is_tied:
            time = gaps.time[gaps.groups]
            p_value = quadratic_p_value(statistic, time, np.diff(time, prepend=0.0))
        else:
            p_value = survival(adjusted, _TERMS, rest=_REST)
        return Comparison(statistic, p_value, normal_shift(reference, current))
