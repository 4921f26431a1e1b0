"""p-values for looking at many slices at once, which can be held against one alpha."""

from __future__ import annotations

import numpy as np

from mlopskit.validation.bootstrap import Array


def holm(p_values: Array, tests: int | None = None) -> Array:
    """Keep the probability of any false alarm below alpha, however the tests depend on each other.

    Slices overlap, so their tests depend on each other in no simple way; Benjamini-Hochberg would not be safe.

    Parameters
    ----------
    p_values : array of float, shape (m,)
    tests : int, optional
        How many were made, if those not listed are known to have larger p-values; default m.

    References
    ----------
    S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p_values)
    left = (len(p_values) if tests is None else tests) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * left), 1.0)
    return adjusted
