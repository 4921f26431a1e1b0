"""How a model is asked: about a copy of the rows, so that it changes nothing of the caller's, and never in silence."""

from __future__ import annotations

import copy
from typing import Any

from mlopskit.errors import ValidationError
from mlopskit.validation.answers import one_array
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.trial_rows import count_rows

_METHODS = ("predict", "predict_proba")


def ask(model: Any, method: str, rows: Any, *, role: str = "candidate", which: str = "held-out") -> Any:
    """Return what a model says about some rows.

    Parameters
    ----------
    model : object
    method : str
        Such as ``"predict"``.
    rows : DataFrame, array, sparse matrix or list
        The model gets a copy.
    role, which : str
        How messages call the model and the rows.

    Raises
    ------
    ValidationError
        If it has no such method, or raises. Its own words may hold data and are not repeated.

    Examples
    --------
    >>> class Doubles:
    ...     def predict(self, rows): return [2 * each for each in rows]
    >>> ask(Doubles(), "predict", [1, 2])
    [2, 4]
    """
    require_model(model, role)
    if not hasattr(model, method):
        raise ValidationError(f"the {role} has no {method}; use a metric that does without")
    own = copied(rows)
    try:
        return getattr(model, method)(own)
    except Exception as error:
        raise ValidationError(
            f"the {role}'s {method} raised {type(error).__name__} on the {which} rows; call it on them to see why"
        ) from error


def answer_of(model: Any, method: str, rows: Any) -> Array:
    """Return what a candidate says about each of some rows, as one array.

    Raises
    ------
    ValidationError
        As `ask`, and if it says nothing about some rows.
    """
    answer, count = one_array(ask(model, method, rows)), count_rows(rows)
    if answer.shape[:1] != (count,):
        raise ValidationError(f"the candidate's {method} has the shape {answer.shape} for {count} rows")
    return answer


def methods_of(model: Any) -> list[str]:
    """Return the ways in which a model gives predictions.

    Raises
    ------
    ValidationError
        If there are none.
    """
    require_model(model, "candidate")
    return [method for method in _METHODS if hasattr(model, method)]


def require_model(model: Any, role: str) -> None:
    """Refuse what can not predict at all.

    Raises
    ------
    ValidationError
        If it is a class, or has no method that predicts.
    """
    if isinstance(model, type):
        raise ValidationError(f"the {role} is the class {model.__name__}; give a fitted instance of it")
    if not any(hasattr(model, method) for method in (*_METHODS, "decision_function")):
        raise ValidationError(f"the {role} is a {type(model).__name__} without predict; give an object that has it")


def copied(rows: Any) -> Any:
    """Copy rows, so that whoever gets them can change nothing."""
    return rows.copy() if hasattr(rows, "copy") and not isinstance(rows, list) else copy.deepcopy(rows)
