"""Labels and predictions as plain arrays, or what is wrong with them in words: shapes and counts, never values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.validation.bootstrap import Array

_FAMILIES = {
    "string": "texts", "boolean": "numbers", "integer": "numbers", "floating": "numbers", "decimal": "numbers",
    "mixed-integer-float": "numbers", "complex": "complex numbers", "datetime64": "moments", "datetime": "moments",
    "date": "moments", "timedelta64": "durations", "timedelta": "durations", "bytes": "bytes",
}  # fmt: skip
_ROUNDING = 1e-6
_LARGEST = 1e140  # the squares of many such numbers still have a sum
_SUM_ROUNDING = 0.01


def one_array(answer: Any) -> Array:
    """Put an answer into one array of one row each; scikit-learn's probabilities of several outputs are a list of such.

    Examples
    --------
    >>> one_array([np.zeros((3, 2)), np.zeros((3, 4))]).shape
    (3, 6)
    """
    if isinstance(answer, list) and answer and all(np.ndim(part) == 2 for part in answer):
        return np.concatenate([np.asarray(part) for part in answer], axis=1)
    return np.asarray(answer)


def plain_answers(values: Any, rows: int, name: str) -> Array:
    """Give one plain value per row, or of several outputs one per row and output."""
    array = _array(values, name)
    if array.ndim != 2 or array.shape[1] < 2 or len(array) != rows:
        return plain_column(array, rows, name)
    outputs = {place: plain_column(output, rows, name) for place, output in enumerate(array.T)}
    return np.asarray(pd.DataFrame(outputs))  # in one dtype that holds them all


def plain_column(values: Any, rows: int, name: str) -> Array:
    """Give one plain value per row; booleans become 0 and 1, so that they equal a model's integer classes.

    Raises
    ------
    ValidationError
        If there is not one value per row, some are missing, or they can not be told apart, such as lists.
    """
    array = _array(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (rows,):
        raise ValidationError(f"{name} has the shape {array.shape} for {rows} rows")
    series = _inferred(array)
    if missing := int(series.isna().sum()):
        remedy = "; leave those rows out" if name.endswith("y") else ""  # what a model says can not be left out
        raise ValidationError(f"{name} is missing in {missing} of {rows} rows{remedy}")
    if series.dtype == object:
        try:
            set(series)
        except TypeError as error:
            raise ValidationError(
                f"{name} holds values without a hash, such as lists; give one value per row"
            ) from error
    plain: Array = series.astype(int).to_numpy() if series.dtype == bool else series.to_numpy()
    return plain


def family(values: Array) -> str:
    """Tell what values are in one word, such as ``"numbers"`` or ``"texts"``; empty if they are mixed.

    Examples
    --------
    >>> family(np.array([1, 2])), family(np.array(["a", "b"])), family(np.array(["a", 1], dtype=object))
    ('numbers', 'texts', '')
    """
    return _FAMILIES.get(pd.api.types.infer_dtype(values.ravel(), skipna=True), "")


def as_numbers(values: Array, name: str) -> Array:
    """Give finite floats.

    Raises
    ------
    ValidationError
        If the values are something else, or too large to be squared and added; texts of digits are texts.
    """
    if len(values) and (found := family(values)) != "numbers":
        raise ValidationError(f"{name} holds {found or 'other values'}, not numbers; use a metric of classes")
    try:
        numbers = values.astype(float)
    except OverflowError as error:
        raise ValidationError(f"{name} holds numbers that are too large for a float") from error
    rows = (np.abs(numbers) > _LARGEST).reshape(len(numbers), -1).any(axis=1)
    if rows.any():
        raise ValidationError(f"{name} is infinite, or beyond {_LARGEST:g}, in {int(rows.sum())} of {len(rows)} rows")
    return numbers


def as_probabilities(values: Any, rows: int, classes: int, name: str) -> Array:
    """Give one probability per row and class; of two classes the second alone will do.

    Raises
    ------
    ValidationError
        If there is another number of classes, or they are no probabilities.
    """
    found = _array(values, name)
    if found.ndim == 1:
        found = found[:, np.newaxis]
    if found.ndim != 2 or len(found) != rows:
        raise ValidationError(f"{name} has the shape {found.shape} for {rows} rows")
    found = np.column_stack([as_numbers(plain_column(part, rows, name), name) for part in found.T])
    outside = int(((found < -_ROUNDING) | (found > 1 + _ROUNDING)).any(axis=1).sum())
    if outside:
        raise ValidationError(f"{name} is not between 0 and 1 in {outside} of {rows} rows")
    if found.shape[1] == 1:
        found = np.hstack([1 - found, found])
    if found.shape[1] != classes:
        raise ValidationError(f"{name} has {found.shape[1]} columns for {classes} classes")
    if unequal := int((abs(found.sum(axis=1) - 1) > _SUM_ROUNDING).sum()):
        raise ValidationError(f"{name} does not sum to 1 in {unequal} of {rows} rows")
    return found


def places(values: Any, classes: Array) -> Array:
    """Give the place of each value among some classes; -1 where it is none of them."""
    known = pd.Index(classes, tupleize_cols=False)
    found: Array = known.get_indexer(pd.Index(values, tupleize_cols=False))
    return found


def _inferred(array: Array) -> pd.Series:
    try:
        return pd.Series(array).infer_objects()
    except OverflowError:  # an int beyond the floats, in older pandas
        return pd.Series(array, dtype=object)


def _array(values: Any, name: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValidationError(f"{name} holds rows of different lengths") from error
