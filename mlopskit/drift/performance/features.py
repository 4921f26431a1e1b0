"""Features as numbers that a tree can split: categories get a code each, and what is missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlopskit.drift.columns import kind_of
from mlopskit.drift.performance.outcomes import Array
from mlopskit.errors import ValidationError

_MOST_CATEGORIES = 250  # what trees of scikit-learn take is 255
_OTHER = _MOST_CATEGORIES


class FeatureEncoder:
    """Learns from a reference how its columns become numbers.

    Attributes
    ----------
    categories : dict of str to Index or None
        Per column the most frequent categories of the reference, or None for numbers, moments and durations.

    Examples
    --------
    >>> frame = pd.DataFrame({"distance": [80, 760, None], "origin": ["JFK", "EWR", "JFK"]})
    >>> encoder = FeatureEncoder(frame)
    >>> encoder.encode(frame)
    array([[ 80.,   0.],
           [760.,   1.],
           [ nan,   0.]])
    >>> encoder.categorical
    [1]
    """

    def __init__(self, reference: Any):
        self.categories: dict[str, pd.Index[Any] | None] = {
            name: _categories(column) for name, column in _columns(reference).items()
        }

    @property
    def categorical(self) -> list[int]:
        """Places of the columns that hold codes."""
        return [place for place, known in enumerate(self.categories.values()) if known is not None]

    def encode(self, rows: Any) -> Array:
        """Give one number per row and column of the reference; categories it did not have become one of their own.

        Raises
        ------
        ValidationError
            A column is missing, or holds something else than in the reference.
        """
        columns = _columns(rows)
        missing = [name for name in self.categories if name not in columns]
        if missing:
            raise ValidationError(
                f"X has no column {', '.join(map(repr, missing))}, which the reference had: pass it too"
            )
        encoded = [_encode(name, columns[name], known) for name, known in self.categories.items()]
        return np.column_stack(encoded) if encoded else np.empty((len(rows), 0))


def _columns(rows: Any) -> dict[str, pd.Series[Any]]:
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(np.asarray(rows))
    return {str(name): column for name, column in frame.items()}


def _categories(column: pd.Series[Any]) -> pd.Index[Any] | None:
    if kind_of(column) not in ("categorical", "boolean"):
        return None
    return column.astype(str)[column.notna()].value_counts().index[:_MOST_CATEGORIES]


def _encode(name: str, column: pd.Series[Any], known: pd.Index[Any] | None) -> Array:
    if known is not None:
        codes = known.get_indexer(pd.Index(column.astype(str))).astype(float)
        return np.where(column.isna(), np.nan, np.where(codes < 0, _OTHER, codes))
    if column.dtype.kind in "mM":
        moments = column.to_numpy(dtype=f"{column.dtype.kind}8[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError):  # whose message shows a value
        raise ValidationError(f"X holds something else than numbers in column {name!r}, unlike the reference") from None
