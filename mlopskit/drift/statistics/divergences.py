"""Distances between two histograms: of labels, or of numbers between the deciles of both samples.

Their sizes are what people know thresholds for. None has a p-value of its own: those with squares all tend to a
multiple of Pearson's chi-square when nothing has moved, and the others ask the same question, so that the p-value is
that of `ChiSquare` on the same cells. Rows have to be independent.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import chdtrc, rel_entr, xlogy

from mlopskit.drift.statistics.bins import binned
from mlopskit.drift.statistics.chi_square import homogeneity
from mlopskit.drift.statistics.statistic import Comparison, Counts, Floats, Sample, Statistic


class _Divergence(Statistic):
    """A distance of shares, which is statistic and effect."""

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in the same cells."""
        before, after = binned(reference, current)
        distance = self.distance(*self._shares(before.counts, after.counts))
        return Comparison(distance, homogeneity(before.counts, after.counts).p_value, effect=distance)

    @abstractmethod
    def distance(self, p: Floats, q: Floats) -> float:
        """Return how far two histograms are apart."""

    def _shares(self, before: Counts, after: Counts) -> tuple[Floats, Floats]:
        return before / before.sum(), after / after.sum()


class PopulationStabilityIndex(_Divergence):
    """How far have two histograms moved apart, as credit scoring counts it? ``sum (p - q) ln(p / q)``.

    Below 0.1 is taken for stable, above 0.25 for a shift (N. Siddiqi, Credit Risk Scorecards, 2006). It is the
    symmetrised Kullback-Leibler divergence (H. Jeffreys, 1946). Half a row is added to each cell, since an empty one
    would make it infinite.

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([5000, 5000], [6000, 4000]))
    >>> round(PopulationStabilityIndex().compare(before, after).effect, 4)
    0.0405
    """

    name = "psi"

    def distance(self, p: Floats, q: Floats) -> float:
        """Return the index."""
        return float((p - q) @ np.log(p / q))

    def _shares(self, before: Counts, after: Counts) -> tuple[Floats, Floats]:
        return super()._shares(before + 0.5, after + 0.5)


class JensenShannon(_Divergence):
    """How far have two histograms moved apart, from 0 to 1? The root of the divergence from their mean, in bits.

    ``sqrt((KL(p | r) + KL(q | r)) / 2)`` with ``r = (p + q) / 2`` and logarithms to base 2 (J. Lin, Divergence measures
    based on the Shannon entropy, 1991; the root is a metric: D. M. Endres and J. E. Schindelin, 2003).

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([10, 0], [0, 10]))
    >>> JensenShannon().compare(before, after).effect
    1.0
    """

    name = "jensen-shannon"

    def distance(self, p: Floats, q: Floats) -> float:
        """Return the distance."""
        middle = (p + q) / 2
        return float(np.sqrt(max((rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / np.log(4), 0.0)))


class Hellinger(_Divergence):
    """How far have two histograms moved apart, from 0 to 1? ``sqrt(sum (sqrt(p) - sqrt(q))^2 / 2)`` (Hellinger, 1909).

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([10, 0], [0, 10]))
    >>> Hellinger().compare(before, after).effect
    1.0
    """

    name = "hellinger"

    def distance(self, p: Floats, q: Floats) -> float:
        """Return the distance."""
        return float(np.sqrt(np.square(np.sqrt(p) - np.sqrt(q)).sum() / 2))


class TotalVariation(_Divergence):
    """What share of the rows would have to change their cell? ``sum |p - q| / 2``.

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([50, 50], [40, 60]))
    >>> round(TotalVariation().compare(before, after).effect, 6)
    0.1
    """

    name = "total-variation"

    def distance(self, p: Floats, q: Floats) -> float:
        """Return the distance."""
        return float(np.abs(p - q).sum() / 2)


class LInfinity(_Divergence):
    """By how much has the share of any one cell changed? ``max |p - q|``, TensorFlow Data Validation's distance.

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([50, 50], [40, 60]))
    >>> round(LInfinity().compare(before, after).effect, 6)
    0.1
    """

    name = "l-infinity"

    def distance(self, p: Floats, q: Floats) -> float:
        """Return the distance."""
        return float(np.abs(p - q).max())


class GTest(Statistic):
    """Do two samples fall into cells in the same proportions? The likelihood ratio test, Woolf's G.

    ``G = 2 sum observed ln(observed / expected)`` with ``cells - 1`` degrees of freedom (B. Woolf, 1957; Agresti,
    Categorical Data Analysis, section 3.2). Rows have to be independent, and about five be expected in each cell: with
    fewer `ChiSquare`, which pools such cells, is the one to take. Numbers are counted between the deciles of both
    samples.

    The effect is the total variation distance.

    Examples
    --------
    >>> labels = np.array([0.0, 1.0])
    >>> before, after = (Sample(labels, np.array(counts), ordered=False) for counts in ([50, 50], [40, 60]))
    >>> round(GTest().compare(before, after).statistic, 3)
    2.024
    """

    name = "g-test"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in the same cells."""
        before, after = binned(reference, current)
        table = np.array([before.counts, after.counts])
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        statistic = max(2 * float((xlogy(table, table) - xlogy(table, expected)).sum()), 0.0)
        freedom = table.shape[1] - 1
        p_value = float(chdtrc(freedom, statistic)) if freedom else 1.0
        return Comparison(statistic, p_value, effect=float(np.abs(before.shares - after.shares).sum() / 2))
