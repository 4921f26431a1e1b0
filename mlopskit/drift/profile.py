"""What is kept of a frame: for each column, counts on a frozen grid and how many values are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.columns import Kind, kind_of
from mlopskit.drift.grids import CellCounts, Grid, grid_for
from mlopskit.errors import ValidationError

ABSENT = "absent"


@attrs.frozen(eq=False)
class ColumnCounts:
    """A column, or a chunk of it, counted; two of them on one grid are merged by ``+``.

    Attributes
    ----------
    cells : ndarray of int64, shape (cells,)
        Values in each cell of the grid.
    missing : int
        Missing values.
    unexpected : frozenset of str
        Kinds other than the reference's that were met, and ``"absent"`` if a chunk lacked the column.
    """

    cells: CellCounts
    missing: int
    unexpected: frozenset[str] = frozenset()

    @property
    def values(self) -> int:
        """How many values are not missing."""
        return int(self.cells.sum())

    @property
    def rows(self) -> int:
        """How many values there are, the missing ones included."""
        return self.values + self.missing

    @property
    def missing_share(self) -> float:
        """The share of rows without a value; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0

    def __add__(self, other: ColumnCounts) -> ColumnCounts:
        """Merge with the counts of another chunk."""
        return ColumnCounts(self.cells + other.cells, self.missing + other.missing, self.unexpected | other.unexpected)


@attrs.frozen(eq=False)
class ColumnProfile:
    """A column of the reference: what kind it is, the grid chosen from it, and its own counts on that grid."""

    kind: Kind
    grid: Grid
    reference: ColumnCounts

    @classmethod
    def of(cls, column: pd.Series[Any]) -> ColumnProfile:
        """Profile a column of the reference."""
        grid = grid_for(column)
        cells = grid.count(column)
        return cls(kind_of(column), grid, ColumnCounts(cells, missing=len(column) - int(cells.sum())))

    @property
    def no_counts(self) -> ColumnCounts:
        """The counts of no rows, with which merging starts."""
        return ColumnCounts(np.zeros_like(self.reference.cells), missing=0)

    def count(self, column: pd.Series[Any]) -> ColumnCounts:
        """Count a chunk of current data on the reference's grid."""
        kind = kind_of(column)
        if kind == "empty":
            return attrs.evolve(self.no_counts, missing=len(column))
        if self.kind not in (kind, "empty"):
            return attrs.evolve(self.no_counts, unexpected=frozenset([kind]))
        cells = self.grid.count(column)
        return ColumnCounts(cells, missing=len(column) - int(cells.sum()))


def profile(frame: pd.DataFrame, columns: Iterable[Any] | None = None) -> dict[str, ColumnProfile]:
    """Profile the reference; columns are known by the text of their names from then on.

    Raises
    ------
    ValidationError
        The frame has no rows, lacks a column asked for, or two columns share a name.
    """
    by_name = _columns_of(frame)
    if not len(frame):
        raise ValidationError("the reference has no rows: fit on the data that the model was trained on")
    wanted = list(by_name) if columns is None else [str(name) for name in columns]
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise ValidationError(
            f"the reference has no column {', '.join(map(repr, unknown))}: it has {', '.join(by_name)}"
        )
    return {name: ColumnProfile.of(by_name[name]) for name in wanted}


def count(profiles: Mapping[str, ColumnProfile], chunks: Iterable[pd.DataFrame]) -> tuple[dict[str, ColumnCounts], int]:
    """Count current data on the grids of the reference, and its rows."""
    rows = 0
    counts = {name: column.no_counts for name, column in profiles.items()}
    for chunk in chunks:
        present = _columns_of(chunk)
        rows += len(chunk)
        for name, column in profiles.items():
            absent = attrs.evolve(column.no_counts, unexpected=frozenset([ABSENT]))
            counts[name] += column.count(present[name]) if name in present else absent
    return counts, rows


def _columns_of(frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a DataFrame is needed here, not a {type(frame).__qualname__}")
    columns = {str(name): column for name, column in frame.items()}
    if len(columns) != frame.shape[1]:
        raise ValidationError("two columns of the frame have the same name: rename one, so that a report can name both")
    return columns
