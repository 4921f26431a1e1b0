"""`Chunk`: some rows, column by column, so that what several checks ask about them is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.validation.column import Column, Mask
from mlopskit.validation.label import row_labels


class Chunk:
    """Some rows, and what is known of their columns.

    Parameters
    ----------
    frame : DataFrame
        The rows; columns that a check adds to ``chunk.frame`` do not reach the caller's frame.
    """

    def __init__(self, frame: pd.DataFrame):
        self.row_count = len(frame)
        self.labels: list[Any] = frame.columns.tolist()
        self._original = frame
        self._frame: pd.DataFrame | None = None
        self._arrays = _arrays(frame)
        self._places = {label: place for place, label in enumerate(self.labels)}
        if len(self._places) < len(self.labels):
            for label, count in Counter(self.labels).items():
                if count > 1:
                    del self._places[label]
        self._columns: dict[Any, Column] = {}

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame of the checks' own."""
        if self._frame is None:
            self._frame = self._original.copy(deep=False)
        return self._frame

    @property
    def index(self) -> pd.Index:
        """The labels of the rows."""
        return self._original.index

    def row_labels(self, positions: Iterable[int]) -> tuple[Any, ...]:
        """Look up the labels of some rows."""
        return row_labels(positions, self.index)

    def column(self, label: Any) -> Column:
        """Return what is known of a column; one that is `unreadable` is a KeyError."""
        column = self._columns.get(label)
        if column is None:
            column = self._columns[label] = Column(label, self._arrays[self._places[label]])
        return column

    def missing(self, label: Any) -> Mask:
        """Tell which rows have no value in this column: None, NaN, NaT or NA."""
        missing = self.column(label).missing
        return np.zeros(self.row_count, dtype=bool) if missing is None else missing

    def present(self, labels: Iterable[Any]) -> Mask:
        """Tell which rows have a value in each of these columns."""
        present = np.ones(self.row_count, dtype=bool)
        for label in labels:
            missing = self.column(label).missing
            if missing is not None:
                present &= ~missing
        return present

    def rows(self, mask: Mask) -> pd.DataFrame:
        """Return the rows under the mask, without a copy where these are all."""
        return self.frame if mask.all() else self.frame[mask]

    def unreadable(self, labels: Iterable[Any]) -> str:
        """Tell why a check can not read these columns; empty if it can."""
        for label in labels:
            if label not in self._places:
                count = self.labels.count(label)
                if count > 1:
                    return f"{count} columns are named {label!r}; names must be unique"
                return f"the column {label!r} is missing"
        return ""

    def dtypes(self, labels: Iterable[Any]) -> list[str]:
        """Name each of these columns with its dtype."""
        return [f"{label!r} ({self.column(label).dtype})" for label in labels]


def as_mask(values: Any, rows: int) -> Mask:
    """Turn what a user's `failing` returned into a boolean array; what is neither true nor false counts as false.

    Raises
    ------
    ValueError
        If it has not one value per row.
    TypeError
        If it is not boolean.
    """
    if isinstance(values, np.ndarray) and values.dtype == bool and values.shape == (rows,):
        return values
    if np.ndim(values) != 1 or len(values) != rows:
        raise ValueError(f"expected {rows} booleans, got the shape {np.shape(values)}")
    return pd.Series(values).astype("boolean").fillna(False).to_numpy(dtype=bool)  # type: ignore[no-any-return]


def _arrays(frame: pd.DataFrame) -> list[Any]:
    """Return the columns' arrays; asked for one by one as Series they would cost ten times as much."""
    arrays = getattr(frame, "_iter_column_arrays", None)
    if arrays is not None:
        return list(arrays())
    series = (frame.iloc[:, place] for place in range(frame.shape[1]))
    return [each.to_numpy() if isinstance(each.dtype, np.dtype) else each.array for each in series]
