"""`assert_valid`: a suite as an assertion."""

from __future__ import annotations

from typing import Any

from mlopskit.records.validation import ValidationReport
from mlopskit.validation import Validator


def assert_valid(
    frame_or_model: Any,
    validator: Validator,
    X: Any = None,  # noqa: N803
    y: Any = None,
    **trial: Any,
) -> ValidationReport:
    """Assert that rows, or a model, pass a suite; a failure shows the whole report.

    Parameters
    ----------
    frame_or_model : DataFrame, iterable of DataFrames, or model
        Rows to validate; or with `X` and `y` a model.
    validator : Validator
    X, y : DataFrame and Series, optional
        Held-out rows and their labels.
    **trial
        ``train=``, ``champion=`` and ``groups=``, as of `Validator.validate_model`.

    Returns
    -------
    ValidationReport
        So that a test can look closer.

    Raises
    ------
    AssertionError
        If a check failed, those of severity "warn" aside, or could not run.
    TypeError
        If only one of X and y is given.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlopskit import checks
    >>> suite = Validator([checks.NotNull("origin")])
    >>> assert_valid(pd.DataFrame({"origin": ["JFK", "EWR"]}), suite).ok
    True
    >>> assert_valid(pd.DataFrame({"origin": ["JFK", None]}), suite)
    Traceback (most recent call last):
    AssertionError: ValidationReport: failed (1 failed, 2 rows)
      failed   origin is never missing   1 of 2 rows fail: 1 in 'origin'
    """
    __tracebackhide__ = True  # pytest then points at the test, not here
    if (X is None) != (y is None) or (X is None and trial):
        raise TypeError("a model is validated on rows with labels: assert_valid(model, validator, X, y)")
    report = (
        validator.validate(frame_or_model) if X is None else validator.validate_model(frame_or_model, X, y, **trial)
    )
    if not report.ok:
        raise AssertionError(repr(report))
    return report
