"""Kolmogorov-Smirnov's statistic."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import kolmogorov

from mlopskit.drift.statistics.statistic import Comparison, Sample, Statistic, effective_size

EXACT_ROWS = 400
"""Up to so many rows of both samples together the p-value is exact."""


class KolmogorovSmirnov(Statistic):
    """Do two samples of numbers have one distribution? The largest gap between their cumulative shares.

    The gap ``D = max |F - G|`` is taken after each cell. Where cells hold more than one distinct value, the true gap
    can be larger by at most the share of either sample in one such cell, never smaller: p-values err to the safe side.

    Up to 400 rows the p-value is exact, also with ties: of all ways to deal the values out to two samples, the share
    with a gap at least as large (J. L. Hodges, The significance probability of the Smirnov two-sample test, 1957;
    G. Schroer and D. Trenkler, Exact and randomization distributions of Kolmogorov-Smirnov tests, 1995). Beyond, it is
    ``Q((sqrt(e) + 0.12 + 0.11 / sqrt(e)) * d)`` with Kolmogorov's Q, ``e = n * m / (n + m)`` (M. A. Stephens, Use of
    the Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive tables, JRSS B 32, 1970), and d
    half a step below D on the lattice of multiples of ``1 / lcm(n, m)`` that D lives on; with ties it errs to the safe
    side.

    The effect is D itself: no monotone transformation changes it, so that no outlier can hide a change.

    Examples
    --------
    >>> cells = np.array([1.0, 2.0, 3.0])
    >>> before, after = Sample(cells, np.array([10, 10, 0])), Sample(cells, np.array([0, 10, 10]))
    >>> KolmogorovSmirnov().compare(before, after).statistic
    0.5
    """

    name = "kolmogorov-smirnov"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in ascending cells."""
        gap = float(np.abs(reference.cumulative - current.cumulative).max())
        n, m = reference.size, current.size
        if not (isinstance(n, int) and isinstance(m, int)):  # rows are weighed: there is no lattice
            p_value = _limit(gap, effective_size(reference, current))
        elif n + m <= EXACT_ROWS:
            p_value = _exact_p_value(gap, reference, current)
        else:
            p_value = _limit(max(gap - 0.5 / math.lcm(n, m), 0.0), effective_size(reference, current))
        return Comparison(gap, p_value, effect=gap)


def _limit(gap: float, size: float) -> float:
    root = math.sqrt(size)
    return float(kolmogorov((root + 0.12 + 0.11 / root) * gap))


def _exact_p_value(gap: float, reference: Sample, current: Sample) -> float:
    """Deal the pooled values out in ascending order; collect the probability of a gap that large after a cell."""
    n, m = int(reference.size), int(current.size)
    rows = n + m
    largest = round(gap * n * m)
    ends = set(np.cumsum(reference.counts + current.counts).tolist())
    dealt = np.arange(n + 1)  # to the reference
    probability = np.zeros(n + 1)
    probability[0], p_value = 1.0, 0.0
    for done in range(rows):
        left = rows - done
        to_reference = probability * (n - dealt) / left
        probability = probability * np.maximum(m - (done - dealt), 0) / left
        probability[1:] += to_reference[:-1]
        if done + 1 in ends:
            as_large = np.abs(dealt * m - (done + 1 - dealt) * n) >= largest
            p_value += float(probability[as_large].sum())
            probability[as_large] = 0.0
    return min(p_value, 1.0)
