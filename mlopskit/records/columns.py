"""How one column's values become those a model was fitted on, with nothing lost; or why they can not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionDtype, take
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype, is_string_dtype, pandas_dtype

from mlopskit.records.signature import MOST_VALUES, Column, Kind

_OBJECT = np.dtype(object)
Mask = npt.NDArray[np.bool_]

_NUMBERS = (int, float, np.number, np.bool_, Decimal)
_MOMENTS = (str, dt.datetime, np.datetime64)
_NUMPY_DTYPES: dict[Kind, str] = {"int": "int64", "float": "float64", "bool": "bool"}
_IMPUTED = ("float", "string", "category", "datetime", "other")
_INFERRED: dict[str, Kind] = {
    "string": "string",
    "integer": "int",
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "float",
    "boolean": "bool",
}
_OF_PYTHON: dict[str, tuple[Kind, frozenset[type]]] = {  # dtypes that NumPy makes from these types without a loss
    "int64": ("int", frozenset({int})),
    "float64": ("float", frozenset({float, int, type(None)})),
    "bool": ("bool", frozenset({bool})),
    "object": ("string", frozenset({str})),
    "str": ("string", frozenset({str})),
}
_EXACT_INTS = 2.0**53


class Misfit(Exception):  # noqa: N818 - never leaves the signature
    """What is wrong with a column, in words that follow its name."""

    @classmethod
    def at(cls, rows: Mask, problem: str) -> Misfit:
        """Count the rows that have the problem, and name the first."""
        count = int(rows.sum())
        return cls(f"{problem} ({count:,} row{'s' * (count > 1)}, first {int(rows.argmax())})")


def learn_column(sample: pd.Series) -> Column:
    """Describe a column of the sample."""
    missing = sample.isna()
    seen = sample[~missing]
    kind = _kind(sample.dtype, seen)
    none = sample.dtype == _OBJECT and any(value is None for value in sample[missing])
    column = Column(str(sample.name), kind, str(sample.dtype), bool(missing.any()), none)
    if kind == "string":
        return attrs.evolve(column, values=_few(seen.unique()))
    if kind in ("int", "float"):
        return _with_range(column, seen)
    if kind != "category":
        return column
    categories = sample.cat.categories
    of = _kind(categories.dtype, categories)
    simple = of == "string" or (of in _NUMPY_DTYPES and categories.dtype != _OBJECT)
    values = _few(categories) if simple else ()
    return attrs.evolve(column, dtype=str(categories.dtype) if simple else "category", values=values)


def _with_range(column: Column, seen: pd.Series) -> Column:
    numbers = seen.to_numpy(dtype=float)
    finite = numbers[np.isfinite(numbers)]
    return attrs.evolve(column, low=float(finite.min()), high=float(finite.max())) if len(finite) else column


def plain_dtype(column: Column) -> Any:
    """Return the column's dtype if a frame that has it needs no conversion, texts in objects aside; else None."""
    dtype = _dtype(column.dtype)
    if isinstance(dtype, pd.StringDtype) or (column.kind == "string" and dtype == _OBJECT):
        return dtype
    return dtype if column.kind in _NUMPY_DTYPES and isinstance(dtype, np.dtype) and dtype != _OBJECT else None


def are_texts(values: pd.Series) -> bool:
    """Whether a column of objects has nothing but texts, none of them missing."""
    return set(map(type, values.tolist())) == {str}


def convert(values: pd.Series | list[Any], column: Column) -> Any:
    """Give the values as an array of the column's dtype.

    Raises
    ------
    Misfit
        If something would be lost or made up.
    """
    if isinstance(values, pd.Series):
        return _convert(values, column)
    exact = _from_python(values, column)
    return _convert(pd.Series(values, dtype=object), column) if exact is None else exact


def _from_python(values: list[Any], column: Column) -> Any:
    """Convert values that need no check, without the detour of a Series: most of what a request brings."""
    kind, types = _OF_PYTHON.get(column.dtype, (None, frozenset()))
    if kind != column.kind or not types.issuperset(map(type, values)):
        return None
    if kind == "string":
        return _texts(values, column.dtype)
    try:
        array = np.array(values, dtype=column.dtype)
    except OverflowError:
        return None
    return None if kind == "float" and (np.abs(array) >= _EXACT_INTS).any() else array


def _convert(values: pd.Series, column: Column) -> Any:
    if column.kind == "other":
        return values.array
    missing = values.isna().to_numpy()
    has_gaps = bool(missing.any())
    if has_gaps and not column.nullable and column.kind not in _IMPUTED:
        raise Misfit.at(missing, "has missing values, and had none in the sample")
    if values.dtype == _dtype(column.dtype) and values.dtype != _OBJECT:
        return values.array.copy()
    present = values[~missing] if has_gaps else values
    positions = np.flatnonzero(~missing)

    def refuse(rows: Mask, problem: str) -> None:
        if rows.any():
            everywhere = np.zeros(len(values), dtype=bool)
            everywhere[positions[rows]] = True
            raise Misfit.at(everywhere, problem)

    converted = _CONVERSIONS[column.kind](_decoded(present), column, refuse)
    return _with_gaps(converted, missing, column) if has_gaps else converted


def _with_gaps(present: Any, missing: Mask, column: Column) -> Any:
    if present.dtype == _OBJECT:
        values = np.full(len(missing), None if column.none else np.nan, dtype=object)
        values[~missing] = present
        return values
    return take(present, np.where(missing, -1, np.cumsum(~missing) - 1), allow_fill=True)


Refuse = Callable[[Mask, str], None]


def _to_numbers(present: pd.Series, column: Column, refuse: Refuse) -> Any:
    numbers = _numbers(present, refuse)
    dtype = _dtype(column.dtype)
    target = np.dtype(_NUMPY_DTYPES[column.kind] if dtype == _OBJECT else getattr(dtype, "numpy_dtype", dtype))
    with np.errstate(invalid="ignore", over="ignore"):
        cast = numbers.astype(target)
        if numbers.dtype.kind != "f" or target.kind != "f":  # floats are rounded to the precision of the model's
            differs = (cast.astype(numbers.dtype) != numbers) | ((cast < 0) != (numbers < 0))
            refuse(differs, f"is no {target} without loss")
    return pd.array(cast, dtype=dtype) if isinstance(dtype, ExtensionDtype) else cast.astype(dtype)


def _numbers(present: pd.Series, refuse: Refuse) -> npt.NDArray[Any]:
    if is_bool_dtype(present.dtype) or (is_numeric_dtype(present.dtype) and present.dtype.kind in "iuf"):
        return np.asarray(present.to_numpy())
    everything = present.to_list()
    refuse(np.array([not isinstance(value, _NUMBERS) for value in everything], dtype=bool), "is not a number")
    try:
        numbers = np.array(everything) if everything else np.empty(0)
        numbers = numbers.astype(float) if numbers.dtype == _OBJECT else numbers
    except OverflowError:
        raise Misfit("has numbers beyond what float64 can hold") from None
    if numbers.dtype.kind == "f":  # Python compares an int and a float exactly, NumPy does not
        pairs = zip(everything, numbers.tolist(), strict=True)
        rounded = [isinstance(value, int) and value != number for value, number in pairs]
        refuse(np.array(rounded, dtype=bool), "is no float64 without loss")
    return numbers


def _to_texts(present: pd.Series, column: Column, refuse: Refuse) -> Any:
    texts = present.to_list()
    refuse(np.array([not isinstance(text, str) for text in texts], dtype=bool), "is not text")
    return _texts(texts, column.dtype)


def _texts(texts: list[str], dtype: str) -> Any:
    if (chosen := _dtype(dtype)) != _OBJECT:
        return pd.array(texts, dtype=chosen)
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def _to_categories(present: pd.Series, column: Column, refuse: Refuse) -> Any:
    if column.dtype == "category":
        return pd.Categorical(present)
    kind: Kind = "string" if _dtype(column.dtype) == _OBJECT else _kind(_dtype(column.dtype), ())
    converted = _CONVERSIONS[kind](present, attrs.evolve(column, kind=kind), refuse)
    values = pd.Series(converted, dtype=converted.dtype)
    return pd.Categorical(values, categories=list(dict.fromkeys([*column.values, *values.unique().tolist()])))


def _to_moments(present: pd.Series, column: Column, refuse: Refuse) -> Any:
    dtype = _dtype(column.dtype)
    moments = present if present.dtype.kind == "M" else _moments(present, refuse)
    if moments.empty:
        return pd.array([], dtype=dtype)
    if (moments.dt.tz is None) != (getattr(dtype, "tz", None) is None):
        wrong = "has no time zone" if moments.dt.tz is None else "has a time zone"
        refuse(np.ones(len(moments), dtype=bool), f"{wrong}, unlike the sample")
    try:
        cast = moments.astype(dtype)
    except ValueError:  # years that the unit can not count
        raise Misfit(f"is beyond what {dtype} can hold") from None
    refuse((cast != moments).to_numpy(), f"is no {dtype} without loss")
    return cast.array


def _moments(present: pd.Series, refuse: Refuse) -> pd.Series:
    everything = present.to_list()
    refuse(np.array([not isinstance(value, _MOMENTS) for value in everything], dtype=bool), "is not a date and time")
    parsed = pd.to_datetime(present, errors="coerce", format="ISO8601", utc=True)
    refuse(parsed.isna().to_numpy(), "is not a date and time in ISO 8601")
    try:
        return pd.to_datetime(present, format="ISO8601")
    except ValueError:
        raise Misfit("has a time zone in some rows only, or several") from None


_CONVERSIONS: dict[Kind, Callable[[pd.Series, Column, Refuse], Any]] = {
    "int": _to_numbers,
    "float": _to_numbers,
    "bool": _to_numbers,
    "string": _to_texts,
    "category": _to_categories,
    "datetime": _to_moments,
}


def _kind(dtype: Any, seen: Any) -> Kind:
    """Say what a column of this dtype holds; only an object column needs a look at what was seen."""
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if dtype == _OBJECT:
        return _INFERRED.get(infer_dtype(seen, skipna=True), "other")
    if is_bool_dtype(dtype):
        return "bool"
    if is_numeric_dtype(dtype):
        return {"i": "int", "u": "int", "f": "float"}.get(dtype.kind, "other")  # type: ignore[return-value]
    if dtype.kind == "M":
        return "datetime"
    return "string" if is_string_dtype(dtype) else "other"


def _decoded(present: pd.Series) -> pd.Series:
    """Give a category column as what its categories are."""
    return present.astype(present.cat.categories.dtype) if isinstance(present.dtype, pd.CategoricalDtype) else present


def _few(values: Any) -> tuple[Any, ...]:
    return tuple(values.tolist()) if len(values) <= MOST_VALUES else ()


@cache
def _dtype(name: str) -> Any:
    """Return the dtype of that name; what pandas 3 calls ``str`` is object under pandas 2."""
    dtype = pandas_dtype(name)
    return np.dtype(object) if dtype.kind == "U" else dtype
