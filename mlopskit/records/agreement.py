"""Whether two answers of a model are the same, numbers up to rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TOLERANCE = 1e-5
"""Relative; libraries of another build or machine sum floats in another order."""


def disagreeing(found: Any, expected: Any, *, tolerance: float = TOLERANCE) -> npt.NDArray[np.bool_]:
    """Tell which rows of an answer are not as expected.

    Parameters
    ----------
    found, expected : array
        Answers of one row each along the first axis.
    tolerance : float
        By how much numbers may differ, relative to their size; labels have to be equal. Missing equals missing.

    Returns
    -------
    array of bool, one per expected row
        All True if the shapes differ.

    Examples
    --------
    >>> disagreeing([0.1, 0.5], [0.1 + 1e-9, 0.4])
    array([False,  True])
    """
    import numpy as np

    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return np.ones(len(expected), dtype=bool)
    if found.dtype.kind in "fc" and expected.dtype.kind in "fc":
        same = np.isclose(found, expected, rtol=tolerance, atol=tolerance**2, equal_nan=True)
    else:
        same = np.asarray((found == expected) | ((found != found) & (expected != expected)), dtype=bool)
    disagree: npt.NDArray[np.bool_] = ~same.all(axis=tuple(range(1, same.ndim)))
    return disagree
