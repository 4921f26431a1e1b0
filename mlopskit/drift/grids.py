"""Grids: the cells in which a column's values are counted, chosen once from the reference.

Because the cells never move again, counts of two chunks on one grid are merged by adding them, exactly and in any
order. A grid holds values of single cells (knots, labels), never rows.
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.columns import kind_of, label_counts, numbers

CellCounts = npt.NDArray[np.int64]

KNOTS = 1024
BUCKETS = 256
MAX_LABELS = 500
MAX_LABEL_CHARACTERS = 20_000


class Grid(Protocol):
    """Cells, and how to count a column in them."""

    def count(self, column: pd.Series[Any]) -> CellCounts:
        """Count the column's values in each cell, shape (cells,); missing values are in none."""


@attrs.frozen(eq=False)
class Knots:
    """Ascending numbers; each is a cell of its own, and so is each open interval before, between and after them.

    Up to `KNOTS` distinct values all become knots, which makes every rank statistic exact, ties included. Beyond
    that the knots are quantiles, and less than 1 / (KNOTS - 1) of the reference lies between two neighbours.

    Attributes
    ----------
    values : ndarray of float64, shape (knots,)
        May end in an infinity, which is a value like others here.

    Examples
    --------
    >>> Knots.of(np.array([1.0, 2.0])).count(pd.Series([0.0, 2.0, 2.0, 9.0, 1e12]))
    array([1, 0, 0, 2, 2])
    """

    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ascending: npt.NDArray[np.float64]) -> Knots:
        """Choose the knots from the reference's values in ascending order."""
        distinct = np.unique(ascending)
        if len(distinct) <= KNOTS:
            return cls(distinct)
        ranks = np.linspace(0, len(ascending) - 1, KNOTS).round().astype(np.intp)
        return cls(np.unique(ascending[ranks]))

    def count(self, column: pd.Series[Any]) -> CellCounts:
        """Count below, on and between the knots, shape (2 * knots + 1,)."""
        ascending = numbers(column)
        bounds = np.empty(2 * len(self.values), dtype=np.int64)
        bounds[0::2] = np.searchsorted(ascending, self.values, side="left")
        bounds[1::2] = np.searchsorted(ascending, self.values, side="right")
        return np.diff(bounds, prepend=0, append=len(ascending))


@attrs.frozen
class Labels:
    """One cell for each category the reference has, and a last one for all categories it has not.

    Examples
    --------
    >>> Labels(("EWR", "JFK")).count(pd.Series(["JFK", "LGA", "JFK", "BOS"]))
    array([0, 2, 2])
    """

    names: tuple[str, ...]

    def count(self, column: pd.Series[Any]) -> CellCounts:
        """Count each category, shape (categories + 1,)."""
        known = label_counts(column)
        cells = [known.pop(name, 0) for name in self.names]
        return np.array([*cells, sum(known.values())], dtype=np.int64)


@attrs.frozen
class Buckets:
    """Cells shared by many categories, for columns with too many to keep: the CRC-32 of the label chooses the cell.

    Unlike a list of the most frequent categories this favours neither side: in a column of identifiers, where every
    value is new, nothing drifts.

    Examples
    --------
    >>> int(Buckets(8).count(pd.Series(["N14228", "N24211", "N619AA"])).sum())
    3
    """

    number: int

    def count(self, column: pd.Series[Any]) -> CellCounts:
        """Count the values in each bucket, shape (number,)."""
        counts = label_counts(column)
        cells = [zlib.crc32(label.encode(errors="surrogatepass")) % self.number for label in counts]
        filled = np.bincount(np.array(cells, dtype=np.intp), list(counts.values()), minlength=self.number)
        return filled.astype(np.int64)


def grid_for(column: pd.Series[Any]) -> Grid:
    """Choose the cells for a column of the reference.

    Examples
    --------
    >>> grid_for(pd.Series(["JFK", "EWR", "JFK"]))
    Labels(names=('EWR', 'JFK'))
    """
    if kind_of(column) in ("numeric", "datetime", "timedelta"):
        return Knots.of(numbers(column))
    labels = sorted(label_counts(column))
    if len(labels) > MAX_LABELS or sum(map(len, labels)) > MAX_LABEL_CHARACTERS:
        return Buckets(BUCKETS)
    return Labels(tuple(labels))
