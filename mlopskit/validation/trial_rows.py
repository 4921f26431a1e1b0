"""The rows of a trial as the checks need them, or what is wrong with them in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.signature import Signature
from mlopskit.records.trial import Trial


def has_rows(trial: Trial) -> bool:
    """Whether scores can be measured, not only looked up."""
    return trial.X is not None and trial.y is not None


def held_out(trial: Trial) -> tuple[Any, Any]:
    """Return the held-out rows and their labels.

    Raises
    ------
    ValidationError
        If there are none.
    """
    if not has_rows(trial) or not len(trial.X):
        raise ValidationError("there are no held-out rows; pass X and y")
    return trial.X, trial.y


def training(train: Any) -> tuple[Any, Any]:
    """Return the rows the candidate was fitted on, and their labels.

    Parameters
    ----------
    train : tuple or None
        That of a `Trial`.

    Raises
    ------
    ValidationError
        If there are none, or they are not a pair of as many rows as labels.
    """
    if train is None:
        raise ValidationError("there are no training rows; pass train=(X_train, y_train)")
    if not isinstance(train, tuple | list) or len(train) != 2:
        raise ValidationError(f"train is a {type(train).__name__}; pass train=(X_train, y_train)")
    rows, labels = train
    if not len(rows) or len(rows) != len(labels):
        raise ValidationError(f"train has {len(rows)} rows and {len(labels)} labels; pass as many of both")
    return rows, labels


def frame_of(rows: Any, role: str, purpose: str) -> pd.DataFrame:
    """Return the rows if they are a DataFrame.

    Raises
    ------
    ValidationError
        If they are something else, such as an array, that has no named columns.
    """
    if not isinstance(rows, pd.DataFrame):
        raise ValidationError(f"the {role} rows are a {type(rows).__name__}; {purpose} need a DataFrame")
    return rows


def column_of(frame: pd.DataFrame, column: str, role: str) -> pd.Series:
    """Return one column.

    Raises
    ------
    ValidationError
        If it is not there, or there are several of that name.
    """
    count = int(np.sum(frame.columns == column))
    if count == 0:
        raise ValidationError(f"the column {column!r} is missing in the {role} rows")
    if count > 1:
        raise ValidationError(f"{count} columns are named {column!r} in the {role} rows; names must be unique")
    return frame[column]


def fitted_columns(model: Any, rows: Any) -> Any:
    """Reduce a frame to the columns that a model says it was fitted on, so that others may ride along.

    A column of the held-out rows may be there to cut slices or to name groups, and champion and candidate may use
    different ones.
    """
    signature = getattr(model, "signature", None)  # that of a registered model
    names = signature.names if isinstance(signature, Signature) else getattr(model, "feature_names_in_", None)
    if names is None or not isinstance(rows, pd.DataFrame) or not set(names) < set(rows.columns):
        return rows
    return rows[list(names)]
