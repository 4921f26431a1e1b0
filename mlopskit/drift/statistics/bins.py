"""Numbers in a few bins, so that they can be compared as labels are."""

from __future__ import annotations

import numpy as np

from mlopskit.drift.statistics.statistic import Sample

BINS = 10


def binned(reference: Sample, current: Sample) -> tuple[Sample, Sample]:
    """Put numbers between the deciles of both samples together; labels stay as they are.

    Were they the deciles of one sample, its counts would not be as random as the other's, and small samples would raise
    too many alarms. A value of more than a tenth of the rows fills a bin or more by itself, so that there may be fewer
    than 10.

    Examples
    --------
    >>> cells = np.arange(100.0)
    >>> before, after = binned(Sample(cells, np.ones(100, dtype=int)), Sample(cells, np.arange(100)))
    >>> before.counts.tolist()
    [31, 13, 11, 8, 8, 6, 7, 5, 6, 5]
    """
    if not reference.ordered or len(reference.counts) <= BINS:
        return reference, current
    pooled = reference.counts + current.counts
    middle = (np.cumsum(pooled) - pooled / 2) / pooled.sum()
    bin_of_cell = np.minimum((middle * BINS).astype(np.intp), BINS - 1)
    starts = np.flatnonzero(np.diff(bin_of_cell, prepend=-1))
    first, second = (Sample(each.values[starts], np.add.reduceat(each.counts, starts)) for each in (reference, current))
    return first, second
