"""Checks of values: what a column may hold, row by row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.records.report import CheckResult, Severity
from mlopskit.validation.checks.check import EachRow, FrameCheck, RowCheck, RowTally
from mlopskit.validation.checks.parameters import column_names, few, not_missing, plain
from mlopskit.validation.chunk import Chunk

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


@attrs.frozen
class NotNull(FrameCheck):
    """These columns have a value in every row.

    Parameters
    ----------
    *columns : str
        A row fails if any of them is None, NaN, NaT or NA; `observed` of the result counts them per column.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    TypeError, ValueError
        If there are no columns, or they are not text.

    Examples
    --------
    >>> str(NotNull("origin", "dest"))
    'origin, dest are never missing'
    """

    columns: tuple[str, ...] = attrs.field(validator=column_names)

    def __init__(self, *columns: str, severity: Severity = "error"):
        self.__attrs_init__(columns, severity=severity)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return f"{few(self.columns)} {'is' if len(self.columns) == 1 else 'are'} never missing"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns

    def start(self) -> tuple[RowTally, tuple[int, ...]]:
        """Return the count of no rows, and of no missing values in each column."""
        return RowTally(), (0,) * len(self.columns)

    def update(self, state: tuple[RowTally, tuple[int, ...]], chunk: Chunk) -> tuple[RowTally, tuple[int, ...]]:
        """Count rows and missing values."""
        missing = tuple(int(chunk.missing(column).sum()) for column in self.columns)
        return self.merge(state, (RowTally.of(~chunk.present(self.columns)), missing))

    def merge(
        self, first: tuple[RowTally, tuple[int, ...]], second: tuple[RowTally, tuple[int, ...]]
    ) -> tuple[RowTally, tuple[int, ...]]:
        """Add up."""
        return first[0].merge(second[0]), tuple(map(operator.add, first[1], second[1]))

    def finish(self, state: tuple[RowTally, tuple[int, ...]]) -> CheckResult:
        """Fail if anything is missing, and tell in which columns."""
        tally, missing = state
        counts = {column: count for column, count in zip(self.columns, missing, strict=True) if count}
        result = tally.verdict(self, observed={"missing": counts})
        if not counts:
            return result
        named = few(f"{count} in {column!r}" for column, count in counts.items())
        return attrs.evolve(result, message=f"{result.message}: {named}")


@attrs.frozen
class Between(RowCheck):
    """All values of a column are within bounds.

    Parameters
    ----------
    column : str
        A column of numbers, dates or anything else that the bounds can be compared with.
    low, high : number, date or str
        Both still pass. Use ``float("inf")`` for no bound.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a bound is NaN or they are reversed.
    TypeError
        If they can not be compared with one another.

    Examples
    --------
    >>> str(Between("distance", 0, 6000))
    'distance is between 0 and 6000'
    """

    low: Any = attrs.field(converter=plain, validator=not_missing)
    high: Any = attrs.field(converter=plain, validator=not_missing)

    def __attrs_post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"Between({self.column!r}): low is above high; give the lower bound first")

    def __str__(self) -> str:
        return f"{self.column} is between {self.low} and {self.high}"

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell which values are out of bounds."""
        values = frame[self.column]
        return (values < self.low) | (values > self.high)


def _alternatives(values: Iterable[Any]) -> tuple[Any, ...]:
    if isinstance(values, str):
        raise TypeError("OneOf takes a list of values; a single text would be taken letter by letter")
    ordered = sorted(values, key=repr) if isinstance(values, set | frozenset) else values
    return tuple(map(plain, ordered))


@attrs.frozen
class OneOf(RowCheck):
    """All values of a column are among these.

    Parameters
    ----------
    column : str
        The column.
    values : iterable
        What is allowed. Missing values pass without being listed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If there are no values, or one is missing.
    TypeError
        If `values` is a single text, or one of them is not hashable.

    Examples
    --------
    >>> str(OneOf("origin", ["EWR", "JFK", "LGA"]))
    'origin is one of EWR, JFK, LGA'
    """

    values: tuple[Any, ...] = attrs.field(
        converter=_alternatives, validator=attrs.validators.deep_iterable(not_missing)
    )  # fmt: skip

    def __attrs_post_init__(self) -> None:
        if not frozenset(self.values):  # fails on what is not hashable
            raise ValueError(f"OneOf({self.column!r}) allows no value at all; list at least one")

    def __str__(self) -> str:
        return f"{self.column} is one of {few(self.values)}"

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell which values are none of the allowed ones."""
        return ~frame[self.column].isin(list(self.values))


def _regular_expression(owner: Any, _field: Any, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{type(owner).__name__}: the pattern is not a regular expression: {error}") from error


@attrs.frozen
class Matches(RowCheck):
    """Every text in a column, from its first character to its last, matches a regular expression.

    Parameters
    ----------
    column : str
        A column of text.
    pattern : str
        In the syntax of `re`, whatever the column's dtype. Put ``.*`` at the end to look at the beginning only.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the pattern is not a regular expression.

    Examples
    --------
    >>> str(Matches("tailnum", "N[0-9]+[A-Z]*"))
    'tailnum matches N[0-9]+[A-Z]*'
    """

    pattern: str = attrs.field(validator=_regular_expression)

    def __str__(self) -> str:
        return f"{self.column} matches {self.pattern}"

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell which texts do not match; each distinct one is looked at once."""
        codes, texts = pd.factorize(frame[self.column])
        match = re.compile(self.pattern).fullmatch
        return np.array([match(text) is None for text in texts], dtype=bool)[codes]


@attrs.frozen
class Compare(EachRow):
    """Two columns relate as they should in every row that has both.

    Parameters
    ----------
    left : str
        A column.
    op : {"<", "<=", "==", "!=", ">=", ">"}
        How it relates to the other.
    right : str
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

    left: str = attrs.field(validator=attrs.validators.instance_of(str))
    op: str = attrs.field(validator=attrs.validators.in_(tuple(_OPERATORS)))
    right: str = attrs.field(validator=attrs.validators.instance_of(str))

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"

    @property
    def reads(self) -> tuple[str, ...]:
        """Both columns."""
        return self.left, self.right

    def failing(self, frame: pd.DataFrame) -> Any:
        """Tell where the relation does not hold."""
        return ~_OPERATORS[self.op](frame[self.left], frame[self.right])
