"""Rows that are not independent: whole groups of them are dealt out at random to see what chance does.

The delays of one day have a storm in common, and the visits of one customer their habits. A test that takes such rows
for independent takes one storm for a thousand pieces of news.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopskit.drift.cells import Cells
from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.profile import ColumnProfile, Profile

DEALS = 4_999
Counts = npt.NDArray[Any]


def block_p_value(reference: Mapping[int, Profile], current: Mapping[int, Profile], column: str) -> float:
    """Tell how likely whole groups, dealt out to two samples at random, differ as much in a column.

    The difference is the statistic that the column is compared by by default, Anderson-Darling's for numbers and
    Pearson's for labels, on at most 64 cells a group. Where there are no more than 4,999 ways to deal the groups out,
    all are tried and the p-value is exact; otherwise so many are drawn with a fixed seed, and the observed one counts
    as one of them (B. Phipson and G. K. Smyth, Permutation p-values should never be zero, 2010). With few groups no
    p-value can be small: one day against thirty has one of at least 1/31.

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
    keys = np.unique(np.concatenate([each.keys for each in coarse]))
    table = np.zeros((len(blocks), len(keys)))
    for row, each in zip(table, coarse, strict=True):
        row[np.searchsorted(keys, each.keys)] = each.counts
    return table


def _p_value(table: Counts, first: int, *, ordered: bool) -> float:
    pooled = table.sum(axis=0) / table.sum()
    if ordered:
        table, time = np.cumsum(table, axis=1), np.cumsum(pooled)[:-1]
        weights = np.append((pooled[:-1] + pooled[1:]) / 2 / (time * (1 - time)), 0.0)
    else:
        weights = 1 / pooled
    sizes = table[:, -1] if ordered else table.sum(axis=1)
    dealt = _deals(len(table), first)
    found = _statistics(np.vstack([np.arange(len(table)) < first, dealt]), table, sizes, weights)
    as_large = int((found[1:] >= found[0] * (1 - 1e-9)).sum())
    if len(dealt) < DEALS:  # all ways, the observed one among them
        return as_large / len(dealt)
    return (1 + as_large) / (1 + len(dealt))


def _deals(groups: int, first: int) -> npt.NDArray[np.bool_]:
    if math.comb(groups, first) < DEALS:
        chosen = np.array(list(combinations(range(groups), first)))
    else:
        chosen = np.argsort(np.random.default_rng(0).random((DEALS, groups)), axis=1)[:, :first]
    dealt = np.zeros((len(chosen), groups), dtype=bool)
    np.put_along_axis(dealt, chosen, values=True, axis=1)
    return dealt


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
