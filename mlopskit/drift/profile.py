"""What is kept of a frame: for each column how often its values occur, and never a row.

Profiles are merged exactly: of two halves, of any number of chunks, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.cells import Cells
from mlopskit.drift.columns import NUMBERS, Kind, kind_of, label_counts, numbers
from mlopskit.drift.keys import key_numbers, label_keys, number_keys
from mlopskit.drift.shape import TAIL, Shape, as_text
from mlopskit.errors import ValidationError

NUMBER_CELLS = 2048
LABEL_CELLS = 1024
GROUP_CELLS = 64
_WHOLE = 2.0**53
"""Up to here floats hold every whole number."""
_NO_NAMES: Mapping[int, str] = MappingProxyType({})


@attrs.frozen(eq=False, slots=False)
class ColumnProfile:
    """How often the values of one column occur.

    Attributes
    ----------
    kind : str
        ``"numeric"``, ``"datetime"``, ``"timedelta"``, ``"boolean"``, ``"categorical"``, ``"vector"``, ``"empty"`` if
        nothing but missing values was seen, or ``"mixed"`` if chunks were of two kinds.
    cells : Cells
        Of numbers at most 2,048 cells; up to so many distinct ones are kept to 12 significant digits. Of labels at most
        1,024; more of them share cells.
    missing : int
        Rows without a value.
    absent : int
        Rows of chunks that lacked the column.
    names : mapping of int to str
        Labels by their keys, while each has a cell of its own.
    lengths : Cells
        How many characters labels have, once they do not all have cells of their own.
    """

    kind: str
    cells: Cells
    missing: int = 0
    absent: int = 0
    names: Mapping[int, str] = _NO_NAMES
    lengths: Cells = attrs.field(factory=lambda: Cells.none(NUMBER_CELLS))

    @classmethod
    def of(cls, column: pd.Series[Any]) -> ColumnProfile:
        """Profile a column."""
        kind = kind_of(column)
        if kind in NUMBERS:
            cells = number_cells(numbers(column, kind))
            profile = cls(kind, cells, missing=len(column) - cells.total)
        else:
            profile = cls._of_labels(kind, label_counts(column), len(column))
        return profile if profile.values else _empty(missing=len(column))

    @classmethod
    def _of_labels(cls, kind: Kind, counts: dict[str, int], rows: int) -> ColumnProfile:
        keys = label_keys(counts)
        each = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        cells = Cells.of_counted(keys, each, LABEL_CELLS)
        names = dict(zip(keys.tolist(), counts, strict=True))
        profile = cls(kind, cells, missing=rows - int(each.sum()))
        if cells.dropped:
            return attrs.evolve(profile, lengths=_lengths(counts, each))
        return attrs.evolve(profile, names=names)

    @cached_property
    def label_lengths(self) -> Cells:
        """How many characters labels have, told from their names while these are known."""
        if self.lengths.total or not self.names:
            return self.lengths
        counts = dict(zip(self.cells.keys.tolist(), self.cells.counts.tolist(), strict=True))
        return _lengths(self.names.values(), np.array([counts[key] for key in self.names]))

    @cached_property
    def values(self) -> int:
        """How many rows have a value."""
        return self.cells.total

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """What lies in each cell of numbers, ascending."""
        return key_numbers(self.cells)

    @cached_property
    def cumulative(self) -> npt.NDArray[np.float64]:
        """The share of the values in each cell and all before."""
        return np.cumsum(self.cells.counts) / self.values

    def quantiles(self, *shares: float) -> npt.NDArray[np.float64]:
        """Give the numbers below or at which some shares of the values lie."""
        places = np.searchsorted(self.cumulative, np.array(shares) - 1e-12)
        return self.numbers[np.minimum(places, len(self.numbers) - 1)]

    @cached_property
    def shape(self) -> Shape | None:
        """The bars in which its numbers are shown."""
        low, high = self.quantiles(TAIL, 1 - TAIL).tolist()
        return Shape.between(low, high, self.kind)

    @cached_property
    def bars(self) -> tuple[float, ...]:
        """The share of its own numbers in each bar of its shape."""
        return self.shape.shares(self.numbers, self.cumulative) if self.shape else ()

    @cached_property
    def middle(self) -> str:
        """Median and quartiles in words."""
        low, median, high = (as_text(each, self.kind) for each in self.quantiles(0.25, 0.5, 0.75).tolist())
        return f"{median} ({low} to {high})"

    @property
    def rows(self) -> int:
        """How many rows had the column."""
        return self.values + self.missing

    @property
    def missing_share(self) -> float:
        """The share of rows without a value; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """Return the profile of the rows of both."""
        if "empty" in (self.kind, other.kind):
            told, untold = (other, self) if self.kind == "empty" else (self, other)
            return attrs.evolve(told, missing=told.missing + untold.missing, absent=told.absent + untold.absent)
        both = attrs.evolve(self, missing=self.missing + other.missing, absent=self.absent + other.absent)
        if self.kind != other.kind or self.kind == "mixed":
            rows = self.values + other.values
            return attrs.evolve(both, kind="mixed", cells=_one_cell(rows), names=_NO_NAMES)
        cells = self.cells + other.cells
        names = _NO_NAMES if cells.dropped else {**self.names, **other.names}
        if not cells.dropped and not self.lengths.total and not other.lengths.total:
            return attrs.evolve(both, cells=cells, names=names)
        return attrs.evolve(both, cells=cells, names=names, lengths=self.label_lengths + other.label_lengths)


@attrs.frozen(eq=False)
class Profile:
    """What is kept of a frame.

    Attributes
    ----------
    columns : dict of str to ColumnProfile
        By the text of their names.
    rows : int
    groups : mapping of int to Profile
        If asked for, the profile of each group of rows that are not independent, in at most 64 cells a column; by the
        key of the group's label, see `label_keys`.

    Examples
    --------
    >>> january, february = pd.DataFrame({"temp": [39.0, 40.1]}), pd.DataFrame({"temp": [28.9, 39.0]})
    >>> merged = Profile.of(january).merge(Profile.of(february))
    >>> merged.rows, merged.columns["temp"].cells.counts.tolist()
    (4, [1, 2, 1])
    """

    columns: dict[str, ColumnProfile]
    rows: int = 0
    groups: Mapping[int, Profile] = attrs.field(factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Iterable[Any] | None = None, groups: str | None = None) -> Profile:
        """Profile a frame.

        Parameters
        ----------
        frame : DataFrame
        columns : iterable, optional
            The columns wanted; those that the frame lacks are known as absent. By default all.
        groups : str, optional
            The column that tells which rows are not independent; those without a group are in none.

        Raises
        ------
        ValidationError
            Two columns share a name, or there is no column `groups`.
        """
        by_name = columns_of(frame)
        wanted = list(by_name) if columns is None else [str(name) for name in columns]
        absent = _empty(absent=len(frame) or 1)
        found = {name: ColumnProfile.of(by_name[name]) if name in by_name else absent for name in wanted}
        return cls(found, len(frame), {} if groups is None else _by_group(frame, wanted, groups))

    @classmethod
    def none(cls, columns: Iterable[str] = ()) -> Profile:
        """Return the profile of no rows, with which merging starts."""
        return cls({name: _empty() for name in columns})

    def merge(self, other: Profile) -> Profile:
        """Return the profile of the rows of both; a column that one of them lacks is known to be absent there."""
        names = {**self.columns, **other.columns}
        merged = {name: self._column(name).merge(other._column(name)) for name in names}
        groups = dict(self.groups)
        for key, group in other.groups.items():
            groups[key] = groups[key].merge(group) if key in groups else group
        return Profile(merged, self.rows + other.rows, groups)

    def _column(self, name: str) -> ColumnProfile:
        return self.columns[name] if name in self.columns else _empty(absent=self.rows)

    def without(self, column: str) -> Profile:
        """Return the profile of all other columns."""
        kept = {name: each for name, each in self.columns.items() if name != column}
        return Profile(kept, self.rows, {key: group.without(column) for key, group in self.groups.items()})

    def _in_cells(self, limit: int) -> Profile:
        coarse = {name: attrs.evolve(each, cells=each.cells.limited(limit)) for name, each in self.columns.items()}
        return Profile(coarse, self.rows)


def columns_of(frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Give the columns of a frame by the text of their names.

    Raises
    ------
    TypeError, ValidationError
        It is no frame, or two columns share a name.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a DataFrame is needed here, not a {type(frame).__qualname__}")
    columns = {str(name): column for name, column in frame.items()}
    if len(columns) != frame.shape[1]:
        raise ValidationError("two columns of the frame have the same name: rename one, so that a report can name both")
    return columns


def number_cells(values: np.ndarray[Any, Any]) -> Cells:
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


def _lengths(labels: Iterable[str], counts: npt.NDArray[np.int64]) -> Cells:
    characters = np.fromiter(map(len, labels), dtype=np.float64, count=len(counts))
    return Cells.of_counted(number_keys(characters), counts, NUMBER_CELLS)


def _table(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    if not len(values):
        return None
    if values.dtype.kind == "f":
        some = values[:: len(values) // 64 + 1]
        if not (np.isfinite(some).all() and (np.trunc(some) == some).all()):
            return None
    least, most = float(values.min()), float(values.max())
    if not (-_WHOLE <= least <= most <= _WHOLE) or most - least > 4 * len(values) + 4096:
        return None
    whole = values.astype(np.int64, copy=False)
    if values.dtype.kind == "f" and not (whole == values).all():
        return None
    counts = np.bincount(whole - int(least))
    places = np.flatnonzero(counts)
    return places + int(least), counts[places]


def _by_group(frame: pd.DataFrame, columns: list[str], groups: str) -> dict[int, Profile]:
    if groups not in columns_of(frame):
        raise ValidationError(f"the frame has no column {groups!r} to tell which rows belong together")
    labels = columns_of(frame)[groups]
    parts = frame.groupby(labels.to_numpy(), sort=False)
    return {int(label_keys([str(label)])[0]): Profile.of(rows, columns)._in_cells(GROUP_CELLS) for label, rows in parts}


def _empty(*, missing: int = 0, absent: int = 0) -> ColumnProfile:
    return ColumnProfile("empty", Cells.none(NUMBER_CELLS), missing, absent)


def _one_cell(rows: int) -> Cells:
    return Cells(np.zeros(1, dtype=np.int64), np.array([rows]), 0, NUMBER_CELLS)
