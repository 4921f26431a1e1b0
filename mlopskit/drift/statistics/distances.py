"""Distances in the units of the numbers: Wasserstein's, and the energy distance.

Nothing that lies further away than ten interquartile ranges of the reference counts for more than that, so that a
single value of 1e12, or an infinite one, neither makes such a distance by itself nor hides one.
"""

from __future__ import annotations

import math

import numpy as np

from mlopskit.drift.statistics.bridge import Gaps, quadratic_p_value
from mlopskit.drift.statistics.statistic import Comparison, Floats, Places, Sample, Statistic, effective_size

_REACH = 10.0


class Wasserstein(Statistic):
    """How far do values have to be moved, on average, to make one sample the other? The area between both curves.

    ``W = integral |F - G| dx`` (L. N. Vaserstein, 1969), in standard deviations of the reference if `normed`. Its
    p-value is the share of 9,999 Brownian bridges, drawn with a fixed seed, with a greater area (E. del Barrio, E. Gine
    and C. Matran, Central limit theorems for the Wasserstein distance, 1999), at least one over their number. Rows have
    to be independent.

    The effect is the normed distance: 0.1 for a mean that moved by a tenth of a standard deviation.

    Parameters
    ----------
    normed : bool, default True
        Whether the statistic is in standard deviations rather than in the values' own unit.
    draws : int, default 9999
        How many bridges.

    Examples
    --------
    >>> cells = np.arange(6.0)
    >>> before, after = Sample(cells, np.array([1, 1, 1, 1, 1, 0])), Sample(cells, np.array([0, 1, 1, 1, 1, 1]))
    >>> round(Wasserstein(normed=False).compare(before, after).statistic, 6)
    1.0
    """

    name = "wasserstein"

    def __init__(self, *, normed: bool = True, draws: int = 9_999):
        self.normed = normed
        self.draws = draws

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in ascending cells."""
        values, unit = _within_reach(reference)
        widths, gaps = np.diff(values), Gaps.between(reference, current)
        area = float(np.abs(gaps.gap) @ widths)
        deviation = _deviation(values, reference)
        normed = area / deviation if deviation else float(area > 0)
        scaled = area * math.sqrt(effective_size(reference, current))
        p_value = _area_p_value(scaled, gaps, widths, self.draws)
        return Comparison(normed if self.normed else area * unit, p_value, effect=normed)

    def __repr__(self) -> str:
        return f"Wasserstein(normed={self.normed}, draws={self.draws})"


class Energy(Statistic):
    """Do two samples of numbers have one distribution? The squared area between both curves.

    ``E = 2 n m / (n + m) integral (F - G)^2 dx`` (G. J. Szekely and M. L. Rizzo, Energy statistics, 2013). Under the
    null hypothesis it tends to a sum of chi-squares weighted by the eigenvalues of a Brownian bridge's covariance. Rows
    have to be independent.

    The effect is ``sqrt(integral (F - G)^2 dx)`` with x in standard deviations of the reference.

    Examples
    --------
    >>> cells = np.arange(6.0)
    >>> before, after = Sample(cells, np.array([1, 1, 1, 1, 1, 0])), Sample(cells, np.array([0, 1, 1, 1, 1, 1]))
    >>> round(Energy().compare(before, after).statistic, 6)
    1.0
    """

    name = "energy"

    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples counted in ascending cells."""
        values, unit = _within_reach(reference)
        widths, gaps = np.diff(values), Gaps.between(reference, current)
        area = float(np.square(gaps.gap) @ widths)
        statistic = 2 * effective_size(reference, current) * area
        places, grouped = _grouped(gaps, widths)
        seen = grouped > 1e-12
        p_value = quadratic_p_value(statistic, gaps.time[places][seen], 2 * grouped[seen])
        deviation = _deviation(values, reference)
        effect = math.sqrt(area / deviation) if deviation else float(area > 0)
        return Comparison(statistic * unit, p_value, effect)


def _within_reach(reference: Sample) -> tuple[Floats, float]:
    """Measure values from the middle of the reference in interquartile ranges, at most ten away; return their unit too.

    Where half of the reference is one value, the range is that of its inner 90 %, or all it has.
    """
    for tail in (0.25, 0.05, 0.0):
        places = np.searchsorted(reference.cumulative, [max(tail, 1e-12), 1 - tail - 1e-12])
        low, high = reference.values[np.minimum(places, len(reference.values) - 1)].tolist()
        unit = high / 2 - low / 2  # halved first, so that it is finite
        if math.isfinite(unit) and unit > 0:
            break
    else:
        unit, low = 0.5, low if math.isfinite(low) else 0.0
    with np.errstate(over="ignore"):
        away = (reference.values - (low + unit)) / (2 * unit)
    return np.clip(away, -_REACH, _REACH), 2 * unit


def _deviation(values: Floats, sample: Sample) -> float:
    mean = float(values @ sample.shares)
    return math.sqrt(float(np.square(values - mean) @ sample.shares))


def _grouped(gaps: Gaps, widths: Floats) -> tuple[Places, Floats]:
    """Let at most 64 gaps stand for the ones around them: their places, and the widths they stand for."""
    places = gaps.groups
    if not len(places):
        return places, np.empty(0)
    middle = (places[1:] + places[:-1] + 1) // 2
    return places, np.add.reduceat(widths, np.concatenate([[0], middle]))


def _area_p_value(area: float, gaps: Gaps, widths: Floats, draws: int) -> float:
    places, grouped = _grouped(gaps, widths)
    if not len(places):
        return 1.0
    time = gaps.time[places]
    steps = np.sqrt(np.diff(time, prepend=0.0, append=1.0))
    motion = np.cumsum(np.random.default_rng(0).standard_normal((draws, len(steps))) * steps, axis=1)
    areas = np.abs(motion[:, :-1] - motion[:, -1:] * time) @ grouped
    return (1 + int((areas >= area).sum())) / (1 + draws)
