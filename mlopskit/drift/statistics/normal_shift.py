"""How far values have moved, in standard deviations and whatever their distribution: the effect of rank tests."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from mlopskit.drift.statistics.statistic import Sample


def normal_shift(reference: Sample, current: Sample) -> float:
    """Tell how many standard deviations values have moved on average, once the reference is made normal.

    Each cell gets its normal score, the quantile of the standard normal distribution at the middle of the cell's
    ranks in the reference (B. L. van der Waerden, 1952), which is at most the reference's outermost; the effect is
    Wasserstein's distance of both samples' scores. Where the reference is normal it is the normed Wasserstein distance:
    0.1 for a mean that moved by a tenth of a standard deviation. No monotone transformation changes it, and no value,
    however far away, counts for more than the outermost one of the reference.

    Examples
    --------
    >>> cells = np.array([0.0, 1.0])
    >>> round(normal_shift(Sample(cells, np.array([50, 50])), Sample(cells, np.array([40, 60]))), 3)
    0.135
    """
    outermost = 0.5 / reference.size
    ranks = reference.cumulative - reference.counts * outermost
    np.minimum(np.maximum(ranks, outermost, out=ranks), 1 - outermost, out=ranks)
    scores = ndtri(ranks, out=ranks)
    gaps = np.abs(reference.cumulative[:-1] - current.cumulative[:-1])
    return float(gaps @ (scores[1:] - scores[:-1]))
