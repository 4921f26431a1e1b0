"""A first draft of checks, from rows that are known to be good."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas.api import types

from mlopskit.validation.checks.check import Check
from mlopskit.validation.checks.columns import Between, NotNull, OneOf
from mlopskit.validation.checks.frames import HasColumns
from mlopskit.validation.checks.parameters import plain

_MARGIN = 0.1
_MOST_CATEGORIES = 20


def infer(frame: pd.DataFrame) -> list[Check]:
    """Propose checks that the frame passes; see `Validator.infer`."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"expected a DataFrame to infer checks from, got a {type(frame).__name__}")
    if frame.empty:
        raise ValueError("the frame has no rows or no columns to infer checks from")
    checks: list[Check] = [HasColumns(*frame.columns)]
    complete = [column for column in frame.columns if not frame[column].isna().any()]
    if complete:
        checks.append(NotNull(*complete))
    return [*checks, *_of_values(frame)]


def _of_values(frame: pd.DataFrame) -> Iterator[Check]:
    for column in frame.columns:
        values = frame[column].dropna()
        if types.is_numeric_dtype(values) and not types.is_bool_dtype(values) and not types.is_complex_dtype(values):
            yield from _range(column, values)
        elif types.is_string_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype):
            yield from _categories(column, values)


def _range(column: str, values: pd.Series) -> Iterator[Between]:
    finite = values[np.isfinite(values.to_numpy(dtype=float))]
    if finite.empty or len(finite) < len(values):
        return
    low, high = plain(finite.min()), plain(finite.max())
    margin = _MARGIN * ((high - low) or abs(high))
    lower, upper = low - margin, high + margin
    if low >= 0:
        lower = max(lower, 0)
    if types.is_integer_dtype(values):
        lower, upper = math.floor(lower), math.ceil(upper)
    yield Between(column, lower, upper)


def _categories(column: str, values: pd.Series) -> Iterator[OneOf]:
    distinct = values.unique()
    if 0 < len(distinct) <= min(_MOST_CATEGORIES, len(values) // 2):
        yield OneOf(column, sorted(distinct, key=repr))
