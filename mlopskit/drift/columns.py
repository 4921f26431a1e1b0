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
    "boolean": "boolean", "datetime": "datetime", "datetime64": "datetime", "date": "datetime",
    "timedelta": "timedelta",
}  # fmt: skip
_OF_A_VECTOR = ("integer", "floating", "mixed-integer-float", "empty")


def kind_of(column: pd.Series[Any]) -> Kind:
    """Tell what a column holds; whole and broken numbers are one kind, since a missing value turns one into the other.

    Examples
    --------
    >>> [kind_of(pd.Series(values)) for values in ([1, 2], [None, True], ["JFK"], [[0.1, 0.9]])]
    ['numeric', 'boolean', 'categorical', 'vector']
    """
    column = as_pandas(column)
    if column.dtype == object:
        kind = _KIND_OF_OBJECTS.get(pd.api.types.infer_dtype(column, skipna=True))
        return kind or _kind_of_objects(column)
    return _KIND_OF_DTYPE.get(column.dtype.kind, "categorical")


def as_pandas(column: pd.Series[Any]) -> pd.Series[Any]:
    """Give a column of Arrow's lists, decimals, dates and the like as pandas holds them; others as they are.

    What a column holds must not depend on whether its table came from Arrow or from pandas.
    """
    if isinstance(column.dtype, pd.ArrowDtype) and column.dtype.kind in "OM":
        held: pd.Series[Any] = column.array.__arrow_array__().to_pandas(date_as_object=False)
        return held
    return column


def is_vector(value: object) -> bool:
    """Whether a value is a flat sequence of numbers, of which some may be missing.

    Examples
    --------
    >>> [is_vector(value) for value in ([1, 2.5, None], np.ones(3), np.ones((3, 3)), ["a"], [[1], [2, 3]], 4)]
    [True, True, False, False, False, False]
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.ndim == 1 and value.dtype.kind in "iuf"
    flat = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)
    return flat and pd.api.types.infer_dtype(value, skipna=True) in _OF_A_VECTOR


def numbers(column: pd.Series[Any], kind: Kind) -> npt.NDArray[Any]:
    """Give the values of a column of numbers as ints or floats, in their order, without the missing ones.

    See `numbers_by_row` for what they are.

    Examples
    --------
    >>> numbers(pd.Series([3, None, 1]), "numeric")
    array([3., 1.])
    """
    values = numbers_by_row(column, kind)
    if values.dtype.kind in "iu":
        return values
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


def numbers_by_row(column: pd.Series[Any], kind: Kind) -> npt.NDArray[Any]:
    """Give a number for each row of a column, ints or floats; NaN where it is missing.

    Moments become seconds since 1970 in UTC and durations seconds, whatever unit they are kept in; vectors become their
    lengths, and one that lacks a number is missing. Whole numbers beyond 2**53 are rounded to what a float can hold.

    Examples
    --------
    >>> numbers_by_row(pd.Series([[3.0, 4.0], None]), "vector")
    array([ 5., nan])
    """
    column = as_pandas(column)
    values: npt.NDArray[Any]
    if kind in ("datetime", "timedelta"):
        return _seconds(column, kind)
    if kind == "vector":
        column = column.map(lambda each: np.linalg.norm(np.asarray(each, dtype=np.float64)), na_action="ignore")
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        values = column.to_numpy()
    else:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _seconds(column: pd.Series[Any], kind: Kind) -> npt.NDArray[np.float64]:
    moments: npt.NDArray[Any]
    if column.dtype != object:
        moments = column.to_numpy(dtype="M8[us]" if kind == "datetime" else "m8[us]")
    elif kind == "datetime":  # not by to_datetime, which may count in nanoseconds, and ends in 2262 then
        moments = column.astype("datetime64[us, UTC]").to_numpy(dtype="M8[us]")
    else:
        moments = column.where(column.notna(), None).to_numpy(dtype="m8[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)


def labels_of(column: pd.Series[Any]) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Give the distinct values of a column as text, and for each row the place of its own; -1 where it is missing.

    Examples
    --------
    >>> codes, labels = labels_of(pd.Series(["JFK", None, "EWR", "JFK"]))
    >>> codes.tolist(), labels
    ([0, -1, 1, 0], ['JFK', 'EWR'])
    """
    column = as_pandas(column)
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and dicts have no hash
        codes, values = pd.factorize(column.map(lambda value: label_text(_builtin(value)), na_action="ignore"))
    labels = [label_text(value) for value in values.tolist()]
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    if len(places) == len(labels):
        return codes, labels
    same = np.array([*(places[label] for label in labels), -1])  # 1 and "1" are one label; -1 stays itself
    return same[codes], list(places)


def _kind_of_objects(column: pd.Series[Any]) -> Kind:
    present = column[column.notna()].tolist()
    vectors = bool(present) and is_vector(present[0]) and all(map(is_vector, present)) and any(map(len, present))
    return "vector" if vectors else "categorical"


def _builtin(value: object) -> object:
    """Give nested values as lists and dicts, which read alike whatever kept them."""
    if isinstance(value, dict):
        return {key: _builtin(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_builtin(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
