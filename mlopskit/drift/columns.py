"""What a column of a frame holds: its kind, and its values as numbers or as counted labels."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["numeric", "datetime", "timedelta", "boolean", "categorical", "vector"]
NUMBERS: tuple[Kind, ...] = ("numeric", "datetime", "timedelta", "vector")
"""Kinds whose values are compared as numbers; the others are compared as labels."""

WHOLE = 2.0**53
"""Up to here floats hold every whole number."""

_KIND_OF_DTYPE: dict[str, Kind] = {
    "i": "numeric", "u": "numeric", "f": "numeric", "M": "datetime", "m": "timedelta", "b": "boolean",
}  # fmt: skip
_KIND_OF_OBJECTS: dict[str, Kind] = {
    "integer": "numeric", "floating": "numeric", "mixed-integer-float": "numeric", "decimal": "numeric",
    "boolean": "boolean", "datetime": "datetime", "datetime64": "datetime", "timedelta": "timedelta",
}  # fmt: skip


def kind_of(column: pd.Series[Any]) -> Kind:
    """Tell what a column holds; whole and broken numbers are one kind, since a missing value turns one into the other.

    Examples
    --------
    >>> [kind_of(pd.Series(values)) for values in ([1, 2], [None, True], ["JFK"], [[0.1, 0.9]])]
    ['numeric', 'boolean', 'categorical', 'vector']
    """
    if column.dtype == object:
        kind = _KIND_OF_OBJECTS.get(pd.api.types.infer_dtype(column, skipna=True))
        return kind or _kind_of_objects(column)
    return _KIND_OF_DTYPE.get(column.dtype.kind, "categorical")


def numbers(column: pd.Series[Any], kind: Kind) -> npt.NDArray[Any]:
    """Give the values of a column of numbers as ints or floats, in their order, without the missing ones.

    Moments become seconds since 1970 in UTC and durations seconds, whatever unit they are kept in; vectors become their
    lengths. Whole numbers beyond 2**53 are rounded to what a float can hold.

    Examples
    --------
    >>> numbers(pd.Series([3, None, 1]), "numeric")
    array([3., 1.])
    >>> numbers(pd.Series([[3.0, 4.0], None]), "vector")
    array([5.])
    """
    if kind == "vector":
        return np.array([np.linalg.norm(np.asarray(each, dtype=float)) for each in column.dropna()])
    if kind in ("datetime", "timedelta"):
        if column.dtype == object:
            column = pd.to_datetime(column, utc=True) if kind == "datetime" else pd.to_timedelta(column)
        moments = column.to_numpy(dtype="M8[us]" if kind == "datetime" else "m8[us]")
        seconds: npt.NDArray[np.float64] = moments[~np.isnat(moments)].astype(np.int64) / 1e6
        return seconds
    values: npt.NDArray[Any]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        values = column.to_numpy()
        return values
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def label_text(value: object) -> str:
    """Write a value as the label that it is: a whole float as an int, since a missing value turns one into the other.

    Examples
    --------
    >>> [label_text(value) for value in (1, 1.0, 1.5, "1.0")]
    ['1', '1', '1.5', '1.0']
    """
    if isinstance(value, float) and value.is_integer() and abs(value) <= WHOLE:
        return str(int(value))
    return str(value)


def labels_of(column: pd.Series[Any]) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Give the distinct values of a column as text, and for each row the place of its own; -1 where it is missing.

    Examples
    --------
    >>> codes, labels = labels_of(pd.Series(["JFK", None, "EWR", "JFK"]))
    >>> codes.tolist(), labels
    ([0, -1, 1, 0], ['JFK', 'EWR'])
    """
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and dicts have no hash
        codes, values = pd.factorize(column.map(label_text, na_action="ignore"))
    labels = [label_text(value) for value in values.tolist()]
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    if len(places) == len(labels):
        return codes, labels
    same = np.array([*(places[label] for label in labels), -1])  # 1 and "1" are one label; -1 stays itself
    return same[codes], list(places)


def _kind_of_objects(column: pd.Series[Any]) -> Kind:
    present = column[column.notna()]
    first = present.iloc[0] if len(present) else None
    if isinstance(first, np.ndarray | list | tuple) and len(first) and np.asarray(first).dtype.kind in "iuf":
        return "vector" if all(np.ndim(each) == 1 for each in present) else "categorical"
    return "categorical"
