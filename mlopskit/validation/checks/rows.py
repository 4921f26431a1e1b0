"""Checks of rows: how the columns of one row relate."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.records.report import Severity
from mlopskit.validation.bounds import compared
from mlopskit.validation.checks.check import EachRow, of_rows
from mlopskit.validation.chunk import Chunk, as_mask
from mlopskit.validation.column import Mask
from mlopskit.validation.expression import columns_of
from mlopskit.validation.label import Label, column_label, column_labels, name_of, plain_label, plain_labels

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


@attrs.frozen
class Compare(EachRow):
    """Two columns relate as they should in every row that has both.

    Parameters
    ----------
    left : str, int or tuple
        A column.
    op : {"<", "<=", "==", "!=", ">=", ">"}
        How it relates to the other.
    right : str, int or tuple
        The other column.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the operator is none of these.

    Examples
    --------
    >>> str(Compare("dep_time", "<=", "arr_time"))
    'dep_time <= arr_time'
    """

    left: Label = attrs.field(converter=plain_label, validator=column_label)
    op: str = attrs.field(validator=attrs.validators.in_(tuple(_OPERATORS)))
    right: Label = attrs.field(converter=plain_label, validator=column_label)

    def __str__(self) -> str:
        return f"{name_of(self.left)} {self.op} {name_of(self.right)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """Both columns."""
        return self.left, self.right

    def failing_rows(self, chunk: Chunk) -> Mask | None:
        """Tell where the relation does not hold; numbers are compared as they lie in memory, without rounding."""
        left, right = map(chunk.column, self.reads)
        if left.numbers is None or right.numbers is None:
            return EachRow.failing_rows(self, chunk)
        failing = ~compared(left, _OPERATORS[self.op], right)
        for name in self.reads:
            if (missing := chunk.column(name).missing) is not None:
                failing &= ~missing
        return failing if failing.any() else None

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell where the relation does not hold."""
        return ~_OPERATORS[self.op](frame[self.left], frame[self.right])


@attrs.frozen(init=False)
class SumsTo(EachRow):
    """Some columns add up to another one in every row that has all of them.

    Parameters
    ----------
    *columns : str, int or tuple
        The parts.
    total : str, int or tuple
        The column of their sum.
    tolerance : float, default 1e-9
        How far off the sum may be, as a share of the total or of one, whichever is more.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(SumsTo("taxi", "flown", total="elapsed"))
    'taxi + flown = elapsed'
    """

    columns: tuple[Label, ...] = attrs.field(converter=plain_labels, validator=column_labels)
    total: Label = attrs.field(kw_only=True, converter=plain_label, validator=column_label)
    tolerance: float = attrs.field(default=1e-9, kw_only=True, converter=float, validator=attrs.validators.ge(0))

    def __init__(
        self,
        *columns: Label,
        total: Label,
        tolerance: float = 1e-9,
        at_least: float = 1.0,
        severity: Severity = "error",
    ):
        self.__attrs_init__(columns, total=total, tolerance=tolerance, at_least=at_least, severity=severity)

    def __str__(self) -> str:
        return f"{' + '.join(map(name_of, self.columns))} = {name_of(self.total)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The parts and the total."""
        return (*self.columns, self.total)

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell where the sum is another."""
        total = frame[self.total].to_numpy(dtype=float)
        with np.errstate(invalid="ignore"):
            parts = np.add.reduce([frame[column].to_numpy(dtype=float) for column in self.columns])
            near = np.abs(parts - total) <= self.tolerance * np.maximum(1.0, np.abs(total))
        return ~np.where(np.isfinite(total), near, parts == total)


@attrs.frozen
class Expression(EachRow):
    """An expression over the columns is true in every row that has all that it names.

    Parameters
    ----------
    expression : str
        As of `pandas.DataFrame.eval`, such as ``"dep_delay > -60 and distance > 0"``: operators, values, functions
        such as ``sqrt``, and of methods those that look at one row at a time: ``isin``, ``between``, ``isna``,
        ``notna``, ``abs``, ``round``, and what lies behind ``.str`` and ``.dt``. Only columns whose labels are
        identifiers can be named; others, such as 0 or ``("delay", "mean")``, are for `Compare` and `Satisfies`.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If it is no expression, names no column, or uses any other method or attribute.

    Examples
    --------
    >>> check = Expression("arr_delay - dep_delay < 120")
    >>> check.reads
    ('arr_delay', 'dep_delay')
    """

    expression: str = attrs.field(validator=attrs.validators.instance_of(str))

    def __attrs_post_init__(self) -> None:
        columns_of(self.expression)  # refuses at once what it can not take

    def __str__(self) -> str:
        return self.expression

    @property
    def reads(self) -> tuple[Label, ...]:
        """The names in the expression."""
        return columns_of(self.expression)

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell where it is not true; no name means anything but a column, or a function of pandas."""
        columns = {name: frame[name] for name in self.reads}
        found = pd.eval(self.expression.strip(), engine="python", parser="pandas", resolvers=[columns])
        return ~np.asarray(found, dtype=bool)


@attrs.frozen(init=False)
class Satisfies(EachRow):
    """A function of some columns says which rows are right.

    Parameters
    ----------
    function : callable
        ``function(frame)`` gets the rows that have a value in each of the columns, and returns a boolean for each.
    *columns : str, int or tuple
        What it looks at; none for all rows.
    name : str, optional
        What messages call it; default the function's own name.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    It has no JSON: a function is code.

    Examples
    --------
    >>> def is_weekday(frame): return frame["day"] < 6
    >>> str(Satisfies(is_weekday, "day"))
    'is_weekday of day'
    """

    function: Callable[[pd.DataFrame], Any] = attrs.field(validator=attrs.validators.is_callable())
    columns: tuple[Label, ...] = attrs.field(
        converter=plain_labels, validator=attrs.validators.deep_iterable(column_label)
    )
    name: str = attrs.field(kw_only=True)

    def __init__(
        self,
        function: Callable[[pd.DataFrame], Any],
        *columns: Label,
        name: str = "",
        at_least: float = 1.0,
        severity: Severity = "error",
    ):
        called = name or getattr(function, "__name__", type(function).__name__)
        self.__attrs_init__(function, columns, name=called, at_least=at_least, severity=severity)

    def __str__(self) -> str:
        return f"{self.name} of {', '.join(map(name_of, self.columns))}" if self.columns else self.name

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns."""
        return self.columns

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell which rows are not right."""
        return ~as_mask(self.function(frame), len(frame))


@attrs.frozen
class When(EachRow):
    """Rows that pass one check pass another: what holds only under a condition.

    Parameters
    ----------
    condition : EachRow
        A check of rows; rows where a column of it is missing do not count.
    then : EachRow
        What has to hold where the condition does.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> from mlopskit.validation import checks
    >>> str(When(checks.OneOf("status", ["cancelled"]), checks.Between("air_time", 0, 0)))
    'if status is one of cancelled, air_time is between 0 and 0'
    """

    condition: EachRow = attrs.field(validator=of_rows)
    then: EachRow = attrs.field(validator=of_rows)

    def __str__(self) -> str:
        return f"if {self.condition}, {self.then}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns of both."""
        return tuple(dict.fromkeys((*self.condition.reads, *self.then.reads)))

    def failing_rows(self, chunk: Chunk) -> Mask | None:
        """Tell which rows meet the condition and fail the rest."""
        elsewhere = self.condition.failing_rows(chunk)  # first: one that can not run is no condition that holds
        failing = self.then.failing_rows(chunk)
        if failing is None:
            return None
        meeting = chunk.present(self.condition.reads)
        return failing & meeting if elsewhere is None else failing & meeting & ~elsewhere

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell which rows of a frame fail."""
        failing = self.failing_rows(Chunk(frame))
        return np.zeros(len(frame), dtype=bool) if failing is None else failing
