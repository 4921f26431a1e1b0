"""Pearson's chi-square statistic, the one that labels are compared by unless another is chosen."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, chdtrc

from mlopskit.drift.statistics.bins import binned
from mlopskit.drift.statistics.statistic import Comparison, Counts, Sample, Statistic

# Cochran (1954), Some methods for strengthening the common chi-square tests, Biometrics 10: from here on the
# chi-square distribution fits.
LEAST_EXPECTED = 5.0


class ChiSquare(Statistic):
    """Do two samples fall into cells in the same proportions? Pearson's chi-square test of homogeneity.

    Both samples are random here, unlike in a test of goodness of fit, which takes the reference for the truth and
    raises alarms without end. ``X2 = sum (observed - expected)^2 / expected`` over both rows of the table, with
    ``cells - 1`` degrees of freedom (Pearson 1900; Agresti, Categorical Data Analysis, section 3.2). Numbers are
    counted between the deciles of both samples.

    Cells with fewer than `LEAST_EXPECTED` expected counts are pooled, and with them those that are empty in the
    reference, since which of many rare categories turn up first is chance. If the pool is still too small for the
    approximation, it is compared with the rest by Fisher's exact test, which is independent of the table of the rest;
    the p-value is then twice the smaller one of both.

    The effect is the total variation distance ``sum |p - q| / 2`` over the cells so pooled: the share of rows that
    would have to change category. Where every label is rare, as in a column of identifiers, it is 0.

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> same = Sample(labels, np.array([30, 70]), ordered=False)
    >>> ChiSquare().compare(same, same)
    Comparison(statistic=0.0, p_value=1.0, effect=0.0)
    """

    name = "chi-square"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in the same cells."""
        before, after = binned(reference, current)
        return homogeneity(before.counts, after.counts)


def homogeneity(reference: Counts, current: Counts) -> Comparison:
    """Test whether two samples fall into cells in the same proportions, see `ChiSquare`.

    Examples
    --------
    >>> round(homogeneity(np.array([50, 50]), np.array([40, 60])).p_value, 3)
    0.155
    """
    table = np.array([reference, current])
    smaller_share = table.sum(axis=1).min() / table.sum()
    rare = (table.sum(axis=0) * smaller_share < LEAST_EXPECTED) | (reference == 0)
    pool = table[:, rare].sum(axis=1)
    common = table[:, ~rare]
    cells = np.column_stack([common, pool]) if pool.any() else common
    statistic = _chi_square(cells)
    if 0 < pool.sum() * smaller_share < LEAST_EXPECTED and common.any():
        p_value = _pooled_p_value(common, pool)
    else:
        p_value = _p_value(statistic, cells)
    shares = cells / cells.sum(axis=1, keepdims=True)
    return Comparison(statistic, p_value, effect=float(np.abs(shares[0] - shares[1]).sum() / 2))


def _chi_square(table: Counts) -> float:
    occupied = table[:, table.any(axis=0)]
    rows = occupied.sum(axis=1, keepdims=True)
    if not rows.all():
        return 0.0
    expected = rows * occupied.sum(axis=0) / occupied.sum()
    return float(((occupied - expected) ** 2 / expected).sum())


def _p_value(chi_square: float, table: Counts) -> float:
    freedom = np.count_nonzero(table.any(axis=0)) - 1
    return float(chdtrc(freedom, chi_square)) if freedom > 0 else 1.0


def _pooled_p_value(common: Counts, pool: Counts) -> float:
    exact = fisher_exact(np.column_stack([pool, common.sum(axis=1)]).round().astype(np.int64))  # rows may be weighed
    if common.shape[1] == 1 or not common.sum(axis=1).all():
        return exact
    return min(1.0, 2 * min(exact, _p_value(_chi_square(common), common)))


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
