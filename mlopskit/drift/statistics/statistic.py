"""What a statistic is: the one class to subclass to compare two samples in another way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


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
        How much differs, whatever the sample sizes: 0 is nothing, and what `DriftDetector.min_effect` is held against.
    """

    statistic: float
    p_value: float
    effect: float


class Sample:
    """One of two samples, counted in cells that both share.

    Parameters
    ----------
    values : ndarray of float64, shape (cells,)
        Of numbers, what lies in each cell, ascending; of labels just 0, 1, 2, which mean nothing.
    counts : ndarray of int64, shape (cells,)
        How many rows of the sample lie there, or of float64 if rows are weighed; each cell has rows of one sample or
        both.
    ordered : bool, default True
        Whether these are numbers.
    """

    def __init__(self, values: Floats, counts: Counts, ordered: bool = True):
        self.values = values
        self.counts = counts
        self.ordered = ordered

    @cached_property
    def size(self) -> float:
        """How many rows the sample has; no whole number if rows are weighed."""
        return self.counts.sum().item()  # type: ignore[no-any-return]

    @cached_property
    def shares(self) -> Floats:
        """The share of its rows in each cell."""
        return self.counts / self.size

    @cached_property
    def cumulative(self) -> Floats:
        """The share of its rows in each cell and all before."""
        return self.counts.cumsum() / self.size


class Statistic(ABC):
    """Compares two samples; subclass it and define `name` and `compare`.

    Examples
    --------
    >>> class LargestShift(Statistic):
    ...     name = "largest shift"
    ...     def compare(self, reference, current):
    ...         shift = abs(reference.shares - current.shares).max()
    ...         return Comparison(float(shift), p_value=1.0, effect=float(shift))
    >>> cells = np.array([0.0, 1.0])
    >>> LargestShift().compare(Sample(cells, np.array([50, 50])), Sample(cells, np.array([8, 2]))).effect
    0.3...
    """

    name: ClassVar[str]

    @abstractmethod
    def compare(self, reference: Sample, current: Sample) -> Comparison:
        """Compare two samples; neither is empty."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def effective_size(reference: Sample, current: Sample) -> float:
    """Return ``n m / (n + m)``, which the variance of a difference of two means goes down with."""
    n, m = reference.size, current.size
    return n * m / (n + m)
