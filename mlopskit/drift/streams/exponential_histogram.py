"""A window of any length in few buckets: each holds twice as many values as the younger ones before it.

A level keeps at most `capacity` buckets of one size; one more, and its two oldest become one bucket of the next level.
Which values share a bucket thus depends on their number alone, so that many values can be added at once.

M. Datar, A. Gionis, P. Indyk, R. Motwani: Maintaining stream statistics over sliding windows. SIAM Journal on
Computing 31 (2002), pages 1794-1813.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.streams.scans import Floats, running_sums

Counts = npt.NDArray[np.int64]


@attrs.define
class Level:
    """Buckets of one size, oldest first: the sum of each, and the sum of its squared deviations from its mean."""

    totals: list[float] = attrs.field(factory=list)
    squares: list[float] = attrs.field(factory=list)


@attrs.define
class ExponentialHistogram:
    """The number of values, their sum and sum of squared deviations, and the same by levels, of 1, 2, 4 ... values."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    levels: list[Level] = attrs.field(factory=lambda: [Level()])

    def add(self, x: float, capacity: int) -> None:
        """Take a value in."""
        before, self.n = self.n, self.n + 1
        deviation = x - self.total / max(before, 1)
        self.squares += before * deviation * deviation / self.n
        self.total += x
        total, squares, size = x, 0.0, 1.0
        for level in self.levels:
            level.totals.append(total)
            level.squares.append(squares)
            if len(level.totals) <= capacity:
                return
            total, squares = _merged(level.totals[:2], level.squares[:2], size)
            del level.totals[:2], level.squares[:2]
            size *= 2
        self.levels.append(Level([total], [squares]))

    def drop_oldest(self) -> None:
        """Forget the values of the oldest bucket; there are others."""
        size, oldest = 2.0 ** (len(self.levels) - 1), self.levels[-1]
        total, squares = oldest.totals.pop(0), oldest.squares.pop(0)
        self.n -= int(size)
        self.total -= total
        deviation = total / size - self.total / self.n
        self.squares -= squares + size * self.n * deviation * deviation / (size + self.n)
        while not self.levels[-1].totals:
            self.levels.pop()

    def buckets(self) -> tuple[Floats, Floats]:
        """Return the sums and sizes of the buckets, oldest first; shapes (buckets, 1)."""
        numbered = list(enumerate(self.levels))[::-1]
        totals = [total for _, level in numbered for total in level.totals]
        sizes = [2.0**exponent for exponent, level in numbered for _ in level.totals]
        return np.array(totals)[:, None], np.array(sizes)[:, None]


class Growth:
    """What becomes of a histogram with each value of a block; the histogram itself stays as it is.

    Attributes
    ----------
    totals, squares : ndarray, shape (values,)
        Those of the whole window after each value.
    """

    def __init__(self, histogram: ExponentialHistogram, block: Floats, capacity: int):
        self.capacity = capacity
        self.begin = histogram.n
        n = np.arange(self.begin + 1, self.begin + len(block) + 1)
        self.totals = running_sums(histogram.total, block)
        deviations = block - np.concatenate(([histogram.total], self.totals[:-1])) / np.maximum(n - 1, 1)
        self.squares = running_sums(histogram.squares, (n - 1) * deviations * deviations / n)
        self._levels = list(self._grow(histogram, block))

    def buckets_after(self, n: Counts) -> tuple[Floats, Floats]:
        """Return the sums and sizes of the buckets when the window has n values, oldest first.

        Parameters
        ----------
        n : ndarray of int, shape (moments,)

        Returns
        -------
        totals, sizes : ndarray, shape (buckets, moments)
            Where a moment has fewer buckets than others, with 0 in between.
        """
        totals, sizes, arrived, size = [], [], n, 1.0
        for first, level_totals, _ in self._levels:
            left = self._left(arrived)
            at = 2 * left + np.arange(self.capacity)[:, None]
            held = at < arrived
            totals.append(level_totals[np.where(held, at - first, -1)])
            sizes.append(np.where(held, size, 0.0))
            arrived, size = left, 2 * size
        return np.concatenate(totals[::-1]), np.concatenate(sizes[::-1])

    def histogram_after(self, n: int) -> ExponentialHistogram:
        """Return the histogram when the window has n values."""
        levels, arrived = [], n
        for first, totals, squares in self._levels:
            if not arrived:
                break
            left = int(self._left(arrived))
            held = slice(2 * left - first, arrived - first)
            levels.append(Level(totals[held].tolist(), squares[held].tolist()))
            arrived = left
        at = n - self.begin - 1
        return ExponentialHistogram(n, float(self.totals[at]), float(self.squares[at]), levels)

    def _grow(self, histogram: ExponentialHistogram, block: Floats) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield for each level the number of its first bucket, and from that one on, sums, a last 0, and squares."""
        arrived_before, arrived, size = self.begin, self.begin + len(block), 1.0
        totals, squares = block, np.zeros(len(block))
        for held in itertools.chain(histogram.levels, itertools.repeat(Level())):
            totals = np.concatenate((held.totals, totals))
            squares = np.concatenate((held.squares, squares))
            yield arrived_before - len(held.totals), np.append(totals, 0.0), squares
            left_before, left = self._left(arrived_before), self._left(arrived)
            if not left:
                return
            older, newer = slice(0, 2 * (left - left_before), 2), slice(1, 2 * (left - left_before), 2)
            totals, squares = _merged((totals[older], totals[newer]), (squares[older], squares[newer]), size)
            arrived_before, arrived, size = left_before, left, 2 * size

    def _left(self, arrived: Any) -> Any:
        """Tell how many pairs have left a level for the next when so many buckets have arrived at it."""
        return np.maximum((arrived - (self.capacity - 1)) // 2, 0)


def _merged(totals: Sequence[Any], squares: Sequence[Any], size: float) -> tuple[Any, Any]:
    """Return sum and squared deviations of two buckets of a size together, for one pair or many."""
    (older, newer), (older_squares, newer_squares) = totals, squares
    difference = older / size - newer / size
    return older + newer, older_squares + newer_squares + size * 0.5 * difference * difference
