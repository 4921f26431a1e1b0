"""`Moments`: mean and spread of numbers, which add up over pieces of them."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class Moments:
    """Count, mean and sum of squared deviations, which add up exactly as if all rows were seen at once.

    T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance, 1983, formula (1.5).

    Examples
    --------
    >>> Moments.of(np.array([1.0, 2.0])).merge(Moments.of(np.array([6.0])))
    Moments(count=3, mean=3.0, squares=14.0)
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: NDArray[Any]) -> Moments:
        """Return those of some numbers."""
        if not len(values):
            return cls()
        with np.errstate(invalid="ignore"):  # infinite ones have no deviations
            mean = float(values.mean())
            return cls(len(values), mean, float(np.square(values - mean).sum()))

    def merge(self, other: Moments) -> Moments:
        """Return those of both."""
        count = self.count + other.count
        if not self.count or not other.count:
            return other if other.count else self
        if not (math.isfinite(self.mean) and math.isfinite(other.mean)):
            return Moments(count, self.mean + other.mean, math.nan)  # as over all rows at once
        apart = other.mean - self.mean
        mean = self.mean + apart * other.count / count
        squares = self.squares + other.squares + apart * apart * self.count * other.count / count
        return Moments(count, mean, squares)
