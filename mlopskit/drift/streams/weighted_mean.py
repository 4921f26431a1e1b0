"""The exponentially weighted mean, one value or many at a time."""

from __future__ import annotations

import attrs
import numpy as np

from mlopskit.drift.streams.scans import Floats, decaying_sums


@attrs.define
class WeightedMean:
    """An exponentially weighted mean, and the sum of the squares of its weights, on which its variance rests."""

    n: int = 0
    mean: float = 0.0
    squares: float = 1.0

    def take(self, x: float, weight: float) -> None:
        """Move on by one value, which gets this weight; the first gets all."""
        keep = 1 - weight
        self.mean = weight * x + keep * self.mean if self.n else x
        self.squares = weight * weight + keep * keep * self.squares
        self.n += 1

    def after_each(self, block: Floats, weight: float) -> tuple[Floats, Floats]:
        """Return the means and squares that `take` would reach on each value of the block."""
        keep = 1 - weight
        weighted = weight * block
        if not self.n:
            weighted[0] = block[0]
        squares = decaying_sums(self.squares, keep * keep, np.full(len(block), weight * weight))
        return decaying_sums(self.mean, keep, weighted), squares
