"""`Column`: the values of one column, and what several checks ask of them, found out once.

Everything works on NumPy's buffers or on the distinct values: no loop runs over rows. Where nothing is missing
the mask of missing values is None rather than a million times False, and where nothing fails no mask is made.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, Literal, TypeAlias, TypeVar, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopskit.validation.short_texts import number_short_texts

Mask: TypeAlias = NDArray[np.bool_]
Kind: TypeAlias = Literal[
    "int", "float", "bool", "complex", "text", "datetime", "timedelta", "period", "bytes", "mixed", "object", "empty"
]

_T = TypeVar("_T")

FEW_ROWS = 1_000
"""Up to so many rows, Python's dict finds the distinct values sooner than pandas is called."""

_OF_NUMPY: dict[str, Kind] = {
    "i": "int", "u": "int", "f": "float", "b": "bool", "c": "complex", "M": "datetime", "m": "timedelta", "S": "bytes",
    "U": "text", "T": "text",
}  # fmt: skip
_INFERRED: dict[str, Kind] = {
    "string": "text", "integer": "int", "floating": "float", "mixed-integer-float": "float", "decimal": "float",
    "boolean": "bool", "complex": "complex", "datetime": "datetime", "datetime64": "datetime", "date": "datetime",
    "timedelta": "timedelta", "timedelta64": "timedelta", "period": "period", "bytes": "bytes", "empty": "empty",
    "mixed": "mixed", "mixed-integer": "mixed",
}  # fmt: skip
_OF_ARROW: dict[type, Kind] = {str: "text", bytes: "bytes", Decimal: "float"}


class found_once(Generic[_T]):  # noqa: N801 - a decorator, like the one it replaces
    """`functools.cached_property` without the lock that it takes before Python 3.12, which costs more than a fact."""

    def __init__(self, find: Callable[[Any], _T]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> found_once[_T]: ...
    @overload
    def __get__(self, owner: object, kind: type) -> _T: ...
    def __get__(self, owner: object | None, kind: type) -> found_once[_T] | _T:
        if owner is None:
            return self
        found = owner.__dict__[self._name] = self._find(owner)
        return found


class Column:
    """One column of some rows.

    Parameters
    ----------
    name : object
        Its label.
    values : array
        A NumPy array or an extension array of pandas.

    Examples
    --------
    >>> column = Column("origin", np.array(["JFK", None, "JFK"], dtype=object))
    >>> column.kind, column.missing.tolist(), list(column.levels)
    ('text', [False, True, False], ['JFK'])
    """

    def __init__(self, name: Any, values: Any) -> None:
        self.name = name
        self.values = values
        self.rows = len(values)

    @property
    def dtype(self) -> Any:
        """How pandas stores it."""
        return self.values.dtype

    @property
    def holds_objects(self) -> bool:
        """Whether they are Python's objects, each of a kind of its own: then a check judges each by itself."""
        return bool(self.dtype == object)

    @found_once
    def kind(self) -> Kind:
        """What the values are, however they are stored: ints with gaps that are stored as floats are ints."""
        if self.missing_count == self.rows:
            return "empty"
        stored = self.stored_kind
        if stored == "float" and self.missing is not None and self.is_whole:
            return "int"
        return stored

    @found_once
    def stored_kind(self) -> Kind:
        """What they are by how they are stored."""
        return _stored_kind(self.values)

    @found_once
    def missing(self) -> Mask | None:
        """Which rows have None, NaN, NaT or NA; None if no row has."""
        values = self.values
        if isinstance(values, np.ndarray):
            kind = values.dtype.kind
            if kind in "iub" or (kind == "f" and self.rows and self._least == self._least):  # NaN does not equal itself
                return None
            mask = np.isnan(values) if kind in "fcmM" else pd.isna(values)
        else:
            mask = values.isna()
            if isinstance(values, pd.arrays.SparseArray):
                mask = np.asarray(mask)
            if self.numbers is not None and self.numbers.dtype.kind == "f":  # to Arrow, NaN is a number
                mask = mask | np.isnan(self.numbers)
        return mask_or_none(mask)

    @found_once
    def missing_count(self) -> int:
        """How many rows are missing."""
        return 0 if self.missing is None else int(np.count_nonzero(self.missing))

    @found_once
    def numbers(self) -> NDArray[Any] | None:
        """The values of an int or float column as a NumPy array of numbers; anything where they are missing.

        None if they are no numbers that NumPy holds exactly.
        """
        values = self.values
        if isinstance(values, np.ndarray):
            return values if values.dtype.kind in "iuf" else None
        if isinstance(values, pd.arrays.SparseArray):
            return np.asarray(values) if values.dtype.subtype.kind in "iuf" else None
        dtype = getattr(values.dtype, "numpy_dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
            dense: NDArray[Any] = values.to_numpy(dtype=dtype, na_value=0)
            return dense
        return None

    @found_once
    def low(self) -> Any:
        """The least number that is not missing; None if there is none."""
        all_there = self.numbers is not None and self.missing is None and self.rows
        return self._least.item() if all_there else self._extreme(np.minimum, np.fmin)

    @found_once
    def high(self) -> Any:
        """The greatest number that is not missing; None if there is none."""
        return self._extreme(np.maximum, np.fmax)

    @property
    def codes(self) -> NDArray[Any]:
        """For each row the place of its value among the `levels`; -1 where it is missing."""
        return self._factorized[0]

    @found_once
    def levels(self) -> Any:
        """The distinct values, missing ones left out; of a categorical column perhaps some that no row has."""
        levels = self._factorized[1]
        if _is_arrow_text(levels):  # one by one they cost eight times as much
            return levels.__arrow_array__().to_pylist()
        return levels

    def failing_levels(self, fails: Callable[[Any], bool]) -> Mask | None:
        """Tell which rows have a value that fails, asking once for each distinct value; None if no row has."""
        levels = self.levels
        bad = np.fromiter(map(fails, levels), dtype=bool, count=len(levels))
        return self.rows_with(bad)

    def rows_with(self, levels: Mask) -> Mask | None:
        """Tell which rows have one of the levels under the mask; None if none has."""
        if not levels.any():
            return None
        with_missing = np.append(levels, False)  # where the code -1 points
        found: Mask = with_missing.take(self.codes)
        return mask_or_none(found)

    @found_once
    def _least(self) -> Any:
        """The least of all numbers; NaN, which `np.minimum` passes on, if one is NaN."""
        numbers: Any = self.numbers
        return np.minimum.reduce(numbers)

    def _extreme(self, of_all: Any, of_present: Any) -> Any:
        numbers = self.numbers
        if numbers is None or self.missing_count == self.rows:
            return None
        if self.missing is None:
            return of_all.reduce(numbers).item()
        if numbers.dtype.kind == "f" and isinstance(self.values, np.ndarray):
            return of_present.reduce(numbers).item()
        return of_all.reduce(numbers[~self.missing]).item()

    @found_once
    def is_whole(self) -> bool:
        """Whether it has numbers, and none with a fraction."""
        numbers = self.numbers
        if numbers is None or self.missing_count == self.rows:
            return False
        present = numbers[~self.missing] if self.missing is not None else numbers
        with np.errstate(invalid="ignore"):
            return bool(np.isfinite(present).all() and (np.trunc(present) == present).all())

    @found_once
    def _factorized(self) -> tuple[NDArray[Any], Any]:
        values = self.values
        if isinstance(values, pd.Categorical):
            return values.codes, values.categories
        of_one_type = self.stored_kind not in ("mixed", "object")
        if not of_one_type or (self.stored_kind == "text" and self.rows <= FEW_ROWS):
            items = values.__arrow_array__().to_pylist() if _is_arrow_text(values) else values.tolist()
            return _factorized(items, self.missing, of_one_type=of_one_type)
        if _is_arrow_text(values) and (numbered := number_short_texts(values, self.missing)) is not None:
            return numbered
        if self.stored_kind == "float" and self.numbers is not None and self.missing is not None:
            values = np.where(self.missing, np.nan, self.numbers)
        codes, levels = pd.factorize(values)
        return codes, levels


def mask_or_none(failing: Mask) -> Mask | None:
    """Return the mask, or None if it is True for no row."""
    return failing if np.count_nonzero(failing) else None  # of few rows five times as fast as any()


def _is_arrow_text(values: Any) -> bool:
    return isinstance(values, pd.arrays.ArrowExtensionArray) and _stored_kind(values) == "text"


def _stored_kind(values: Any) -> Kind:
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            return _INFERRED.get(pd.api.types.infer_dtype(values, skipna=True), "object")
        return _OF_NUMPY.get(dtype.kind, "object")
    if isinstance(dtype, pd.StringDtype):
        return "text"
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return _stored_kind(categories.to_numpy() if isinstance(categories.dtype, np.dtype) else categories.array)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "datetime"
    if isinstance(dtype, pd.PeriodDtype):
        return "period"
    if isinstance(dtype, pd.SparseDtype):
        return _OF_NUMPY.get(dtype.subtype.kind, "object")
    of_numpy = getattr(dtype, "numpy_dtype", None)
    if isinstance(of_numpy, np.dtype) and of_numpy.kind != "O":
        return _OF_NUMPY.get(of_numpy.kind, "object")
    return _OF_ARROW.get(dtype.type, "object") if isinstance(dtype, pd.ArrowDtype) else "object"


def _factorized(items: list[Any], missing: Mask | None, *, of_one_type: bool) -> tuple[NDArray[Any], list[Any]]:
    """Find the distinct values; True and 1, which are equal, stay apart by their types."""
    keys = items if of_one_type else [(type(item), item) for item in items]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    codes = np.fromiter(map(places.__getitem__, keys), dtype=np.intp, count=len(keys))
    levels = list(places) if of_one_type else [item for _, item in places]
    if missing is None:
        return codes, levels
    gone = set(codes[missing].tolist())
    kept = [place for place in range(len(levels)) if place not in gone]
    moved = np.full(len(levels), -1, dtype=np.intp)
    moved[kept] = np.arange(len(kept))
    return moved[codes], [levels[place] for place in kept]
