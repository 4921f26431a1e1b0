"""Checks of values: what a column may hold, row by row."""

from __future__ import annotations

import math
import operator
from typing import Any, ClassVar

import attrs
import numpy as np

from mlopskit.records.report import CheckResult, Severity
from mlopskit.validation.bounds import is_outside, numbers_among, outside
from mlopskit.validation.checks.check import NO_ROWS, FrameCheck, RowTally, ValueCheck, unfit
from mlopskit.validation.checks.parameters import (
    few,
    is_among,
    is_number,
    listed,
    not_missing,
    plain,
    plain_values,
    same_values,
    share,
)
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Column, Mask, mask_or_none
from mlopskit.validation.label import Label, column_labels, name_of, plain_labels


@attrs.frozen(init=False)
class NotNull(FrameCheck):
    """These columns have a value in every row.

    Parameters
    ----------
    *columns : str, int or tuple
        A row fails if any of them is None, NaN, NaT or NA; `observed` of the result counts them per column.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    TypeError, ValueError
        If there are no columns, or they are no labels.

    Examples
    --------
    >>> str(NotNull("origin", "dest"))
    'origin, dest are never missing'
    """

    columns: tuple[Label, ...] = attrs.field(converter=plain_labels, validator=column_labels)
    at_least: float = attrs.field(default=1.0, kw_only=True, converter=float, validator=share)

    def __init__(self, *columns: Label, at_least: float = 1.0, severity: Severity = "error"):
        self.__attrs_init__(columns, at_least=at_least, severity=severity)

    def __str__(self) -> str:
        often = "never" if self.at_least == 1 else f"in at least {self.at_least:.4g} of the rows not"
        return f"{few(map(name_of, self.columns))} {'is' if len(self.columns) == 1 else 'are'} {often} missing"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns."""
        return self.columns

    def start(self) -> tuple[RowTally, tuple[int, ...]]:
        """Return the count of no rows, and of no missing values in each column."""
        return NO_ROWS, (0,) * len(self.columns)

    def update(self, state: tuple[RowTally, tuple[int, ...]], chunk: Chunk) -> tuple[RowTally, tuple[int, ...]]:
        """Count rows and missing values."""
        columns = [chunk.column(name) for name in self.columns]
        missing = tuple(column.missing_count for column in columns)
        masks = [column.missing for column in columns if column.missing is not None]
        failing = np.logical_or.reduce(masks) if len(masks) > 1 else masks[0] if masks else None
        return self.merge(state, (RowTally.of(failing, chunk.row_count, chunk.row_labels), missing))

    def merge(
        self, first: tuple[RowTally, tuple[int, ...]], second: tuple[RowTally, tuple[int, ...]]
    ) -> tuple[RowTally, tuple[int, ...]]:
        """Add up."""
        return first[0].merge(second[0]), tuple(map(operator.add, first[1], second[1]))

    def finish(self, state: tuple[RowTally, tuple[int, ...]]) -> CheckResult:
        """Fail if anything is missing, and tell in which columns."""
        tally, missing = state
        if not tally.failed:
            return tally.verdict(self, observed={"missing": {}})
        counts = {column: count for column, count in zip(self.columns, missing, strict=True) if count}
        observed = {"missing": {name_of(column): count for column, count in counts.items()}}
        verdict = tally.verdict(self, at_least=self.at_least, observed=observed)
        named = few(f"{count} in {column!r}" for column, count in counts.items())
        return attrs.evolve(verdict, message=f"{verdict.message}: {named}")


@attrs.frozen
class Between(ValueCheck):
    """All values of a column are within bounds.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers, dates or anything else that the bounds can be compared with; among objects what can not
        be compared fails.
    low, high : number, date or str
        Both still pass. Use ``float("inf")`` for no bound.
    at_least : float, default 1.0
        The share of the rows that have to pass.
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

    needs: ClassVar[str] = "values that its bounds can be compared with"

    low: Any = attrs.field(converter=plain, validator=not_missing)
    high: Any = attrs.field(converter=plain, validator=not_missing)

    def __attrs_post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"Between({self.column!r}): low is above high; give the lower bound first")

    def __str__(self) -> str:
        return f"{name_of(self.column)} is between {self.low} and {self.high}"

    def fits(self, value: Any) -> bool:
        """Whether it can be compared with the bounds."""
        return is_outside(value, self.low, self.high) is not None

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which values are out of bounds; ints, floats and decimals are compared without rounding."""
        try:
            return outside(column, self.low, self.high)
        except TypeError as error:
            raise unfit(self, column, self.needs) from error


@attrs.frozen
class OneOf(ValueCheck):
    """All values of a column are among these.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    values : iterable
        What is allowed. Missing values pass without being listed. True is not taken for 1, nor "1" for 1.
    at_least : float, default 1.0
        The share of the rows that have to pass.
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

    values: tuple[Any, ...] = attrs.field(converter=plain_values, validator=listed)

    def __str__(self) -> str:
        return f"{name_of(self.column)} is one of {few(self.values)}"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which values are none of the allowed ones."""
        found = numbers_among(column, self.values)
        if found is not None:
            return mask_or_none(~found if column.missing is None else ~found & ~column.missing)
        allowed = same_values(self.values)
        return column.failing_levels(lambda level: not is_among(level, allowed))


@attrs.frozen
class NotOneOf(ValueCheck):
    """No value of a column is among these.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    values : iterable
        What is not allowed.
    at_least : float, default 1.0
        The share of the rows that have to pass.
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
    >>> str(NotOneOf("carrier", ["XX", "ZZ"]))
    'carrier is none of XX, ZZ'
    """

    values: tuple[Any, ...] = attrs.field(converter=plain_values, validator=listed)

    def __str__(self) -> str:
        return f"{name_of(self.column)} is none of {few(self.values)}"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which values are excluded ones."""
        found = numbers_among(column, self.values)
        if found is not None:
            return mask_or_none(found if column.missing is None else found & ~column.missing)
        excluded = same_values(self.values)
        return column.failing_levels(lambda level: is_among(level, excluded))


@attrs.frozen
class Finite(ValueCheck):
    """No number in a column is infinite.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Finite("dep_delay"))
    'dep_delay is finite'
    """

    needs: ClassVar[str] = "numbers"

    def __str__(self) -> str:
        return f"{name_of(self.column)} is finite"

    def fits(self, value: Any) -> bool:
        """Whether it is a number."""
        return is_number(value)

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which numbers are infinite."""
        numbers = column.numbers
        if numbers is None:
            if column.kind not in ("int", "float", "mixed", "empty") and not column.holds_objects:
                raise unfit(self, column, self.needs)
            return column.failing_levels(lambda value: is_number(value) and math.isinf(value))
        if numbers.dtype.kind != "f" or (column.low is None or (np.isfinite(column.low) and np.isfinite(column.high))):
            return None
        return mask_or_none(np.isinf(numbers))
