"""A piece of a frame, with what several checks ask about it computed once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]


class Chunk:
    """Some rows, and where they have missing values.

    Parameters
    ----------
    frame : DataFrame
        The rows; columns that a check adds to ``chunk.frame`` do not reach the caller's frame.
    """

    def __init__(self, frame: pd.DataFrame):
        self.frame = frame.copy(deep=False)
        self._missing: dict[str, Mask] = {}

    def missing(self, column: str) -> Mask:
        """Tell which rows have no value in this column: None, NaN, NaT or NA."""
        if column not in self._missing:
            self._missing[column] = self.frame[column].isna().to_numpy()
        return self._missing[column]

    def present(self, columns: Iterable[str]) -> Mask:
        """Tell which rows have a value in each of these columns."""
        present = np.ones(len(self.frame), dtype=bool)
        for column in columns:
            present &= ~self.missing(column)
        return present

    def rows(self, mask: Mask) -> pd.DataFrame:
        """Return the rows under the mask, without a copy where these are all."""
        return self.frame if mask.all() else self.frame[mask]

    def unreadable(self, columns: Iterable[str]) -> str:
        """Tell why a check can not read these columns; empty if it can."""
        labels = self.frame.columns
        for column in columns:
            count = int(np.sum(labels == column)) if column in labels else 0
            if count == 0:
                return f"the column {column!r} is missing"
            if count > 1:
                return f"{count} columns are named {column!r}; names must be unique"
        return ""

    def dtypes(self, columns: Iterable[str]) -> str:
        """Name these columns with their dtypes."""
        return ", ".join(f"{column!r} ({self.frame[column].dtype})" for column in columns)


def as_mask(values: Any, rows: int) -> Mask:
    """Turn what a user's `failing` returned into a boolean array; what is neither true nor false counts as false.

    Raises
    ------
    ValueError
        If it has not one value per row.
    TypeError
        If it is not boolean.
    """
    if np.ndim(values) != 1 or len(values) != rows:
        raise ValueError(f"expected {rows} booleans, got the shape {np.shape(values)}")
    return pd.Series(values).astype("boolean").fillna(False).to_numpy(dtype=bool)  # type: ignore[no-any-return]
