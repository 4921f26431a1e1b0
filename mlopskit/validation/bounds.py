"""Columns compared with bounds and with one another without rounding: ints beyond 2**53, floats, moments, texts."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.validation.column import Column, Mask, mask_or_none

_WIDE = 8
"""Bytes of a float as wide as Python's own."""
_LARGEST_INT = 2**53
"""Up to which such a float holds every int."""


def outside(column: Column, low: Any, high: Any) -> Mask | None:
    """Tell which values lie below or above; None if none does.

    Raises
    ------
    TypeError
        If values of such a column can not be compared with the bounds.

    Examples
    --------
    >>> outside(Column("x", np.array([1, 5, 9])), 2, 8).tolist()
    [True, False, True]
    """
    if column.rows == column.missing_count:
        return None
    if column.numbers is not None:
        return _numbers_outside(column, *_exact_bounds(column.numbers.dtype, low, high))
    if not column.holds_objects and not isinstance(column.values, pd.Categorical) and column.dtype.type is not dt.date:
        if column.stored_kind == "datetime":
            return _beyond(column, _moment(low), _moment(high))
        if column.stored_kind == "timedelta":
            return _beyond(column, _span(low), _span(high))
    return _levels_outside(column, low, high)


def is_outside(level: Any, low: Any, high: Any) -> bool | None:
    """Tell whether one value lies below or above; None if it can not be compared with the bounds.

    Examples
    --------
    >>> is_outside(5, 2, 8), is_outside("a", 2, 8)
    (False, None)
    """
    if isinstance(level, bool | np.bool_ | complex):
        return None
    try:
        if isinstance(level, dt.date | np.datetime64):
            level, low, high = pd.Timestamp(level), _moment(low), _moment(high)
        elif isinstance(level, dt.timedelta | np.timedelta64):
            level, low, high = pd.Timedelta(level), _span(low), _span(high)
        return bool((low is not None and level < low) or (high is not None and level > high))
    except TypeError:
        return None


def numbers_among(column: Column, values: tuple[Any, ...]) -> Mask | None:
    """Tell which numbers of a column are among some values, exactly; None if the column holds no plain numbers.

    Examples
    --------
    >>> numbers_among(Column("x", np.array([1.0, 2.5])), (1, True, "2.5")).tolist()
    [True, False]
    """
    if column.numbers is None:
        return None
    dtype = column.numbers.dtype
    numbers = [value for value in values if isinstance(value, int | float | Decimal) and not isinstance(value, bool)]
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max)
        finite = [float(value) for value in numbers if -largest <= value <= largest and float(value) == value]
        same = finite + [value for value in (-math.inf, math.inf) if value in numbers]
    else:
        limits = np.iinfo(dtype)
        whole = [int(value) for value in numbers if math.isfinite(value) and value == int(value)]
        same = [value for value in whole if limits.min <= value <= limits.max]
    found: Mask = np.isin(column.numbers, np.array(same, dtype=dtype))
    return found


def compared(left: Column, relation: Callable[[Any, Any], Any], right: Column) -> Mask:
    """Tell where two columns of numbers relate, exactly; anything where one is missing.

    NumPy compares ints with floats as floats, which hold no ints beyond 2**53 one by one.

    Examples
    --------
    >>> left, right = Column("x", np.array([2**53 + 1, 2])), Column("y", np.array([2.0**53, 2.0]))
    >>> compared(left, operator.gt, right).tolist()
    [True, False]
    """
    related: Mask
    if _is_wide(left) and _is_float(right):
        related = relation(_signs(left.numbers, right.numbers), 0)
    elif _is_float(left) and _is_wide(right):
        related = relation(0, _signs(right.numbers, left.numbers))
    else:
        with np.errstate(invalid="ignore"):
            related = relation(left.numbers, right.numbers)
    return related


def _is_float(column: Column) -> bool:
    return column.numbers is not None and column.numbers.dtype.kind == "f"


def _is_wide(column: Column) -> bool:
    """Whether it has ints that a float may not hold."""
    if column.missing_count == column.rows or _is_float(column):
        return False
    return bool(max(abs(column.low), abs(column.high)) > _LARGEST_INT)


def _signs(ints: Any, floats: Any) -> Any:
    """Tell for each int whether it is below a float (-1), equal (0) or above (1)."""
    first = float(np.iinfo(ints.dtype).min)
    beyond = -first if first else 2.0**64
    below, above = floats < first, floats >= beyond
    whole = np.floor(np.where(below | above | np.isnan(floats), 0, floats))
    near = whole.astype(ints.dtype)
    signs = (ints > near).astype(np.int8) - (ints < near)
    signs[(signs == 0) & (floats > whole)] = -1
    return np.select([below, above], [1, -1], signs)


@lru_cache(maxsize=1024, typed=True)
def _exact_bounds(dtype: np.dtype[Any], low: Any, high: Any) -> tuple[Any, Any]:
    """Return the nearest bounds of the column's own type that let the same values pass; None for no bound.

    Bounds of floats narrower than 64 bits are rounded as the column's values were, so that 0.1 is within 0.1.

    Where no int can pass they are reversed, so that each is below the one or above the other.
    """
    for bound in (low, high):
        if isinstance(bound, bool | str | dt.date) or not _is_number(bound):
            raise TypeError("numbers are compared with numbers")
    if dtype.kind == "f":
        bounds = _float_at_least(low), _float_at_most(high)
        return bounds if dtype.itemsize >= _WIDE else _narrowed(dtype, *bounds)
    limits = np.iinfo(dtype)
    lower = None if low == -math.inf else math.ceil(low) if math.isfinite(low) else limits.max + 1
    upper = None if high == math.inf else math.floor(high) if math.isfinite(high) else limits.min - 1
    if (lower is not None and lower > limits.max) or (upper is not None and upper < limits.min):
        return limits.max, limits.min
    return lower, upper


def _float_at_least(low: Any) -> float:
    near = float(low)
    return math.nextafter(near, math.inf) if near < low else near


def _float_at_most(high: Any) -> float:
    near = float(high)
    return math.nextafter(near, -math.inf) if near > high else near


def _narrowed(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Round bounds to what the column can hold; beyond that no finite number is, and infinity stays outside."""
    with np.errstate(over="ignore"):
        lower, upper = (float(dtype.type(bound)) for bound in (low, high))
    largest = float(np.finfo(dtype).max)
    if math.isfinite(low):
        lower = max(lower, -largest)
    if math.isfinite(high):
        upper = min(upper, largest)
    return lower, upper


def _numbers_outside(column: Column, low: Any, high: Any) -> Mask | None:
    """Compare only with the bounds that the least and the greatest number, which other checks ask for too, break."""
    numbers: Any = column.numbers
    below = low is not None and column.low < low
    above = high is not None and column.high > high
    if not (below or above):
        return None
    with np.errstate(invalid="ignore"):
        failing: Mask = numbers < low if below else numbers > high
        if below and above:
            failing |= numbers > high
    if column.missing is not None:
        failing &= ~column.missing
    return mask_or_none(failing)


def _beyond(column: Column, low: Any, high: Any) -> Mask | None:
    """Compare moments or spans of time at once; missing ones are neither below nor above."""
    values = column.values if not isinstance(column.values, np.ndarray) else pd.array(column.values)
    failing = np.zeros(column.rows, dtype=bool)
    for bound, breaks in ((low, operator.lt), (high, operator.gt)):
        if bound is not None:
            found = breaks(values, bound)  # of Arrow's values NA where one is missing
            failing |= found if isinstance(found, np.ndarray) else found.to_numpy(dtype=bool, na_value=False)
    return mask_or_none(failing)


@lru_cache(maxsize=1024, typed=True)
def _moment(bound: Any) -> pd.Timestamp | None:
    return _as(pd.Timestamp, bound, str | dt.date | np.datetime64)


@lru_cache(maxsize=1024, typed=True)
def _span(bound: Any) -> pd.Timedelta | None:
    return _as(pd.Timedelta, bound, str | dt.timedelta | np.timedelta64)


def _as(kind: type, bound: Any, taken: Any) -> Any:
    if isinstance(bound, float) and math.isinf(bound):
        return None
    if not isinstance(bound, taken):
        raise TypeError(f"a {kind.__name__} is not compared with a {type(bound).__name__}")
    try:
        return kind(bound)
    except ValueError as error:
        raise TypeError(f"the text is no {kind.__name__}") from error


def _levels_outside(column: Column, low: Any, high: Any) -> Mask | None:
    """Compare each distinct value; one among objects that can not be compared is outside."""
    kinds = [is_outside(level, low, high) for level in column.levels]
    if kinds and not column.holds_objects and all(kind is None for kind in kinds):
        raise TypeError("none of the values can be compared with the bounds")
    return column.rows_with(np.array([kind is not False for kind in kinds], dtype=bool))


def _is_number(bound: Any) -> bool:
    try:
        return not math.isnan(bound)
    except (TypeError, OverflowError):
        return isinstance(bound, int)
