"""Statistics: how far two samples lie apart, and how likely chance alone would put them so far.

All work on counts over the same cells, so that neither sample has to be kept.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import betaln, chdtrc, kolmogorov

Counts = npt.NDArray[np.int64]

# Cochran (1954), Some methods for strengthening the common chi-square tests, Biometrics 10: from here on the
# chi-square distribution fits.
LEAST_EXPECTED = 5.0


@attrs.frozen
class Comparison:
    """What a statistic found.

    Attributes
    ----------
    statistic : float
        Its value, in units of its own.
    p_value : float
        The probability of a value at least this large if both samples come from one distribution; never NaN.
    effect : float
        How much differs, from 0 (nothing) to 1 (everything), whatever the sample sizes.
    """

    statistic: float
    p_value: float
    effect: float


class Statistic(ABC):
    """Compares two samples; subclass it and define `name` and `compare`.

    Examples
    --------
    >>> class LargestShift(Statistic):
    ...     name = "largest shift"
    ...     def compare(self, reference, current):
    ...         shift = abs(reference / reference.sum() - current / current.sum()).max()
    ...         return Comparison(float(shift), p_value=1.0, effect=float(shift))
    >>> LargestShift().compare(np.array([50, 50]), np.array([8, 2])).effect
    0.3...
    """

    name: ClassVar[str]

    @abstractmethod
    def compare(self, reference: Counts, current: Counts) -> Comparison:
        """Compare two samples.

        Parameters
        ----------
        reference, current : ndarray of int64, shape (cells,)
            How many values of each sample fall into each cell, in ascending order of the cells if they have one.
            Neither sample is empty.
        """


class KolmogorovSmirnov(Statistic):
    """Do two samples of numbers have one distribution? The largest gap between their cumulative shares.

    The gap ``D = max |F - G|`` is taken after each cell. Where cells hold more than one distinct value, the true gap
    can be larger by at most the share of either sample in one such cell, never smaller: p-values err to the safe side.

    The p-value is ``Q((sqrt(e) + 0.12 + 0.11 / sqrt(e)) * d)`` with Kolmogorov's Q, ``e = n * m / (n + m)`` (Stephens
    1970, Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive tables, JRSS B 32),
    and d half a step below D on the lattice of multiples of ``1 / lcm(n, m)`` that D lives on (a continuity
    correction, without which it is too small for equal small samples). With ties it errs to the safe side.

    The effect is D itself: invariant under any monotone transformation, so that no outlier can hide a change.

    Examples
    --------
    >>> KolmogorovSmirnov().compare(np.array([10, 10, 0]), np.array([0, 10, 10])).statistic
    0.5
    """

    name = "kolmogorov-smirnov"

    def compare(self, reference: Counts, current: Counts) -> Comparison:
        """Compare two samples counted in ascending cells."""
        n, m = int(reference.sum()), int(current.sum())
        gap = float(np.abs(np.cumsum(reference) / n - np.cumsum(current) / m).max())
        effective = math.sqrt(n * m / (n + m))
        corrected = max(gap - 0.5 / math.lcm(n, m), 0.0)
        p_value = float(kolmogorov((effective + 0.12 + 0.11 / effective) * corrected))
        return Comparison(gap, p_value, effect=gap)


class ChiSquare(Statistic):
    """Do two samples fall into categories in the same proportions? Pearson's chi-square test of homogeneity.

    Both samples are random here, unlike in a test of goodness of fit, which takes the reference for the truth and
    raises alarms without end. ``X2 = sum (observed - expected)^2 / expected`` over both rows of the table, with
    ``cells - 1`` degrees of freedom (Pearson 1900; Agresti, Categorical Data Analysis, section 3.2).

    Cells with fewer than `LEAST_EXPECTED` expected counts are pooled, and with them those that are empty in the
    reference, since which of many rare categories turn up first is chance. If the pool is still too small for the
    approximation, it is compared with the rest by Fisher's exact test, which is independent of the table of the rest;
    the p-value is then twice the smaller one of both.

    The effect is the total variation distance ``sum |p - q| / 2`` over all cells: the share of rows that would have
    to change category.

    Examples
    --------
    >>> ChiSquare().compare(np.array([30, 70]), np.array([30, 70]))
    Comparison(statistic=0.0, p_value=1.0, effect=0.0)
    """

    name = "chi-square"

    def compare(self, reference: Counts, current: Counts) -> Comparison:
        """Compare two samples counted in the same categories."""
        table = np.array([reference, current])
        shares = table / table.sum(axis=1, keepdims=True)
        smaller_share = table.sum(axis=1).min() / table.sum()
        rare = (table.sum(axis=0) * smaller_share < LEAST_EXPECTED) | (reference == 0)
        pool = table[:, rare].sum(axis=1)
        cells = np.column_stack([table[:, ~rare], pool])
        if not pool.any():
            p_value = _chi_square_p_value(table[:, ~rare])
        elif pool.sum() * smaller_share >= LEAST_EXPECTED or not table[:, ~rare].any():
            p_value = _chi_square_p_value(cells)
        else:
            p_value = _pooled_p_value(table[:, ~rare], pool)
        return Comparison(_chi_square(cells), p_value, effect=float(np.abs(shares[0] - shares[1]).sum() / 2))


def _chi_square(table: Counts) -> float:
    occupied = table[:, table.any(axis=0)]
    rows = occupied.sum(axis=1, keepdims=True)
    if not rows.all():
        return 0.0
    expected = rows * occupied.sum(axis=0) / occupied.sum()
    return float(((occupied - expected) ** 2 / expected).sum())


def _chi_square_p_value(table: Counts) -> float:
    freedom = np.count_nonzero(table.any(axis=0)) - 1
    return float(chdtrc(freedom, _chi_square(table))) if freedom > 0 else 1.0


def _pooled_p_value(common: Counts, pool: Counts) -> float:
    exact = fisher_exact(np.column_stack([pool, common.sum(axis=1)]))
    if common.shape[1] == 1 or not common.sum(axis=1).all():
        return exact
    return min(1.0, 2 * min(exact, _chi_square_p_value(common)))


def fisher_exact(table: Counts) -> float:
    """Are the proportions in a 2 x 2 table equal? The two-sided p-value of Fisher's exact test.

    All tables with the same margins that are no more likely than this one are counted (Agresti, section 3.5).

    Parameters
    ----------
    table : ndarray of int64, shape (2, 2)

    Examples
    --------
    >>> round(fisher_exact(np.array([[8, 2], [1, 5]])), 4)
    0.035
    """
    (first, second), column, observed = table.sum(axis=1), table[:, 0].sum(), table[0, 0]
    possible = np.arange(max(0, column - second), min(column, first) + 1)
    log_p = -betaln(possible + 1, first - possible + 1) - betaln(column - possible + 1, second - column + possible + 1)
    p = np.exp(log_p - log_p.max())
    as_extreme = p <= p[observed - possible[0]] * (1 + 1e-7)
    return float(min(1.0, p[as_extreme].sum() / p.sum()))
