"""What is kept of a column: how often its values occur."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.cells import Cells
from mlopskit.drift.columns import kind_of
from mlopskit.drift.counting import (
    NUMBER_CELLS,
    Counted,
    Weights,
    count_by_group,
    count_column,
    count_floats,
    length_cells,
)
from mlopskit.drift.keys import key_numbers
from mlopskit.drift.shape import TAIL, Shape, as_text

_SHORT = 4096
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
    missing : float
        Rows without a value, or what they weigh.
    absent : int
        Rows of chunks that lacked the column.
    names : mapping of int to str
        Labels by their keys, while each has a cell of its own.
    lengths : Cells
        How many characters labels have, once they do not all have cells of their own.
    """

    kind: str
    cells: Cells
    missing: float = 0
    absent: int = 0
    names: Mapping[int, str] = _NO_NAMES
    lengths: Cells = attrs.field(factory=lambda: Cells.none(NUMBER_CELLS))

    @classmethod
    def of(cls, column: pd.Series[Any], weights: Weights | None = None) -> ColumnProfile:
        """Profile a column, whose rows count 1 each or what they weigh."""
        kind = kind_of(column)
        return cls._of(kind, count_column(column, kind, weights))

    @classmethod
    def _of(cls, kind: str, counted: Counted) -> ColumnProfile:
        profile = cls(kind, counted.cells, counted.missing, names=counted.names, lengths=counted.lengths)
        return profile if profile.values else cls.empty(missing=counted.missing)

    @classmethod
    def empty(cls, *, missing: float = 0, absent: int = 0) -> ColumnProfile:
        """Return the profile of a column without a value."""
        return cls("empty", Cells.none(NUMBER_CELLS), missing, absent)

    @cached_property
    def label_lengths(self) -> Cells:
        """How many characters labels have, told from their names while these are known."""
        if self.lengths.total or not self.names:
            return self.lengths
        counts = dict(zip(self.cells.keys.tolist(), self.cells.counts.tolist(), strict=True))
        return length_cells(self.names.values(), np.array([counts[key] for key in self.names]))

    @cached_property
    def values(self) -> float:
        """How many rows have a value, or what they weigh."""
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
    def rows(self) -> float:
        """How many rows had the column, or what they weigh."""
        return self.values + self.missing

    @property
    def missing_share(self) -> float:
        """The share of rows without a value; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0

    def scaled(self, share: float) -> ColumnProfile:
        """Return the profile with all counts multiplied."""
        cells, lengths = (attrs.evolve(each, counts=each.counts * share) for each in (self.cells, self.label_lengths))
        return attrs.evolve(self, cells=cells, missing=self.missing * share, lengths=lengths)

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """Return the profile of the rows of both."""
        if "empty" in (self.kind, other.kind):
            told, untold = (other, self) if self.kind == "empty" else (self, other)
            if not untold.missing and not untold.absent:
                return told
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


def profile_columns(columns: Mapping[str, pd.Series[Any]], weights: Weights | None) -> dict[str, ColumnProfile]:
    """Profile columns, the short ones of floats together."""
    short = (
        {name: column.to_numpy() for name, column in columns.items() if _is_short(column)} if weights is None else {}
    )
    counted = dict(zip(short, count_floats(list(short.values())), strict=True)) if short else {}
    return {
        name: ColumnProfile._of("numeric", counted[name]) if name in counted else ColumnProfile.of(column, weights)
        for name, column in columns.items()
    }


def profile_groups(
    column: pd.Series[Any], group: npt.NDArray[np.intp], groups: int, weights: Weights | None
) -> list[ColumnProfile]:
    """Profile a column in each group of rows, see `count_by_group`."""
    kind = kind_of(column)
    return [ColumnProfile._of(kind, counted) for counted in count_by_group(column, kind, group, groups, weights)]


def _is_short(column: pd.Series[Any]) -> bool:
    """Whether a column has so few floats that counting takes less time than getting there."""
    return column.dtype == np.float64 and len(column) <= _SHORT


def _one_cell(rows: float) -> Cells:
    return Cells(np.zeros(1, dtype=np.int64), np.array([rows]), 0, NUMBER_CELLS)
