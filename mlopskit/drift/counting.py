"""Counting a column: its numbers or labels in cells, each row once or by its weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.cells import Cells, Counts, Keys
from mlopskit.drift.columns import NUMBERS, WHOLE, Kind, labels_of, numbers, numbers_by_row
from mlopskit.drift.keys import label_keys, number_keys

NUMBER_CELLS = 2048
LABEL_CELLS = 1024
GROUP_CELLS = 64
_BEHIND_ALL = np.iinfo(np.int64).max

Weights = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Counted:
    """The values of a column, counted.

    Attributes
    ----------
    cells : Cells
    missing : float
        Rows without a value, or what they weigh.
    names : dict of int to str
        Labels by their keys, while each has a cell of its own.
    lengths : Cells
        How many characters labels have, once they do not all have cells of their own.
    """

    cells: Cells
    missing: float
    names: dict[int, str] = attrs.field(factory=dict)
    lengths: Cells = attrs.field(factory=lambda: Cells.none(NUMBER_CELLS))


def count_column(column: pd.Series[Any], kind: Kind, weights: Weights | None = None) -> Counted:
    """Count the values of a column.

    Parameters
    ----------
    column : Series
    kind : str
        What it holds.
    weights : ndarray of float64, optional
        How much each row counts; by default 1. One that weighs nothing is not seen.

    Examples
    --------
    >>> counted = count_column(pd.Series(["JFK", None, "JFK"]), "categorical", np.array([2.0, 9.0, 0.5]))
    >>> counted.names, counted.cells.counts, counted.missing
    ({195223386312801468: 'JFK'}, array([2.5]), 9.0)
    """
    if weights is not None:
        column, weights = column[weights > 0], weights[weights > 0]
    if kind in NUMBERS:
        if weights is None:
            values = numbers(column, kind)
            return Counted(number_cells(values), len(column) - len(values))
        by_row = numbers_by_row(column, kind).astype(np.float64)
        known = ~np.isnan(by_row)
        cells = Cells.of_counted(number_keys(by_row[known]), weights[known], NUMBER_CELLS)
        return Counted(cells, float(weights[~known].sum()))
    codes, labels = labels_of(column)
    known = codes >= 0
    counts = np.bincount(codes[known], None if weights is None else weights[known], minlength=len(labels))
    missing = int(np.count_nonzero(~known)) if weights is None else float(weights[~known].sum())
    keys = label_keys(labels)
    cells = Cells.of_counted(keys, counts, LABEL_CELLS)
    if cells.dropped:
        return Counted(cells, missing, lengths=length_cells(labels, counts))
    return Counted(cells, missing, dict(zip(keys.tolist(), labels, strict=True)))


def count_by_group(
    column: pd.Series[Any], kind: Kind, group: npt.NDArray[np.intp], groups: int, weights: Weights | None = None
) -> Iterator[Counted]:
    """Count the values of a column in each of many groups of rows, without the names of labels.

    Parameters
    ----------
    column : Series
    kind : str
        What it holds.
    group : ndarray of int, shape (rows,)
        The group of each row, from 0 on; -1 if it is in none.
    groups : int
    weights : ndarray of float64, optional
        How much each row counts; by default 1. One that weighs nothing is not seen.

    Examples
    --------
    >>> counted = list(count_by_group(pd.Series([2, 1, None, 2]), "numeric", np.array([0, 1, 1, 0]), 2))
    >>> [each.cells.counts.tolist() for each in counted], [each.missing for each in counted]
    ([[2], [1]], [0, 1])
    """
    weighs = np.ones(len(column), dtype=np.int64) if weights is None else weights
    seen = (group >= 0) & (weighs > 0)
    keys, known = _keys_by_row(column, kind)
    missing = np.zeros(groups, dtype=weighs.dtype)
    np.add.at(missing, group[seen & ~known], weighs[seen & ~known])
    seen &= known
    order = np.argsort(group[seen], kind="stable")
    keys, weighs = keys[seen][order], weighs[seen][order]
    ends = np.searchsorted(group[seen][order], np.arange(groups + 1)).tolist()
    for (first, last), without in zip(pairwise(ends), missing.tolist(), strict=True):
        yield Counted(Cells.of_counted(keys[first:last], weighs[first:last], GROUP_CELLS), without)


def _keys_by_row(column: pd.Series[Any], kind: Kind) -> tuple[Keys, npt.NDArray[np.bool_]]:
    """Give the key of each row's value, and which rows have one."""
    if kind in NUMBERS:
        by_row = numbers_by_row(column, kind).astype(np.float64)
        return number_keys(by_row), ~np.isnan(by_row)
    codes, labels = labels_of(column)
    return np.append(label_keys(labels), 0)[codes], codes >= 0


def count_floats(columns: Sequence[npt.NDArray[np.float64]]) -> Iterator[Counted]:
    """Count several columns of floats as `count_column` would each: in short ones it is the calls that take time."""
    values = np.stack(columns)
    missing = np.isnan(values)
    keys = number_keys(values)
    keys[missing] = _BEHIND_ALL
    keys.sort(axis=1)
    for ascending, without in zip(keys, missing.sum(axis=1).tolist(), strict=True):
        yield Counted(Cells.of_ordered(ascending[: len(ascending) - without], NUMBER_CELLS), without)


def number_cells(values: npt.NDArray[Any]) -> Cells:
    """Count numbers, in any order; whole ones that lie close together in a table, which is several times as fast.

    Examples
    --------
    >>> number_cells(np.array([2, 1, 2])).counts
    array([1, 2])
    """
    table = _table(values)
    if table is None:
        return Cells.of(number_keys(values.astype(np.float64, copy=False)), NUMBER_CELLS)
    return Cells.of_counted(number_keys(table[0].astype(np.float64)), table[1], NUMBER_CELLS)


def length_cells(labels: Iterable[str], counts: Counts) -> Cells:
    """Count the characters of labels that were counted already."""
    characters = np.fromiter(map(len, labels), dtype=np.float64, count=len(counts))
    return Cells.of_counted(number_keys(characters), counts, NUMBER_CELLS)


def _table(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], Counts] | None:
    if not len(values):
        return None
    if values.dtype.kind == "f":
        some = values[:: len(values) // 64 + 1]
        if not (np.isfinite(some).all() and (np.trunc(some) == some).all()):
            return None
    least, most = float(values.min()), float(values.max())
    if not (-WHOLE <= least <= most <= WHOLE) or most - least > 4 * len(values) + 4096:
        return None
    whole = values.astype(np.int64, copy=False)
    if values.dtype.kind == "f" and not (whole == values).all():
        return None
    counts = np.bincount(whole - int(least))
    places = np.flatnonzero(counts)
    return places + int(least), counts[places]
