"""What a column of a frame holds: its kind, and its values as numbers or as counted labels."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["numeric", "datetime", "timedelta", "boolean", "categorical", "empty"]

_KIND_OF_DTYPE: dict[str, Kind] = {
    "i": "numeric", "u": "numeric", "f": "numeric", "M": "datetime", "m": "timedelta", "b": "boolean",
}  # fmt: skip
_KIND_OF_OBJECTS: dict[str, Kind] = {
    "integer": "numeric", "floating": "numeric", "mixed-integer-float": "numeric", "decimal": "numeric",
    "boolean": "boolean",
}  # fmt: skip


def kind_of(column: pd.Series[Any]) -> Kind:
    """Tell what a column holds; whole and broken numbers are one kind, since a missing value turns one into the other.

    Examples
    --------
    >>> [kind_of(pd.Series(values)) for values in ([1, 2], [None, True], ["JFK"], [None])]
    ['numeric', 'boolean', 'categorical', 'empty']
    """
    if column.isna().all():
        return "empty"
    if column.dtype == object:
        return _KIND_OF_OBJECTS.get(pd.api.types.infer_dtype(column, skipna=True), "categorical")
    return _KIND_OF_DTYPE.get(column.dtype.kind, "categorical")


def numbers(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Give the values of a numeric, datetime or timedelta column in ascending order, without the missing ones.

    Moments become seconds since 1970 in UTC and durations seconds, whatever unit they are kept in. Whole numbers
    beyond 2**53 are rounded to what a float can hold.

    Examples
    --------
    >>> numbers(pd.Series([3, None, 1]))
    array([1., 3.])
    """
    if column.dtype.kind in "mM":
        moments = column.to_numpy(dtype=f"{column.dtype.kind}8[us]")
        values = moments[~np.isnat(moments)].astype(np.int64) / 1e6
    else:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        values = values[~np.isnan(values)]
    return np.sort(values)


def label_counts(column: pd.Series[Any]) -> dict[str, int]:
    """Count the distinct values of a column as text, without the missing ones.

    Examples
    --------
    >>> label_counts(pd.Series(["JFK", None, "EWR", "JFK"]))
    {'JFK': 2, 'EWR': 1}
    """
    try:
        counted = column.value_counts(sort=False)
    except TypeError:  # lists and dicts have no hash
        counted = column.dropna().map(str).value_counts(sort=False)
    counts: Counter[str] = Counter()
    for value, count in zip(counted.index.tolist(), counted.tolist(), strict=True):
        if count:
            counts[str(value)] += count
    return dict(counts)
