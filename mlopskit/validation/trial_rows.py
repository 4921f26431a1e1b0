"""The rows of a trial as the checks need them, or what is wrong with them in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopskit.errors import ValidationError
from mlopskit.records.signature import Signature
from mlopskit.records.trial import Trial
from mlopskit.storage.frames import frames_in
from mlopskit.validation.label import Label


def has_rows(trial: Trial) -> bool:
    """Whether scores can be measured, not only looked up."""
    return trial.X is not None and trial.y is not None


def held_out(trial: Trial) -> tuple[Any, Any]:
    """Return the held-out rows and their labels.

    Raises
    ------
    ValidationError
        If there are none, or not as many of both.
    """
    if not has_rows(trial) or not count_rows(trial.X):
        raise ValidationError("there are no held-out rows; pass X and y")
    if (rows := count_rows(trial.X)) != (labels := count_rows(trial.y)):
        raise ValidationError(f"X has {rows} rows and y {labels} labels; pass as many of both")
    return trial.X, trial.y


def asked_rows(trial: Trial) -> Any:
    """Return the held-out rows as the candidate takes them, with labels or without.

    Raises
    ------
    ValidationError
        If there are none.
    """
    if trial.X is None or not count_rows(trial.X):
        raise ValidationError("there are no held-out rows to ask about; pass X")
    return fitted_columns(trial.model, trial.X)


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
    if not count_rows(rows) or count_rows(rows) != count_rows(labels):
        raise ValidationError(
            f"train has {count_rows(rows)} rows and {count_rows(labels)} labels; pass as many of both"
        )
    return rows, labels


def count_rows(rows: Any) -> int:
    """Count rows, those of a sparse matrix too, or labels.

    Raises
    ------
    ValidationError
        If it is nothing that has rows in order.
    """
    if hasattr(rows, "shape") and len(rows.shape):
        return int(rows.shape[0])
    if isinstance(rows, str | Mapping) or not hasattr(rows, "__len__"):
        raise ValidationError(f"rows are given as a {type(rows).__name__}; give a DataFrame, or one item per row")
    return len(rows)


def taken(rows: Any, places: Any) -> Any:
    """Return the rows at some places, as whatever rows are given."""
    if hasattr(rows, "iloc"):
        return rows.iloc[places]
    return [rows[place] for place in places] if isinstance(rows, list | tuple) else rows[places]


def frame_of(rows: Any, role: str, purpose: str) -> pd.DataFrame:
    """Return the rows as a DataFrame if they have named columns.

    Raises
    ------
    ValidationError
        If they are something else, such as an array.
    """
    if isinstance(rows, pd.DataFrame):
        return rows
    if hasattr(rows, "__arrow_c_stream__") and not isinstance(rows, pd.Series):
        return next(frames_in(rows))
    raise ValidationError(f"the {role} rows are {kind_of(rows)}; {purpose} need a DataFrame")


def kind_of(rows: Any) -> str:
    """Name a type with the library it is from.

    Examples
    --------
    >>> kind_of(np.zeros(3)), kind_of([])
    ('a numpy ndarray', 'a list')
    """
    library = type(rows).__module__.partition(".")[0]
    return f"a {type(rows).__name__}" if library == "builtins" else f"a {library} {type(rows).__name__}"


def column_of(frame: pd.DataFrame, column: Label, role: str) -> pd.Series:
    """Return one column.

    Raises
    ------
    ValidationError
        If it is not there, or there are several of that name.
    """
    count = frame.columns.tolist().count(column)
    if count == 0:
        raise ValidationError(f"the column {column!r} is missing in the {role} rows")
    if count > 1:
        raise ValidationError(f"{count} columns are named {column!r} in the {role} rows; names must be unique")
    return frame[column]


def pieces_of(column: pd.Series) -> tuple[NDArray[np.intp], Any]:
    """Number the different values of a column, a missing one too: the number of each row's, and the values.

    Raises
    ------
    ValidationError
        If they can not be told apart.
    """
    try:
        codes, values = pd.factorize(column, use_na_sentinel=False)
    except TypeError as error:
        raise ValidationError(
            f"the column {column.name!r} holds values without a hash, such as lists; name one of plain values"
        ) from error
    return codes, values


def is_real(column: pd.Series) -> bool:
    """Whether a column holds real numbers; booleans are none."""
    types = pd.api.types
    return types.is_numeric_dtype(column) and not (types.is_bool_dtype(column) or types.is_complex_dtype(column))


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
