"""Bounds compared with a column without rounding: ints beyond 2**53, floats, decimals, moments, texts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.validation.column import Column, Mask, mask_or_none

_WIDE = 8
"""Bytes of a float as wide as Python's own."""


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
    if column.stored_kind == "datetime" and not _is_object(column):
        return _moments_outside(column, low, high)
    if column.stored_kind in ("bool", "complex", "bytes", "empty", "object") and not _is_object(column):
        raise TypeError(f"bounds make no sense for {column.stored_kind} values")
    if column.stored_kind == "timedelta" and not _is_object(column):
        values = pd.array(column.values)
        return mask_or_none(np.asarray((values < low) | (values > high), dtype=bool) & _present(column))
    return _levels_outside(column, low, high)


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
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max)
        finite = [float(value) for value in numbers if abs(value) <= largest and float(value) == value]
        same = finite + [value for value in (-math.inf, math.inf) if value in numbers]
    else:
        limits = np.iinfo(dtype)
        whole = [int(value) for value in numbers if math.isfinite(value) and value == int(value)]
        same = [value for value in whole if limits.min <= value <= limits.max]
    found: Mask = np.isin(column.numbers, np.array(same, dtype=dtype))
    return found


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


def _moments_outside(column: Column, low: Any, high: Any) -> Mask | None:
    values = column.values if not isinstance(column.values, np.ndarray) else pd.array(column.values)
    lower, upper = _moment(low), _moment(high)
    failing = np.zeros(column.rows, dtype=bool)
    if lower is not None:
        failing |= np.asarray(values < lower, dtype=bool)
    if upper is not None:
        failing |= np.asarray(values > upper, dtype=bool)
    return mask_or_none(failing & _present(column))


def _moment(bound: Any) -> pd.Timestamp | None:
    if isinstance(bound, float) and math.isinf(bound):
        return None
    if isinstance(bound, str | pd.Timestamp | dt.date | np.datetime64):
        return pd.Timestamp(bound)
    raise TypeError("moments are compared with moments")


def _levels_outside(column: Column, low: Any, high: Any) -> Mask | None:
    """Compare each distinct value; one that can not be compared among others that can is outside."""
    tell = _outside(low, high)
    kinds = [_compared(tell, level) for level in column.levels]
    if kinds and all(kind is None for kind in kinds):
        raise TypeError("none of the values can be compared with the bounds")
    return column.rows_with(np.array([kind is not False for kind in kinds], dtype=bool))


def _compared(tell: Callable[[Any], bool], level: Any) -> bool | None:
    if isinstance(level, bool | np.bool_ | complex):
        return None
    try:
        return bool(tell(level))
    except TypeError:
        return None


def _outside(low: Any, high: Any) -> Callable[[Any], bool]:
    return lambda value: value < low or value > high


def _is_number(bound: Any) -> bool:
    try:
        return not math.isnan(bound)
    except (TypeError, OverflowError):
        return isinstance(bound, int)


def _is_object(column: Column) -> bool:
    return bool(column.dtype == object)


def _present(column: Column) -> Any:
    return True if column.missing is None else ~column.missing
