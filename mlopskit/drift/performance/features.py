"""Features as numbers that a tree can split: categories get a code each, and what is missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlopskit.drift.columns import NUMBERS, Kind, kind_of, labels_of, numbers_by_row
from mlopskit.drift.performance.outcomes import Array
from mlopskit.errors import ValidationError

_MOST_CATEGORIES = 250  # what trees of scikit-learn take is 255
_OTHER = _MOST_CATEGORIES
_LARGEST = 1e300  # so that what lies halfway between two values can be computed, also next to infinity


class FeatureEncoder:
    """Learns from a reference how its columns become numbers.

    Attributes
    ----------
    kinds : dict of str to str
        What each column of the reference holds.
    categories : dict of str to list of str
        The most frequent ones of the reference, per column that holds some.

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
        columns = _columns(reference)
        if not columns:
            raise ValidationError("X has no columns: pass features, or leave X out")
        self.kinds: dict[str, Kind] = {name: kind_of(column) for name, column in columns.items()}
        self.categories = {name: _categories(columns[name]) for name, kind in self.kinds.items() if kind not in NUMBERS}

    @property
    def categorical(self) -> list[int]:
        """Places of the columns that hold codes."""
        return [place for place, name in enumerate(self.kinds) if name in self.categories]

    def encode(self, rows: Any) -> Array:
        """Give one number per row and column of the reference; categories it did not have become one of their own.

        Raises
        ------
        ValidationError
            A column is missing, or holds something else than in the reference.
        """
        columns = _columns(rows)
        missing = [name for name in self.kinds if name not in columns]
        if missing:
            raise ValidationError(
                f"X has no column {', '.join(map(repr, missing))}, which the reference had: pass it too"
            )
        encoded = np.column_stack([self._encode(name, columns[name]) for name in self.kinds])
        return np.clip(encoded, -_LARGEST, _LARGEST)

    def _encode(self, name: str, column: pd.Series[Any]) -> Array:
        if name in self.categories:
            codes, labels = labels_of(column)
            known = pd.Index(self.categories[name]).get_indexer(pd.Index(labels))
            of_label = np.append(np.where(known < 0, _OTHER, known).astype(float), np.nan)  # the last one is missing
            return np.asarray(of_label[codes])
        try:
            return numbers_by_row(column, self.kinds[name]).astype(np.float64)
        except (TypeError, ValueError):  # whose message shows a value
            raise ValidationError(
                f"X holds something else in column {name!r} than the reference: pass it as it was there"
            ) from None


def _columns(rows: Any) -> dict[str, pd.Series[Any]]:
    try:
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(np.asanyarray(rows))
    except ValueError:  # ragged, or of more dimensions
        raise ValidationError("X has no rows and columns: pass a DataFrame, or an array of two dimensions") from None
    columns = {str(name): column for name, column in frame.items()}
    if len(columns) != frame.shape[1]:
        raise ValidationError("two columns of X have the same name: rename one")
    return columns


def _categories(column: pd.Series[Any]) -> list[str]:
    codes, labels = labels_of(column)
    often = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(labels)), kind="stable")
    return [labels[place] for place in often[:_MOST_CATEGORIES]]
