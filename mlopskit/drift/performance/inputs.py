"""What users pass, checked once: labels, probabilities, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.drift.performance.outcomes import Array, Places
from mlopskit.errors import ValidationError

LEAST_ROWS = 30  # to learn from or to estimate on
LARGEST = 1e140  # so that sums of squared losses stay finite
_SUM_TOLERANCE = 1e-3


class Classes:
    """The labels a classifier gives, in the order of its probabilities.

    Examples
    --------
    >>> Classes(["late", "on time"]).codes(["on time", None, "late"], "y_true")
    array([ 1, -1,  0])
    """

    def __init__(self, labels: Sequence[Any]):
        self.labels = tuple(labels)
        self._index = pd.Index(_plain(labels))
        if not self._index.is_unique:
            raise ValidationError("classes names a class twice: pass the model's classes_")

    def __len__(self) -> int:
        return len(self.labels)

    def codes(self, values: Any, name: str) -> Places:
        """Give the place of each label, -1 where it is missing.

        Raises
        ------
        ValidationError
            There is a label that is none of the classes.
        """
        plain = _plain(values)
        found: Places = self._index.get_indexer(pd.Index(plain))
        unknown = int(((found < 0) & plain.notna().to_numpy()).sum())
        if unknown:
            raise ValidationError(
                f"{name} has labels that are none of the {len(self)} classes, in {unknown} of {len(found)} rows: "
                "pass labels as the model gives them, or fit with classes=model.classes_"
            )
        return found


def classes_of(y_true: Any, columns: int, classes: Sequence[Any] | None) -> Classes:
    """Take the classes that were passed, or else the labels in ascending order.

    Parameters
    ----------
    y_true : array of labels
    columns : int
        How many classes there are probabilities of.
    classes : sequence, optional
    """
    if classes is None:
        labels = _series(y_true).dropna().unique().tolist()
        try:
            found = Classes(sorted(labels))
        except TypeError:
            raise ValidationError("the labels of y_true can not be sorted: pass classes=model.classes_") from None
    else:
        found = Classes(_series(classes).tolist())
    if len(found) != columns:
        source = "y_true has" if classes is None else "classes names"
        raise ValidationError(
            f"{source} {len(found)} classes, y_proba has {columns}: pass y_proba as predict_proba gives it and "
            "classes=model.classes_; for a regression pass y_pred= instead"
        )
    return found


def probability_columns(y_proba: Any) -> int:
    """Tell of how many classes there are probabilities; one column is that of the second of two."""
    found = _floats(y_proba)
    return 2 if found.ndim == 1 or found.shape[1] == 1 else found.shape[1]


def probabilities(y_proba: Any, classes: Classes) -> Array:
    """Give probabilities, shape (rows, classes); the columns of a frame that are named as classes are put in order.

    Raises
    ------
    ValidationError
        They are not probabilities, or not of these classes.
    """
    if isinstance(y_proba, pd.DataFrame):
        names = y_proba.columns.tolist()
        if len(names) == len(classes) and set(names) == set(classes.labels):
            y_proba = y_proba.iloc[:, [names.index(label) for label in classes.labels]]  # True and False are no names
    found = _floats(y_proba)
    if found.ndim == 1 or (found.shape[1] == 1 and len(classes) == 2):
        second = found.reshape(-1)
        found = np.stack([1 - second, second], axis=1)
    if found.shape[1] != len(classes):
        raise ValidationError(f"y_proba has the shape {found.shape} for {len(classes)} classes: give a column to each")
    _check_probabilities(found)
    return found


def _floats(y_proba: Any) -> Array:
    try:
        found = np.asarray(np.ma.filled(np.asanyarray(y_proba, dtype=float), np.nan))  # masked values are missing
    except (TypeError, ValueError):  # whose message shows a value
        raise ValidationError("y_proba holds something else than numbers: pass what predict_proba gives") from None
    if found.ndim not in (1, 2):
        raise ValidationError(f"y_proba has {found.ndim} dimensions: pass what predict_proba gives, one row each")
    return found


def _check_probabilities(found: Array) -> None:
    missing = int(np.isnan(found).any(axis=1).sum())
    if missing:
        raise ValidationError(f"y_proba has missing values in {missing} of {len(found)} rows: leave those rows out")
    outside = int(((found < 0) | (found > 1)).any(axis=1).sum())
    if outside:
        raise ValidationError(
            f"y_proba lies outside of 0 to 1 in {outside} of {len(found)} rows: pass probabilities, such as "
            "scipy.special.expit(decision_function); for a regression pass y_pred= instead"
        )
    uneven = int((np.abs(found.sum(axis=1) - 1) > _SUM_TOLERANCE).sum())
    if uneven:
        raise ValidationError(
            f"y_proba does not sum to 1 in {uneven} of {len(found)} rows: pass the probabilities of all classes"
        )


def numbers(values: Any, name: str, *, gaps: bool = False) -> Array:
    """Give a one-dimensional array of numbers.

    Parameters
    ----------
    values : array
    name : str
        How messages call it.
    gaps : bool
        Whether values may be missing.
    """
    try:
        series = pd.Series(np.asanyarray(values).reshape(-1)).astype("Float64")  # masked values are missing
        found: Array = series.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValidationError(f"{name} holds something else than numbers; for a classification pass y_proba") from None
    wrong = int((np.isinf(found) if gaps else ~np.isfinite(found)).sum())
    if wrong:
        raise ValidationError(
            f"{name} has missing or infinite values in {wrong} of {len(found)} rows: leave those rows out"
        )
    large = int((np.abs(found) > LARGEST).sum())
    if large:
        raise ValidationError(
            f"{name} has values beyond {LARGEST:g} in {large} of {len(found)} rows: leave those rows out, or pass all "
            "in a larger unit"
        )
    return found


def check_length(values: Any, rows: int, name: str) -> None:
    """Refuse values that are not one per row."""
    try:
        found = len(values)
    except TypeError:  # a single value, an iterator, a sparse matrix
        raise ValidationError(f"{name} is of type {type(values).__name__}: pass an array or a DataFrame") from None
    if found != rows:
        raise ValidationError(f"{name} has {found} rows where the predictions have {rows}: pass the same rows")


def _plain(values: Any) -> pd.Series[Any]:
    """Give labels in a form in which True equals 1."""
    series = _series(values)
    is_boolean = series.dtype == bool or pd.api.types.infer_dtype(series, skipna=True) == "boolean"
    return series.astype("boolean").astype("Int64") if is_boolean else series


def _series(values: Any) -> pd.Series[Any]:
    """Take values one after the other, without an index."""
    if isinstance(values, pd.DataFrame) or np.ndim(values) > 1:
        values = np.asarray(values).reshape(-1)
    return pd.Series(values).reset_index(drop=True).infer_objects()
