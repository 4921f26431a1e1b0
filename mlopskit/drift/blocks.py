"""Rows that are not independent: whole groups of them are dealt out at random to see what chance does.

The delays of one day have a storm in common, and the visits of one customer their habits. A test that takes such rows
for independent takes one storm for a thousand pieces of news.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopskit.drift.cells import Cells
from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.counting import GROUP_CELLS
from mlopskit.drift.profile import Profile
from mlopskit.drift.statistics.bridge import within

DEALS = 4_999
_AT_ONCE = 250
Counts = npt.NDArray[Any]
Places = npt.NDArray[np.intp]


def block_p_value(reference: Mapping[int, Profile], current: Mapping[int, Profile], column: str) -> float:
    """Tell how likely whole groups, dealt out to two samples at random, differ as much in a column.

    The difference is the statistic that the column is compared by by default, Anderson-Darling's for numbers and
    Pearson's for labels, on at most 64 cells of all groups together. Where there are no more than 4,999 ways to deal
    the groups out, all are tried and the p-value is exact; otherwise so many are drawn with a fixed seed, and the
    observed one counts as one of them (B. Phipson and G. K. Smyth, Permutation p-values should never be zero, 2010).
    With few groups no p-value can be small: one day against thirty has one of at least 1/31.

    Parameters
    ----------
    reference, current : mapping of int to Profile
        The profiles of the groups on both sides, by the keys of their labels.
    column : str

    Returns
    -------
    float
        1 if a side has no group with a value.
    """
    sides = [_filled(side, column) for side in (reference, current)]
    if not all(sides):
        return 1.0
    table = _table([each.cells for side in sides for each in side])
    return _p_value(table, len(sides[0]), ordered=sides[0][0].kind in NUMBERS)


def missing_p_value(reference: Mapping[int, Profile], current: Mapping[int, Profile], column: str) -> float:
    """Tell the same of the share of missing values."""
    sides = [
        [each.columns[column] for each in side.values() if each.columns[column].rows] for side in (reference, current)
    ]
    if not all(sides):
        return 1.0
    table = np.array([[each.values, each.missing] for side in sides for each in side])
    return _p_value(table, len(sides[0]), ordered=False)


def _filled(side: Mapping[int, Profile], column: str) -> list[ColumnProfile]:
    return [each.columns[column] for each in side.values() if each.columns[column].values]


def _table(blocks: Sequence[Cells]) -> Counts:
    """Put all groups into the same cells: shape (groups, cells)."""
    dropped = max(each.dropped for each in blocks)
    coarse = [each.coarsened(dropped) for each in blocks]
    counts = np.concatenate([each.counts for each in coarse])
    distinct, cell = np.unique(np.concatenate([each.keys for each in coarse]), return_inverse=True)
    if len(distinct) > GROUP_CELLS:
        cell = _of_even_shares(np.bincount(cell, counts))[cell]
    block = np.repeat(np.arange(len(blocks)), [len(each.keys) for each in coarse])
    cells = int(cell.max()) + 1
    return np.bincount(block * cells + cell, counts, len(blocks) * cells).reshape(len(blocks), cells)


def _of_even_shares(pooled: Counts) -> Places:
    """Throw neighbouring cells together until 64 are left, each with about as many rows: their new places."""
    middle = (np.cumsum(pooled) - pooled / 2) / pooled.sum()
    return np.unique((middle * GROUP_CELLS).astype(np.intp), return_inverse=True)[1]


def _p_value(table: Counts, first: int, *, ordered: bool) -> float:
    table = table[:, table.any(axis=0)]
    pooled = table.sum(axis=0) / table.sum()
    if ordered:
        table, time = np.cumsum(table, axis=1), within(np.cumsum(pooled)[:-1])
        weights = np.append((pooled[:-1] + pooled[1:]) / 2 / (time * (1 - time)), 0.0)
    else:
        weights = 1 / pooled
    sizes = table[:, -1] if ordered else table.sum(axis=1)
    (observed,) = _statistics(np.arange(len(table))[np.newaxis] < first, table, sizes, weights)
    found = np.concatenate([_statistics(each, table, sizes, weights) for each in _deals(len(table), first)])
    as_large = int((found >= observed * (1 - 1e-9)).sum())
    if len(found) < DEALS:  # all ways, the observed one among them
        return as_large / len(found)
    return (1 + as_large) / (1 + len(found))


def _deals(groups: int, first: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Choose groups for the first sample, some hundred ways at a time: shape (ways, groups)."""
    ways, random = combinations(range(groups), first), np.random.default_rng(0)
    number = min(math.comb(groups, first), DEALS)
    for start in range(0, number, _AT_ONCE):
        some = min(_AT_ONCE, number - start)
        if number < DEALS:
            chosen = np.array(list(islice(ways, some)))
        else:
            chosen = np.argpartition(random.random((some, groups)), first, axis=1)[:, :first]
        dealt = np.zeros((some, groups), dtype=bool)
        np.put_along_axis(dealt, chosen, values=True, axis=1)
        yield dealt


def _statistics(
    dealt: npt.NDArray[np.bool_], table: Counts, sizes: Counts, weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give ``n m / (n + m) * sum weights (F - G)^2`` for each way to deal the groups out."""
    chosen = dealt.astype(np.float64)
    n = chosen @ sizes
    m = sizes.sum() - n
    first = chosen @ table
    gaps = first / n[:, None] - (table.sum(axis=0) - first) / m[:, None]
    found: npt.NDArray[np.float64] = n * m / (n + m) * (np.square(gaps) @ weights)
    return found
