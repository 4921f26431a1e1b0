"""`Cells`: how often values occur, in cells as fine as a bounded number of them allows.

Each value is a 64-bit key, and a cell is all keys that agree but for some of their low bits. How many bits are dropped
follows from the set of distinct keys alone, and dropping more can be done later. Therefore the cells of two samples
merge into exactly what the cells of both samples together would have been, in any order and any number of pieces.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
Counts = npt.NDArray[Any]

_SAMPLED = 8_192
_FEW = 2 * _SAMPLED


@attrs.frozen(eq=False)
class Cells:
    """Counts of keys, of which the `dropped` low bits do not count.

    Attributes
    ----------
    keys : ndarray of int64, shape (cells,)
        What is left of the keys, ascending; only cells that are not empty.
    counts : ndarray of int64 or float64, shape (cells,)
        How often each occurs, or the sum of its weights.
    dropped : int
        Low bits that were dropped.
    limit : int
        At most so many cells are kept, 2 or more.

    Examples
    --------
    >>> Cells.of(np.array([5, 4, 9, 5]), limit=3)
    Cells(keys=array([4, 5, 9]), counts=array([1, 2, 1]), dropped=0, limit=3)
    >>> Cells.of(np.array([5, 4, 9, 5]), limit=2)
    Cells(keys=array([2, 4]), counts=array([3, 1]), dropped=1, limit=2)
    """

    keys: Keys
    counts: Counts
    dropped: int
    limit: int

    @classmethod
    def of(cls, keys: Keys, limit: int) -> Cells:
        """Count keys, in any order."""
        dropped = 0
        if len(keys) > _FEW:  # some of them tell how many bits have to go at least
            dropped = _bits_to_drop(np.sort(keys[:: len(keys) // _SAMPLED]), limit)
            keys = keys >> dropped
        return cls(*_counted(keys), dropped, limit)._fitted()

    @classmethod
    def of_ordered(cls, ascending: Keys, limit: int) -> Cells:
        """Count ascending keys."""
        return cls(*_counted_in_order(ascending), 0, limit)._fitted()

    @classmethod
    def of_counted(cls, keys: Keys, counts: Counts, limit: int) -> Cells:
        """Take keys, in any order, that were counted or weighed already."""
        order = np.argsort(keys)
        return cls(*_summed(keys[order], counts[order]), 0, limit)._fitted()

    @classmethod
    def none(cls, limit: int) -> Cells:
        """Return the cells of no keys, with which merging starts."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), 0, limit)

    @property
    def total(self) -> float:
        """How many keys were counted, or what they weigh."""
        return float(self.counts.sum())

    def __add__(self, other: Cells) -> Cells:
        """Merge with the cells of other keys."""
        dropped = max(self.dropped, other.dropped)
        first, second = self.coarsened(dropped), other.coarsened(dropped)
        keys = np.concatenate([first.keys, second.keys])
        order = np.argsort(keys, kind="stable")
        counts = np.concatenate([first.counts, second.counts])[order]
        merged = Cells(*_summed(keys[order], counts), dropped, min(self.limit, other.limit))
        return merged._fitted()

    def coarsened(self, dropped: int) -> Cells:
        """Drop more bits, `dropped` in all."""
        if dropped <= self.dropped:
            return self
        keys, counts = _summed(self.keys >> (dropped - self.dropped), self.counts)
        return Cells(keys, counts, dropped, self.limit)

    def _fitted(self) -> Cells:
        return self.coarsened(self.dropped + _bits_to_drop(self.keys, self.limit))


def aligned(first: Cells, second: Cells) -> tuple[Cells, Counts, Counts]:
    """Put two samples into the same cells: those cells, and the counts of each sample in them.

    Examples
    --------
    >>> cells, before, after = aligned(Cells.of(np.array([1, 1, 3]), 9), Cells.of(np.array([2, 3]), 9))
    >>> cells.keys, before, after
    (array([1, 2, 3]), array([2, 0, 1]), array([0, 1, 1]))
    """
    dropped = max(first.dropped, second.dropped)
    keys = np.concatenate([first.keys >> (dropped - first.dropped), second.keys >> (dropped - second.dropped)])
    order = keys.argsort(kind="stable")  # which merges two ascending runs
    ascending = keys[order]
    starts = _starts(ascending)
    cell = np.empty_like(order)
    cell[order] = starts.cumsum() - 1
    keys, own = ascending[starts], len(first.keys)
    before, after = _added(first.counts, cell[:own], len(keys)), _added(second.counts, cell[own:], len(keys))
    return Cells(keys, before + after, dropped, first.limit), before, after


def _added(counts: Counts, cell: npt.NDArray[np.intp], cells: int) -> Counts:
    """Add counts up by the cell that each belongs to."""
    added = np.zeros(cells, dtype=counts.dtype)
    np.add.at(added, cell, counts)
    return added


def _bits_to_drop(keys: Keys, limit: int) -> int:
    """Find how many bits have to go until no more than `limit` of the ascending keys differ."""
    low, high = 0, 64
    if len(keys) <= limit or _distinct(keys) <= limit:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _distinct(keys >> middle) <= limit else (middle, high)
    return high


def _distinct(ascending: Keys) -> int:
    return int(np.count_nonzero(ascending[1:] != ascending[:-1])) + 1


def _counted(keys: Keys) -> tuple[Keys, Counts]:
    """Count distinct keys: where they lie close together a table is much faster than sorting."""
    if len(keys) <= _FEW:
        return _counted_in_order(np.sort(keys))
    least = int(keys.min())
    span = int(keys.max()) - least + 1
    if span > 16 * len(keys):
        return _counted_in_order(np.sort(keys))
    table = np.bincount(keys - least, minlength=span)
    places = np.flatnonzero(table)
    return places + least, table[places]


def _counted_in_order(ascending: Keys) -> tuple[Keys, Counts]:
    is_edge = np.ones(len(ascending) + 1, dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=is_edge[1:-1])
    edges = np.flatnonzero(is_edge)
    return ascending[edges[:-1]], edges[1:] - edges[:-1]


def _summed(ascending: Keys, counts: Counts) -> tuple[Keys, Counts]:
    """Add the counts of equal keys."""
    starts = np.flatnonzero(_starts(ascending))
    return ascending[starts], np.add.reduceat(counts, starts) if len(starts) else counts


def _starts(ascending: Keys) -> npt.NDArray[np.bool_]:
    """Tell where a key differs from the one before."""
    starts = np.ones(len(ascending), dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=starts[1:])
    return starts
