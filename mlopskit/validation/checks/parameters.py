"""The parameters of checks: plain Python values, refused early when they make no sense, and named in few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.markup.values import is_missing

_NAMED = 5
_DATES = (date, np.datetime64)
_SPANS = (timedelta, np.timedelta64)
_NUMBERS = (int, float, complex, Decimal)


def plain(value: Any) -> Any:
    """Turn NumPy scalars into Python's, dates and spans into those of pandas, so that equal ones are equal values."""
    if isinstance(value, _DATES):
        return pd.Timestamp(value)
    if isinstance(value, _SPANS):
        return pd.Timedelta(value)
    return value.item() if isinstance(value, np.generic) else value


def not_missing(owner: Any, field: Any, value: Any) -> None:
    """Refuse None, NaN, NaT and NA."""
    if is_missing(value):
        raise ValueError(f"{type(owner).__name__}: {field.alias} is missing or NaN; give a value")


def plain_values(values: Any) -> Any:
    """Turn several values into a tuple of plain ones; what is no collection of values stays, for `listed` to refuse."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return values
    return tuple(map(plain, sorted(values, key=repr) if isinstance(values, set | frozenset) else values))


def listed(owner: Any, field: Any, values: Any) -> None:
    """Refuse a single value, none at all, missing ones, and such as can not be told apart."""
    name = f"{type(owner).__name__}({owner.column!r}): {field.alias}"
    if not isinstance(values, tuple):
        raise TypeError(f"{name} is a list of values, not {values!r} alone; give [{values!r}]")
    if not values:
        raise ValueError(f"{name} is empty; list at least one value")
    try:
        hash(values)
    except TypeError as error:
        raise TypeError(f"{name} holds a value without a hash ({error}); list texts, numbers or moments") from error
    if any(map(is_missing, values)):
        raise ValueError(f"{name} holds a missing value or NaN; leave it out, NotNull is about these")


def few(names: Iterable[object]) -> str:
    """Name the first few of many."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def share(owner: Any, _field: Any, value: float) -> None:
    """Refuse what is no share of the rows."""
    if not 0 <= value <= 1:
        raise ValueError(f"{type(owner).__name__}: at_least is a share of the rows, from 0 to 1, not {value}")


def value_key(value: Any) -> tuple[str, Any]:
    """Return what tells a value from others however a column stores it: 1 is 1.0 and NumPy's 1, but not True.

    Examples
    --------
    >>> value_key(np.int64(1)) == value_key(1.0), value_key(1) == value_key(True)
    (True, False)
    """
    value = plain(value)
    return _family(value), value


def same_values(values: Iterable[Any]) -> frozenset[tuple[str, Any]]:
    """Return the keys of several values."""
    return frozenset(map(value_key, values))


def is_among(value: Any, values: frozenset[tuple[str, Any]]) -> bool:
    """Whether a value is one of those that `same_values` was given; one that can not be hashed is not."""
    try:
        return value_key(value) in values
    except TypeError:
        return False


def is_number(value: Any) -> bool:
    """Whether a value is a real number; True is none, and infinity is one."""
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


def _family(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, _NUMBERS) else "other"
