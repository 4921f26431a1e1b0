"""How the gap between two distribution functions wanders when nothing has moved: as a Brownian bridge.

Times the root of ``n m / (n + m)`` the gap after a share t of the pooled values has the covariance ``s (1 - t)`` with
the gap after a share s before it. Between cells nothing is seen of it, so that ties and few distinct values are allowed
for.
"""

from __future__ import annotations

import attrs
import numpy as np

from mlopskit.drift.statistics.statistic import Floats, Places, Sample
from mlopskit.drift.weighted_chi_square import survival

_GROUPS = 64
TIED = 1 / _GROUPS
"""A cell with a greater share of the pooled values keeps the bridge from being seen everywhere."""

_FIRST, _LAST = np.finfo(np.float64).tiny, np.nextafter(1.0, 0.0)


@attrs.frozen(eq=False)
class Gaps:
    """The gap between two samples' distribution functions after each cell but the last.

    Attributes
    ----------
    gap : ndarray of float64, shape (cells - 1,)
        Reference minus current.
    time : ndarray of float64, shape (cells - 1,)
        The share of the pooled values so far, between 0 and 1 even if rows at the ends weigh next to nothing.
    share : ndarray of float64, shape (cells,)
        The share of the pooled values in each cell.
    """

    gap: Floats
    time: Floats
    share: Floats

    @classmethod
    def between(cls, reference: Sample, current: Sample) -> Gaps:
        """Return the gaps of two samples."""
        rows = reference.size + current.size
        before, after = reference.cumulative[:-1], current.cumulative[:-1]
        time = before * (reference.size / rows) + after * (current.size / rows)
        if len(time) and not 0 < time[0] <= time[-1] < 1:
            time = within(time)
        return cls(before - after, time, (reference.counts + current.counts) / rows)

    @property
    def is_tied(self) -> bool:
        """Whether many values are the same."""
        return bool(self.share.max() > TIED)

    @property
    def groups(self) -> Places:
        """The last gaps of at most 64 groups of neighbouring cells, as places in `gap`."""
        middle = np.concatenate([self.time, [1.0]]) - self.share / 2
        group = np.minimum((middle * _GROUPS).astype(np.intp), _GROUPS - 1)
        return np.flatnonzero(np.diff(group))


def within(time: Floats) -> Floats:
    """Keep shares off 0 and 1, which sums of weights that are next to nothing are rounded to.

    Examples
    --------
    >>> within(np.array([0.0, 0.5, 1.0])) * (1 - within(np.array([0.0, 0.5, 1.0]))) > 0
    array([ True,  True,  True])
    """
    return np.minimum(np.maximum(time, _FIRST), _LAST)


def quadratic_p_value(statistic: float, time: Floats, weights: Floats) -> float:
    """Tell how likely ``sum(weights * bridge(time)^2)`` is to exceed a value.

    It is a sum of chi-squares weighted by the eigenvalues of the bridge's covariance. The inverse of that is
    tridiagonal, but no inverse can tell of times that are next to the same.

    Parameters
    ----------
    statistic : float
    time : ndarray of float64, shape (gaps,)
        Ascending, between 0 and 1.
    weights : ndarray of float64, shape (gaps,)
        Positive.

    Examples
    --------
    A bridge seen at one time only, where its variance is 1/4:

    >>> round(quadratic_p_value(3.84, np.array([0.5]), np.array([4.0])), 2)
    0.05
    """
    if not len(time):
        return 1.0
    roots = np.sqrt(weights)
    covariance = np.outer(roots * time, roots * (1 - time))  # above the diagonal, where the first time is the earlier
    return survival(statistic, np.linalg.eigvalsh(covariance, UPLO="U").astype(np.float64))
