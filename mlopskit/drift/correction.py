"""Corrections for looking at many columns at once: p-values that can be held against one alpha."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

PValues = npt.NDArray[np.float64]


def benjamini_hochberg(p_values: PValues) -> PValues:
    """Keep the expected share of false alarms among all alarms below alpha.

    If nothing has moved at all, every alarm is false, and the probability of any is below alpha. Holds for independent
    and for positively dependent columns (Benjamini and Hochberg 1995, JRSS B 57; Benjamini and Yekutieli 2001, Annals
    of Statistics 29).

    Parameters
    ----------
    p_values : ndarray of float64, shape (m,)

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.04, 0.04])
    """
    if not len(p_values):
        return p_values
    order = np.argsort(p_values)[::-1]
    scaled = p_values[order] * len(p_values) / np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum.accumulate(np.minimum(scaled, 1.0))
    return corrected


def bonferroni(p_values: PValues) -> PValues:
    """Keep the probability of any false alarm below alpha, however the columns depend on each other.

    Examples
    --------
    >>> bonferroni(np.array([0.01, 0.4]))
    array([0.02, 0.8 ])
    """
    return np.minimum(p_values * len(p_values), 1.0)


def uncorrected(p_values: PValues) -> PValues:
    """Leave p-values as they are: alpha then holds for each column alone."""
    return p_values


CORRECTIONS: dict[str, Callable[[PValues], PValues]] = {
    "bh": benjamini_hochberg,
    "bonferroni": bonferroni,
    "none": uncorrected,
}
